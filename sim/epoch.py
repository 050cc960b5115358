"""The epoch kernel: gather, mutate, execute, trace, scatter (semantics.md section 1; design sections 3, 7).

Threads take chunks of reactions from a shared counter. Reactions of an epoch touch disjoint programs and
every draw is a function of its place, so nothing depends on who computes what.

Tokens are kept as dense numbers: `numbers` (uint32[cells]) names each cell's origin, `origins[number]`
says which it is. Moving a token moves 4 bytes. While few cells change, `holders` counts the cells of each
number and the distinct origins follow from the counts that reach or leave zero.
"""

from typing import Any, NamedTuple

import numpy as np
from numba import types
from numba.np.numpy_support import carray

from sim.intrinsics import (
    atomic_add,
    copy_items,
    differ_mask,
    list_writes,
    lowest_bit,
    move_numbers,
    prefetch,
    stack_bytes,
    stack_numbers,
    stack_words,
)
from sim.jit import declared, kernel, pasted
from sim.language import EXECUTE, LONGEST
from sim.log import Bytes, Int32, Int64, UInt32
from sim.mechanisms import Table, find, fingerprint
from sim.splitmix import mix

_ZERO = np.uint64(0)
_ONE = np.uint64(1)
_EIGHT = np.uint64(8)
_S16 = np.uint64(16)
_LOW16 = np.uint64(0xFFFF)
_LOW8 = np.uint64(255)
_LOW30 = np.uint64((1 << 30) - 1)

#: Reactions that a thread takes at a time.
CHUNK = 512
#: Token moves are queued and done together, so that their memory accesses overlap.
_QUEUE = 1024
#: How many reactions' writes are listed before their mechanisms are looked up.
_LISTS = 32
# Room for what one more tape brings.
_ENDS = _LISTS + 1
_QUEUED = _QUEUE + 2 * LONGEST
_LISTED = _LISTS * LONGEST + 16
#: In `mutants`: mutated where a byte had been born in this epoch, so without a number of its own.
_NAMELESS = -2
#: How many reactions ahead programs are asked for from memory.
_AHEAD = np.uint64(8)
#: How many token moves ahead their counts are.
_NEAR = 32

# Places in `Events.shared`: the next chunk to take, the next free origin number.
NEXT_CHUNK, NEXT_NUMBER = 0, 1
# Places in a thread's `tally`: cells changed, gain of distinct origins.
CHANGED, GAIN = 0, 1


class Cells(NamedTuple):
    """A soup by cell: `chars`, `numbers`; by origin number: `origins`, `holders`."""

    chars: Bytes
    numbers: UInt32
    origins: Int64
    holders: Int32


class Events(NamedTuple):
    """What an epoch writes down.

    By row, as in `sim.geometry.Pairing`: `left`, `right`, `places` (int32[pairs]) are the pairs; `mechanism` (>= 0: of
    the shared table, else ``-1 - (fresh * threads + thread)``), `steps`, `operations` (int32[reactions]) what came of
    it. `suspects` (uint8, by place): pairs that may mutate.
    `mutated_cells`, `mutated_chars` (by cell capacity; a chunk's from its first cell place on) and
    `mutated_counts` (a chunk's number). `shared` (int64[2]): counters of all threads.
    """

    left: Int32
    right: Int32
    places: Int32
    suspects: Bytes
    mechanism: Int32
    steps: Int32
    operations: Int32
    mutated_cells: Int32
    mutated_chars: Bytes
    mutated_counts: Int64
    shared: Int64


@pasted
def _copy_program(target: Any, at: Any, source: Any, start: Any, length: int) -> None:
    """Move a program's items. A size that LLVM knows needs no call, and nearly all programs have this one."""
    if length == 64:
        copy_items(target, at, source, start, 64)
    else:
        copy_items(target, at, source, start, length)


@pasted
def _copy_lines(target: Any, source: Any, size: int) -> None:
    """Move the first ``size`` bytes, a multiple of 64."""
    for line in range(0, size, 64):
        copy_items(target, line, source, line, 64)


@pasted
def _number_of_new(origins: Any, shared: Any, origin: Any) -> Any:
    """Return a fresh origin number for a byte born as ``origin``."""
    number = atomic_add(shared, 1, 1)
    origins[number] = origin
    return np.uint32(number)


