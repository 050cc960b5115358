"""Where the ancestors of a state's bytes stood in every state before it.

Bytes followed back through the copies of a log meet: two that were copied from one are one from there on.
So what is kept of a state is its *ancestor cells* with weights, how many of the followed bytes descend
from each. One epoch back, only the cells that its reactions changed or its mutations made anew move
(`Moves`); all else stands still. The moves are a small part of the log, and enough to follow any part of
the same bytes again, back or forth, without reading the log once more (`Trail`).

Order within an epoch: state n is state n-1 mutated, then changed by reactions; where
mutations come last (`mutations_first` False) the other way round. A byte born in epoch n is in state n
and in none before.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim import EpochLog
from sim.intrinsics import prefetch
from sim.jit import kernel
from sim.log import Bytes, Int32, Int64, UInt32
from warehouse.reader import History, read_only

UInt64 = NDArray[np.uint64]

#: In `Moves.sources`: born in this epoch.
BORN = -1

#: Moves kept in memory, over all trails; a trail beyond it reads the log again instead.
MOVES_BUDGET = 640 << 20

#: States divisible by it are asked whether older ones can matter.
CHECKED = 64

_FREE, _ACTIVE = 0, 1  # places in `Weights.counts`
_MUTATED, _CHANGED = 1, 2  # bits of the marks
_ONE = np.uint64(1)


class Moves(NamedTuple):
    """What one epoch did to the ancestor cells of its state, in no particular order.

    The byte that stands in `cells[i]` (int32) at state `epoch` stood in `sources[i]` (int32) one state
    before, or was born in this epoch (`BORN`). A source equal to its cell is an increment in place. Every
    cell is listed once at most; a cell not listed did not change.
    """

    epoch: int
    cells: Int32
    sources: Int32


class Weights(NamedTuple):
    """The ancestor cells of one state and how many followed bytes descend from each.

    Cells are kept in blocks of one program each, only for programs that hold any: before long those are
    few. `held` (uint8[programs]) is 1 for those, `sites` (uint64[programs]) has a bit for each site that is
    an ancestor cell, `page` (int32[programs]) the block, `owner` (int32[blocks]) the reverse, `weight`
    (int32[blocks * length]) the descendants of each cell, `total` (int64[blocks]) their sums, `free`
    (int32[blocks]) a stack of unused blocks. `counts` (int64[2]): free blocks, ancestor cells.
    """

    held: Bytes
    sites: UInt64
    page: Int32
    owner: Int32
    weight: Int32
    total: Int64
    free: Int32
    counts: Int64

    @property
    def active(self) -> int:
        """The number of ancestor cells."""
        return int(self.counts[_ACTIVE])


class Events(NamedTuple):
    """A log's columns as kernels take them; see `sim.EpochLog`."""

    left: Int32
    right: Int32
    mechanism: Int32
    starts: Int64
    writes: UInt32
    mutated: Int32


def weigh(cells: Int32, descendants: Int32 | Int64 | int, programs: int, length: int) -> Weights:
    """Return the weights of ``cells`` (int32, distinct, any order) with ``descendants`` (positive) each."""
    program, site = np.divmod(cells, np.int32(length))
    sites = np.zeros(programs, np.uint64)
    np.bitwise_or.at(sites, program, np.uint64(1) << site.astype(np.uint64))
    held = (sites != 0).astype(np.uint8)
    holders = np.flatnonzero(held)
    # An ancestor cell never becomes two, so there are never more blocks in use than ancestor cells.
    blocks = min(programs, len(cells))
    page = np.zeros(programs, np.int32)
    page[holders] = np.arange(len(holders))
    owner = np.zeros(blocks, np.int32)
    owner[: len(holders)] = holders
    weight = np.zeros(blocks * length, np.int32)
    weight[page[program] * np.int32(length) + site] = descendants
    total = weight.reshape(blocks, length).sum(axis=1, dtype=np.int64)
    free = np.arange(blocks - 1, -1, -1, dtype=np.int32)
    counts = np.array([blocks - len(holders), len(cells)], np.int64)
    return Weights(held, sites, page, owner, weight, total, free, counts)


def compacted(weights: Weights, length: int) -> Weights:
    """Return ``weights`` in as few blocks as they can ever need, if that is far fewer; else unchanged."""
    blocks = min(len(weights.sites), weights.active)
    if 4 * blocks >= len(weights.owner):
        return weights
    cells, descendants = _listed(weights, length)
    return weigh(cells, descendants, len(weights.sites), length)


