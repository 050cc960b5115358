"""That an id means one mechanism in a whole run: every list behind an id is remembered by a second hash."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from sim.jit import kernel
from sim.log import Int64, UInt32
from warehouse.errors import StoreFault

Mechanisms = tuple[Int64, Int64, UInt32]


class MechanismLedger:
    """The ids a run has used, with a second hash of their lists: 16 bytes each.

    ``earlier`` yields the mechanisms of the segments stored before; it is called at the first `enter`.
    """

    def __init__(self, earlier: Callable[[], Iterator[Mechanisms]]) -> None:
        self._earlier: Callable[[], Iterator[Mechanisms]] | None = earlier
        self._ids: Any = np.empty(0, np.int64)
        self._checks: Any = np.empty(0, np.uint64)

    def enter(self, ids: Int64, starts: Int64, writes: UInt32) -> None:
        """Add a segment's mechanisms (ascending ids); `StoreFault` if an id already stands for another list."""
        if self._earlier is not None:
            earlier, self._earlier = self._earlier, None
            for mechanisms in earlier():
                self.enter(*mechanisms)
        checks = np.empty(len(ids), np.uint64)
        _check(starts, writes, checks)
        places = np.searchsorted(self._ids, ids)
        known = places < len(self._ids)
        known[known] = self._ids[places[known]] == ids[known]
        differing = np.flatnonzero(known)[self._checks[places[known]] != checks[known]]
        if len(differing):
            raise StoreFault(
                f"two mechanisms of the run share the id {ids[differing[0]]}: a collision of hashes;"
                " its history cannot be told apart, run another seed"
            )
        self._ids = np.insert(self._ids, places[~known], ids[~known])
        self._checks = np.insert(self._checks, places[~known], checks[~known])


@kernel
def _check(starts: Any, writes: Any, checks: Any) -> None:
    """Hash each list (FNV-1a over whole words, then mixed): unrelated to the BLAKE2b of its id."""
    for k in range(len(checks)):
        h = np.uint64(0xCBF29CE484222325)
        for w in range(starts[k], starts[k + 1]):
            h = (h ^ np.uint64(writes[w])) * np.uint64(0x100000001B3)
            h ^= h >> np.uint64(29)
        checks[k] = h
