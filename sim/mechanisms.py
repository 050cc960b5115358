"""Mechanisms: what a reaction did to its tape, kept once each and named by content.

A mechanism is a list of writes, uint32 each: ``target << 16 | source << 8 | delta``, ascending. Its id is
the first 8 bytes of the BLAKE2b digest of (target, source or 255, delta) bytes in that order, read
little-endian with the top bit cleared; the empty mechanism's is 0. Tables are open-addressing hash tables
over plain arrays, so that kernels on several threads can search them without the interpreter.
"""

from typing import Any, NamedTuple

import numpy as np

from sim.blake2b import name_lists
from sim.intrinsics import prefetch
from sim.jit import kernel, pasted
from sim.log import Int32, Int64, MechanismTable, UInt32

_M1 = np.uint64(0x9E3779B97F4A7C15)
_M2 = np.uint64(0xD6E8FEB86659FD93)
_S32 = np.uint64(32)
_ONE = np.uint64(1)
#: How many mechanisms ahead their places in the tables are asked for from memory.
_AHEAD = 8


class Table(NamedTuple):
    """A hash table of mechanisms over plain arrays.

    `slots` (int32[2^k], -1 empty) holds mechanism numbers; `hashes` (uint64[K]), `starts` (int64[K + 1])
    and `writes` (uint32[T]) describe them; `used` (int64[1]) counts them.
    """

    slots: Int32
    hashes: Int64
    starts: Int64
    writes: UInt32
    used: Int64


def make_table(lists: int, writes: int) -> Table:
    """Return an empty table with room for ``lists`` mechanisms of ``writes`` writes in all."""
    size = 16
    while size < 2 * lists:
        size *= 2
    return Table(
        np.full(size, -1, np.int32),
        np.empty(lists, np.uint64),
        np.zeros(lists + 1, np.int64),
        np.empty(writes, np.uint32),
        np.zeros(1, np.int64),
    )


@pasted
def fingerprint(writes: Any, start: Any, stop: Any) -> Any:
    """Return a 64-bit hash of a list. It only says where to look: equality is always checked on the list itself."""
    total = np.uint64(0)
    # Unsigned indices, which Numba need not check for negative ones: LLVM takes vectors.
    for i in range(np.uint64(start), np.uint64(stop)):
        x = (np.uint64(writes[i]) + _M2) * _M1
        total += (x ^ (x >> _S32)) * _M2
    return total ^ (total >> _S32)


@pasted
def _equal(pool: Any, at: Any, writes: Any, start: Any, count: Any) -> Any:
    # Unsigned indices, as in `fingerprint`.
    differing = np.uint32(0)
    for i in range(np.uint64(count)):
        differing |= pool[np.uint64(at) + i] ^ writes[np.uint64(start) + i]
    return differing == 0


@pasted
def find(slots: Any, hashes: Any, starts: Any, pool: Any, hashed: Any, writes: Any, start: Any, stop: Any) -> Any:
    """Return the number of ``writes[start:stop]`` in a table; ``-1 - slot`` of the free slot if absent."""
    mask = np.uint64(len(slots) - 1)
    slot = hashed & mask
    while True:
        number = slots[slot]
        if number < 0:
            return -1 - np.int64(slot)
        if hashes[np.uint64(number)] == hashed:
            at = starts[np.uint64(number)]
            if starts[np.uint64(number) + _ONE] - at == stop - start and _equal(pool, at, writes, start, stop - start):
                return np.int64(number)
        slot = (slot + _ONE) & mask


