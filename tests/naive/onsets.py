"""Onsets of a run from the complexity of its every state (design section 3, "Onset")."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

LATTICE = 64
LASTS = 256
THRESHOLD = 1.0


class Onset(NamedTuple):
    """The state at which complexity reached 1, the lattice state at which it had fallen again, and the kind."""

    epoch: int
    ended_epoch: int | None
    kind: str


def onsets(complexity: Sequence[float]) -> list[Onset]:
    """Return the onsets of a run whose state n has ``complexity[n]``, in order of epoch."""
    last = len(complexity) - 1
    lattice = sorted({*range(0, last + 1, LATTICE), last})
    found = []
    for a, b in pairwise(lattice):
        if complexity[a] < THRESHOLD <= complexity[b]:
            epoch = next(n for n in range(a + 1, b + 1) if complexity[n] >= THRESHOLD)
            ended = next((n for n in lattice if n > b and complexity[n] < THRESHOLD), None)
            if (last if ended is None else ended) - epoch >= LASTS:
                kind = "transition"
            else:
                kind = "open" if ended is None else "surge"
            found.append(Onset(epoch, ended, kind))
    return found
