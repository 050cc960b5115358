"""Onsets: when a soup's complexity first reached 1, to the single epoch, and what became of it.

The rule (README, "Words"; Agüera y Arcas et al. 2024, figure 6, counts first onsets): complexity is looked
at on a lattice, the states divisible by 64, the last one and the first. Between neighbours a < b with complexity
below 1 at a and at least 1 at b lies an onset: the smallest n in (a, b] whose complexity is at least 1. It
has *ended* at the first later lattice state below 1. It is a `transition` if 256 epochs or more lie
between onset and end (or the last state), a `surge` if it ended sooner, `open` if the run stops sooner.

What was measured decides nothing but speed: missing figures come from replay.
"""

from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from analysis.founders import choose_onsets
from analysis.measures import complexity
from warehouse.reader import History

THRESHOLD = 1.0
SPACING = 64
LASTING = 256

_THREADS = 2
_AHEAD = 4  # states compressed at once: at most so many are wasted when a search stops early

Progress = Callable[[str], None]
#: Ascending epochs -> (epoch, complexity) in that order, computed as the caller asks for them.
Complexities = Callable[[Sequence[int]], Iterator[tuple[int, float]]]


@dataclass(frozen=True)
class Onset:
    """A row of the relation `transitions`, its run apart.

    - `rank`: 1 for the run's first onset, 2 for its second
    - `epoch`: the onset
    - `ended_epoch`: the first later lattice state below the threshold; None while it lasts
    - `kind`: transition, surge or open
    - `peak_complexity`: the largest complexity at the onset and at the lattice states from it to its end
    """

    rank: int
    epoch: int
    ended_epoch: int | None
    kind: str
    peak_complexity: float


def find_transitions(history: History, progress: Progress | None = None) -> list[dict[str, Any]]:
    """Return the rows of `transitions` (without `run`) for what is stored of a run, by rank.

    Figures the run did not measure are made by replay, nothing is executed. ``progress`` takes lines.
    """
    known = measured_complexities(history)
    onsets = find_onsets(history.last, replayed_complexities(history, known, progress), history.first)
    rows = [asdict(onset) for onset in onsets]
    chosen = {row["epoch"] for row in choose_onsets(rows)[0]}
    return [row | {"founders_sought": row["epoch"] in chosen} for row in rows]


def find_onsets(last: int, complexities: Complexities, begins: int = 0) -> list[Onset]:
    """Return the onsets of a run whose last state is ``last`` and whose first is ``begins``, by rank.

    ``complexities`` is asked for the lattice once and for the states between two neighbours while it
    has not told of one at the threshold.
    """
    epochs = lattice(last, begins)
    values = dict(complexities(epochs))
    onsets: list[Onset] = []
    for before, after in pairwise(epochs):
        if values[before] < THRESHOLD <= values[after]:
            between = complexities(range(before + 1, after + 1))
            epoch, first = next((n, value) for n, value in between if value >= THRESHOLD)
            onsets.append(_onset(len(onsets) + 1, epoch, first, epochs, values))
    return onsets


def lattice(last: int, first: int = 0) -> list[int]:
    """Return the states that are looked at in a run whose last state is ``last`` and first ``first``, ascending."""
    return sorted({first, *range(first + -first % SPACING, last + 1, SPACING), last})


def _onset(rank: int, epoch: int, first: float, epochs: list[int], values: dict[int, float]) -> Onset:
    """Return the onset at ``epoch``, whose complexity is ``first``, as the later lattice ``epochs`` tell."""
    later = epochs[bisect_right(epochs, epoch) :]
    ended = next((n for n in later if values[n] < THRESHOLD), None)
    lived = [values[n] for n in later if ended is None or n < ended]
    if (epochs[-1] if ended is None else ended) - epoch >= LASTING:
        kind = "transition"
    else:
        kind = "open" if ended is None else "surge"
    return Onset(rank, epoch, ended, kind, max([first, *lived]))


def measured_complexities(history: History) -> dict[int, float]:
    """Return the complexities that the store holds, by epoch."""
    columns = history.epochs()
    epochs, values = columns["epoch"], np.asarray(columns["complexity"], np.float64)
    measured = ~np.isnan(values)
    return dict(zip(epochs[measured].tolist(), values[measured].tolist(), strict=True))


def replayed_complexities(history: History, known: dict[int, float], progress: Progress | None = None) -> Complexities:
    """Return a source of complexities: those ``known``, the others by replay, which it adds to ``known``.

    Replay and compression overlap; a caller that stops asking wastes a few states at most.
    """

    def complexities(epochs: Sequence[int]) -> Iterator[tuple[int, float]]:
        missing = [n for n in epochs if n not in known]
        if missing and progress is not None:
            progress(f"complexity of states {missing[0]} to {missing[-1]} by replay")
        fresh = _compressed(history, missing)
        for n in epochs:
            if n not in known:
                epoch, known[n] = next(fresh)
                assert epoch == n
            yield n, known[n]

    return complexities


def _compressed(history: History, epochs: Iterable[int]) -> Iterator[tuple[int, float]]:
    """Yield (epoch, complexity) of ascending ``epochs``, compressing in threads while replay goes on."""
    waiting: deque[tuple[int, Future[float]]] = deque()
    with ThreadPoolExecutor(_THREADS, "complexity") as pool:
        for epoch, replay in history.states(list(epochs)):
            waiting.append((epoch, pool.submit(complexity, replay.chars.copy())))
            if len(waiting) == _AHEAD:
                n, value = waiting.popleft()
                yield n, value.result()
        while waiting:
            n, value = waiting.popleft()
            yield n, value.result()
