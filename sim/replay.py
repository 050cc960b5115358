"""States from the log: tokens move as the mechanisms say, and no instruction is executed."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numba
import numpy as np
from numba import types

from sim.census import mark_numbers, renumber, token_counts
from sim.jit import declared, read_only
from sim.log import CELL_BITS, Bytes, EpochLog, Int64, Tokens

_LOW8 = np.uint32(255)


@declared(
    lambda: types.int64(
        types.uint8[::1], types.uint32[::1], types.int64[::1], read_only(types.int32), read_only(types.uint8),
        types.int64, types.int64,
    )
)  # fmt: skip
def _mutate(chars: Any, numbers: Any, origins: Any, cells: Any, written: Any, birth: int, used: int) -> int:
    """Write an epoch's mutations; return how many origin numbers are used after."""
    for i in range(len(cells)):
        cell = cells[i]
        chars[cell] = written[i]
        numbers[cell] = used
        origins[used] = birth | np.int64(cell)
        used += 1
    return used


@declared(
    lambda: types.int64(
        types.uint8[::1], types.uint32[::1], read_only(types.int32), read_only(types.int32),
        read_only(types.int32), read_only(types.int64), read_only(types.uint32),
        types.int64, types.int64, types.int64, types.int32[::1],
    )
)  # fmt: skip
def _react(
    chars: Any, numbers: Any, left: Any, right: Any, mechanism: Any, starts: Any, writes: Any, length: int,
    first: int, stop: int, nowhere: Any,
) -> int:  # fmt: skip
    """Carry out reactions ``first`` to ``stop`` of an epoch.

    Cells born from nowhere keep their number for now and are listed in ``nowhere``; returns how many.
    """
    size = 2 * length
    old_chars = np.empty(size, np.uint8)
    old_numbers = np.empty(size, np.uint32)
    born = 0
    for k in range(first, stop):
        number = mechanism[k]
        if number == 0:
            continue
        left_cell = np.int64(left[k]) * length
        # The cell of position i is left_cell + i, or right_cell + i: both are bases for all positions.
        right_cell = np.int64(right[k]) * length - length
        begin, end = starts[number], starts[number + 1]
        if end - begin > length // 2:
            for i in range(length):
                old_chars[i] = chars[left_cell + i]
                old_numbers[i] = numbers[left_cell + i]
            for i in range(length, size):
                old_chars[i] = chars[right_cell + i]
                old_numbers[i] = numbers[right_cell + i]
        else:
            for w in range(begin, end):
                source = np.int64((writes[w] >> np.uint32(8)) & _LOW8)
                if source < size:
                    cell = left_cell + source if source < length else right_cell + source
                    old_chars[source] = chars[cell]
                    old_numbers[source] = numbers[cell]
        for w in range(begin, end):
            write = writes[w]
            target = np.int64(write >> np.uint32(16))
            source = np.int64((write >> np.uint32(8)) & _LOW8)
            cell = left_cell + target if target < length else right_cell + target
            if source < size:
                chars[cell] = old_chars[source] + np.uint8(write & _LOW8)
                numbers[cell] = old_numbers[source]
            else:
                chars[cell] = np.uint8(write & _LOW8)
                nowhere[born] = cell
                born += 1
    return born


@declared(
    lambda: types.int64(
        types.uint32[::1], types.int64[::1], types.int32[::1], types.int64, read_only(types.int32),
        types.int64, types.int64,
    )
)  # fmt: skip
def _bear(numbers: Any, origins: Any, cells: Any, count: int, mutated: Any, birth: int, used: int) -> int:
    """Give cells born from nowhere their origins; one that also mutated in the epoch shares that origin."""
    for i in range(count):
        cell = cells[i]
        place = np.searchsorted(mutated, cell)
        if place < len(mutated) and mutated[place] == cell:
            # Mutations took the last len(mutated) numbers before any birth, in order of their cells.
            numbers[cell] = used - len(mutated) + place
    fresh = used
    for i in range(count):
        cell = cells[i]
        place = np.searchsorted(mutated, cell)
        if place == len(mutated) or mutated[place] != cell:
            numbers[cell] = fresh
            origins[fresh] = birth | np.int64(cell)
            fresh += 1
    return fresh