def ancestors(weights: Weights, length: int) -> Int32:
    """Return the ancestor cells (int32), in no particular order."""
    return _listed(weights, length)[0]


def _listed(weights: Weights, length: int) -> tuple[Int32, Int32]:
    """Return the ancestor cells and the descendants of each."""
    rows = np.flatnonzero(weights.total)
    grid = weights.weight.reshape(-1, length)[rows]
    row, site = np.nonzero(grid)
    cells = weights.owner[rows[row]] * np.int32(length) + site.astype(np.int32)
    return cells, grid[row, site]


@kernel
def heaviest(weights: Weights) -> tuple[int, int]:
    """Return (most followed bytes whose ancestors one program holds, that program; ties: the smaller)."""
    most = 0
    program = 0
    for block in range(len(weights.owner)):
        total = weights.total[block]
        if total > most or (total == most and most > 0 and weights.owner[block] < program):
            most = total
            program = weights.owner[block]
    return most, program


@kernel
def find_moves(
    events: Events,
    weights: Weights,
    length: int,
    mutations_first: bool,
    marks: Bytes,
    rows: Int32,
    cells: Int32,
    sources: Int32,
) -> int:
    """Write what an epoch did to the ancestor cells of its state; return how many moves.

    ``marks`` (uint8[soup's cells]) has `_MUTATED` set for the cells the epoch mutated, and is left so.
    ``cells`` and ``sources`` (int32, at least as many as ancestor cells) take the moves. ``rows`` (int32, at
    least as many as reactions) is scratch space.
    """
    left, right, mechanism, starts, writes, mutated = events
    held = weights.held
    sites = weights.sites
    count = 0
    for row in range(len(left)):
        # no branch: which rows matter is past any prediction
        rows[count] = row
        count += int(mechanism[row] != 0) & int(held[left[row]] | held[right[row]])
    found = 0
    for k in range(count):
        # What a mechanism writes lies anywhere in tens of megabytes: ask for it in good time.
        if k + 16 < count:
            prefetch(starts, mechanism[rows[k + 16]])
        if k + 8 < count:
            prefetch(writes, starts[mechanism[rows[k + 8]]])
        here = np.int64(left[rows[k]])
        there = np.int64(right[rows[k]])
        of_here = sites[here]
        of_there = sites[there]
        number = mechanism[rows[k]]
        for i in range(starts[number], starts[number + 1]):
            target = np.int64(writes[i] >> 16)
            site = target if target < length else target - length
            wanted = of_here if target < length else of_there
            if not wanted >> np.uint64(site) & _ONE:
                continue
            cell = (here if target < length else there) * length + site
            source = np.int64((writes[i] >> 8) & 255)
            if source == 255:
                origin = np.int64(BORN)
            elif source < length:
                origin = here * length + source
            else:
                origin = there * length + source - length
            if mutations_first:
                if origin >= 0 and marks[origin] & _MUTATED:
                    origin = np.int64(BORN)
                if marks[cell] & _MUTATED:
                    # the reaction overwrote the mutated byte: the mutation made no ancestor here
                    marks[cell] |= _CHANGED
            elif marks[cell] & _MUTATED:
                continue
            cells[found] = cell
            sources[found] = origin
            found += 1
    for i in range(len(mutated)):
        cell = np.int64(mutated[i])
        if marks[cell] & _CHANGED:
            marks[cell] = _MUTATED
            continue
        program = cell // length
        if held[program] and sites[program] >> np.uint64(cell - program * length) & _ONE:
            cells[found] = cell
            sources[found] = BORN
            found += 1
    return found


