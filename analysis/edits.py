"""Edit distances of short byte strings: how many bytes must be inserted, deleted or replaced (Levenshtein).

Plain dynamic programming over two rows, compiled. Programs have 64 bytes at most, so no library that is faster at
long strings is needed.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.jit import kernel
from sim.log import Bytes, Int64

Flags = NDArray[np.bool_]


def distance(left: bytes, right: bytes) -> int:
    """Return the Levenshtein distance of two strings."""
    row = np.empty(len(right) + 1, np.int64)
    return int(_distance(np.frombuffer(left, np.uint8), np.frombuffer(right, np.uint8), row, False))


def within_edits(pattern: bytes, rows: Bytes, lengths: Int64, within: int, *, whole: bool = False) -> Flags:
    """Tell for each string whether at most ``within`` edits lead from ``pattern`` to a part of it (Sellers 1980).

    Row k of ``rows`` (uint8[K, L]) is a string of ``lengths[k]`` bytes; with ``whole`` it is all of it that counts.
    """
    found = np.empty(len(rows), np.bool_)
    _within(np.frombuffer(pattern, np.uint8), np.ascontiguousarray(rows), lengths, within, whole, found)
    return found


def linked(strings: Sequence[bytes], within: int) -> list[int]:
    """Return the single-linkage clusters of strings: for each the smallest place in ``strings`` that it is linked to.

    A string and its mirror image count as one. Two are linked if their distance, or that of one to the other's mirror
    image, is at most the shorter one's length divided by ``within``, rounded down.
    """
    longest = max(map(len, strings), default=0)
    rows = np.zeros((len(strings), longest), np.uint8)
    mirrored = np.zeros((len(strings), longest), np.uint8)
    for place, string in enumerate(strings):
        rows[place, : len(string)] = np.frombuffer(string, np.uint8)
        mirrored[place, : len(string)] = np.frombuffer(string[::-1], np.uint8)
    lengths = np.array([len(string) for string in strings], np.int64)
    roots = np.arange(len(strings), dtype=np.int64)
    _link(rows, mirrored, lengths, within, roots)
    found: list[int] = roots.tolist()
    return found


@kernel
def _distance(pattern: Any, string: Any, row: Any, parts: bool) -> int:
    """Return the distance of ``pattern`` to ``string``, or with ``parts`` to its nearest part; ``row`` is scratch."""
    n = len(string)
    for j in range(n + 1):
        row[j] = 0 if parts else j
    for i in range(len(pattern)):
        before, row[0] = row[0], i + 1
        for j in range(n):
            changed = before + (pattern[i] != string[j])
            before = row[j + 1]
            row[j + 1] = min(changed, before + 1, row[j] + 1)
    if not parts:
        return int(row[n])
    best = row[0]
    for j in range(n):
        best = min(best, row[j + 1])
    return int(best)


@kernel
def _holds(pattern: Any, string: Any) -> bool:
    """Tell whether ``pattern`` is a part of ``string``: no edits need no table."""
    for start in range(len(string) - len(pattern) + 1):
        i = 0
        while i < len(pattern) and string[start + i] == pattern[i]:
            i += 1
        if i == len(pattern):
            return True
    return False


@kernel
def _within(pattern: Any, rows: Any, lengths: Any, within: int, whole: bool, found: Any) -> None:
    row = np.empty(rows.shape[1] + 1, np.int64)
    for k in range(len(rows)):
        longer = lengths[k] - len(pattern)
        if longer < -within or (whole and longer > within):
            found[k] = False
        elif within == 0:
            found[k] = _holds(pattern, rows[k, : lengths[k]])
        else:
            found[k] = _distance(pattern, rows[k, : lengths[k]], row, not whole) <= within


@kernel
def _link(rows: Any, mirrored: Any, lengths: Any, within: int, roots: Any) -> None:
    """Join what is near; ``roots`` becomes the smallest place of each cluster."""
    row = np.empty(rows.shape[1] + 1, np.int64)
    for a in range(len(rows)):
        for b in range(a + 1, len(rows)):
            allowed = min(lengths[a], lengths[b]) // within
            first, second = a, b
            while roots[first] != first:
                first = roots[first]
            while roots[second] != second:
                second = roots[second]
            if first == second or abs(lengths[a] - lengths[b]) > allowed:
                continue
            string = rows[a, : lengths[a]]
            if (
                _distance(string, rows[b, : lengths[b]], row, False) <= allowed
                or _distance(string, mirrored[b, : lengths[b]], row, False) <= allowed
            ):
                roots[max(first, second)] = min(first, second)
    for a in range(len(rows)):
        while roots[roots[a]] != roots[a]:
            roots[a] = roots[roots[a]]