class Replay:
    """A soup's tokens, moved on from state to state by the log of its epochs.

    ``program_length``: L. ``tokens``: of state ``epoch``. For languages that mutate before reacting.
    """

    def __init__(self, program_length: int, tokens: Tokens, epoch: int, threads: int | None = None) -> None:
        cells = len(tokens.chars)
        self.epoch = epoch
        self._length = program_length
        self._chars = tokens.chars.copy()
        # Until numbers run out, a cell's own place names its origin: no sorting to begin with.
        self._numbers = np.arange(cells, dtype=np.uint32)
        self._origins = np.empty(2 * cells + 64, np.int64)
        self._origins[:cells] = tokens.origins
        self._distinct = False
        self._used = cells
        self._threads = threads if threads is not None else numba.config.NUMBA_NUM_THREADS  # type: ignore[attr-defined]
        self._nowhere: Any = np.empty(0, np.int32)
        self._pool = ThreadPoolExecutor(self._threads) if self._threads > 1 and cells > 1 << 18 else None

    @property
    def chars(self) -> Bytes:
        """The bytes of the present state, uint8[cells]; they change with the next `apply`."""
        return self._chars

    def apply(self, log: EpochLog) -> None:
        """Make state ``log.epoch`` from the one before it.

        Raises `ValueError` if the log is not the next epoch's.
        """
        if log.epoch != self.epoch + 1:
            raise ValueError(f"log of epoch {log.epoch} cannot follow state {self.epoch}")
        birth = log.epoch << CELL_BITS
        if self._used + len(self._chars) > len(self._origins):
            marks = np.zeros(len(self._origins), np.uint8)
            self._used = renumber(self._numbers, self._origins, marks, self._used)
            if self._used + len(self._chars) > len(self._origins):
                self._origins = np.concatenate([self._origins, np.empty(len(self._chars), np.int64)])
        self._used = _mutate(
            self._chars, self._numbers, self._origins, log.mutated_cells, log.mutated_chars, birth, self._used
        )
        table = log.mechanisms
        parts = np.linspace(0, log.reactions, (self._threads if self._pool else 1) + 1).astype(np.int64)
        # Two lists of births a part would do; one long enough for every cell is never touched as a rule.
        if len(self._nowhere) == 0:
            self._nowhere = np.empty(len(self._chars), np.int32)

        def work(part: int) -> int:
            first, stop = int(parts[part]), int(parts[part + 1])
            return int(
                _react(
                    self._chars, self._numbers, log.left, log.right, log.mechanism, table.starts, table.writes,
                    self._length, first, stop, self._nowhere[2 * self._length * first :],
                )
            )  # fmt: skip

        count = len(parts) - 1
        born = list(self._pool.map(work, range(count))) if self._pool else [work(0)]
        mutated = log.mutated_cells
        before = self._used
        cells = np.concatenate([self._nowhere[2 * self._length * int(parts[p]) :][: born[p]] for p in range(count)])
        if len(cells):
            self._used = _bear(self._numbers, self._origins, cells, len(cells), mutated, birth, before)
        self.epoch = log.epoch

    def tokens(self) -> Tokens:
        """Return the tokens of the present state (copies)."""
        return Tokens(self._origins[self._numbers], self._chars.copy())

    def token_counts(self) -> tuple[int, Int64]:
        """Return how many distinct tokens there are, and how often the 32 most frequent occur, descending."""
        self._make_distinct()
        return token_counts(self._numbers, self._chars, self._used)

    def unique_origins(self) -> int:
        """Return how many distinct origins there are."""
        self._make_distinct()
        return int(mark_numbers(self._numbers, np.zeros(self._used, np.uint8), self._used))

    def _make_distinct(self) -> None:
        """Let each origin have one number: cells of the first state may have shared theirs."""
        if self._distinct:
            return
        table, names = np.unique(self._origins[: self._used], return_inverse=True)
        self._origins[: len(table)] = table
        self._numbers = names.astype(np.uint32)[self._numbers]
        self._used = len(table)
        self._distinct = True
