"""Births and extinctions of the species that ever were among the first of a state.

A species is *first seen* in one of the states looked at. Its birth lies after the one looked at before, which had
none: the log between them is replayed and each changed program compared, so the birth is exact to the epoch,
unless the species had come and gone before. Replay is bounded: the stretches of the most abundant species come
first, and when as much was replayed as 96 times the soup's cells (reactions and changed cells counted), those left over
are known to the states looked at only.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from sim import NOWHERE, EpochLog, Language, Replay
from sim.log import Bytes, Int64
from warehouse.populations import filled, forms_of, hashes_of
from warehouse.reader import History

#: The first so many species of every state are followed, in all at most so many.
FIRST = 4
FOLLOWED = 64
#: How much is replayed: reactions and changed cells, in multiples of the soup's cells.
REPLAYED = 96

Row = dict[str, Any]
Progress = Callable[[str], None]
_UNKNOWN: Row = dict.fromkeys(
    (
        "born_epoch", "born_program", "left_program", "right_program", "left_bytes", "right_bytes", "other_bytes",
        "mutated_bytes",
    )
)  # fmt: skip


def find_lives(history: History, species: Sequence[Row], progress: Progress | None = None) -> list[Row]:
    """Return the rows of `species_lives` (without `run`), by falling peak.

    ``species`` are the rows of that relation.
    """
    chosen = followed(species)
    if not chosen:
        return []
    language = history.config.instruction_set
    wanted = Wanted(language, [row["instructions"] for row in chosen])
    epochs = sorted({int(row["epoch"]) for row in species})
    counts = np.zeros((len(epochs), len(chosen)), np.int64)
    for place, (_, chars) in enumerate(history.chars(epochs)):
        programs, which = wanted.among(chars.reshape(-1, language.program_length))
        counts[place] = np.bincount(which, minlength=len(chosen))
        if place == 0:
            initial = {int(k): int(programs[which == k].min()) for k in np.unique(which)}
    births = _births(history, wanted, epochs, counts, progress)
    rows = []
    for k, row in enumerate(chosen):
        present = np.flatnonzero(counts[:, k])
        first, last, peak = int(present[0]), int(present[-1]), int(np.argmax(counts[:, k]))
        born = births.get(k, _UNKNOWN)
        if first == 0 and epochs[0] == history.first:
            born = _UNKNOWN | {"born_epoch": history.first, "born_program": initial[k]}
        rows.append(
            {"species": row["species"], "instructions": row["instructions"]}
            | {"seen_epoch": epochs[first], "peak_epoch": epochs[peak], "peak_abundance": int(counts[peak, k])}
            | {"last_epoch": epochs[last], "extinct_epoch": epochs[last + 1] if last + 1 < len(epochs) else None}
            | born
        )
    return rows


def followed(species: Sequence[Row]) -> list[Row]:
    """Return the species that are followed, each as its row where it was most abundant (the first such), by that.

    One of which there never were two is none: a random soup's programs are.
    """
    best: dict[bytes, Row] = {}
    for row in species:
        if row["rank"] <= FIRST and row["abundance"] > 1:
            known = best.setdefault(row["instructions"], row)
            if row["abundance"] > known["abundance"]:
                best[row["instructions"]] = row
    order = sorted(best.values(), key=lambda row: (-row["abundance"], row["epoch"], row["rank"]))
    return order[:FOLLOWED]


class Wanted:
    """Species that programs are compared with."""

    def __init__(self, language: Language, species: Sequence[bytes]) -> None:
        self._language = language
        forms = [filled(language, each) for each in species]
        self._forms = np.array(forms, np.uint8).reshape(len(forms), language.program_length)
        self._hashes = hashes_of(self._forms)
        self._order = np.argsort(self._hashes, kind="stable")

    def among(self, programs: Bytes) -> tuple[Int64, Int64]:
        """Return (place, which), int64 each: which of ``programs`` (uint8[K, L]) belong to which of the species."""
        forms = forms_of(self._language, programs)
        hashes = hashes_of(forms)
        sorted_hashes = self._hashes[self._order]
        slots = np.minimum(np.searchsorted(sorted_hashes, hashes), len(sorted_hashes) - 1)
        places = np.flatnonzero(sorted_hashes[slots] == hashes)
        which = self._order[slots[places]]
        same = np.all(forms[places] == self._forms[which], axis=1)
        return places[same].astype(np.int64), which[same].astype(np.int64)


def _births(
    history: History, wanted: Wanted, epochs: Sequence[int], counts: Int64, progress: Progress | None
) -> dict[int, Row]:
    """Return the births of those species, by place, that a bounded replay finds."""
    stretches: dict[tuple[int, int], set[int]] = defaultdict(set)
    for k in range(counts.shape[1]):  # the most abundant first, and so the stretches too
        first = int(np.flatnonzero(counts[:, k])[0])
        if first > 0:
            stretches[epochs[first - 1], epochs[first]].add(k)
    columns = history.epochs()
    efforts = np.cumsum(columns["reactions"] + columns["changed_cells"])
    births: dict[int, Row] = {}
    spent = 0
    for (start, stop), missing in stretches.items():
        if spent >= REPLAYED * history.config.cells:
            break
        if progress is not None:
            progress(f"births of {len(missing)} species in epochs {start + 1} to {stop} by replay")
        found, reached = _born_between(history, wanted, start, stop, missing)
        births |= found
        spent += int(efforts[reached - history.first] - efforts[start - history.first])
    return births


def _born_between(
    history: History, wanted: Wanted, start: int, stop: int, missing: set[int]
) -> tuple[dict[int, Row], int]:
    """Return the births of the species ``missing`` at state ``start``, and the state where the last was found."""
    length = history.config.program_length
    replay = Replay(length, history.tokens_at(start), start)
    births: dict[int, Row] = {}
    for log in history.logs(start + 1, stop):
        replay.apply(log)
        touched = _touched(log, length)
        places, which = wanted.among(replay.chars.reshape(-1, length)[touched])
        for k in sorted(missing & set(which.tolist())):
            births[k] = birth_of(log, int(touched[places[which == k]].min()), length)
            missing = missing - {k}
        if not missing:
            return births, log.epoch
    return births, stop


def _touched(log: EpochLog, length: int) -> Int64:
    """Return the programs that an epoch may have changed, ascending."""
    changed = log.mechanism != 0
    reset = np.arange(len(log.reset.chars) // length if log.reset else 0)
    return np.unique(np.concatenate([log.left[changed], log.right[changed], log.mutated_cells // length, reset]))


def birth_of(log: EpochLog, program: int, length: int) -> Row:
    """Return how ``program`` came to be what it is after an epoch: its parents, and the bytes from each.

    `left_bytes`, `right_bytes` and `other_bytes` (from nowhere) count its bytes by the half of the tape that they stood
    in, `mutated_bytes` those among them that mutated in the same epoch. A program that did not react has neither
    parents nor bytes from them.
    """
    row = _UNKNOWN | {"born_epoch": log.epoch, "born_program": program}
    reaction = np.flatnonzero((log.left == program) | (log.right == program))
    mutated = set(log.mutated_cells.tolist())
    own = range(program * length, (program + 1) * length)
    if len(reaction) == 0:
        return row | {"mutated_bytes": sum(cell in mutated for cell in own)}
    left, right = int(log.left[reaction[0]]), int(log.right[reaction[0]])
    sources = _sources(log, int(reaction[0]), length)[program != left]
    cells = [_cell(source, left, right, length) for source in sources]
    marked = own if log.mutations_after else cells
    return row | {
        "left_program": left,
        "right_program": right,
        "left_bytes": sum(source < length for source in sources),
        "right_bytes": sum(length <= source < 2 * length for source in sources),
        "other_bytes": sum(source == NOWHERE for source in sources),
        "mutated_bytes": sum(cell in mutated for cell in marked),
    }


def _sources(log: EpochLog, reaction: int, length: int) -> tuple[list[int], list[int]]:
    """Return where each byte of a reaction's tape came from, left half and right half apart; 255 for nowhere."""
    sources = list(range(2 * length))
    for write in log.mechanisms.list_of(int(log.mechanism[reaction])).tolist():
        sources[write >> 16] = write >> 8 & 0xFF
    return sources[:length], sources[length:]


def _cell(source: int, left: int, right: int, length: int) -> int:
    """Return the cell of a place of the tape; -1 for nowhere."""
    if source == NOWHERE:
        return -1
    return left * length + source if source < length else right * length + source - length
