"""What an epoch copied, how two states differ and which programs are drawn, from the tracer's records alone."""

import math
import statistics
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from tests.naive.splitmix import MASK, sm
from tests.naive.tracer import Record, Token


class Copied(NamedTuple):
    """Cells of an epoch by what its reactions did to them; see the relation `trends`."""

    copied: int
    incremented: int
    born: int
    to_right: int
    to_left: int
    distance: int
    forward: int
    reversed: int
    zeros: int
    mutations_kept: int


def copied(record: Record, chars: bytes) -> Copied:
    """Classify the changed cells of an epoch; ``chars`` is the state that it made."""
    length, kinds = record.length, Counter(change.kind for change in record.copies)
    moves = []  # (reaction, target, source): places on the tape
    for number, reaction in enumerate(record.reactions):
        moves += [(number, w.target, w.source) for w in reaction.mechanism if w.source not in (None, w.target)]
    pairs = {(number, target): source for number, target, source in moves}
    steps = [s - pairs[n, t - 1] for n, t, s in moves if (n, t - 1) in pairs]
    copies = [change for change in record.copies if change.kind == "copied"]
    written = {c.program * length + c.site for c in record.copies if c.kind != "incremented"}
    kept = [cell for cell, _ in record.mutations if record.mutations_after or cell not in written]
    return Copied(
        copied=kinds["copied"],
        incremented=kinds["incremented"],
        born=kinds["born"],
        to_right=sum(s < length <= t for _, t, s in moves),
        to_left=sum(t < length <= s for _, t, s in moves),
        distance=sum(abs(t - s) for _, t, s in moves),
        forward=steps.count(1),
        reversed=steps.count(-1),
        zeros=sum(chars[c.program * length + c.site] == 0 for c in copies),
        mutations_kept=len(kept),
    )


def turnover(before: Sequence[Token], now: Sequence[Token]) -> tuple[float, float]:
    """Return the shares of cells with another origin, and with another char, than before."""
    origins = sum(a[:2] != b[:2] for a, b in zip(before, now, strict=True))
    chars = sum(a[2] != b[2] for a, b in zip(before, now, strict=True))
    return origins / len(now), chars / len(now)


def clones(chars: bytes, length: int) -> tuple[int, int]:
    """Return how many different programs there are, and how many are like the most frequent."""
    found = Counter(chars[start : start + length] for start in range(0, len(chars), length))
    return len(found), max(found.values())


def sampled(seed: int, epoch: int, programs: int, size: int) -> list[int]:
    """Return the programs with the ``size`` smallest hashes, ascending."""
    base = sm(sm(seed) + epoch)
    return sorted(sorted(range(programs), key=lambda p: (sm((base + p) & MASK), p))[:size])


def wilson(found: int, size: int, programs: int) -> tuple[float, float]:
    """Return the two shares of which ``found`` of ``size`` lies 1.96 standard errors away, the error being theirs.

    They solve (share - p)^2 = z^2 p (1 - p) / size x (programs - size) / (programs - 1) for p.
    """
    share, z = found / size, 1.96
    k = z * z / size * ((programs - size) / (programs - 1))
    a, b, c = 1 + k, -(2 * share + k), share * share
    root = math.sqrt(max(b * b - 4 * a * c, 0))
    return (-b - root) / (2 * a), (-b + root) / (2 * a)


def standard_error(values: Sequence[int], programs: int) -> float:
    """Return the standard error of the mean of a sample drawn without replacement."""
    return statistics.stdev(values) / math.sqrt(len(values)) * math.sqrt(1 - len(values) / programs)


def phases(last: int, onsets: Sequence[tuple[int, int | None]], origins: Sequence[int]) -> list[tuple[str, int, int]]:
    """Return (phase, first state, last state), by naming each state in turn.

    ``onsets`` are (epoch, ended epoch), ``origins[n]`` the distinct origins of state n.
    """
    names = []
    for n in range(last + 1):
        past = [(begin, end) for begin, end in onsets if begin <= n]
        if not past:
            names.append("pre-life")
            continue
        begin, end = past[-1]
        if end is not None and n >= end:
            names.append("collapse")
            continue
        stop = last + 1 if end is None else end
        taken = next((m for m in range(begin, stop) if origins[m] <= origins[begin] / 2), stop)
        window = max(256, taken - begin)
        calm = (
            m for m in range(taken + 1, stop - window)
            if all(origins[later] >= origins[m] / 2 for later in range(m, m + window + 1))
        )  # fmt: skip
        steady = next(calm, stop)
        names.append("transition" if n < taken else "takeover" if n < steady else "steady")
    found: list[tuple[str, int, int]] = []
    begins = {begin for begin, _ in onsets}
    for n, name in enumerate(names):
        if found and found[-1][0] == name and n not in begins:
            found[-1] = (name, found[-1][1], n)
        else:
            found.append((name, n, n))
    return found
