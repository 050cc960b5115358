"""How a soup lives, state by state of the lattice: who replicates, how fast bytes go, what is copied whither.

The lattice (`analysis.transitions`): states divisible by 64, the first and the last. `epochs` has what is counted
in every state; this is what costs more: scores of a sample, two states compared, an epoch's copies classified. One
pass over the log makes it all.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from analysis.copy_counts import Copying, copying_of
from analysis.replicators import SCORE_THRESHOLD
from analysis.samples import mean_and_error, sampled, wilson
from analysis.transitions import SPACING, lattice
from sim import EpochLog, Replay, SoupConfig, Tokens, self_replication_scores
from sim.log import Bytes
from warehouse.populations import grouped
from warehouse.reader import History

Row = dict[str, Any]
Progress = Callable[[str], None]

#: Programs of a state that are scored: 95 % of samples are off by at most 9 of a hundred.
SAMPLE = 128

_NOTHING = Copying(*(0,) * len(Copying._fields))


def find_trends(history: History, progress: Progress | None = None, sample: int = SAMPLE) -> list[Row]:
    """Return the rows of `trends` (without `run`) for what is stored of a run, by epoch.

    ``sample`` programs of a state are scored, all if it has no more. ``progress`` takes lines.
    """
    config, rows = history.config, []
    wanted = lattice(history.last, history.first)
    compared = {epoch - SPACING for epoch in wanted} & {*range(history.first, history.last)}
    before: dict[int, Tokens] = {}
    for epoch, log, replay in _states(history, {*wanted, *compared}):
        tokens = replay.tokens()
        if epoch in compared:
            before[epoch] = tokens
        if epoch in wanted:
            if progress is not None and epoch % (16 * SPACING) == 0:
                progress(f"trends of state {epoch}")
            rows.append(
                {"epoch": epoch}
                | replication(config, tokens.chars, epoch, sample)
                | clones(tokens.chars, config.program_length)
                | turnover(before.pop(epoch - SPACING, None), tokens)
                | _copies(log, tokens.chars, config.program_length)
            )
    return rows


def replication(config: SoupConfig, chars: Bytes, epoch: int, sample: int = SAMPLE) -> Row:
    """Return how many of a state's programs replicate, by a sample of them.

    ``chars`` (uint8[cells]) are the bytes of state ``epoch``. A sample is drawn by the run's seed and the epoch;
    `sample` tells its size, `replicators` how many score `SCORE_THRESHOLD` or more.
    """
    programs = sampled(config.seed, epoch, config.programs, sample)
    scores = self_replication_scores(config, chars, max(epoch - 1, 0), programs)
    found = int(np.count_nonzero(scores >= SCORE_THRESHOLD))
    low, high = wilson(found, len(programs), config.programs)
    mean, error = mean_and_error(scores, config.programs)
    return {
        "sample": len(programs),
        "replicators": found,
        "replicating_share": found / len(programs),
        "replicating_low": low,
        "replicating_high": high,
        "mean_score": mean,
        "mean_score_error": error,
    }


def clones(chars: Bytes, length: int) -> Row:
    """Return how many different programs of ``length`` bytes a state has, and the copies of the most frequent."""
    _, _, copies = grouped(chars.reshape(-1, length))
    return {"distinct_programs": len(copies), "largest_clone": int(copies.max())}


def turnover(before: Tokens | None, now: Tokens) -> Row:
    """Return the shares of cells whose byte descends from another birth, and is another byte, than ``before``."""
    if before is None:
        return {"turnover": None, "byte_turnover": None}
    cells = len(now.chars)
    return {
        "turnover": int(np.count_nonzero(before.origins != now.origins)) / cells,
        "byte_turnover": int(np.count_nonzero(before.chars != now.chars)) / cells,
    }


def _copies(log: EpochLog | None, chars: Bytes, length: int) -> Row:
    """Return what the epoch that made a state copied; nothing made the first."""
    found = _NOTHING if log is None else copying_of(log, chars, length)
    return {
        "copied_cells": found.copied,
        "incremented_cells": found.incremented,
        "born_cells": found.born,
        "copied_right": found.to_right,
        "copied_left": found.to_left,
        "mean_distance": found.distance / found.copied if found.copied else None,
        "forward_cells": found.forward,
        "reversed_cells": found.reversed,
        "copied_zeros": found.zeros,
        "mutations_kept": found.mutations_kept,
        "zero_cells": len(chars) - int(np.count_nonzero(chars)),
    }


def _states(history: History, wanted: set[int]) -> Iterator[tuple[int, EpochLog | None, Replay]]:
    """Yield each state of ``wanted``, ascending, with the log of the epoch that made it (None for the first)."""
    first = history.first
    replay = Replay(history.config.program_length, history.tokens_at(first), first)
    if first in wanted:
        yield first, None, replay
    for log in history.logs(first + 1, history.last):
        replay.apply(log)
        if log.epoch in wanted:
            yield log.epoch, log, replay