@pasted
def _flush(numbers: Any, holders: Any, targets: Any, sources: Any, moved: Any, queued: int) -> int:
    """Carry out queued token moves: all read before any is written. Returns the gain of distinct origins.

    A source is a cell, or ``-1 - number`` for a number itself.
    """
    for i in range(queued):
        source = sources[i]
        moved[i] = numbers[source] if source >= 0 else np.uint32(-source - 1)
    gain = 0
    # An atomic addition waits for memory and lets nothing pass: have the counts near beforehand.
    for i in range(min(_NEAR, queued)):
        prefetch(holders, np.int64(moved[i]))
        prefetch(holders, np.int64(numbers[targets[i]]))
    for i in range(queued):
        if i + _NEAR < queued:
            prefetch(holders, np.int64(moved[i + _NEAR]))
            prefetch(holders, np.int64(numbers[targets[i + _NEAR]]))
        target = targets[i]
        old = numbers[target]
        new = moved[i]
        if old != new:
            # A count may pass through zero and come back; the sum over all threads is right.
            if atomic_add(holders, np.int64(new), 1) == 0:
                gain += 1
            if atomic_add(holders, np.int64(old), -1) == 1:
                gain -= 1
            numbers[target] = new
    return gain


@pasted
def _name(
    known: Any, fresh: Any, writes: Any, ends: Any, hashes: Any, named: Any, count: int, mechanism: Any, thread: int,
    threads: int,
) -> None:  # fmt: skip
    """Give the reactions of the rows ``named`` their mechanisms: list i is ``writes[ends[i]:ends[i + 1]]``.

    Many at a time, so that the tables' memory, asked for in turns, comes while others are looked up.
    """
    slots, known_hashes, starts, known_writes, _ = known
    fresh_slots, fresh_hashes, fresh_starts, fresh_writes, used = fresh
    mask = np.uint64(len(slots) - 1)
    for i in range(count):
        number = slots[np.uint64(hashes[i]) & mask]
        if number >= 0:
            prefetch(known_hashes, np.int64(number))
            prefetch(starts, np.int64(number))
    for i in range(count):
        number = slots[np.uint64(hashes[i]) & mask]
        if number >= 0:
            for line in range(0, ends[i + 1] - ends[i], 16):
                prefetch(known_writes, starts[number] + line)
    for i in range(count):
        start, stop, hashed = ends[i], ends[i + 1], np.uint64(hashes[i])
        number = find(slots, known_hashes, starts, known_writes, hashed, writes, start, stop)
        if number < 0:
            number = find(fresh_slots, fresh_hashes, fresh_starts, fresh_writes, hashed, writes, start, stop)
            if number < 0:
                slot = -1 - number
                number = used[0]
                at = fresh_starts[number]
                copy_items(fresh_writes, at, writes, start, stop - start)
                fresh_slots[slot] = number
                fresh_hashes[number] = hashed
                fresh_starts[number + 1] = at + stop - start
                used[0] = number + 1
            number = -1 - (number * threads + thread)
        mechanism[named[i]] = number


def _signature() -> Any:
    u8, u32, i32, i64, u64 = types.uint8[::1], types.uint32[::1], types.int32[::1], types.int64[::1], types.uint64[::1]
    cells = types.NamedTuple([u8, u32, i64, i32], Cells)
    events = types.NamedTuple([i32, i32, i32, u8, i32, i32, i32, i32, u8, i64, i64], Events)
    table = types.NamedTuple([i32, u64, i64, u32, i64], Table)
    return types.void(
        types.FunctionType(EXECUTE), u8, cells, events, table, table, i64,
        types.int64, types.int64, types.int64, types.int64, types.uint64, types.int64, types.int64, types.int64,
        types.int64, types.boolean,
    )  # fmt: skip


