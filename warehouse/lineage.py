"""Where bytes came from: the exact walk back over the log, newest event first.

A byte's history follows the edges of the log and never equal tokens: the reaction that changed its cell
names the cell it came from, a mutation or a birth from nowhere ends it, and so does state 0. Events and
their order: design, section 3, "Lineage events", "Order" and "Mutation and reaction on one cell".
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sim import EpochLog, SoupConfig
from sim.jit import kernel
from warehouse.reader import History
from warehouse.schema import RELATIONS
from warehouse.sql_errors import SQLError

_NOWHERE = 255
# What a reaction did to a byte.
_UNCHANGED, _MOVED, _BORN = 0, 1, 2


@dataclass(frozen=True)
class Event:
    """One event of a byte's history; place and char are those of state `epoch`, after the event.

    `event` is copied, incremented, mutated, born or initial. `from_program` and `from_site` are where it
    stood in state `epoch` - 1 (of a byte mutated and then copied in one epoch: where it was mutated), None
    for a byte that had no place before. `delta` is what the reaction added to it (a born byte's char);
    None for mutated and initial.
    """

    epoch: int
    program: int
    site: int
    char: int
    event: str
    from_program: int | None
    from_site: int | None
    delta: int | None


def _nothing() -> None:
    return None


def walk_back(
    history: History, epoch: int, program: int, site: int, check: Callable[[], None] = _nothing
) -> list[Event]:
    """Return the history of the byte at (``program``, ``site``) of state ``epoch``, newest event first.

    ``check`` is called at every epoch passed, to stop the walk by raising. Raises `StoreError` for a state
    or place that is not there.
    """
    length = history.config.program_length
    for field, value, count in (("program", program, history.config.programs), ("site", site, length)):
        if not 0 <= value < count:
            raise SQLError(f"{field}: {value}; allowed: 0 to {count - 1}")
    [events] = walk_back_cells(history, epoch, [program * length + site], check)
    return events


def walk_back_cells(
    history: History, epoch: int, cells: Sequence[int], check: Callable[[], None] = _nothing
) -> list[list[Event]]:
    """Return the histories of the bytes in ``cells`` of state ``epoch``, in one walk: a list of events for each."""
    walk = _Walk(history.config, cells)
    for log in _logs(history, epoch):
        check()
        walk.back(log)
        if not len(walk.older):
            break
    if len(walk.older):
        walk.end(next(history.states([0]))[1].chars)
    return [walk.events(byte) for byte in range(len(cells))]


def events_table(events: Sequence[Event]) -> pa.Table:
    """Return events as the rows of the relation `lineage`."""
    return pa.Table.from_pylist([vars(event) for event in events], RELATIONS["lineage"].schema)


def _logs(history: History, epoch: int) -> Iterator[EpochLog]:
    return history.logs(1, epoch, reverse=True) if epoch != 0 else iter(())


@dataclass(frozen=True)
class _Step:
    """An event before its char is known: chars follow once the walk has reached the birth."""

    epoch: int
    cell: int
    event: str
    source: int | None = None
    delta: int | None = None


class _Walk:
    """Some bytes on their way back: their steps, where they stand, and which are `older` than where the walk is."""

    def __init__(self, config: SoupConfig, cells: Sequence[int]) -> None:
        self.older = np.arange(len(cells))
        self._cells = np.array(cells, np.int64)
        self._steps: list[list[_Step]] = [[] for _ in cells]
        self._born = [0] * len(cells)  # each byte's char at birth
        self._length = config.program_length
        self._after = config.mutation_order == "after"
        self._rows = np.full(config.programs, -1, np.int32)

    def back(self, log: EpochLog) -> None:
        """Take the bytes that are older one epoch back."""
        cells = self._cells[self.older]
        size, table = len(cells), log.mechanisms
        kind, source, delta = np.zeros(size, np.uint8), cells.copy(), np.zeros(size, np.uint8)
        written = np.full(size, -1, np.int16)
        events = (
            *(log.left, log.right, log.mechanism, table.starts, table.writes),
            *(log.mutated_cells, log.mutated_chars),
        )
        if _epoch_back(events, self._length, self._after, cells, self._rows, (kind, source, delta, written)):
            for i in np.flatnonzero((kind != _UNCHANGED) | (written >= 0)):
                part = int(kind[i]), int(source[i]), int(delta[i]), int(written[i])
                self._happened(log.epoch, int(self.older[i]), int(cells[i]), *part)
            self._cells[self.older] = source
            self.older = self.older[(kind != _BORN) & (written < 0)]

    def end(self, initial: NDArray[Any]) -> None:
        """Let the bytes that are older be those of state 0, with these chars."""
        for byte in self.older:
            cell = int(self._cells[byte])
            self._steps[byte].append(_Step(0, cell, "initial"))
            self._born[byte] = int(initial[cell])
        self.older = self.older[:0]

    def events(self, byte: int) -> list[Event]:
        """Return the events of one byte, newest first."""
        events, char = [], self._born[byte]
        for step in reversed(self._steps[byte]):
            before: tuple[int | None, int | None] = (None, None)
            if step.source is not None:
                before = divmod(step.source, self._length)
                char = (char + (step.delta or 0)) % 256
            place = divmod(step.cell, self._length)
            events.append(Event(step.epoch, *place, char, step.event, *before, step.delta))
        return events[::-1]

    def _happened(self, epoch: int, byte: int, cell: int, kind: int, source: int, delta: int, written: int) -> None:
        steps = self._steps[byte]
        if kind == _BORN:
            steps.append(_Step(epoch, cell, "born", None, delta))
            self._born[byte] = delta
        elif kind == _MOVED:
            steps.append(_Step(epoch, cell, "incremented" if source == cell else "copied", source, delta))
        if written >= 0:
            steps.append(_Step(epoch, source, "mutated"))
            self._born[byte] = written


@kernel
def _find_rows(left: Any, right: Any, length: int, cells: Any, rows: Any) -> None:
    """Set ``rows`` of the programs in which ``cells`` lie to their reaction's place in the log, -2 if there is none.

    ``left`` and ``right`` are as in `EpochLog`; ``rows`` is -1 for every other program.
    """
    missing = 0
    for i in range(len(cells)):
        program = cells[i] // length
        if rows[program] == -1:
            place = np.searchsorted(left, program)
            if place < len(left) and left[place] == program:
                rows[program] = place
            else:
                rows[program] = -2
                missing += 1
    place = 0
    while missing > 0 and place < len(right):
        if rows[right[place]] == -2:
            rows[right[place]] = place
            missing -= 1
        place += 1


@kernel
def _epoch_back(log: Any, length: int, after: bool, cells: Any, rows: Any, back: Any) -> bool:
    """Find what an epoch did to the bytes that stand in ``cells`` after it; tell whether it did anything.

    ``log``: its left, right and mechanism, the mechanisms' starts and writes, its mutated cells and chars, as in
    `EpochLog`. ``rows`` is -1 for every program, before and after. Results in ``back``, an element a byte:
    the kind of the reaction's part, the cell it came from, its delta, and the char a mutation wrote (else -1).
    """
    left, right, mechanism, starts, writes, mutated, chars = log
    kind, source, delta, written = back
    happened = False
    _find_rows(left, right, length, cells, rows)
    for i in range(len(cells)):
        if after:  # the mutation overwrote whatever the reaction did
            written[i] = _mutated(mutated, chars, cells[i])
        program = cells[i] // length
        row = rows[program]
        if row >= 0 and mechanism[row] != 0 and written[i] < 0:
            # The cell of position i is left_cell + i, or right_cell + i: both are bases for all positions.
            left_cell, right_cell = np.int64(left[row]) * length, (np.int64(right[row]) - 1) * length
            target = cells[i] - (left_cell if left[row] == program else right_cell)
            for w in range(starts[mechanism[row]], starts[mechanism[row] + 1]):
                if np.int64(writes[w] >> np.uint32(16)) == target:
                    origin = np.int64((writes[w] >> np.uint32(8)) & np.uint32(255))
                    kind[i] = _BORN if origin == _NOWHERE else _MOVED
                    delta[i] = writes[w] & np.uint32(255)
                    if origin != _NOWHERE:
                        source[i] = origin + (left_cell if origin < length else right_cell)
        if not after and kind[i] != _BORN:
            written[i] = _mutated(mutated, chars, source[i])
        happened |= kind[i] != _UNCHANGED or written[i] >= 0
    for i in range(len(cells)):
        rows[cells[i] // length] = -1
    return happened


@kernel
def _mutated(mutated: Any, chars: Any, cell: int) -> int:
    """Return the char that a mutation wrote to ``cell``, -1 if none did."""
    place = np.searchsorted(mutated, cell)
    found = -1
    if place < len(mutated) and mutated[place] == cell:
        found = chars[place]
    return found
