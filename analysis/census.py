"""The census of an onset: the state at which its dominant cells are counted, and which these are.

It is the first state from the onset on whose 32 most frequent tokens hold a quarter of all
cells, every state looked at, up to the onset's end or 512 epochs on, whichever comes first; if there is
none, the first of those states where their share is largest. A later census would let the common ancestor
drift forward. *Dominant cells* are the cells that carry one of the 128 most frequent tokens.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim import Replay, Tokens
from sim.log import Int32, Int64
from warehouse.reader import History

#: A census needs the 32 most frequent tokens to hold one part in so many of all cells.
QUARTER = 4
#: How many epochs after its onset a census may be.
REACH = 512
#: How many tokens dominate.
DOMINANT = 128

_SHIFT = np.uint64(48)


def find_census(history: History, onset: dict[str, Any]) -> tuple[int, Tokens]:
    """Return the census state of an onset and its tokens.

    ``onset`` is a row of `transitions` (`epoch`, `ended_epoch`). The states are made by replay.
    """
    epochs = range(onset["epoch"], last_candidate(history, onset) + 1)
    best, most = onset["epoch"], -1
    for epoch, replay in history.states(epochs):
        top = top_count(replay)
        if QUARTER * top >= len(replay.chars):
            return epoch, replay.tokens()
        if top > most:
            best, most = epoch, top
    return best, history.tokens_at(best)


def last_candidate(history: History, onset: dict[str, Any]) -> int:
    """Return the last state that may be the census of ``onset``."""
    ended = history.last if onset["ended_epoch"] is None else int(onset["ended_epoch"])
    return min(history.last, int(onset["epoch"]) + REACH, ended)


def top_count(replay: Replay) -> int:
    """Return how many cells of the state carry one of its 32 most frequent tokens."""
    _, counts = replay.token_counts()
    return int(counts.sum())


def dominant_cells(tokens: Tokens) -> Int32:
    """Return the cells that carry one of the `DOMINANT` most frequent tokens (ties: smaller tokens), ascending.

    int32: a soup has at most 2^28 cells.
    """
    packed = tokens.packed()
    frequent = frequent_tokens(packed)
    table, slots = _hashed(frequent, packed)
    return np.flatnonzero(table[slots] == packed).astype(np.int32)


def _hashed(tokens: Int64, packed: Int64) -> tuple[Int64, NDArray[np.uint64]]:
    """Return a table that has each of a few distinct ``tokens`` at the slot of its hash, and the slots of ``packed``.

    Millions of cells are looked up so in a tenth of the time that bisection takes.
    """
    factor = 0x9E3779B97F4A7C15
    while len(np.unique(_slots(tokens, factor))) < len(tokens):  # two of them meet: another factor
        factor = factor * 0xD1342543DE82EF95 % (1 << 64)
    slots = _slots(tokens, factor)
    table = np.full(1 << 16, -1, np.int64)
    table[slots] = tokens
    return table, _slots(packed, factor)


def _slots(tokens: Int64, factor: int) -> NDArray[np.uint64]:
    return (tokens.view(np.uint64) * np.uint64(factor)) >> _SHIFT


def frequent_tokens(packed: Int64, wanted: int = DOMINANT) -> Int64:
    """Return the ``wanted`` most frequent values of ``packed`` (ties: the smaller value), ascending."""
    ordered = np.sort(packed)
    first = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    values: Int64 = ordered[first]
    counts = np.diff(first, append=len(ordered))
    if len(values) <= wanted:
        return values
    least = np.partition(counts, -wanted)[-wanted]
    above = counts > least
    tied = np.flatnonzero(counts == least)[: wanted - np.count_nonzero(above)]
    above[tied] = True
    frequent: Int64 = values[above]
    return frequent
