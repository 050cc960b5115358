"""How a founder emerged, in three acts: its bytes are born and join, a reaction assembles it, it copies itself.

Agüera y Arcas et al. 2024 tell it of one run by pictures, figures 2 and 3.

- **Act 1**, a row for each of the founder's bytes: where it was born and from which state on it stood with most
  of the others (`analysis.confidence.Joined`), by that state and site.
- **Act 2**, the reaction that made the assembled program, executed again step by step: a row for each byte of the
  tape that it changed, with the step that brought the byte that stayed, in the order of these steps. None at the
  run's first state.
- **Act 3**, the first reactions in which it was copied: a *copy* is a program that holds descendants of at least
  half of the founder's bytes that came to dominate. A row for each of the first `COPIES` reactions that turned
  the partner of a copy into one, by state and left program; looked for up to `SPAN` epochs on, and not past
  the census.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from analysis.confidence import Joined, examined
from analysis.founders import Progress, Row
from analysis.reactions import reaction_of
from sim import NOWHERE, EpochLog, Language, language
from sim.log import Int32
from warehouse.reader import History

#: How many of the reactions that copied a founder are told.
COPIES = 16
#: How many epochs after the founder's state they are looked for.
SPAN = 256

#: For each program that holds descendants of the founder's bytes: 1 + the site each of its bytes descends from, or 0.
Holdings = dict[int, NDArray[np.uint8]]


def find_emergence(
    history: History, onsets: Sequence[Row], founders: Sequence[Row], progress: Progress | None = None
) -> list[Row]:
    """Return the rows of `emergence` (without `run`), by onset, rank, act and number.

    ``onsets`` and ``founders`` are the rows of `transitions` and `founders`.
    """
    if not founders:
        return []
    joined = examined(history, onsets, founders, progress).joined
    return [
        _EMPTY | {"onset_epoch": founder["onset_epoch"], "rank": founder["rank"], "act": act, "number": number} | row
        for founder in founders
        for act, rows in enumerate(_acts(history, founder, joined[founder["onset_epoch"], founder["rank"]]), 1)
        for number, row in enumerate(rows, 1)
    ]


def _acts(history: History, founder: Row, joined: Sequence[Joined]) -> tuple[list[Row], list[Row], list[Row]]:
    dominant = np.array([each.descendants > 0 for each in joined])
    return births(founder, joined), assembly(history, founder), copyings(history, founder, dominant)


def births(founder: Row, joined: Sequence[Joined]) -> list[Row]:
    """Return act 1; ``founder`` needs `born`."""
    rows = [
        {name: born[name] for name in ("site", "char", "born_epoch", "born_program", "born_site")}
        | {"epoch": each.epoch, "from_program": each.from_program, "descendants": each.descendants}
        for born, each in zip(founder["born"], joined, strict=True)
    ]
    return sorted(rows, key=lambda row: (row["epoch"], row["site"]))


def assembly(history: History, founder: Row) -> list[Row]:
    """Return act 2; ``founder`` needs `assembled_epoch` and `assembled_program`."""
    if founder["assembled_epoch"] == history.first:
        return []
    reaction = reaction_of(history, founder["assembled_epoch"], founder["assembled_program"])
    if reaction is None:
        return []
    met = {"epoch": reaction.epoch, "left_program": reaction.left, "right_program": reaction.right}
    return [
        met | row for row in lasting_writes(language(history.config.language), reaction.tape, history.config.step_limit)
    ]


def lasting_writes(spoken: Language, tape: bytes, limit: int) -> list[Row]:
    """Return the writes that brought the bytes that an execution of ``tape`` left changed, in order of steps.

    Loops write the same bytes again and again: of each place, the step from which on it held what it kept.
    """
    held: list[tuple[int | None, int]] = list(enumerate(tape))
    rows: dict[int, Row] = {}
    writes: Counter[int] = Counter()
    for step in spoken.walk(tape, limit):
        for target, source, char in step.writes:
            writes[target] += 1
            if held[target] != (source, char):
                held[target] = source, char
                rows[target] = {
                    "step": step.number, "position": step.position, "instruction": step.name,
                    "heads": list(step.heads), "target": target, "source": source, "char": char,
                }  # fmt: skip
    left = (row | {"writes": writes[target]} for target, row in rows.items() if held[target] != (target, tape[target]))
    return sorted(left, key=lambda row: (row["step"], row["target"]))


def copyings(history: History, founder: Row, dominant: NDArray[np.bool_]) -> list[Row]:
    """Return act 3; ``dominant`` (bool[length]) tells which of the founder's bytes have dominant descendants."""
    length = history.config.program_length
    holdings: Holdings = {founder["program"]: np.arange(1, length + 1, dtype=np.uint8)}
    first, last = founder["epoch"] + 1, min(founder["epoch"] + SPAN, founder["census_epoch"])
    rows: list[Row] = []
    for log in history.logs(first, last) if first <= last else ():
        found = _advance(holdings, log, length, dominant)
        copies = sum(is_copy(held, dominant) for held in holdings.values())
        rows += [row | {"epoch": log.epoch, "copies": copies} for row in found]
        if len(rows) >= COPIES:
            break
    return rows[:COPIES]


