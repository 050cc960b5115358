"""Distillation: from a replicator to its working core, how it copies itself, in words, and how true its copies stay.

The paper did this by hand for its figure 4. Everything is a function of the program's bytes, its language and the
step limit. Distilled are a run's founders and the most frequent replicators of each census and of the last
state: a founder need not score, and then its descendants in the census show what it began.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

from analysis.copying import DIRECT, FOODS, REVERSED, Copying, Watched, mirror_of, observe
from analysis.core import find_core
from analysis.fidelity import LINEAGES, follow_copies
from sim import Language, SoupConfig

Row = dict[str, Any]
Progress = Callable[[str], None]

#: How many of the replicators of a state are distilled.
FREQUENT = 4


def find_distillations(
    config: SoupConfig, founders: Sequence[Row], replicators: Sequence[Row], progress: Progress | None = None
) -> list[Row]:
    """Return the rows of `distillations` (without `run`) of a soup, by epoch and program.

    ``founders`` and ``replicators`` are the rows of these relations; the latter most frequent first in each epoch.
    """
    chosen: dict[tuple[int, int], Row] = {}
    by_epoch: dict[int, list[Row]] = defaultdict(list)
    for row in replicators:
        by_epoch[row["epoch"]].append(row)
    for row in (replicator for rows in by_epoch.values() for replicator in rows[:FREQUENT]):
        chosen[row["epoch"], row["program"]] = {"origin": "replicator", "bytes": row["bytes"]}
    for row in founders:
        chosen[row["epoch"], row["program"]] = {"origin": "founder", "bytes": row["bytes"]}
    if progress is not None and chosen:
        progress(f"distilling {len({row['bytes'] for row in chosen.values()})} programs")

    @cache
    def distilled(program: bytes) -> Row:
        return distil(config, program)

    return [
        {"epoch": epoch, "program": program, "origin": row["origin"]} | distilled(row["bytes"])
        for (epoch, program), row in sorted(chosen.items())
    ]


def distil(config: SoupConfig, program: bytes) -> Row:
    """Return what distillation tells of ``program`` (L bytes): the columns of `distillations` that are of its bytes.

    Of ``config`` only the language and the step limit count.
    """
    spoken, length = config.instruction_set, config.program_length
    copying = observe(spoken, program, config.step_limit)
    mirror = mirror_of(program)[0] if copying.copy_order == REVERSED else None
    core = find_core(spoken, program, config.step_limit, mirror)
    generations, last_score = follow_copies(spoken, program, config.step_limit)
    watched = dict.fromkeys(Watched._fields) if copying.watched is None else copying.watched._asdict()
    partner_bytes = FOODS * length
    return {
        "text": spoken.format(program),
        "bytes": program,
        "score": core.score,
        "required_score": core.required,
        "essential": core.essential,
        "working": core.working,
        "working_bytes": None if core.working is None else len(core.working),
        "core": None if core.working is None else spoken.format(bytes(program[site] for site in core.working)),
        "sanitised_text": None if core.sanitised is None else spoken.format(core.sanitised),
        "sanitised_score": core.sanitised_score,
        "description": described(spoken, copying),
        "copy_order": copying.copy_order,
        "copied": copying.copied,
        "shift": copying.shift,
        "period": copying.period,
        **watched,
        "as_left": copying.as_left / partner_bytes,
        "as_right": copying.as_right / partner_bytes,
        "damaged": copying.damaged,
        "mirrored": copying.mirrored,
        "text_period": copying.text_period,
        "fidelity": [
            {"generation": n, "equal_share": equal / (LINEAGES * length), "least_equal": least}
            for n, equal, least in generations
        ],
        "last_score": last_score,
    }


def described(spoken: Language, copying: Copying) -> str:
    """Return in words how a program of the language ``spoken`` copies itself, in parts that end with "; "."""
    length = spoken.program_length
    if copying.watched is None:
        return f"does not copy itself: {copying.copied} of its {length} bytes usually reach the right half"
    parts = [f"{_order(copying, length)}, by `{copying.watched.instruction}`", *_writing(copying.watched)]
    parts.append(_position(copying, FOODS * length))
    if copying.mirrored == length:
        parts.append("its text is a palindrome")
    elif copying.copy_order == REVERSED and 4 * copying.mirrored >= 3 * length:
        parts.append(f"its text is a palindrome but for {_counted(length - copying.mirrored, 'site')}")
    if copying.text_period is not None:
        parts.append(f"its text repeats every {_counted(copying.text_period, 'byte')}")
    changed = f"its own half ends with {_counted(copying.damaged, 'byte')} changed"
    parts.append(changed if copying.damaged else "its own half stays")
    return "; ".join(parts)


def _order(copying: Copying, length: int) -> str:
    if copying.period is not None:
        return f"repeats the same {_counted(copying.period, 'byte')} over {copying.copied} of {length} sites"
    order = {DIRECT: "in order", REVERSED: "in reverse order"}.get(copying.copy_order, "in no one order")
    moved = f", {_counted(abs(copying.shift), 'site')} {'on' if copying.shift > 0 else 'back'}" if copying.shift else ""
    return f"copies {copying.copied} of its {length} bytes {order}{moved}"


def _writing(watched: Watched) -> Iterator[str]:
    if watched.reader is not None:
        reads = f"head{watched.reader} reads{_moving(watched.reader_moves)}"
        yield f"{reads}, head{watched.writer} writes{_moving(watched.writer_moves)}"
    pace = "several bytes a step"
    if watched.steps_per_byte:
        pace = f"a byte every {_counted(watched.steps_per_byte, 'step')}"
    if watched.steps is not None:
        yield f"{pace}, all of them after {watched.steps} steps"


def _position(copying: Copying, whole: int) -> str:
    if 4 * copying.as_right < copying.as_left:
        places = "from left to right only"
    else:
        places = (
            "from right to left only" if 4 * copying.as_left < copying.as_right else "from either half to the other"
        )
    return (
        f"{places}: as the left program it has {copying.as_left / whole:.1%} of its partner in the end, "
        f"as the right one {copying.as_right / whole:.1%}"
    )


def _moving(distance: int | None) -> str:
    if distance is None:
        return ""
    told = {-1: "moving left", 0: "standing still", 1: "moving right"}
    return " " + told.get(distance, f"moving {'right' if distance > 0 else 'left'} by {abs(distance)}")


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
