"""Replicators of a state against the reference's scores and a plain count."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis import replicators
from analysis.replicators import distinct_programs, replicators_of
from sim import SoupConfig, language, self_replication_scores
from tests.naive import selfrep

PALINDROME = "[[{.>]-]" + "Ġ" * 48 + "]-]>.{[["


@given(
    st.lists(st.binary(min_size=2, max_size=2) | st.sampled_from([b"a\0", b"a\1", b"\0\0"]), min_size=1, max_size=40)
)
def test_distinct_programs_agree_with_a_plain_count(texts: list[bytes]) -> None:
    programs, copies = distinct_programs(np.frombuffer(b"".join(texts), np.uint8), 2)
    expected = sorted(Counter(texts).items(), key=lambda item: (-item[1], texts.index(item[0])))
    assert [texts[program] for program in programs] == [text for text, _ in expected]
    assert programs.tolist() == [texts.index(text) for text, _ in expected]
    assert copies.tolist() == [count for _, count in expected]


def planted_soup(copies: dict[int, list[int]], programs: int = 64) -> tuple[SoupConfig, np.ndarray]:
    """A zero soup with the paper's replicator, byte 40 set to the key, at the listed programs."""
    replicator = language("bff_noheads").parse(PALINDROME)
    chars = np.zeros((programs, 64), np.uint8)
    for variant, places in copies.items():
        text = bytearray(replicator)
        text[30] = variant
        chars[places] = np.frombuffer(bytes(text), np.uint8)
    return SoupConfig(language="bff_noheads", programs=programs, seed=5), chars.reshape(-1)


def test_most_frequent_replicators_come_first_with_the_smallest_index_that_holds_them() -> None:
    config, chars = planted_soup({1: [9, 40], 2: [11, 5, 60], 3: [7, 3]})
    rows = replicators_of(config, chars, 12)
    assert [(row["program"], row["copies"], row["epoch"]) for row in rows] == [(5, 3, 12), (3, 2, 12), (9, 2, 12)]
    for row in rows:
        program = chars.reshape(-1, 64)[row["program"]].tobytes()
        assert row["bytes"] == program
        assert row["text"] == language("bff_noheads").format(program)
        assert row["score"] >= 5


@pytest.mark.parametrize(("state", "e"), [(0, 0), (1, 0), (2, 1), (100, 99)])
def test_score_is_the_reference_s_with_the_draws_of_the_epoch_that_made_the_state(state: int, e: int) -> None:
    config, chars = planted_soup({1: [9, 40]})
    [row] = replicators_of(config, chars, state)
    program = chars.reshape(-1, 64)[9].tobytes()
    assert row["score"] == selfrep.score("bff_noheads", program, seed=5, e=e, programs=64, index=9)


def test_only_so_many_are_kept_and_only_so_many_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    config, chars = planted_soup({variant: [variant] for variant in range(1, 50)})
    rows = replicators_of(config, chars, 3)
    scores = self_replication_scores(config, chars, 2)
    scoring = [program for program in range(1, 50) if scores[program] >= 5]
    assert len(rows) == replicators.KEPT
    assert [row["program"] for row in rows] == scoring[: replicators.KEPT]
    monkeypatch.setattr(replicators, "CANDIDATES", 5)
    # The zeros are the most frequent text, the first four replicators come next.
    assert [row["program"] for row in replicators_of(config, chars, 3)] == [p for p in scoring if p < 5]


def test_soup_without_replicators_has_no_rows() -> None:
    config, chars = planted_soup({})
    assert replicators_of(config, chars, 7) == []