def is_copy(held: NDArray[np.uint8], dominant: NDArray[np.bool_]) -> bool:
    """Tell whether a program that ``held`` so is a copy: of at least half of the ``dominant`` bytes it has some."""
    sites = np.unique(held[held > 0]).astype(np.int64) - 1
    return 2 * int(dominant[sites].sum()) >= int(dominant.sum())


def _advance(holdings: Holdings, log: EpochLog, length: int, dominant: NDArray[np.bool_]) -> list[Row]:
    """Take ``holdings`` one epoch on, in place; return the reactions that made copies."""
    if log.reset is not None:
        _forget(holdings, np.arange(len(log.reset.chars), dtype=np.int32), length)
    if not log.mutations_after:
        _forget(holdings, log.mutated_cells, length)
    rows: list[Row] = []
    holders = np.array(sorted(holdings), np.int32)
    met = (log.mechanism != 0) & (np.isin(log.left, holders) | np.isin(log.right, holders))
    for row in np.flatnonzero(met).tolist():
        pair = int(log.left[row]), int(log.right[row])
        writes = log.mechanisms.list_of(int(log.mechanism[row]))
        rows += _react(holdings, pair, writes, length, dominant)
    if log.mutations_after:
        _forget(holdings, log.mutated_cells, length)
    return rows


def _forget(holdings: Holdings, cells: Int32, length: int) -> None:
    """Say that ``cells`` hold new bytes."""
    program, site = np.divmod(cells, length)
    for place in np.flatnonzero(np.isin(program, list(holdings))).tolist():
        holdings[int(program[place])][site[place]] = 0


def _react(
    holdings: Holdings, pair: tuple[int, int], writes: NDArray[np.uint32], length: int, dominant: NDArray[np.bool_]
) -> Iterator[Row]:
    """Carry out a reaction on ``holdings``; yield it once for each half that it made a copy of the other."""
    nothing = np.zeros(length, np.uint8)
    before = np.concatenate([holdings.get(program, nothing) for program in pair])
    targets, sources = (writes >> 16).astype(np.int64), ((writes >> 8) & 255).astype(np.int64)
    after = before.copy()
    after[targets] = np.where(sources == NOWHERE, 0, before[np.where(sources == NOWHERE, 0, sources)])
    crossed = (sources != NOWHERE) & ((targets < length) != (sources < length)) & (after[targets] > 0)
    for half, program in enumerate(pair):
        own, other = slice(half * length, (half + 1) * length), slice((1 - half) * length, (2 - half) * length)
        made = is_copy(after[own], dominant) and not is_copy(before[own], dominant)
        if made and is_copy(before[other], dominant):
            yield {
                "left_program": pair[0],
                "right_program": pair[1],
                "from_program": pair[1 - half],
                "received": int(np.count_nonzero(crossed & (targets // length == half))),
            }
        if after[own].any():
            holdings[program] = after[own].copy()
        else:
            holdings.pop(program, None)


#: The columns that an act may leave empty.
_EMPTY: Row = dict.fromkeys(
    (
        "left_program", "right_program", "from_program", "site", "char", "born_epoch", "born_program", "born_site",
        "descendants", "step", "position", "instruction", "heads", "target", "source", "writes", "received", "copies",
    )
)  # fmt: skip
