"""The reference's walk-back: when the first replicator came, and how they multiplied, by scores of all programs."""

from collections.abc import Iterator

import numpy as np
import pytest

from sim import Soup, SoupConfig, self_replication_scores

#: State -> programs that score 5 or more, and 48 or more, as the reference has them.
COUNTS = {25: (0, 0), 33: (1, 0), 41: (12, 2), 49: (104, 37), 57: (778, 387), 65: (2280, 1453)}
# From state 25, where none does, every state up to the first that scores 48.
LOOKED_AT = sorted({*range(25, 38), *COUNTS})


@pytest.fixture(scope="module")
def scores() -> dict[int, np.ndarray]:
    """The scores of all 4096 programs, by state."""
    return dict(_scored(SoupConfig(language="bff_noheads_4bit", programs=4096, seed=0)))


def _scored(config: SoupConfig) -> Iterator[tuple[int, np.ndarray]]:
    soup = Soup(config)
    for state in LOOKED_AT:
        while soup.epoch < state:
            soup.advance()
        yield state, self_replication_scores(config, soup.chars, state - 1)
    soup.close()


def test_counts_of_replicators_are_the_references(scores: dict[int, np.ndarray]) -> None:
    found = {state: tuple(int((scores[state] >= least).sum()) for least in (5, 48)) for state in COUNTS}
    assert found == COUNTS


@pytest.mark.parametrize(("least", "earliest", "latest", "first"), [(5, 26, 33, 27), (48, 34, 41, 37)])
def test_the_first_replicators_appear_where_the_reference_found_them(
    scores: dict[int, np.ndarray], least: int, earliest: int, latest: int, first: int
) -> None:
    """The reference looked at every eighth state; at every one it is exact."""
    found = min(state for state in LOOKED_AT if scores[state].max() >= least)
    assert found == first
    assert earliest <= found <= latest
