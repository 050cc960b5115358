"""Soups and their naive twins in one form, so that they compare cell by cell."""

from functools import cache

import numpy as np

import sim
from tests.naive.bff import NOWHERE, Outcome
from tests.naive.soup import Settings
from tests.naive.tracer import Reaction, Record, Token, TracedSoup, Write, mechanism_id
from tests.naive.twins import TWINS


def config_of(settings: Settings) -> sim.SoupConfig:
    """Return the configuration of the soup that ``settings`` describe."""
    return sim.SoupConfig(
        language=settings.language,
        programs=settings.programs,
        seed=settings.seed,
        mutation=settings.mutation,
        step_limit=settings.step_limit,
        initial_soup="zero" if settings.zero else "uniform",
        plants=settings.plants,
        geometry=settings.geometry,
        width=settings.width,
        height=settings.height,
        radius=settings.radius,
        interactions=settings.interactions,
        reset_interval=settings.reset_interval,
    )


def execute(language: str, tape: bytes, limit: int) -> Outcome:
    """Execute a tape by the language's naive twin, or where it has none by the plain interpreter of its kernel."""
    if language in TWINS:
        return TWINS[language](tape, limit)
    half = len(tape) // 2
    outcome = sim.language(language).run(tape[:half], tape[half:], limit, plain=True)
    sources = tuple(NOWHERE if source == sim.NOWHERE else source for source in outcome.sources.tolist())
    return Outcome(outcome.tape, sources, outcome.steps, outcome.operations)


def tuples(tokens: sim.Tokens) -> list[Token]:
    """Return tokens as the tracer keeps them: (epoch born, cell born, char) by cell."""
    origins = tokens.origins.tolist()
    return [(o >> 28, o & (2**28 - 1), char) for o, char in zip(origins, tokens.chars.tolist(), strict=True)]


def packed(tokens: list[Token]) -> sim.Tokens:
    """Return the tracer's tokens as arrays."""
    return sim.Tokens(
        np.array([epoch << 28 | cell for epoch, cell, _ in tokens], np.int64),
        np.array([char for _, _, char in tokens], np.uint8),
    )


def writes_of(log: sim.EpochLog, row: int) -> tuple[Write, ...]:
    """Return the mechanism of the log's reaction ``row`` as the tracer writes it."""
    raw = (int(write) for write in log.mechanisms.list_of(int(log.mechanism[row])))
    parts = [(write >> 16, write >> 8 & 0xFF, write & 0xFF) for write in raw]
    return tuple(Write(t, None if s == sim.NOWHERE else s, d) for t, s, d in parts)


def reactions_of(log: sim.EpochLog) -> tuple[Reaction, ...]:
    """Return the log's reactions as the tracer records them, in the log's own order."""
    assert log.steps is not None
    assert log.operations is not None
    rows = zip(log.left.tolist(), log.right.tolist(), log.steps.tolist(), log.operations.tolist(), strict=True)
    return tuple(Reaction(a, b, writes_of(log, k), steps, ops) for k, (a, b, steps, ops) in enumerate(rows))


def check_log(log: sim.EpochLog, record: Record) -> None:
    """Assert that the log of an epoch says what the tracer recorded, all of it."""
    where = f"epoch {record.epoch}"
    assert log.epoch == record.epoch
    found = reactions_of(log)
    for ours, theirs in zip(found, record.reactions, strict=True):
        assert ours == theirs, where
    mutations = tuple(zip(log.mutated_cells.tolist(), log.mutated_chars.tolist(), strict=True))
    assert mutations == record.mutations, where
    assert log.mutations == len(record.mutations), where
    assert log.reactions == len(record.reactions), where
    assert log.empty_reactions == sum(not r.mechanism for r in record.reactions), where
    assert log.total_steps == sum(r.steps for r in record.reactions), where
    assert log.total_operations == sum(r.operations for r in record.reactions), where
    assert log.changed_cells == record.changed_cells, where
    assert log.unique_origins == record.unique_origins, where
    found_reset = (log.reset.index, log.reset.chars.tobytes()) if log.reset else (0, b"")
    assert found_reset == (record.reset_index, record.reset), where
    assert (log.mutations_after, log.generator) == (record.mutations_after, record.generator), where
    for row, reaction in enumerate(record.reactions):
        assert int(log.mechanisms.ids[int(log.mechanism[row])]) == mechanism_id(reaction.mechanism), where


def differing(found: list[Token], expected: list[Token]) -> list[str]:
    """Return the first few cells whose tokens differ, told: empty where all agree."""
    pairs = enumerate(zip(found, expected, strict=True))
    return [f"cell {cell}: {a}, not {b}" for cell, (a, b) in pairs if a != b][:5]


@cache
def history(settings: Settings, epochs: int) -> tuple[list[list[Token]], list[Record]]:
    """Return the tokens of states 0 to ``epochs`` and the records between, by the naive tracer; kept."""
    soup = TracedSoup(settings, execute)
    states = [list(soup.tokens)]
    records = []
    for record in soup.records(epochs):
        records.append(record)
        states.append(list(soup.tokens))
    return states, records
