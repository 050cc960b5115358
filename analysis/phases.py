"""The phases of a run: what it went through, from its first state to its last, each with its epochs.

An *episode* lasts from an onset to the state before it ended, or to the last state
(`transitions.epoch`, `ended_epoch`). U(n) is the number of distinct origins of state n (`epochs.unique_origins`): a
replicator that spreads writes its own few origins over those of all others, so U falls steeply while it
takes over. Phases follow one another without a gap:

- `pre-life`: up to the state before the first onset; all of a run that has none
- `transition`: from an onset on
- `takeover`: from the first later state of the episode on with U at most half of the onset's
- `steady`: from the first later state n of the episode on such that in the epochs that follow, as many as the
  transition took and at least 256, all of them in the episode, U never falls below half of U(n)
- `collapse`: from the state where an episode had ended, complexity below 1, up to the state before the next onset

So where complexity rises and no replicator takes over, the transition lasts; after a takeover that is cut short
there is no steady state, and a succession within a steady state is no phase of its own. Only where phases begin
is decided here; what they were like is told beside.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Any

import numpy as np

from analysis.transitions import LASTING
from sim.log import Int64
from warehouse.reader import History

Row = dict[str, Any]

PRE_LIFE, TRANSITION, TAKEOVER, STEADY, COLLAPSE = "pre-life", "transition", "takeover", "steady", "collapse"

_REASONS = {
    PRE_LIFE: "the run begins",
    TRANSITION: "complexity rises to 1",
    TAKEOVER: "half of the origins at the onset are left",
    STEADY: "origins halve no more",
    COLLAPSE: "complexity fell below 1",
}


@dataclass(frozen=True)
class Phase:
    """A phase and its first and last state."""

    phase: str
    first_epoch: int
    last_epoch: int


def find_phases(last: int, onsets: Sequence[Mapping[str, Any]], origins: Int64, begun: int = 0) -> list[Phase]:
    """Return the phases of a run whose last state is ``last`` and whose first is ``begun``, in order.

    ``onsets`` are its rows of `transitions` (`epoch`, `ended_epoch`) by rank, ``origins`` (int64) the distinct
    origins of each state, from the first on.
    """
    begins = [(begun, PRE_LIFE)]
    for onset in onsets:
        ended = onset["ended_epoch"]
        stop = last + 1 if ended is None else int(ended)
        begins += [
            (int(onset["epoch"]), TRANSITION),
            *_course(int(onset["epoch"]), origins[onset["epoch"] - begun : stop - begun]),
        ]
        if ended is not None:
            begins.append((stop, COLLAPSE))
    return [Phase(phase, first, after - 1) for (first, phase), (after, _) in pairwise([*begins, (last + 1, "")])]


def _course(onset: int, origins: Int64) -> list[tuple[int, str]]:
    """Return where takeover and steady state begin in an episode; ``origins`` are those of its states."""
    halved = np.flatnonzero(2 * origins <= origins[0])
    if not len(halved):
        return []
    takeover = int(halved[0])
    window = max(LASTING, takeover)
    rests = (
        n for n in range(takeover + 1, len(origins) - window) if 2 * origins[n : n + window + 1].min() >= origins[n]
    )
    return [(onset + takeover, TAKEOVER), *((onset + n, STEADY) for n in islice(rests, 1))]


def describe_phases(history: History, onsets: Sequence[Row], trends: Sequence[Row]) -> list[Row]:
    """Return the rows of `phases` (without `run`) for what is stored of a run, in order.

    ``onsets`` and ``trends`` are the run's rows of `transitions` and `trends`.
    """
    origins = history.epochs()["unique_origins"]
    rows = []
    for rank, found in enumerate(find_phases(history.last, onsets, origins, history.first), 1):
        first, last = found.first_epoch, found.last_epoch
        looked_at = [row for row in trends if first <= row["epoch"] <= last]
        rows.append(
            {
                "rank": rank,
                "phase": found.phase,
                "first_epoch": first,
                "last_epoch": last,
                "reason": _REASONS[found.phase],
                "first_origins": int(origins[first - history.first]),
                "last_origins": int(origins[last - history.first]),
                "replicating_share": _mean([row["replicating_share"] for row in looked_at]),
                "peak_zero_share": max((row["zero_cells"] / history.config.cells for row in looked_at), default=None),
            }
        )
    return rows


def _mean(shares: Sequence[float]) -> float | None:
    return math.fsum(shares) / len(shares) if shares else None