@kernel
def absorb(table: Any, ids: Any, names: Any, fresh: Any, renamed: Any) -> int:
    """Add the mechanisms of ``fresh`` to ``table``, name them, and empty ``fresh`` again.

    ``ids`` (int64[K]) takes the ids of ``table``'s mechanisms, ``names`` (int32[2^k], -1 empty) is a hash
    table over those ids that finds two lists with one id. ``renamed`` (int32[>= fresh]) takes each fresh
    mechanism's number in ``table``. Returns -1, or the number of a mechanism whose id another one bears.
    """
    slots, hashes, starts, writes, used = table
    fresh_slots, fresh_hashes, fresh_starts, fresh_writes, fresh_used = fresh
    names_mask = len(names) - 1
    mask, fresh_mask = np.uint64(len(slots) - 1), np.uint64(len(fresh_slots) - 1)
    collision = -1
    before, count = used[0], fresh_used[0]
    for k in range(count):
        if k + _AHEAD < count:
            prefetch(slots, np.int64(fresh_hashes[k + _AHEAD] & mask))
        start, stop = fresh_starts[k], fresh_starts[k + 1]
        hashed = fresh_hashes[k]
        slot = hashed & fresh_mask
        while fresh_slots[slot] != k:
            slot = (slot + _ONE) & fresh_mask
        fresh_slots[slot] = -1
        found = find(slots, hashes, starts, writes, hashed, fresh_writes, start, stop)
        if found < 0:
            free = -1 - found
            found = used[0]
            slots[free] = found
            hashes[found] = hashed
            at = starts[found]
            for i in range(stop - start):
                writes[at + i] = fresh_writes[start + i]
            starts[found + 1] = at + stop - start
            used[0] = found + 1
        renamed[k] = found
    fresh_used[0] = 0
    name_lists(writes, starts, before, used[0], ids)
    for found in range(before, used[0]):
        if found + _AHEAD < used[0]:
            prefetch(names, ids[found + _AHEAD] & names_mask)
        name = ids[found]
        place = name & names_mask
        while names[place] >= 0:
            if ids[names[place]] == name:
                collision = found
            place = (place + 1) & names_mask
        names[place] = found
    return collision


@kernel
def _reindex(slots: Any, keys: Any, count: int) -> None:
    """Fill empty ``slots`` with the numbers 0..count-1 by their ``keys``."""
    mask = len(slots) - 1
    for k in range(count):
        slot = np.int64(keys[k] & np.uint64(mask))
        while slots[slot] >= 0:
            slot = (slot + 1) & mask
        slots[slot] = k


class MechanismIdCollisionError(RuntimeError):
    """Two different mechanisms of a run have one id: the run stops rather than mix them."""


class Mechanisms:
    """The mechanisms of a stretch of epochs; starts with the empty one, number 0."""

    def __init__(self) -> None:
        self.table = make_table(1 << 12, 1 << 16)
        self.ids = np.zeros(1 << 12, np.int64)
        self._names = np.full(1 << 13, -1, np.int32)
        self.table.hashes[0] = 0
        self.table.used[0] = 1
        self.table.slots[int(self.table.hashes[0]) & (len(self.table.slots) - 1)] = 0
        self._names[0] = 0

    def absorb(self, fresh: Table) -> Int32:
        """Take in what a thread found new in an epoch; return its mechanisms' numbers here.

        Raises `MechanismIdCollisionError` by name if two lists share an id.
        """
        count = int(fresh.used[0])
        renamed = np.empty(count, np.int32)
        self._reserve(count, int(fresh.starts[count]))
        collision = absorb(self.table, self.ids, self._names, fresh, renamed)
        if collision >= 0:
            raise MechanismIdCollisionError(f"two mechanisms share the id {self.ids[collision]}; the run cannot go on")
        return renamed

    def view(self) -> MechanismTable:
        """Return what is held now; later additions do not change it."""
        count = int(self.table.used[0])
        starts = self.table.starts[: count + 1]
        return MechanismTable(self.ids[:count], starts, self.table.writes[: starts[-1]])

    def _reserve(self, lists: int, writes: int) -> None:
        """Make room for so many more lists and writes; the old arrays stay with those who hold them."""
        table = self.table
        used = int(table.used[0])
        filled = int(table.starts[used])
        room = len(table.hashes)
        if used + lists > room:
            while room < used + lists:
                room *= 2
            grown = make_table(room, 0)
            grown.hashes[:used] = table.hashes[:used]
            grown.starts[: used + 1] = table.starts[: used + 1]
            grown.used[0] = used
            _reindex(grown.slots, grown.hashes, used)
            ids = np.zeros(room, np.int64)
            ids[:used] = self.ids[:used]
            self.ids = ids
            self._names = np.full(2 * room, -1, np.int32)
            _reindex(self._names, ids.view(np.uint64), used)
            table = grown._replace(writes=table.writes)
        if filled + writes > len(table.writes):
            size = len(table.writes)
            while size < filled + writes:
                size *= 2
            pool = np.empty(size, np.uint32)
            pool[:filled] = table.writes[:filled]
            table = table._replace(writes=pool)
        self.table = table
