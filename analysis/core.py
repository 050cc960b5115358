"""A replicator's working core: the bytes without which it no longer copies itself.

A byte is *essential* if the program scores less with a neutral byte in its place. *Working* are those that are left
when all that can be spared together is taken away: sites are tried by ascending number, each on the text that those
before it left; what is not missed stays away; repeated over what is still there until nothing more can be taken away.
Where a program copies itself reversed, a site is tried together with the mirrored one if that holds the same byte, for
in the next generation one does the work of the other.

What is judged is always the score of executed programs, never the look of the text, and it depends on bytes, language
and step limit alone: the same program has the same core in every soup. Scores depend on the random food. A site has
foods of its own, `TRIALS` of them: those of its number's program in a soup of L programs of seed 0, in the
reference's 0-based epochs 0 to `TRIALS` - 1. A text keeps the score if it reaches the required score with each;
required is what the program itself reaches with all but a 64th of all sites' foods, and at least the reference's
threshold.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from analysis.replicators import SCORE_THRESHOLD
from sim import Language, SoupConfig, self_replication_scores
from sim.log import Bytes, Int64

#: Foods that a text is tried with.
TRIALS = 4
#: One food in so many may be worse than the required score.
_WORST = 64
#: What instructions that do nothing are called.
_IDLE = ("no-op", "NOP")
_BLANK = 0x20

#: (sites int64[K], texts uint8[K, L]) -> bool[K]: whether each text keeps the score with the foods of its site
Keeps = Callable[[Int64, Bytes], NDArray[np.bool_]]


class Core(NamedTuple):
    """What is left of a program without the bytes that it can spare.

    - `score`: the median of its scores over all foods (of two middle ones the smaller); below the reference's threshold
      of 5 nothing is distilled
    - `required`: the score that no loss of a byte may fall below
    - `essential`: the sites of bytes that are missed alone, ascending; None if nothing was distilled, as all below
    - `working`: the sites of working bytes, ascending
    - `sanitised`: the program with the neutral byte at all sites that do not work
    - `sanitised_score`: its median score over all foods
    """

    score: int
    required: int
    essential: tuple[int, ...] | None
    working: tuple[int, ...] | None
    sanitised: bytes | None
    sanitised_score: int | None


def find_core(language: Language, program: bytes, step_limit: int, mirror: int | None = None) -> Core:
    """Return the core of ``program`` (L bytes) executed for at most ``step_limit`` steps a tape.

    ``mirror``: it copies itself reversed, and site ``mirror`` - s is the mirrored one of site s; None if it does not
    reverse.
    """
    length, neutral = language.program_length, neutral_byte(language)
    judge = SoupConfig(language=language.name, programs=length, step_limit=step_limit, geometry="mixed")
    sites = np.arange(length, dtype=np.int64)

    def scores(chosen: Int64, texts: Bytes) -> Int64:
        soup = np.zeros((length, length), np.uint8)
        soup[chosen] = texts
        return np.stack([self_replication_scores(judge, soup.ravel(), trial, chosen) for trial in range(TRIALS)])

    def of_all_foods(text: bytes) -> Int64:
        return np.sort(scores(sites, np.tile(np.frombuffer(text, np.uint8), (length, 1))), axis=None)

    def keeps(chosen: Int64, texts: Bytes) -> NDArray[np.bool_]:
        kept: NDArray[np.bool_] = np.logical_and.reduce(scores(chosen, texts) >= required)
        return kept

    own = of_all_foods(program)
    score, required = _median(own), max(SCORE_THRESHOLD, int(own[len(own) // _WORST]))
    if score < SCORE_THRESHOLD:
        return Core(score, required, None, None, None, None)
    missed = ~keeps(sites, without_each(program, sites[:, None], neutral))
    working = eliminate(program, neutral, _together(program, mirror), keeps)
    sanitised = bytes(byte if site in working else neutral for site, byte in enumerate(program))
    essential = tuple(np.flatnonzero(missed).tolist())
    return Core(score, required, essential, working, sanitised, _median(of_all_foods(sanitised)))


def neutral_byte(language: Language) -> int:
    """Return the byte that stands for nothing: a no-op, the paper's blank 0x20 where that is one.

    Else the first no-op after 0x20, counting on from 0 after 255. Machines without no-ops (SUBLEQ) get 0.
    """
    for byte in range(_BLANK, _BLANK + 256):
        if language.disassemble(bytes([byte % 256]))[0] in _IDLE:
            return byte % 256
    return 0


def _together(program: bytes, mirror: int | None) -> Int64:
    """Return the sites that are tried together, int64[units, 2]; the second is the first where one has no other."""
    own, sites = np.frombuffer(program, np.uint8), np.arange(len(program), dtype=np.int64)
    if mirror is None:
        return np.stack([sites, sites], axis=1)
    other = np.where((mirror - sites >= 0) & (mirror - sites < len(program)), mirror - sites, sites)
    other = np.where(own[other] == own, other, sites)
    return np.stack([sites, other], axis=1)[sites <= other]


def eliminate(program: bytes, neutral: int, units: Int64, keeps: Keeps) -> tuple[int, ...]:
    """Return the sites of ``program`` whose bytes are left when ``neutral`` has taken the place of all it can.

    ``units`` (int64[U, W]) are the sites that are taken away together, in the order in which they are tried; the foods
    are those of a unit's first site. ``keeps`` must always say the same of a site and a text. It is asked for
    many at once, most of which turn out to be wanted: each as if the answers for those before it were known.
    """
    text = np.frombuffer(program, np.uint8).copy()
    left = units[(text[units] != neutral).any(axis=1)]
    # What to expect: what is missed alone is mostly missed among others.
    expected = keeps(left[:, 0], without_each(program, left, neutral))
    while True:
        spared = np.zeros(len(left), np.bool_)
        start = 0
        while start < len(left):
            rest, guess = left[start:], expected[start:]
            found = keeps(rest[:, 0], _without(text, rest, guess, neutral))
            wrong = np.flatnonzero(found != guess)
            # An answer counts if all those before it were as expected.
            valid = len(rest) if not len(wrong) else int(wrong[0]) + 1
            spared[start : start + valid] = found[:valid]
            text[rest[:valid][found[:valid]]] = neutral
            start += valid
        left = left[~spared]
        if not spared.any():
            return tuple(np.unique(left).tolist())
        expected = np.zeros(len(left), np.bool_)


def without_each(program: bytes, units: Int64, neutral: int) -> Bytes:
    """Return a text for each of ``units``: ``program`` with ``neutral`` at its sites, uint8[U, L]."""
    return _without(np.frombuffer(program, np.uint8), units, np.zeros(len(units), np.bool_), neutral)


def _without(text: Bytes, units: Int64, spared: NDArray[np.bool_], neutral: int) -> Bytes:
    """Return a text for each of ``units``: without it and without those ``spared`` before it."""
    count = len(units)
    texts = np.tile(text, (count, 1))
    rows, gone = np.nonzero(np.tri(count, k=-1, dtype=np.bool_) & spared | np.eye(count, dtype=np.bool_))
    texts[rows[:, None], units[gone]] = neutral
    return texts


def _median(ascending: Int64) -> int:
    return int(ascending[(len(ascending) - 1) // 2])
