"""Parasites: programs that do not replicate, and yet are copied where a replicator is.

Looked at are the states with replicators among each founder's census, the end of each onset, and the last. *Hosts* are
a state's 8 most frequent replicators. *Candidates* are its most frequent programs that at least two hold and that
score less than 5 with random food: the first 64 among the first 512. Each meets each host twice, on the left and on
the right, and 16 random foods twice; nothing mutates. It *was copied* if it is nearly in both halves afterwards. It is
a parasite if that happened in at least a quarter of its meetings with hosts, and in less than a twentieth of those
with food.

*Nearly*: its bytes, as they are or back to front, stand at 7 of 8 sites. In the other's half only sites count
where it differed from what was there, and if these are less than an eighth the meeting tells nothing and no copy.
"""

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from analysis.replicators import SCORE_THRESHOLD, distinct_programs, replicators_of
from sim import SoupConfig, self_replication_scores
from sim.log import Bytes
from warehouse.reader import History

HOSTS = 8
CANDIDATES = 64
LOOKED_AT = 512
FOODS = 16
#: A parasite is copied in one of so many meetings with hosts at least, with food in less than one of so many.
WITH_HOSTS = 4
WITH_FOOD = 20
#: Near is what differs at one site of so many at most; a meeting tells something if so many differed before.
NEAR = 8

Row = dict[str, Any]
Progress = Callable[[str], None]


def find_parasites(
    history: History, onsets: Sequence[Row], replicators: Sequence[Row], progress: Progress | None = None
) -> list[Row]:
    """Return the rows of `parasites` (without `run`), by epoch, then by falling copies.

    ``onsets`` are the rows of `transitions`, ``replicators`` those of that relation.
    """
    known = {int(row["epoch"]) for row in replicators}
    ends = {int(row["ended_epoch"]) for row in onsets if row["ended_epoch"] is not None}
    rows: list[Row] = []
    for epoch, chars in history.chars(sorted(known | ends)):
        if progress is not None:
            progress(f"parasites of state {epoch}")
        hosts = [row for row in replicators if row["epoch"] == epoch]
        rows += parasites_of(history.config, chars, epoch, hosts or replicators_of(history.config, chars, epoch))
    return rows


def parasites_of(config: SoupConfig, chars: Bytes, epoch: int, replicators: Sequence[Row]) -> list[Row]:
    """Return the parasites of a state, most frequent first; ``replicators`` are the state's, most frequent first.

    ``chars`` is uint8[cells]. No replicators, no parasites.
    """
    hosts = list(replicators[:HOSTS])
    if not hosts:
        return []
    programs = chars.reshape(-1, config.program_length)
    indices, copies = distinct_programs(chars, config.program_length)
    indices, copies = indices[copies > 1][:LOOKED_AT], copies[copies > 1][:LOOKED_AT]
    scores = self_replication_scores(config, chars, max(epoch - 1, 0), indices)
    quiet = np.flatnonzero(scores < SCORE_THRESHOLD)[:CANDIDATES]
    rows = []
    for place in quiet:
        index, count, score = int(indices[place]), int(copies[place]), int(scores[place])
        content = programs[index].tobytes()
        by_host = [_copied(config, content, host["bytes"]) for host in hosts]
        if WITH_HOSTS * sum(by_host) < 2 * len(hosts):
            continue
        fed = sum(_copied(config, content, food) for food in foods(config))
        if WITH_FOOD * fed >= 2 * FOODS:
            continue
        host = hosts[by_host.index(max(by_host))]
        rows.append(
            {"epoch": epoch, "program": index, "copies": count, "score": score}
            | {"host_program": host["program"], "host_text": host["text"]}
            | {"copied": sum(by_host), "meetings": 2 * len(hosts), "copied_alone": fed, "meetings_alone": 2 * FOODS}
            | {"text": config.instruction_set.format(content), "bytes": content}
        )
    return rows


def foods(config: SoupConfig) -> list[bytes]:
    """Return the random programs that candidates meet; they follow from the soup's seed."""
    return [hashlib.shake_256(f"food {config.seed} {n}".encode()).digest(config.program_length) for n in range(FOODS)]


def _copied(config: SoupConfig, content: bytes, other: bytes) -> int:
    """Return how often a program was copied in its two meetings with another."""
    language, length = config.instruction_set, config.program_length
    met_left = language.run(content, other, config.step_limit).tape
    met_right = language.run(other, content, config.step_limit).tape
    return was_copied(content, other, met_left[:length], met_left[length:]) + was_copied(
        content, other, met_right[length:], met_right[:length]
    )


def was_copied(content: bytes, other: bytes, own_half: bytes, other_half: bytes) -> bool:
    """Tell whether a program is nearly in both halves after it met another.

    ``own_half`` is what then stands where it stood, ``other_half`` what stands where the other stood.
    """
    before, own, after = (np.frombuffer(each, np.uint8) for each in (other, own_half, other_half))
    length, straight = len(content), np.frombuffer(content, np.uint8)
    forms = straight, straight[::-1]
    kept = any(NEAR * np.count_nonzero(own != form) <= length for form in forms)
    return kept and any(_became(before, after, form) for form in forms)


def _became(before: Bytes, after: Bytes, form: Bytes) -> bool:
    """Tell whether a half that was ``before`` nearly is ``form`` where they differed, at enough sites to tell."""
    differed = before != form
    sites = int(np.count_nonzero(differed))
    return NEAR * sites >= len(form) and NEAR * int(np.count_nonzero(after[differed] != form[differed])) <= sites
