"""Spawn rates: how often joining a founder, or one of its parents, with random food yields a replicator.

A program is joined with `TRIALS` foods, as the left half and as the right, and executed once. A trial *spawned*
if one of the two halves then scores at least 5, and *fed* if the half that was food does: the program need not
have been a replicator for the first, and has made one for the second. Foods are BLAKE2b of the run's seed, the
side and the trial; the scores are of `analysis.scoring`, fed by its own foods. The interval is Wilson's, of 95 %.
"""

import hashlib
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from analysis.founders import Progress, Row
from analysis.replicators import SCORE_THRESHOLD
from analysis.samples import wilson
from analysis.scoring import score_programs
from sim import SoupConfig, language, self_replication_scores
from warehouse.reader import History

#: How many foods a program is joined with on each side.
TRIALS = 256

_SIDES = ("left", "right")


def find_spawn_rates(history: History, founders: Sequence[Row], progress: Progress | None = None) -> list[Row]:
    """Return the rows of `spawn_rates` (without `run`), by onset, rank, role and side.

    ``founders`` are the rows of that relation. A founder is taken as it was in its state, its parents as they
    were one state before they met.
    """
    roles = [(row, *role) for row in founders for role in roles_of(row)]
    places = sorted({place for _, _, place in roles})
    rates: dict[tuple[int, int], list[Row]] = {}
    for epoch, replay in history.states(sorted({epoch for epoch, _ in places})):
        if progress is not None:
            progress(f"spawn rates of programs of state {epoch}")
        for program in (program for n, program in places if n == epoch):
            content = replay.chars.reshape(-1, history.config.program_length)[program].tobytes()
            number = np.array([program], np.int64)
            [score] = self_replication_scores(history.config, replay.chars, max(epoch - 1, 0), number)
            rates[epoch, program] = [{"score": int(score)} | row for row in spawn_rates(history.config, content)]
    return [
        {"onset_epoch": founder["onset_epoch"], "rank": founder["rank"], "role": role}
        | {"epoch": place[0], "program": place[1]}
        | rate
        for founder, role, place in roles
        for rate in rates[place]
    ]


def roles_of(founder: Row) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield (role, (epoch, program)) of a founder and of the parents it has."""
    yield "founder", (founder["epoch"], founder["program"])
    for side in _SIDES:
        if founder[f"{side}_program"] is not None:
            yield f"{side} parent", (founder["assembled_epoch"] - 1, founder[f"{side}_program"])


def spawn_rates(config: SoupConfig, content: bytes, trials: int = TRIALS) -> list[Row]:
    """Return for each side how often the program ``content`` spawned: `side`, `trials`, counts, rate and interval."""
    spoken, length = language(config.language), config.program_length
    tapes = []
    for side in _SIDES:
        for trial in range(trials):
            eaten = food(config.seed, side, trial, length)
            left, right = (content, eaten) if side == "left" else (eaten, content)
            tapes.append(spoken.run(left, right, config.step_limit).tape)
    halves = np.frombuffer(b"".join(tapes), np.uint8).reshape(-1, length)
    replicates = _scores(config, halves).reshape(2, trials, 2) >= SCORE_THRESHOLD
    rows = []
    for place, side in enumerate(_SIDES):
        spawned = int(np.count_nonzero(replicates[place].any(axis=1)))
        low, high = wilson(spawned, trials)
        rows.append({
            "side": side, "trials": trials, "spawned": spawned,
            "fed": int(np.count_nonzero(replicates[place, :, 1 - place])),
            "rate": spawned / trials, "low": low, "high": high,
        })  # fmt: skip
    return rows


def food(seed: int, side: str, trial: int, length: int) -> bytes:
    """Return the food of a trial: ``length`` bytes, at most 64."""
    return hashlib.blake2b(f"spawn {seed} {side} {trial}".encode(), digest_size=length).digest()


def _scores(config: SoupConfig, halves: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return the score of each row of ``halves``; equal ones are scored once."""
    distinct, place = np.unique(halves, axis=0, return_inverse=True)
    return score_programs(config, distinct)[place.ravel()]