@kernel
def move_back(cells: Int32, sources: Int32, weights: Weights, length: int, lifted: Int32) -> int:
    """Turn the weights of a state into those of the state before; return how many ancestor cells moved.

    ``cells`` and ``sources`` are the epoch's moves, for these bytes or for more. Increments in place
    count as moved. ``lifted`` (int32, as long as ``cells``) is scratch space.
    """
    held, sites, page, owner, weight, total, free, counts = weights
    moved = 0
    # First all are lifted, then all put down: a source may itself be a cell that moves.
    for i in range(len(cells)):
        program = np.int64(cells[i]) // length
        site = cells[i] - program * length
        bit = _ONE << np.uint64(site)
        lifted[i] = 0
        if not sites[program] & bit:
            continue
        moved += 1
        if sources[i] == cells[i]:
            continue
        block = np.int64(page[program])
        place = block * length + site
        lifted[i] = weight[place]
        total[block] -= weight[place]
        weight[place] = 0
        sites[program] ^= bit
        counts[_ACTIVE] -= 1
        if not sites[program]:
            held[program] = 0
            free[counts[_FREE]] = block
            counts[_FREE] += 1
    for i in range(len(cells)):
        if lifted[i] == 0 or sources[i] < 0:
            continue
        program = np.int64(sources[i]) // length
        site = sources[i] - program * length
        bit = _ONE << np.uint64(site)
        if not sites[program]:
            counts[_FREE] -= 1
            page[program] = free[counts[_FREE]]
            owner[page[program]] = program
            held[program] = 1
        block = np.int64(page[program])
        counts[_ACTIVE] += not sites[program] & bit
        sites[program] |= bit
        weight[block * length + site] += lifted[i]
        total[block] += lifted[i]
    return moved


@kernel
def move_forth(cells: Int32, sources: Int32, labels: Bytes, carried: Bytes) -> None:
    """Turn the labels of a state's cells (uint8[soup's cells]) into those of the next; born bytes get 0.

    Right for the cells the moves are complete for, whatever stands in the others. ``carried`` (uint8, as
    long as ``cells``) is scratch space.
    """
    for i in range(len(cells)):
        carried[i] = labels[sources[i]] if sources[i] >= 0 else 0
    for i in range(len(cells)):
        labels[cells[i]] = carried[i]


class Tracker:
    """Finds moves in logs; keeps the scratch space for it. One serves all trails of a soup.

    ``length``, the bytes of a program, is at most 64: `Weights.sites` has no more bits.
    """

    def __init__(self, programs: int, length: int, *, mutations_first: bool) -> None:
        if length > 64:
            raise ValueError(f"programs of {length} bytes; ancestors are followed in programs of at most 64")
        self.programs = programs
        self.length = length
        self.mutations_first = mutations_first
        self._marks = np.zeros(programs * length, np.uint8)
        self._rows = np.empty(programs, np.int32)
        self._cells = np.empty(0, np.int32)
        self._sources = np.empty(0, np.int32)

    def moves(self, log: EpochLog, each: Sequence[Weights]) -> list[Moves]:
        """Return, for each of several weights of state ``log.epoch``, what the epoch did to them."""
        room = max(weights.active for weights in each)
        if room > len(self._cells):
            self._cells, self._sources = np.empty(room, np.int32), np.empty(room, np.int32)
        table = log.mechanisms
        mutated = log.mutated_cells
        if log.reset is not None:
            # to an ancestor, to be made anew is to be mutated
            mutated = np.union1d(np.arange(len(log.reset.chars), dtype=np.int32), mutated)
        columns = (log.left, log.right, log.mechanism, table.starts, table.writes, mutated)
        events = Events(*(read_only(column) for column in columns))
        self._marks[mutated] = _MUTATED
        found = []
        for weights in each:
            count = find_moves(
                events, weights, self.length, self.mutations_first, self._marks, self._rows, self._cells, self._sources
            )
            found.append(Moves(log.epoch, self._cells[:count].copy(), self._sources[:count].copy()))
        self._marks[mutated] = 0
        return found


def last_peak(most: Int64) -> int:
    """Return the newest state at which ``most`` is at least 0.9 of its maximum."""
    return int(np.flatnonzero(10 * most >= 9 * most.max())[-1])


def settled(most: Int64, weights: Weights) -> bool:
    """Tell whether `last_peak` of ``most``, which begins at the state of ``weights``, is that of all states.

    No older one can hold more than what still has ancestors.
    """
    return 9 * int(weights.total.sum()) <= 10 * int(most[last_peak(most)])


