"""Counting tokens and origins over a whole soup."""

from typing import Any

import numpy as np

from sim.jit import kernel
from sim.log import Bytes, Int64, UInt32

TOP = 32


@kernel
def count_holders(numbers: Any, holders: Any, used: int) -> int:
    """Recount ``holders`` (cells of each origin number) from scratch; return how many have any."""
    holders[:] = 0
    for i in range(len(numbers)):
        holders[numbers[i]] += 1
    distinct = 0
    for number in range(used):
        distinct += holders[number] > 0
    return distinct


@kernel
def mark_numbers(numbers: Any, marks: Any, used: int) -> int:
    """Return how many distinct numbers there are; ``marks`` (uint8, all 0) is scratch and left all 0."""
    for i in range(len(numbers)):
        marks[numbers[i]] = 1
    distinct = 0
    for number in range(used):
        distinct += marks[number]
        marks[number] = 0
    return distinct


@kernel
def renumber(numbers: Any, origins: Any, marks: Any, used: int) -> int:
    """Give the living origins the numbers 0, 1, ... in their old order; return how many there are."""
    for i in range(len(numbers)):
        marks[numbers[i]] = 1
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
    further = np.unique(others[:rest], return_counts=True)[1]
    living = counts[counts > 0]
    unique = len(living) + len(further)
    every = np.concatenate([_largest(living), _largest(further)])
    return unique, _largest(every).astype(np.int64)


def _largest(counts: Any) -> Any:
    """Return the 32 largest of ``counts`` (all if fewer), descending."""
    if len(counts) > TOP:
        counts = np.partition(counts, len(counts) - TOP)[-TOP:]
    return np.sort(counts)[::-1]
