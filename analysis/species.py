"""The most abundant species of a run's states, and how diverse its states are.

A *species* is a program's instructions in order, whatever stands between them (`warehouse.populations`). The states
looked at are those kept whole, each founder's census, the end of each onset, and the last.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from analysis.measures import shannon_entropy
from sim import Language
from sim.log import Bytes, Int64
from warehouse.populations import Population, cut, population_of
from warehouse.reader import History
from warehouse.states import species_texts

#: How many species of a state are kept, besides all with one program in `COMMON`.
KEPT = 64
COMMON = 100

Row = dict[str, Any]
Progress = Callable[[str], None]


def states_looked_at(history: History, onsets: Sequence[Row], founders: Sequence[Row]) -> list[int]:
    """Return the states whose populations are looked at, ascending.

    ``onsets`` are the rows of `transitions`, ``founders`` those of that relation.
    """
    ends = {int(row["ended_epoch"]) for row in onsets if row["ended_epoch"] is not None}
    censuses = {int(row["census_epoch"]) for row in founders}
    return sorted({*history.keyframe_epochs, *ends, *censuses, history.last})


def find_species(
    history: History, onsets: Sequence[Row], founders: Sequence[Row], progress: Progress | None = None
) -> list[Row]:
    """Return the rows of `species` (without `run`), by epoch and rank: the first 64 of a state and all above 1 %."""
    rows: list[Row] = []
    for epoch, population, chars in _populations(history, onsets, founders, progress):
        kept = max(KEPT, int(np.count_nonzero(COMMON * population.abundance >= history.config.programs)))
        rows += species_rows(history.config.instruction_set, epoch, population, chars, kept)
    return rows


def species_rows(language: Language, epoch: int, population: Population, chars: Bytes, kept: int) -> list[Row]:
    """Return the first ``kept`` species of a state as rows of `species`; ``chars`` are the state's bytes."""
    programs = chars.reshape(-1, language.program_length)
    forms = population.forms[:kept]
    named = zip(cut(language, forms), species_texts(language, forms), strict=True)
    return [
        {
            "epoch": epoch,
            "rank": place + 1,
            "species": text,
            "instructions": instructions,
            "abundance": int(population.abundance[place]),
            "share": int(population.abundance[place]) / len(programs),
            "variants": int(population.variants[place]),
            "program": int(population.program[place]),
            "text": language.format(programs[population.commonest[place]].tobytes()),
        }
        for place, (instructions, text) in enumerate(named)
    ]


def find_diversity(
    history: History, onsets: Sequence[Row], founders: Sequence[Row], progress: Progress | None = None
) -> list[Row]:
    """Return the rows of `diversity` (without `run`), by epoch."""
    return [
        {"epoch": epoch}
        | {f"program_{name}": value for name, value in diversity_of(population.copies).items()}
        | {f"species_{name}": value for name, value in diversity_of(population.abundance).items()}
        for epoch, population, _ in _populations(history, onsets, founders, progress)
    ]


def diversity_of(counts: Int64) -> dict[str, int | float]:
    """Return richness, Shannon entropy and Simpson's index of kinds that occur ``counts`` times each.

    - `richness`: how many kinds there are
    - `shannon`: entropy of their shares, in bits (0 for one kind)
    - `simpson`: the chance that two different individuals are of different kinds (0 for one kind; Simpson 1949)
    """
    total = int(counts.sum())
    pairs = total * (total - 1)
    alike = sum(count * (count - 1) for count in counts.tolist())
    return {
        "richness": len(counts),
        "shannon": shannon_entropy(np.sort(counts)),
        "simpson": (pairs - alike) / pairs if pairs else 0.0,
    }


def _populations(
    history: History, onsets: Sequence[Row], founders: Sequence[Row], progress: Progress | None
) -> Iterator[tuple[int, Population, Bytes]]:
    epochs = states_looked_at(history, onsets, founders)
    for epoch, chars in history.chars(epochs):
        if progress is not None and epoch in (epochs[0], epochs[-1]):
            progress(f"population of state {epoch}")
        yield epoch, population_of(history.config.instruction_set, chars), chars
