"""Where bytes came from: the exact walk back over the log, newest event first.

A byte's history follows the edges of the log and never equal tokens: the reaction that changed its cell
names the cell it came from, a mutation or a birth from nowhere ends it, and so does the first state. Events and
their order: design, section 3, "Lineage events", "Order" and "Mutation and reaction on one cell".
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from sim import SoupConfig
from sim.jit import kernel
from warehouse.edges import Edges, edges_back, initial_chars
from warehouse.errors import ThinnedError
from warehouse.reader import History
from warehouse.schema import RELATIONS
from warehouse.sql_errors import SQLError

_NOWHERE = 255
# What a reaction did to a byte.
_UNCHANGED, _MOVED, _BORN = 0, 1, 2
# Added to a char that a reset wrote.
_RESET = 256
# Programs up to which it is quicker to look for each alone.
_FEW = 4
# Marks of programs, and how many bits of a program's number lie within a block of them.
_SOUGHT, _RIGHT = 1, 2
_BLOCK = 8
# Bytes from which on a walk asks for so many mechanisms that it is quicker to read first what all of them write to.
_MANY = 8


@dataclass(frozen=True)
class Event:
    """One event of a byte's history; place and char are those of state `epoch`, after the event.

    `event` is copied, incremented, mutated, born or initial; or thinned: where the byte stood at the oldest state that
    its history can be followed back to, for the log before it was thinned away. `from_program` and `from_site` are
    where it stood in state `epoch` - 1 (of a byte mutated and then copied in one epoch: where it was mutated), None
    for a byte that had no place before. `delta` is what the reaction added to it (a born byte's char);
    None for mutated, initial and thinned.
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

    ``check`` is called at every epoch passed, to stop the walk by raising. Where the log was thinned away the last
    event is `thinned`. Raises `StoreError` for a state or place that is not there.
    """
    length = history.config.program_length
    for field, value, count in (("program", program, history.config.programs), ("site", site, length)):
        if not 0 <= value < count:
            raise SQLError(f"{field}: {value}; allowed: 0 to {count - 1}")
    walk = _Walk(history.config, [program * length + site])
    try:
        _walk(walk, history, epoch, check)
    except ThinnedError:
        history.kept.check_states([epoch])  # a byte of a state that is not there has no history
        oldest = history.kept.first_log(epoch) - 1
        for _, chars in history.chars([oldest]):
            walk.end(oldest, "thinned", [int(chars[cell]) for cell in walk.places()])
    return walk.events(0)


def walk_back_cells(
    history: History, epoch: int, cells: Sequence[int], check: Callable[[], None] = _nothing
) -> list[list[Event]]:
    """Return the histories of the bytes in ``cells`` of state ``epoch``, in one walk: a list of events for each.

    Raises `ThinnedError` if one of them goes back to where the log was thinned away.
    """
    walk = _Walk(history.config, cells)
    _walk(walk, history, epoch, check)
    return [walk.events(byte) for byte in range(len(cells))]


def _walk(walk: "_Walk", history: History, epoch: int, check: Callable[[], None]) -> None:
    """Take the bytes back from state ``epoch`` to their births."""
    for edges in edges_back(history, epoch, ahead=walk.many):
        check()
        walk.back(edges)
        if not len(walk.older):
            break
    if len(walk.older):
        walk.end(history.first, "initial", initial_chars(history, walk.places()))


def events_table(events: Sequence[Event]) -> pa.Table:
    """Return events as the rows of the relation `lineage`."""
    return pa.Table.from_pylist([vars(event) for event in events], RELATIONS["lineage"].schema)


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
        self.many = len(cells) >= _MANY
        self._cells = np.array(cells, np.int64)
        self._steps: list[list[_Step]] = [[] for _ in cells]
        self._born = [0] * len(cells)  # each byte's char at birth
        self._length = config.program_length
        self._after = config.mutation_order == "after"
        self._scratch = np.empty(config.programs, np.int32), np.empty(config.programs, np.uint8)

    def back(self, edges: Edges) -> None:
        """Take the bytes that are older one epoch back."""
        cells = self._cells[self.older]
        rows, lefts = np.empty(len(cells), np.int64), np.empty(len(cells), np.int64)
        _meetings(edges.left, edges.right, cells // self._length, self._scratch, rows, lefts)
        if self.many:
            _leave_out(edges.right, edges.mechanism, edges.mechanisms.targets, cells, self._length, rows)
        met = edges.mechanism[rows[rows >= 0]]
        table = edges.mechanisms.chosen(np.unique(met[met != 0]))
        kind, source, delta = np.zeros(len(cells), np.uint8), cells.copy(), np.zeros(len(cells), np.uint8)
        written = np.full(len(cells), -1, np.int16)
        events = table.ids, table.starts, table.writes, edges.mutated_cells, edges.mutated_chars, edges.reset_chars
        places = cells, self._length, self._after, rows, lefts, self._scratch
        if _epoch_back((edges.right, edges.mechanism), events, places, (kind, source, delta, written)):
            for i in np.flatnonzero((kind != _UNCHANGED) | (written >= 0)):
                part = int(kind[i]), int(source[i]), int(delta[i]), int(written[i])
                self._happened(edges.epoch, int(self.older[i]), int(cells[i]), *part)
            self._cells[self.older] = source
            self.older = self.older[(kind != _BORN) & (written < 0)]

    def places(self) -> list[int]:
        """Return the cells in which the bytes that are older stand."""
        return [int(cell) for cell in self._cells[self.older]]

    def end(self, epoch: int, event: str, chars: Sequence[int]) -> None:
        """Let the bytes that are older be those of state ``epoch``; ``chars`` has theirs, in order of `places`."""
        for byte, char in zip(self.older, chars, strict=True):
            self._steps[byte].append(_Step(epoch, int(self._cells[byte]), event))
            self._born[byte] = char
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
            steps.append(_Step(epoch, source, "born" if written >= _RESET else "mutated"))
            self._born[byte] = written % _RESET


@kernel
def _meetings(left: Any, right: Any, programs: Any, scratch: Any, rows: Any, lefts: Any) -> None:
    """Find the reaction of each of ``programs``: its place in the log (-1: none) and its left program (-1: not sought).

    ``left`` and ``right`` as in `Edges`; ``scratch``: two arrays int32[programs of the soup].
    """
    if len(left) == 0 and len(programs) <= _FEW:
        for i in range(len(programs)):
            rows[i] = _place(right, programs[i])
            lefts[i] = -1 if right[rows[i]] == programs[i] else programs[i]
        return
    # Only what is sought is written down: one pass over narrow marks, which stay in the cache.
    row_of, marks = scratch
    marks[:] = 0
    for i in range(len(programs)):
        marks[programs[i]] = _SOUGHT
        row_of[programs[i]] = -1
    blocks = np.zeros((len(marks) >> _BLOCK) + 1, np.int32)  # programs on the right in each
    _mark(left, right, row_of, marks, blocks)
    for i in range(len(programs)):
        row, on_right = row_of[programs[i]], (marks[programs[i]] & _RIGHT) != 0
        if len(left) > 0:
            rows[i], lefts[i] = row, (left[row] if row >= 0 else -1)
        elif on_right:
            rows[i], lefts[i] = row, _left_at(blocks, marks, row)
        else:
            rows[i], lefts[i] = _lefts_before(blocks, marks, programs[i]), programs[i]


@kernel
def _mark(left: Any, right: Any, row_of: Any, marks: Any, blocks: Any) -> None:
    """Mark the programs on the right, count them by block, and note the places of the reactions sought."""
    for row in range(len(right)):
        program = right[row]
        blocks[program >> _BLOCK] += 1
        if marks[program] & _SOUGHT:
            row_of[program] = row
        marks[program] |= _RIGHT
    for row in range(len(left)):
        if marks[left[row]] & _SOUGHT:
            row_of[left[row]] = row


@kernel
def _lefts_before(blocks: Any, marks: Any, program: int) -> int:
    """Return how many left programs are smaller, where every program reacted."""
    block = program >> _BLOCK
    count = block << _BLOCK
    for k in range(block):
        count -= blocks[k]
    for other in range(block << _BLOCK, program):
        count += int(not marks[other] & _RIGHT)
    return count


@kernel
def _left_at(blocks: Any, marks: Any, row: int) -> int:
    """Return the left program of a reaction, where every program reacted."""
    block = 0
    while row >= (1 << _BLOCK) - blocks[block]:
        row -= (1 << _BLOCK) - blocks[block]
        block += 1
    program = block << _BLOCK
    while row > 0 or marks[program] & _RIGHT:
        row -= int(not marks[program] & _RIGHT)
        program += 1
    return program


@kernel
def _place(right: Any, program: int) -> int:
    """Return the place of a program's reaction where every program reacted.

    Left programs ascend: one on the left comes after as many as there are smaller ones that are not on the right.
    """
    # One pass without a way out and in numbers as narrow as the log's: so it is vectorised.
    sought, smaller, place = np.int32(program), np.int32(0), np.int32(0)
    for row in range(np.int32(len(right))):
        smaller += np.int32(right[row] < sought)
        place += np.int32(right[row] == sought) * np.int32(row + 1)
    return int(place) - 1 if place > 0 else program - int(smaller)


@kernel
def _left_program(right: Any, row: int, marks: Any) -> int:
    """Return the left program of a reaction where every program reacted."""
    marks[:] = 0
    for k in range(len(right)):
        marks[right[k]] = _RIGHT
    program = -1
    for _ in range(row + 1):
        program += 1
        while marks[program]:
            program += 1
    return program


@kernel
def _leave_out(right: Any, mechanism: Any, targets: Any, cells: Any, length: int, rows: Any) -> None:
    """Take the reactions that wrote nothing to their cell out of ``rows``, as if there had been none."""
    ids, starts, places = targets
    for i in range(len(cells)):
        row = rows[i]
        if row < 0 or mechanism[row] == 0:
            continue
        target = cells[i] % length + (length if right[row] == cells[i] // length else 0)
        number = np.searchsorted(ids, mechanism[row])
        if number == len(ids) or ids[number] != mechanism[row]:
            continue  # a damaged file: whoever looks for it says so
        rows[i] = -1
        for k in range(starts[number], starts[number + 1]):
            if places[k] == target:
                rows[i] = row


@kernel
def _epoch_back(reactions: Any, events: Any, places: Any, back: Any) -> bool:
    """Find what an epoch did to the bytes that stand in some cells after it; tell whether it did anything.

    ``reactions``: right and mechanism; ``events``: the mechanisms' ids, starts and writes, mutated cells and
    chars, a reset's chars, as in `Edges`. ``places``: the cells, the program length, whether mutations come
    after, and what `_meetings` found and used. Results in ``back``, an element a byte: the kind of the
    reaction's part, the cell it came from, its delta, and the char that a mutation wrote, or, `_RESET` added,
    a reset (else -1).
    """
    right, mechanism = reactions
    ids, starts, writes, mutated, chars, reset = events
    cells, length, after, rows, lefts, scratch = places
    kind, source, delta, written = back
    happened = False
    for i in range(len(cells)):
        if after:  # the mutation overwrote whatever the reaction did
            written[i] = _mutated(mutated, chars, cells[i])
        row = rows[i]
        if row >= 0 and mechanism[row] != 0 and written[i] < 0:
            on_right = right[row] == cells[i] // length
            target = cells[i] % length + (length if on_right else 0)
            place = np.searchsorted(ids, mechanism[row])
            for w in range(starts[place], starts[place + 1]):
                if np.int64(writes[w] >> np.uint32(16)) == target:
                    origin = np.int64((writes[w] >> np.uint32(8)) & np.uint32(255))
                    kind[i] = _BORN if origin == _NOWHERE else _MOVED
                    delta[i] = writes[w] & np.uint32(255)
                    if length <= origin < 2 * length:
                        source[i] = np.int64(right[row]) * length + origin - length
                    elif origin < length:
                        if lefts[i] < 0:
                            lefts[i] = _left_program(right, row, scratch[1])
                        source[i] = lefts[i] * length + origin
        if not after and kind[i] != _BORN:
            written[i] = _made_anew(mutated, chars, reset, source[i])
        happened |= kind[i] != _UNCHANGED or written[i] >= 0
    return happened


@kernel
def _made_anew(mutated: Any, chars: Any, reset: Any, cell: int) -> int:
    """Return the char that a mutation or, `_RESET` added, a reset wrote to ``cell``, -1 if neither did."""
    written = _mutated(mutated, chars, cell)
    return _RESET + reset[cell] if written < 0 and cell < len(reset) else written


@kernel
def _mutated(mutated: Any, chars: Any, cell: int) -> int:
    """Return the char that a mutation wrote to ``cell``, -1 if none did."""
    place = np.searchsorted(mutated, cell)
    found = -1
    if place < len(mutated) and mutated[place] == cell:
        found = chars[place]
    return found
