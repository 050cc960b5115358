"""How a program copies itself: seen from executing it, never guessed from its text.

It is executed with `FOODS` random foods, as the left program of a tape and as the right one, and where each byte
of the tape came from is read from the tracer's source indices. A place of the right half is *copied* if its byte comes
from the program with at least half of the foods; its *usual source* is the site it comes from with most of them
(ties: the smaller). Heads and steps are those of one execution: with the food that gives most places their usual
sources (ties: the first).
"""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from analysis.foods import random_foods
from analysis.replicators import SCORE_THRESHOLD
from sim import Language
from sim.language import NOWHERE, Step
from sim.log import Bytes, Int64

FOODS = 32

DIRECT, REVERSED, REPEATED, SCATTERED, NONE = "direct", "reversed", "repeated", "scattered", "none"


class Watched(NamedTuple):
    """How the bytes were written in one execution, step by step.

    - `instruction`: the instruction that copies, as the language names it
    - `reader`, `writer`: the heads (0 or 1) that stand where a byte is read and written; None without heads
    - `reader_moves`, `writer_moves`: how far the read and the written place usually lie from the one before; None if
      only one byte was copied
    - `steps`: steps until all copied bytes have been written; None if this execution does not write them all
    - `steps_per_byte`: the usual number of steps from one copied byte to the next; None as above
    """

    instruction: str
    reader: int | None
    writer: int | None
    reader_moves: int | None
    writer_moves: int | None
    steps: int | None
    steps_per_byte: int | None


class Copying(NamedTuple):
    """How a program copies itself onto its right neighbour, and what else becomes of the tape.

    - `copy_order`: `direct` (three in four of the copied bytes stand as far from the one before as in the program),
      `reversed` (as far the other way), `repeated` (three in four come again, see `period`), `scattered`, or `none`:
      fewer bytes copied than the reference's threshold
    - `copied`: how many bytes of the right half are copied
    - `shift`: of direct and reversed copies, the usual place of a byte in the copy minus the one that it has in the
      program, or in its mirror image (mod L, -L/2 to L/2 - 1); None for the others
    - `period`: the smallest distance, at most L/2, after which the copy repeats the same bytes of the program; None if
      it does not
    - `watched`: the writing of the copy; None if the order is `none`
    - `as_left`, `as_right`: bytes that its partner has from it in the end, over all foods, as the left program and as
      the right one (0 to `FOODS` * L)
    - `damaged`: sites of its own half that usually end with another byte
    - `mirrored`: its sites whose byte is that of the mirrored site, as `mirror_of` has it; L for a palindrome
    - `text_period`: the smallest period of its bytes up to L/2; None if they have none
    """

    copy_order: str
    copied: int
    shift: int | None
    period: int | None
    watched: Watched | None
    as_left: int
    as_right: int
    damaged: int
    mirrored: int
    text_period: int | None