@declared(_signature)
def react(
    execute: Any, table: Any, cells: Any, events: Any, known: Any, fresh: Any, tally: Any,
    thread: int, threads: int, length: int, reactions: int, base: Any, mutation: int, limit: int, birth: int,
    reset: int, counting: bool,
) -> None:  # fmt: skip
    """Run chunks of an epoch's pairs until none is left.

    All of them mutate, the first ``reactions`` react as well. They come by ascending left program: so half of the
    soup is read in order, and what threads write by row lies apart (in the pairing's order both would write to the same
    lines of the cache, each waiting for the other).

    ``length``: bytes a program. ``base``: N * S(epoch), the draws' place. ``mutation``: threshold in 2^-30. ``birth``:
    origin of a byte born at cell 0 in this epoch. ``reset``: the cells before this one were born in this epoch already.
    ``known``: mechanisms of earlier epochs (read only); ``fresh``: this thread's new ones. ``tally``: this thread's
    sums. ``counting``: keep `holders` and the gain; without it programs are of 16, 32, 48 ... bytes.
    """
    # Arrays out of their tuples once: each access through the tuple would count references, atomically.
    chars, numbers, origins, holders = cells
    (
        lefts, rights, places, suspects, mechanism, steps, operations,
        mutated_cells, mutated_chars, mutated_counts, shared,
    ) = events  # fmt: skip
    known_slots = known.slots
    pairs = len(lefts)
    size = 2 * length
    padded = (size + 63) // 64 * 64
    chunks = (pairs + CHUNK - 1) // CHUNK
    # On the stack: arrays of the heap are counted, atomically, at every call through a pointer.
    tape_at, sources_at, table_at = stack_bytes(LONGEST), stack_bytes(LONGEST), stack_bytes(LONGEST)
    buffer = carray(tape_at, (padded,))
    before = carray(stack_bytes(LONGEST), (padded,))
    buffer_sources = carray(sources_at, (padded,))
    identity = carray(stack_bytes(LONGEST), (padded,))
    constants = carray(table_at, (len(table),))
    entries = len(table)
    copy_items(constants, 0, table, 0, len(table))
    for i in range(padded):
        buffer[i] = before[i] = 0
        buffer_sources[i] = identity[i] = i
    tape = buffer[:size]
    sources = buffer_sources[:size]
    mutants = carray(stack_words(LONGEST), (padded,))
    kept = carray(stack_numbers(LONGEST), (padded,))
    usize, ulength, ureactions = np.uint64(size), np.uint64(length), np.uint64(reactions)
    targets = carray(stack_words(_QUEUED), (_QUEUED,))
    moves_from = carray(stack_words(_QUEUED), (_QUEUED,))
    moved = carray(stack_numbers(_QUEUED), (_QUEUED,))
    writes = carray(stack_numbers(_LISTED), (_LISTED,))
    ends = carray(stack_words(_ENDS), (_ENDS,))
    hashes = carray(stack_words(_LISTS), (_LISTS,))
    named = carray(stack_words(_LISTS), (_LISTS,))
    ends[0] = 0
    changed_cells = 0
    gain = 0
    while True:
        chunk = atomic_add(shared, 0, 1)
        if chunk >= chunks:
            break
        first = chunk * CHUNK
        mutations_at = first * size
        mutations = 0
        queued = listed = 0
        for row in range(np.uint64(first), np.uint64(min(first + CHUNK, pairs))):
            if queued >= _QUEUE:
                gain += _flush(numbers, holders, targets, moves_from, moved, queued)
                queued = 0
            if listed == _LISTS:
                _name(known, fresh, writes, ends, hashes, named, listed, mechanism, thread, threads)
                listed = 0
            ahead = min(row + _AHEAD, np.uint64(pairs) - _ONE)
            left_ahead, right_ahead = np.int64(lefts[ahead]) * length, np.int64(rights[ahead]) * length
            prefetch(chars, left_ahead)
            prefetch(chars, right_ahead)
            if not counting:
                for line in range(0, length, 16):
                    prefetch(numbers, left_ahead + line)
                    prefetch(numbers, right_ahead + line)
            left_cell = np.int64(lefts[row]) * length
            right_cell = np.int64(rights[row]) * length
            _copy_program(buffer, 0, chars, left_cell, length)
            _copy_program(buffer, length, chars, right_cell, length)
            any_mutated = False
            pair = np.uint64(places[row])
            if suspects[pair]:
                place = (base + pair) * usize
                unmutated = mutations
                for i in range(size):
                    draw = mix(place + np.uint64(i))
                    mutants[i] = -1
                    if np.int64((draw >> _EIGHT) & _LOW30) < mutation:
                        mutants[i] = _NAMELESS
                        tape[i] = np.uint8(draw)
                        cell = left_cell + i if i < length else right_cell + i - length
                        mutated_cells[mutations_at + mutations] = cell
                        mutated_chars[mutations_at + mutations] = tape[i]
                        mutations += 1
                        if cell < reset:
                            continue  # born in the reset of this epoch: the same origin
                        mutants[i] = number = np.int64(_number_of_new(origins, shared, birth | cell))
                        if counting:
                            targets[queued] = cell
                            moves_from[queued] = -1 - number
                            queued += 1
                        else:
                            numbers[cell] = number
                any_mutated = mutations > unmutated
            if row >= ureactions:
                if any_mutated:
                    _copy_program(chars, left_cell, buffer, 0, length)
                    _copy_program(chars, right_cell, buffer, length, length)
                continue
            mechanism[row] = 0
            _copy_lines(before, buffer, padded)
            _copy_lines(buffer_sources, identity, padded)
            packed = execute(tape_at, sources_at, size, limit, table_at, entries)
            start = ends[listed]
            at: Any = np.uint64(start)
            if not counting:
                _copy_program(kept, 0, numbers, left_cell, length)
                _copy_program(kept, length, numbers, right_cell, length)
            for half in range(0, padded, 64):
                differ = differ_mask(buffer, before, half) | differ_mask(buffer_sources, identity, half)
                # Where many cells change: 16 at a time, their tokens with them.
                while not counting and differ != _ZERO:
                    block = half + (lowest_bit(differ) & 48)
                    differ &= ~(_LOW16 << np.uint64(block - half))
                    found = list_writes(writes, np.int64(at), buffer, before, buffer_sources, block, size)
                    at += np.uint64(found & 31)
                    cell = left_cell + block if block < length else right_cell + block - length
                    move_numbers(numbers, cell, kept, buffer_sources, block, size)
                    born = np.uint64(found >> 16)
                    while born != _ZERO:
                        i = lowest_bit(born)
                        born &= born - _ONE
                        if not (any_mutated and mutants[block + i] != -1) and cell + i >= reset:
                            numbers[cell + i] = _number_of_new(origins, shared, birth | (cell + i))
                while differ != _ZERO:
                    # Unsigned: Numba would look at a signed index for negative values, each time.
                    position = np.uint64(half + lowest_bit(differ))
                    differ &= differ - _ONE
                    source = np.uint64(sources[position])
                    delta = np.uint64(tape[position])
                    if source < usize:
                        delta = (delta - np.uint64(before[source])) & _LOW8
                        if source == position and delta == _ZERO:
                            continue
                    writes[at] = np.uint32((position << _S16) | (source << _EIGHT) | delta)
                    at += _ONE
                    if source == position:
                        continue
                    target_cell = (
                        left_cell + np.int64(position)
                        if position < ulength
                        else right_cell + np.int64(position - ulength)
                    )
                    if source < usize:
                        source_cell = (
                            left_cell + np.int64(source)
                            if source < ulength
                            else right_cell + np.int64(source - ulength)
                        )
                        if any_mutated and mutants[source] >= 0:
                            source_cell = -1 - mutants[source]
                    elif (any_mutated and mutants[position] != -1) or target_cell < reset:
                        continue  # born where a byte was born before in this epoch: the same origin
                    else:
                        source_cell = -1 - np.int64(_number_of_new(origins, shared, birth | target_cell))
                    targets[queued] = target_cell
                    moves_from[queued] = source_cell
                    queued += 1
            stop = np.int64(at)
            if stop > start:
                changed_cells += stop - start
                _copy_program(chars, left_cell, buffer, 0, length)
                _copy_program(chars, right_cell, buffer, length, length)
                hashed = fingerprint(writes, start, stop)
                hashes[listed] = np.int64(hashed)
                prefetch(known_slots, np.int64(hashed & np.uint64(len(known_slots) - 1)))
                named[listed] = np.int64(row)
                listed += 1
                ends[listed] = stop
            elif any_mutated:
                _copy_program(chars, left_cell, buffer, 0, length)
                _copy_program(chars, right_cell, buffer, length, length)
            steps[row] = packed >> 32
            operations[row] = packed & 0xFFFFFFFF
        gain += _flush(numbers, holders, targets, moves_from, moved, queued)
        _name(known, fresh, writes, ends, hashes, named, listed, mechanism, thread, threads)
        mutated_counts[chunk] = mutations
    tally[0] = changed_cells
    tally[1] = gain


@kernel
def rename(mechanism: Any, renamed: Any, threads: int) -> None:
    """Give fresh mechanisms their lasting numbers: ``renamed`` (int32[threads, most]) has each thread's."""
    for row in range(len(mechanism)):
        if mechanism[row] < 0:
            code = -1 - mechanism[row]
            mechanism[row] = renamed[code % threads, code // threads]


@kernel
def collect_mutations(events: Any, chunks: int, per_chunk: int, cells: Any, chars: Any) -> int:
    """Move an epoch's mutations out of the stretches of its ``chunks``, in no order; return how many."""
    mutated_cells, mutated_chars, mutated_counts = events.mutated_cells, events.mutated_chars, events.mutated_counts
    count = 0
    for chunk in range(chunks):
        for i in range(mutated_counts[chunk]):
            cells[count] = mutated_cells[chunk * per_chunk + i]
            chars[count] = mutated_chars[chunk * per_chunk + i]
            count += 1
    return count
