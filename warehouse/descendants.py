"""What became of one byte, or of all bytes of a program: the exact walk forward over the log, from state to state.

A descendant of a byte is the byte itself, where it stands, and every copy of a descendant; it stays one while
it is incremented and ends when its cell is overwritten, mutated or reset. Within an epoch the order is the
log's: a reset, mutations, reactions (on a lattice mutations last), so of a byte mutated and then copied the
new byte was copied. Only states count: a copy that a lattice's mutation overwrote in the same epoch never stood
in one and is no event. So of every epoch

    descendants = descendants of the state before + copied - lost
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sim import EpochLog, SoupConfig
from sim.intrinsics import prefetch
from sim.jit import kernel, pasted
from sim.log import Bytes, Int32, Int64
from warehouse.reader import History, read_only
from warehouse.schema import RELATIONS
from warehouse.sql_errors import SQLError

#: Events that one question may have.
EVENTS = 1 << 27
_ROWS = 1 << 20  # of a row group

_NOWHERE = 255
_AHEAD = 8  # reactions
# Kinds of events, in the order of the rows of one cell: a byte is lost before another stands in its place.
_OVERWRITTEN, _MUTATED, _RESET, _COPIED, _INCREMENTED = 0, 1, 2, 3, 4
_EVENT = pa.array(["lost", "lost", "lost", "copied", "incremented"])
_BY = pa.array(["reaction", "mutation", "reset", "reaction", "reaction"])
# Places in the counts, after those of the kinds.
_CROSSED, _DESCENDANTS, _PROGRAMS, _REACHED = 5, 6, 7, 8


class Happened(NamedTuple):
    """The events of one epoch by ascending cell, as arrays of one length.

    `kinds` (uint8), `cells` (int32), `chars` (uint8, after the event), `sources` (int32, the cell it came from)
    and `deltas` (uint8); of a lost one only kind and cell mean anything.
    """

    kinds: Bytes
    cells: Int32
    chars: Bytes
    sources: Int32
    deltas: Bytes


class Descent:
    """The descendants of the bytes in ``cells`` of a state, all of one program, moved on from epoch to epoch.

    ``chars`` (uint8[soup's cells]) are the state's bytes.

    `counts` (int64[9]): the last epoch's events by kind and its copies from another program; then of the state
    reached the descendants, the programs that hold any and those that ever held any.
    """

    def __init__(self, config: SoupConfig, cells: range, chars: Bytes) -> None:
        self.counts = np.zeros(9, np.int64)
        self.counts[[_DESCENDANTS, _PROGRAMS, _REACHED]] = len(cells), 1, 1
        self._length = config.program_length
        self._char_of = np.full(config.cells, -1, np.int16)  # -1: no descendant
        here = slice(cells.start, cells.stop)
        self._char_of[here] = chars[here]
        self._held = np.zeros(config.programs, np.int32)
        self._held[cells.start // self._length] = len(cells)
        self._reached = (self._held > 0).astype(np.uint8)
        self._rows = np.empty(config.programs, np.int32)
        self._room = _room(0)

    def forth(self, log: EpochLog, *, listed: bool) -> Happened:
        """Go on to state ``log.epoch``; return what happened on the way, nothing unless ``listed``."""
        reset = len(log.reset.chars) if log.reset is not None else 0
        most = 2 * log.changed_cells + len(log.mutated_cells) + reset
        if listed and most > len(self._room.cells):
            self._room = _room(most)
        table = log.mechanisms
        events: Any = log.left, log.right, log.mechanism, table.starts, table.writes, log.mutated_cells
        self.counts[:_DESCENDANTS] = 0
        count = _epoch_forth(
            tuple(map(read_only, events)),
            (reset, log.mutations_after, self._length, listed),
            (self._char_of, self._held, self._reached, self._rows, self.counts),
            tuple(self._room),
        )
        order = np.argsort(self._room.cells[:count].astype(np.int64) << 3 | self._room.kinds[:count])
        return Happened._make(column[:count][order] for column in self._room)


def descended(
    history: History, epoch: int, cells: range, until: int, check: Callable[[], None], *, listed: bool
) -> Iterator[tuple[int, Int64, Happened]]:
    """Yield each state after ``epoch`` with `Descent.counts` and, if ``listed``, the events that led to it.

    The first is ``epoch`` itself, in which each byte in ``cells`` (of one program) is its own one descendant; the
    last is ``until``, or the one that lost the last descendant. ``check`` is called at every epoch, to stop by raising.
    """
    [(_, replay)] = history.states([epoch])
    descent = Descent(history.config, cells, replay.chars)
    yield epoch, descent.counts.copy(), Happened(*_room(0))
    for log in history.logs(epoch + 1, until):
        check()
        happened = descent.forth(log, listed=listed)
        yield log.epoch, descent.counts.copy(), happened
        if descent.counts[_DESCENDANTS] == 0:
            return


def write_descendants(
    history: History, epoch: int, cells: range, until: int, path: Path, check: Callable[[], None]
) -> None:
    """Write the rows of the relation `descendants` to the Parquet file ``path``, a row group at a time.

    Arguments as of `descended`. Raises `SQLError` where there are more rows than `EVENTS`, saying how far one can
    ask.
    """
    schema, total = RELATIONS["descendants"].schema, 0
    waiting: list[pa.Table] = []
    writer = pq.ParquetWriter(
        path, schema, compression="lz4", use_dictionary=["event", "by"], write_statistics=["epoch", "program"]
    )
    with closing(writer):
        for state, _, happened in descended(history, epoch, cells, until, check, listed=True):
            total += len(happened.cells)
            if total > EVENTS:
                raise SQLError(
                    f"descendants: more than {EVENTS} rows; ask until epoch {state - 1} at most,"
                    " or for descendant_counts, which has a row for each epoch only"
                )
            waiting.append(_table(state, happened, history.config.program_length, schema))
            if sum(map(len, waiting)) >= _ROWS:
                writer.write_table(pa.concat_tables(waiting), _ROWS)
                waiting = []
        writer.write_table(pa.concat_tables([schema.empty_table(), *waiting]), _ROWS)


def descendant_counts(history: History, epoch: int, cells: range, until: int, check: Callable[[], None]) -> pa.Table:
    """Return the rows of the relation `descendant_counts`; arguments as of `descended`."""
    rows = [
        (state, *_told(counts)) for state, counts, _ in descended(history, epoch, cells, until, check, listed=False)
    ]
    ever = int(rows[-1][3])
    rows += [(state, 0, 0, ever, *([0] * 7)) for state in range(rows[-1][0] + 1, until + 1)]
    schema = RELATIONS["descendant_counts"].schema
    return pa.table([np.array(column) for column in zip(*rows, strict=True)], names=schema.names).cast(schema)


def _told(counts: Int64) -> tuple[int, ...]:
    """Return the columns of `descendant_counts` after the epoch."""
    overwritten, mutated, reset, copied, incremented, crossed, descendants, programs, reached = counts.tolist()
    lost = overwritten + mutated + reset
    return descendants, programs, reached, copied, crossed, incremented, lost, overwritten, mutated, reset


def _table(epoch: int, happened: Happened, length: int, schema: pa.Schema) -> pa.Table:
    """Return the events of one epoch as rows of the relation `descendants`."""
    kinds, cells, chars, sources, deltas = happened
    lost = kinds <= _RESET
    program, site = np.divmod(cells, np.int32(length))
    from_program, from_site = np.divmod(sources, np.int32(length))
    kind = pa.array(kinds)
    columns = [
        pa.array(np.full(len(cells), epoch, np.int32)),
        pa.array(program),
        pa.array(site),
        pa.array(chars.astype(np.int32), mask=lost),
        _EVENT.take(kind),
        _BY.take(kind),
        pa.array(from_program, mask=lost),
        pa.array(from_site, mask=lost),
        pa.array(deltas.astype(np.int32), mask=lost),
    ]
    return pa.Table.from_arrays(columns, schema=schema)


def _room(size: int) -> Happened:
    return Happened(
        np.empty(size, np.uint8),
        np.empty(size, np.int32),
        np.empty(size, np.uint8),
        np.empty(size, np.int32),
        np.empty(size, np.uint8),
    )


@kernel
def _epoch_forth(events: Any, asked: Any, soup: Any, room: Any) -> int:
    """Carry the descendants through one epoch; return how many events were listed.

    ``events``: left, right, mechanism, starts, writes and mutated cells, as in `EpochLog`. ``asked``: how many
    cells were reset, whether mutations come after, the program length, and whether to list events. ``soup``: the
    arrays of a `Descent`, scratch space (int32, at least as many as reactions) among them. ``room``: `Happened`.
    """
    left, right, mechanism, starts, writes, mutated = events
    reset, after, length, listed = asked
    char_of, held, _, rows, _ = soup
    listing = 0
    for cell in range(reset):
        if char_of[cell] >= 0:
            listing = _lose(cell, _RESET, length, listed, listing, soup, room)
    if not after:
        listing = _mutate(mutated, length, listed, listing, soup, room)
    count = 0
    for row in range(len(left)):
        # no branch: which rows matter is past any prediction
        rows[count] = row
        count += int(mechanism[row] != 0) & int((held[left[row]] | held[right[row]]) != 0)
    before = np.full(_NOWHERE + 1, -1, np.int16)
    for k in range(count):
        if k + _AHEAD < count:
            for cell in range(0, length, 32):
                prefetch(char_of, np.int64(left[rows[k + _AHEAD]]) * length + cell)
                prefetch(char_of, np.int64(right[rows[k + _AHEAD]]) * length + cell)
        # The cell of position i is here + i on the left, there + i on the right.
        here, there = np.int64(left[rows[k]]) * length, np.int64(right[rows[k]]) * length - length
        # Every write has its source in the tape as it was before.
        for i in range(length):
            before[i] = char_of[here + i]
            before[length + i] = char_of[there + length + i]
        # Unsigned indices: Numba checks signed ones for negative values, at each access.
        for w in range(np.uint64(starts[mechanism[rows[k]]]), np.uint64(starts[mechanism[rows[k]] + 1])):
            target, source = writes[w] >> np.uint32(16), (writes[w] >> np.uint32(8)) & np.uint32(255)
            comes = before[source] >= 0
            if not comes and before[target] < 0:
                continue
            cell = np.int64(target) + (here if target < length else there)
            if source != target and before[target] >= 0:
                listing = _lose(cell, _OVERWRITTEN, length, listed, listing, soup, room)
            if comes and not (after and _contains(mutated, cell)):
                delta = np.int64(writes[w] & np.uint32(255))
                char = (np.int64(before[source]) + delta) & 255
                origin = np.int64(source) + (here if source < length else there)
                listing = _come(cell, (origin, char, delta), length, listed, listing, soup, room)
    if after:
        listing = _mutate(mutated, length, listed, listing, soup, room)
    return listing


@pasted
def _mutate(mutated: Any, length: int, listed: bool, listing: int, soup: Any, room: Any) -> int:
    for i in range(len(mutated)):
        if soup[0][mutated[i]] >= 0:
            listing = _lose(int(mutated[i]), _MUTATED, length, listed, listing, soup, room)
    return listing


@pasted
def _lose(cell: int, kind: int, length: int, listed: bool, listing: int, soup: Any, room: Any) -> int:
    """Take a descendant out of its cell; return how many events are listed."""
    char_of, held, _, _, counts = soup
    program = cell // length
    char_of[cell] = -1
    held[program] -= 1
    counts[kind] += 1
    counts[_DESCENDANTS] -= 1
    counts[_PROGRAMS] -= int(held[program] == 0)
    if listed:
        _list(listing, kind, cell, (cell, 0, 0), room)
    return listing + int(listed)


@pasted
def _come(cell: int, what: Any, length: int, listed: bool, listing: int, soup: Any, room: Any) -> int:
    """Put a descendant into a cell that holds none, or change the one there; return how many events are listed.

    ``what``: the cell it came from, its char and its delta.
    """
    char_of, held, reached, _, counts = soup
    origin, char, _ = what
    program = cell // length
    kind = _INCREMENTED if origin == cell else _COPIED
    if kind == _COPIED:
        counts[_PROGRAMS] += int(held[program] == 0)
        counts[_REACHED] += int(reached[program] == 0)
        counts[_CROSSED] += int(program != origin // length)
        counts[_DESCENDANTS] += 1
        held[program] += 1
        reached[program] = 1
    char_of[cell] = char
    counts[kind] += 1
    if listed:
        _list(listing, kind, cell, what, room)
    return listing + int(listed)


@pasted
def _list(place: int, kind: int, cell: int, what: Any, room: Any) -> None:
    kinds, cells, chars, sources, deltas = room
    kinds[place] = kind
    cells[place] = cell
    sources[place], chars[place], deltas[place] = what


@kernel
def _contains(ascending: Any, value: int) -> bool:
    place = np.searchsorted(ascending, value)
    return bool(place < len(ascending) and ascending[place] == value)