def observe(language: Language, program: bytes, step_limit: int) -> Copying:
    """Return how ``program`` (L bytes) copies itself within ``step_limit`` steps."""
    length = language.program_length
    foods = [food.tobytes() for food in random_foods(FOODS, length)]
    as_left = [language.run(program, food, step_limit) for food in foods]
    as_right = [language.run(food, program, step_limit) for food in foods]
    sources = np.stack([outcome.sources[length:] for outcome in as_left])
    usual = usual_sources(sources, length)
    copied = usual < length
    order, shift, period = order_of(usual, length)
    typical = foods[int(((sources == usual) & copied).sum(axis=1).argmax())]
    own = np.frombuffer(program, np.uint8)
    after = np.stack([np.frombuffer(outcome.tape, np.uint8)[:length] for outcome in as_left])
    gained = [((outcome.sources >= length) & (outcome.sources != NOWHERE))[:length].sum() for outcome in as_right]
    return Copying(
        order,
        int(copied.sum()),
        shift,
        period,
        None if order == NONE else _watch(language, program + typical, step_limit, usual),
        int((sources < length).sum()),
        int(sum(gained)),
        int((2 * (after != own).sum(axis=0) > FOODS).sum()),
        mirror_of(program)[1],
        next((p for p in range(1, length // 2 + 1) if program[p:] == program[:-p]), None),
    )


def usual_sources(sources: Bytes, length: int) -> Int64:
    """Return the most frequent site below ``length`` in each column of ``sources`` (uint8[foods, places]).

    Ties go to the smaller; `NOWHERE` where fewer than half of the column are below ``length``.
    """
    counts = np.stack([np.bincount(column, minlength=length)[:length] for column in sources.T])
    usual: Int64 = np.where(2 * counts.sum(axis=1) >= len(sources), counts.argmax(axis=1), NOWHERE)
    return usual


def mirror_of(program: bytes) -> tuple[int, int]:
    """Return (m, sites): at most of its sites s the program has the byte of site m - s, and at how many.

    The mirror stands within a quarter of the middle, L - 1; ties go to the nearest to it, then to the smaller.
    """
    own, middle = np.frombuffer(program, np.uint8), len(program) - 1
    found = []
    for mirror in range(middle - len(program) // 4, middle + len(program) // 4 + 1):
        part = own[max(0, mirror - middle) : mirror + 1]  # site s of it has its mirrored one in it too
        found.append((-int((part == part[::-1]).sum()), abs(mirror - middle), mirror))
    negative, _, mirror = min(found)
    return mirror, -negative


def order_of(usual: Int64, length: int) -> tuple[str, int | None, int | None]:
    """Return (copy_order, shift, period), as in `Copying`, of the ``usual`` sources of a right half (int64[L]).

    Places with a source of ``length`` or more are not copied; those between copied ones may be missing.
    """
    places = np.flatnonzero(usual < length)
    sources = usual[places]
    if len(places) < min(SCORE_THRESHOLD, length):
        return NONE, None, None
    for period in range(1, length // 2 + 1):
        again = (usual[period:] == usual[:-period]) & (usual[period:] < length)
        if _most(int(again.sum()), len(places) - period):
            return REPEATED, None, period
    for order, sense, origins in ((DIRECT, 1, sources), (REVERSED, -1, length - 1 - sources)):
        if _most(int((np.diff(sources) == sense * np.diff(places)).sum()), len(places) - 1):
            return order, _commonest((places - origins + length // 2) % length) - length // 2, None
    return SCATTERED, None, None


def _most(part: int, whole: int) -> bool:
    return whole > 0 and 4 * part >= 3 * whole


def _commonest(values: Int64 | Sequence[int]) -> int:
    """Return the most frequent of ``values``; ties: the smaller."""
    found, counts = np.unique(np.asarray(values), return_counts=True)
    return int(found[counts.argmax()])


def _watch(language: Language, tape: bytes, step_limit: int, usual: Int64) -> Watched:
    """Execute ``tape`` and return how the copy is written.

    Looked at are the writes that first bring a place of the right half its usual source, the program's byte.
    """
    length = language.program_length
    due = {length + place: int(source) for place, source in enumerate(usual) if source < length}
    seen: list[tuple[Step, int]] = []
    for step in language.walk(tape, step_limit):
        for target, source, _ in step.writes:
            if target in due and due[target] == source:
                del due[target]
                seen.append((step, target))
        if not due:
            break
    writers = [_head(step, target) for step, target in seen if len(step.heads) == 2]
    writer = Counter(writers).most_common(1)[0][0] if writers else None
    reader = None if writer is None else 1 - writer
    written = [target for _, target in seen]
    read = [step.heads[reader] for step, _ in seen] if reader is not None else [int(usual[t - length]) for t in written]
    numbers = [step.number for step, _ in seen]
    return Watched(
        Counter(step.name for step, _ in seen).most_common(1)[0][0],
        reader,
        writer,
        _move(read, 2 * length),
        _move(written, 2 * length),
        None if due else numbers[-1],
        _commonest(np.diff(numbers)) if len(numbers) > 1 else None,
    )


def _head(step: Step, target: int) -> int:
    """Return which of two heads stands at ``target``; 1 if both do."""
    return int(step.heads[1] == target)


def _move(places: Sequence[int], size: int) -> int | None:
    """Return the usual distance from one of ``places`` to the next on a tape that ends where it begins."""
    if len(places) < 2:
        return None
    return _commonest((np.diff(places) + size // 2) % size) - size // 2
