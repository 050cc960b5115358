"""Counting tokens and origins over a whole soup."""

from typing import Any

import numpy as np

from sim.intrinsics import highest_bit
from sim.jit import kernel
from sim.log import Bytes, Int32, Int64, UInt32
from sim.splitmix import mix

TOP = 32


@kernel
def count_holders(numbers: Any, holders: Any, used: int) -> int:
    """Recount ``holders`` (cells of each origin number) from scratch; return how many have any."""
    for number in range(len(holders)):
        # Asked first: memory never written to need not come to be.
        if holders[number] != 0:
            holders[number] = 0
    for i in range(len(numbers)):
        holders[numbers[i]] += 1
    distinct = 0
    for number in range(used):
        distinct += holders[number] > 0
    return distinct


@kernel
def mark_numbers(numbers: Any, marks: Any) -> None:
    """Set the mark (uint8) of each of the ``numbers`` to 1; threads may share the marks."""
    for i in range(len(numbers)):
        # Asked first: a byte written by one thread is taken from the other's cache, equal or not.
        if marks[numbers[i]] == 0:
            marks[numbers[i]] = 1


@kernel
def count_marks(marks: Any, used: int) -> int:
    """Return how many of the first ``used`` marks are set, and clear them."""
    distinct = 0
    for number in range(used):
        distinct += marks[number]
        marks[number] = 0
    return distinct


@kernel
def renumber(numbers: Any, origins: Any, marks: Any, used: int) -> int:
    """Give the living origins the numbers 0, 1, ... in their old order; return how many there are."""
    mark_numbers(numbers, marks)
    renamed = np.empty(used, np.uint32)
    living = 0
    for number in range(used):
        if marks[number]:
            renamed[number] = living
            origins[living] = origins[number]
            living += 1
            marks[number] = 0
    for i in range(len(numbers)):
        numbers[i] = renamed[numbers[i]]
    return living


def name_distinct(origins: Int64, used: int, names: UInt32) -> int:
    """Move the distinct ones of ``origins[:used]`` to the front, in order of their first place.

    ``names`` (uint32[used]) takes, for each place, that of its origin in front. Returns how many there are.
    """
    slots = np.full(1 << (2 * used).bit_length(), -1, np.int32)
    return int(_name_distinct(origins, used, names, slots))


@kernel
def _name_distinct(origins: Any, used: int, names: Any, slots: Any) -> int:
    """Do so with a hash table, ``slots`` (int32, a power of two, -1 free), instead of sorting: a tenth of the time."""
    mask = np.uint64(len(slots) - 1)
    distinct = 0
    for place in range(used):
        origin = origins[place]
        slot = mix(np.uint64(origin)) & mask
        while slots[slot] >= 0 and origins[slots[slot]] != origin:
            slot = (slot + np.uint64(1)) & mask
        if slots[slot] < 0:
            slots[slot] = distinct
            origins[distinct] = origin
            distinct += 1
        names[place] = slots[slot]
    return distinct


@kernel
def _split_counts(numbers: Any, chars: Any, first_char: Any, counts: Any, others: Any) -> int:
    """Count tokens of each origin's first char met; write the other tokens to ``others``, return how many."""
    rest = 0
    for i in range(len(numbers)):
        number, char = numbers[i], chars[i]
        if counts[number] == 0:
            first_char[number] = char
        if first_char[number] == char:
            counts[number] += 1
        else:
            others[rest] = (np.int64(number) << 8) | np.int64(char)
            rest += 1
    return rest


def token_counts(numbers: UInt32, chars: Bytes, used: int) -> tuple[int, Int64]:
    """Return (distinct tokens, counts of the 32 most frequent ones, descending).

    ``numbers`` (uint32[cells], below ``used``) name the origins. Almost every origin has one char, so
    tokens are counted by origin, and only those with a further char are sorted.
    """
    counts = np.zeros(used, np.int32)
    others = np.empty(len(numbers), np.int64)
    rest = int(_split_counts(numbers, chars, np.empty(used, np.uint8), counts, others))
    further = np.unique(others[:rest], return_counts=True)[1].astype(np.int32)
    living, largest = _largest(counts)
    every = np.concatenate([largest, _largest(further)[1]])
    return living + len(further), _largest(every)[1].astype(np.int64)


@kernel
def _count_sizes(counts: Any, sizes: Any) -> None:
    """Add to ``sizes`` (int64[33]) how many of the counts have how many binary digits, 0 none."""
    for i in range(len(counts)):
        sizes[highest_bit(np.uint64(counts[i])) + 1] += 1


def _largest(counts: Int32) -> tuple[int, Int32]:
    """Return how many of ``counts`` are above 0, and the 32 largest of those (all if fewer), descending."""
    sizes = np.zeros(33, np.int64)
    _count_sizes(counts, sizes)
    sizes[0] = 0
    # Nearly all are small: they are left out by their digits before any is sorted.
    longer = sizes[::-1].cumsum()[::-1]
    digits = int(np.count_nonzero(longer >= TOP)) - 1
    least = 1 << (digits - 1) if digits > 0 else 1
    return int(longer[0]), np.sort(counts[counts >= least])[::-1][:TOP]
