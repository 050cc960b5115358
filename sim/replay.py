"""States from the log: tokens move as the mechanisms say, and no instruction is executed."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numba
import numpy as np
from numba import types

from sim.census import count_marks, mark_numbers, name_distinct, renumber, token_counts
from sim.intrinsics import prefetch
from sim.jit import declared, read_only
from sim.log import CELL_BITS, Bytes, EpochLog, Int64, Tokens

_LOW8 = np.uint32(255)
_ZERO, _ONE = np.uint64(0), np.uint64(1)
#: Reactions whose moves are carried out together.
_BLOCK = 128
#: How many reactions ahead a mechanism is asked for from memory, and how many moves ahead a source.
_AHEAD = 8
_NEAR = np.uint64(32)


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
        if origins[numbers[cell]] != birth | np.int64(cell):  # else born there before in the epoch
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

    A block of reactions at a time: all moves are listed, then all sources read, then all targets written.
    The cells lie anywhere in memory, and this way some dozen are on their way at once; reaction by reaction
    each is waited for, which takes two to three times as long.
    """
    size = 2 * length
    targets = np.empty(_BLOCK * size, np.int32)
    sources = np.empty(_BLOCK * size, np.int32)
    moved_chars = np.empty(_BLOCK * size, np.uint8)
    moved_numbers = np.empty(_BLOCK * size, np.uint32)
    last = len(left) - 1
    born = 0
    for block in range(first, stop, _BLOCK):
        listed = _ZERO
        for k in range(block, min(block + _BLOCK, stop)):
            prefetch(starts, np.int64(mechanism[min(k + 2 * _AHEAD, last)]))
            prefetch(writes, starts[mechanism[min(k + _AHEAD, last)]])
            # The cell of position i is left_cell + i, or right_cell + i: both are bases for all positions.
            left_cell = np.int32(left[k]) * length
            right_cell = np.int32(right[k]) * length - length
            # Unsigned indices: Numba checks signed ones for negative values, at each access.
            for w in range(np.uint64(starts[mechanism[k]]), np.uint64(starts[mechanism[k] + 1])):
                write = writes[w]
                target = np.int32(write >> np.uint32(16))
                source = np.int32((write >> np.uint32(8)) & _LOW8)
                cell = left_cell + target if target < length else right_cell + target
                targets[listed] = cell
                moved_chars[listed] = np.uint8(write & _LOW8)
                prefetch(chars, np.int64(cell))
                prefetch(numbers, np.int64(cell))
                if source < size:
                    sources[listed] = left_cell + source if source < length else right_cell + source
                else:
                    sources[listed] = -1
                    nowhere[born] = cell
                    born += 1
                listed += _ONE
        for i in range(listed):
            near = np.int64(sources[min(i + _NEAR, listed - _ONE)])
            prefetch(chars, max(near, 0))
            prefetch(numbers, max(near, 0))
            if sources[i] >= 0:
                old = np.uint64(sources[i])
                moved_chars[i] += chars[old]
                moved_numbers[i] = numbers[old]
            else:
                moved_numbers[i] = numbers[np.uint64(targets[i])]
        for i in range(listed):
            new = np.uint64(targets[i])
            chars[new] = moved_chars[i]
            numbers[new] = moved_numbers[i]
    return born


@declared(
    lambda: types.int64(
        types.uint32[::1], types.int64[::1], types.int32[::1], types.int64, types.int64, types.int64,
    )
)  # fmt: skip
def _bear(numbers: Any, origins: Any, cells: Any, count: int, birth: int, used: int) -> int:
    """Give cells born from nowhere their origins; a byte born there before in the epoch has it already."""
    for i in range(count):
        cell = cells[i]
        if origins[numbers[cell]] != birth | np.int64(cell):
            numbers[cell] = used
            origins[used] = birth | np.int64(cell)
            used += 1
    return used


class Replay:
    """A soup's tokens, moved on from state to state by the log of its epochs.

    ``program_length``: L, for which the logs' mechanisms were made. ``tokens``: of state ``epoch``.

    Raises `ValueError` if the tokens are not of whole programs.
    """

    def __init__(self, program_length: int, tokens: Tokens, epoch: int, threads: int | None = None) -> None:
        cells = len(tokens.chars)
        if cells % program_length:
            raise ValueError(f"{cells} cells are not whole programs of {program_length}")
        self.epoch = epoch
        self._length = program_length
        self._chars = tokens.chars.copy()
        # Until somebody counts, a cell's own place names its origin: no search for equal ones to begin with.
        self._numbers = np.arange(cells, dtype=np.uint32)
        self._origins = np.empty(3 * cells + 64, np.int64)
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

        Raises `ValueError` if the log is not the next epoch's or of a larger soup.
        """
        if log.epoch != self.epoch + 1:
            raise ValueError(f"log of epoch {log.epoch} cannot follow state {self.epoch}")
        programs = len(self._chars) // self._length
        if max(log.left.max(initial=0), log.right.max(initial=0)) >= programs:
            raise ValueError(f"log of epoch {log.epoch} has reactions of programs beyond the {programs} of the state")
        birth = log.epoch << CELL_BITS
        if self._used + len(self._chars) > len(self._origins):
            marks = np.zeros(len(self._origins), np.uint8)
            self._used = renumber(self._numbers, self._origins, marks, self._used)
            if self._used + len(self._chars) > len(self._origins):
                self._origins = np.concatenate([self._origins, np.empty(len(self._chars), np.int64)])
        if log.reset is not None:
            self._used = self._reset(log.reset.chars, birth)
        if not log.mutations_after:
            self._mutate(log, birth)
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
        cells = np.concatenate([self._nowhere[2 * self._length * int(parts[p]) :][: born[p]] for p in range(count)])
        if len(cells):
            self._used = _bear(self._numbers, self._origins, cells, len(cells), birth, self._used)
        if log.mutations_after:
            self._mutate(log, birth)
        self.epoch = log.epoch

    def _mutate(self, log: EpochLog, birth: int) -> None:
        self._used = _mutate(
            self._chars, self._numbers, self._origins, log.mutated_cells, log.mutated_chars, birth, self._used
        )

    def _reset(self, chars: Bytes, birth: int) -> int:
        """Make the first cells anew; return how many origin numbers are used after."""
        count, used = len(chars), self._used + len(chars)
        self._chars[:count] = chars
        self._numbers[:count] = np.arange(self._used, used, dtype=np.uint32)
        self._origins[self._used : used] = birth | np.arange(count)
        return used

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
        marks = np.zeros(self._used, np.uint8)
        mark_numbers(self._numbers, marks)
        return int(count_marks(marks, self._used))

    def _make_distinct(self) -> None:
        """Let each origin have one number: cells of the first state may have shared theirs."""
        if self._distinct:
            return
        names = np.empty(self._used, np.uint32)
        self._used = name_distinct(self._origins, self._used, names)
        self._numbers = names[self._numbers]
        self._distinct = True
