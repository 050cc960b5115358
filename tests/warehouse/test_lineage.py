"""The walk back on hand-made logs: births, mutations after reactions, programs that met nobody."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from sim import MechanismTable, SoupConfig
from warehouse.edges import Edges, Mechanisms
from warehouse.lineage import Event, _Walk

L = 64
CONFIG = SoupConfig(language="bff_noheads", programs=12)
# Mechanisms by id; a write is (target, source, delta), source None for a byte from nowhere.
MECHANISMS: dict[int, list[tuple[int, int | None, int]]] = {
    0: [],
    5: [(0, 0, 3), (2, 70, 0), (66, None, 9), (67, 1, 255)],
    8: [(1, 0, 1)],
}


class HandMade(Mechanisms):
    """Mechanisms as they are written above."""

    def __init__(self) -> None:
        super().__init__(Path("none"))
        lists = [[target for target, _, _ in MECHANISMS[i]] for i in MECHANISMS]
        starts = np.cumsum([0, *map(len, lists)]).astype(np.int32)
        self.targets = np.array(list(MECHANISMS)), starts, np.array([t for targets in lists for t in targets], np.int32)

    def chosen(self, ids: NDArray[np.int64]) -> MechanismTable:
        lists = [[t << 16 | (255 if s is None else s) << 8 | d for t, s, d in MECHANISMS[i]] for i in ids.tolist()]
        starts = np.cumsum([0, *map(len, lists)]).astype(np.int64)
        return MechanismTable(ids, starts, np.array([write for writes in lists for write in writes], np.uint32))


def edges(
    epoch: int,
    reactions: Sequence[tuple[int, int, int]],
    mutations: Sequence[tuple[int, int]] = (),
    *,
    whole: bool,
    reset: Sequence[int] = (),
) -> Edges:
    """Return an epoch of (left, right, mechanism) by left and (cell, char) by cell; ``whole``: all programs react.

    ``reset``: what a reset wrote to the first cells.
    """
    left, right, mechanism = (list(column) for column in zip(*reactions, strict=True))
    cells, chars = [cell for cell, _ in mutations], [char for _, char in mutations]
    return Edges(
        epoch,
        np.array([] if whole else left, np.int32),
        np.array(right, np.int32),
        np.array(mechanism, np.int64),
        HandMade(),
        np.array(cells, np.int32),
        np.array(chars, np.uint8),
        np.array(reset, np.uint8),
    )


def history(cells: Sequence[int], epochs: Sequence[Edges], *, after: bool = False) -> list[list[Event]]:
    walk = _Walk(CONFIG, cells)
    walk._after = after
    for found in epochs:
        walk.back(found)
    walk.end(0, "initial", [100 + cell % 50 for cell in walk.places()])
    return [walk.events(byte) for byte in range(len(cells))]


ALL = [(0, 7, 5), (1, 6, 0), (2, 3, 8), (4, 11, 5), (5, 8, 0), (9, 10, 8)]


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("together", [1, 12])
def test_each_kind_of_change(whole: bool, together: int) -> None:
    epoch = edges(3, ALL, whole=whole)
    expected = {
        (0, 0): [Event(3, 0, 0, 103, "incremented", 0, 0, 3), Event(0, 0, 0, 100, "initial", None, None, None)],
        (0, 2): [Event(3, 0, 2, 104, "copied", 7, 6, 0), Event(0, 7, 6, 104, "initial", None, None, None)],
        (7, 2): [Event(3, 7, 2, 9, "born", None, None, 9)],
        (7, 3): [Event(3, 7, 3, 100, "copied", 0, 1, 255), Event(0, 0, 1, 101, "initial", None, None, None)],
        (2, 1): [Event(3, 2, 1, 129, "copied", 2, 0, 1), Event(0, 2, 0, 128, "initial", None, None, None)],
        (10, 1): [Event(0, 10, 1, 141, "initial", None, None, None)],
        (6, 0): [Event(0, 6, 0, 134, "initial", None, None, None)],
        (11, 3): [Event(3, 11, 3, 106, "copied", 4, 1, 255), Event(0, 4, 1, 107, "initial", None, None, None)],
    }
    cells = [program * L + site for program, site in expected]
    if together == 1:
        found = [history([cell], [epoch])[0] for cell in cells]
    else:
        found = history([*cells, *range(5, 4 * L, L)], [epoch])[: len(cells)]
    assert dict(zip(expected, found, strict=True)) == expected


def test_a_program_that_met_nobody_may_mutate() -> None:
    epoch = edges(2, [(0, 7, 5), (2, 3, 8)], [(11 * L + 4, 77)], whole=False)
    assert history([11 * L + 4, 11 * L + 5], [epoch]) == [
        [Event(2, 11, 4, 77, "mutated", None, None, None)],
        [Event(0, 11, 5, 109, "initial", None, None, None)],
    ]


def test_a_mutation_before_the_reaction_shows_where_its_byte_is_copied_from() -> None:
    epoch = edges(2, ALL, [(0 * L + 2, 50), (7 * L + 2, 51), (7 * L + 6, 52), (9 * L, 53)], whole=True)
    assert history([0 * L + 2, 7 * L + 2, 7 * L + 6, 9 * L + 1], [epoch]) == [
        # its own mutation was overwritten by a copy of another mutated byte
        [Event(2, 0, 2, 52, "copied", 7, 6, 0), Event(2, 7, 6, 52, "mutated", None, None, None)],
        [Event(2, 7, 2, 9, "born", None, None, 9)],  # so was this one, by a byte from nowhere
        [Event(2, 7, 6, 52, "mutated", None, None, None)],
        [Event(2, 9, 1, 54, "copied", 9, 0, 1), Event(2, 9, 0, 53, "mutated", None, None, None)],
    ]


def test_a_mutation_after_the_reaction_hides_it() -> None:
    epochs = [edges(2, ALL, [(0 * L + 2, 50), (7 * L + 6, 52)], whole=True), edges(1, ALL, whole=True)]
    assert history([0 * L + 2, 7 * L + 3, 4 * L + 2], epochs, after=True) == [
        [Event(2, 0, 2, 50, "mutated", None, None, None)],
        [
            Event(2, 7, 3, 100, "copied", 0, 1, 255),
            Event(0, 0, 1, 101, "initial", None, None, None),
        ],
        [Event(2, 4, 2, 110, "copied", 11, 6, 0), Event(0, 11, 6, 110, "initial", None, None, None)],
    ]


def test_a_byte_is_followed_over_epochs_to_its_birth() -> None:
    swapped = [(3, 2, 8), (7, 0, 5), (1, 6, 0), (4, 11, 5), (5, 8, 0), (9, 10, 8)]
    epochs = [edges(3, ALL, whole=True), edges(2, sorted(swapped), whole=True), edges(1, ALL, whole=True)]
    # 0:2 <- 7:6 (3), unchanged in 2 and 1; 2:1 <- 2:0 (3), 0 in 2: program 2 is on the right
    assert history([0 * L + 2, 2 * L + 1, 0 * L + 0], epochs) == [
        [Event(3, 0, 2, 104, "copied", 7, 6, 0), Event(0, 7, 6, 104, "initial", None, None, None)],
        [Event(3, 2, 1, 129, "copied", 2, 0, 1), Event(0, 2, 0, 128, "initial", None, None, None)],
        [
            Event(3, 0, 0, 106, "incremented", 0, 0, 3),
            Event(1, 0, 0, 103, "incremented", 0, 0, 3),
            Event(0, 0, 0, 100, "initial", None, None, None),
        ],
    ]
