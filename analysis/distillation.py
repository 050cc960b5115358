"""Distillation: from a replicator to its working core, how it copies itself, in words, and how true its copies stay.

The paper did this by hand for its figure 4. Everything is a function of the program's bytes, its language and the
step limit. Distilled are a run's founders and the most frequent replicators of each census and of the last
state: a founder need not score, and then its descendants in the census show what it began.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from analysis.copying import DIRECT, FOODS, NONE, REPEATED, REVERSED, Copying, mirror_of, observe
from analysis.core import find_core
from analysis.fidelity import LINEAGES, follow_copies
from sim import Language, SoupConfig
from warehouse.reader import History

Row = dict[str, Any]
Progress = Callable[[str], None]

#: How many of the replicators of a state are distilled.
FREQUENT = 4


def find_distillations(
    history: History, founders: Sequence[Row], replicators: Sequence[Row], progress: Progress | None = None
) -> list[Row]:
    """Return the rows of `distillations` (without `run`), by epoch and program.

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
        return distil(history.config, program)

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
    told = copying._asdict()
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
        **told | {"as_left": copying.as_left / partner_bytes, "as_right": copying.as_right / partner_bytes},
        "fidelity": [
            {"generation": n, "equal_share": equal / (LINEAGES * length), "least_equal": least}
            for n, equal, least in generations
        ],
        "last_score": last_score,
    }


def described(spoken: Language, copying: Copying) -> str:
    """Return in words how a program of the language ``spoken`` copies itself."""
    length = spoken.program_length
    if copying.copy_order == NONE:
        return f"does not copy itself: {copying.copied} of its {length} bytes usually reach the right half"
    whole = FOODS * length
    parts = [_order(copying, length), *_heads(copying)]
    if copying.steps is not None:
        parts.append(f"{_pace(copying.steps_per_byte)}all of them after {copying.steps} steps")
    if 4 * copying.as_right < copying.as_left:
        place = "from left to right only"
    else:
        place = "from right to left only" if 4 * copying.as_left < copying.as_right else "from either half to the other"
    parts.append(
        f"{place}: as the left program it has {copying.as_left / whole:.1%} of its partner in the end, "
        f"as the right one {copying.as_right / whole:.1%}"
    )
    if copying.mirrored == length:
        parts.append("its text is a palindrome")
    elif copying.copy_order == REVERSED and 4 * copying.mirrored >= 3 * length:
        parts.append(f"its text is a palindrome but for {length - copying.mirrored} sites")
    if copying.text_period is not None:
        parts.append(f"its text repeats every {_counted(copying.text_period, 'byte')}")
    parts.append(
        f"{_counted(copying.damaged, 'byte')} of its own half end changed" if copying.damaged else "its own half stays"
    )
    return "; ".join(parts)


def _order(copying: Copying, length: int) -> str:
    by = f", by `{copying.instruction}`" if copying.instruction else ""
    if copying.copy_order == REPEATED:
        return f"repeats the same {_counted(copying.period or 0, 'byte')} over {copying.copied} of {length} sites{by}"
    order = {DIRECT: "in order", REVERSED: "in reverse order"}.get(copying.copy_order, "in no one order")
    moved = f", {_counted(abs(copying.shift), 'site')} {'on' if copying.shift > 0 else 'back'}" if copying.shift else ""
    return f"copies {copying.copied} of its {length} bytes {order}{moved}{by}"


def _pace(steps_per_byte: int | None) -> str:
    if steps_per_byte is None:
        return ""
    return f"a byte every {_counted(steps_per_byte, 'step')}, " if steps_per_byte else "several bytes a step, "


def _heads(copying: Copying) -> list[str]:
    if copying.reader is None:
        return []
    reads = f"head{copying.reader} reads{_moving(copying.reader_moves)}"
    return [f"{reads}, head{copying.writer} writes{_moving(copying.writer_moves)}"]


def _moving(distance: int | None) -> str:
    if distance is None:
        return ""
    sense = {-1: "moving left", 0: "standing still", 1: "moving right"}
    return " " + sense.get(distance, f"moving {'right' if distance > 0 else 'left'} by {abs(distance)}")


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