class Trail:
    """The bytes of some cells of one state, followed back to the run's first.

    - `newest`: the state they stand in; `cells` (int32): where
    - `most` (int64[newest + 1]), `program` (int32[newest + 1]): at each state, the most of the bytes whose
      ancestors one program held, and that program (ties: the smaller); filled from the newest on

    It may end at a state up to ``enough`` where older ones can't matter to `last_peak`: those stay 0, and so do
    states before the run's first.
    """

    def __init__(self, newest: int, cells: Int32, tracker: Tracker, enough: int = -1) -> None:
        self.newest = newest
        self.ended = False
        self._enough = enough
        self.cells = cells
        self.most: Int64 = np.zeros(newest + 1, np.int64)
        self.program: Int32 = np.zeros(newest + 1, np.int32)
        self.weights = weigh(cells, 1, tracker.programs, tracker.length)
        self.moves: list[Moves] | None = []
        self._length = tracker.length
        self._at = newest
        self.most[newest], self.program[newest] = heaviest(self.weights)

    def back(self, moves: Moves) -> None:
        """Go on to state ``moves.epoch - 1``; nothing moved in the epochs passed over."""
        if self.ended:
            if self.moves is not None:
                self.moves.append(moves)
            return
        self._fill(moves.epoch)
        if len(moves.cells) and self.moves is not None:
            self.moves.append(moves)
        moved = move_back(moves.cells, moves.sources, self.weights, self._length, np.empty_like(moves.cells))
        self._at = moves.epoch - 1
        if moved:
            self.weights = compacted(self.weights, self._length)
            self.most[self._at], self.program[self._at] = heaviest(self.weights)
        else:
            self.most[self._at], self.program[self._at] = self.most[self._at + 1], self.program[self._at + 1]
        if self._at <= self._enough and self._at % CHECKED == 0:
            self.ended = settled(self.most[self._at :], self.weights)

    def close(self, first: int = 0) -> None:
        """Say that the run's ``first`` state is reached."""
        if not self.ended:
            self._fill(first)

    def _fill(self, epoch: int) -> None:
        """Carry the figures of state `_at` down to state ``epoch``."""
        self.most[epoch : self._at] = self.most[self._at]
        self.program[epoch : self._at] = self.program[self._at]
        self._at = epoch


def follow(history: History, trails: Sequence[Trail], tracker: Tracker, budget: int = MOVES_BUDGET) -> Iterator[int]:
    """Take ``trails`` to the run's first state in one pass over the log; yield each epoch gone back over.

    The log is searched once for all of them together, for most of what they follow is soon the same: the moves
    that a trail keeps are for its own bytes and for more. Where they would take more than ``budget`` bytes, none
    are kept.
    """
    newest = max(trail.newest for trail in trails)
    kept = 0
    together = weigh(np.empty(0, np.int32), 1, tracker.programs, tracker.length)
    first = history.first
    for log in history.logs(first + 1, newest, reverse=True) if newest > first else ():
        if new := [trail.cells for trail in trails if trail.newest == log.epoch]:
            followed = np.zeros(tracker.programs * tracker.length, np.bool_)
            for cells in (ancestors(together, tracker.length), *new):
                followed[cells] = True
            together = weigh(np.flatnonzero(followed).astype(np.int32), 1, tracker.programs, tracker.length)
        if together.active:  # else all bytes were born later
            [moves] = tracker.moves(log, [together])
            for trail in trails:
                if trail.newest >= log.epoch:
                    trail.back(moves)
            move_back(moves.cells, moves.sources, together, tracker.length, np.empty_like(moves.cells))
            together = compacted(together, tracker.length)
            kept += moves.cells.nbytes + moves.sources.nbytes
            if kept > budget:
                for trail in trails:
                    trail.moves = None
        yield log.epoch
    for trail in trails:
        trail.close(first)


def moves_back(history: History, trail: Trail, tracker: Tracker, weights: Weights, newest: int) -> Iterator[Moves]:
    """Yield the moves that concern ``weights`` from epoch ``newest`` back, ``trail``'s own or the log's.

    ``weights`` are of state ``newest``, some of what ``trail`` follows; the moves may be of more. The caller moves
    them (in place) before it asks for the next.
    """
    if trail.moves is not None:
        yield from (moves for moves in trail.moves if moves.epoch <= newest)
    elif newest > history.first:
        for log in history.logs(history.first + 1, newest, reverse=True):
            yield tracker.moves(log, [weights])[0]


def moves_forth(history: History, trail: Trail, tracker: Tracker, oldest: int) -> Iterator[Moves]:
    """Yield the moves of the epochs ``oldest`` + 1 to ``trail.newest``, ascending; complete for ``trail``."""
    if trail.moves is not None:
        yield from (moves for moves in reversed(trail.moves) if moves.epoch > oldest)
    elif oldest < trail.newest:
        everything = np.arange(tracker.programs * tracker.length, dtype=np.int32)
        weights = weigh(everything, 1, tracker.programs, tracker.length)
        for log in history.logs(oldest + 1, trail.newest):
            yield tracker.moves(log, [weights])[0]
