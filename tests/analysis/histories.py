"""Histories in memory, of simulated and of made-up soups, for analyses and for their twins."""

from collections.abc import Iterator, Sequence
from random import Random
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from sim import EpochLog, MechanismTable, Replay, Soup, SoupConfig, Tokens, language
from tests.naive import founders as naive
from tests.naive.founders import Story
from tests.naive.tracer import Reaction, Record, Write
from warehouse.reader import History

#: The paper's figure 4: a palindrome that copies itself backwards.
FIGURE_4 = "[[{.>]-]" + chr(0x120) * 48 + "]-]>.{[["


class StillReplay:
    """A `sim.Replay` that was replayed by someone else."""

    def __init__(self, tokens: Tokens) -> None:
        self.chars = tokens.chars
        self._tokens = tokens

    def tokens(self) -> Tokens:
        return self._tokens

    def token_counts(self) -> tuple[int, NDArray[np.int64]]:
        counts = np.sort(np.unique(self._tokens.packed(), return_counts=True)[1])[::-1]
        return len(counts), counts[:32]


class Remembered:
    """A `warehouse.reader.History` in memory: the logs, and the tokens of every state."""

    def __init__(self, config: Any, logs: Sequence[EpochLog], tokens: Sequence[Tokens]) -> None:
        self.config = config
        self.first, self.last = 0, len(logs)
        self._logs = logs
        self._tokens = tokens
        self.read = 0

    def logs(self, first: int, last: int, *, reverse: bool = False) -> Iterator[EpochLog]:
        assert 1 <= first <= last <= self.last
        for log in self._logs[first - 1 : last][:: -1 if reverse else 1]:
            self.read += 1
            yield log

    def states(self, epochs: Sequence[int]) -> Iterator[tuple[int, StillReplay]]:
        for epoch in epochs:
            yield epoch, StillReplay(self._tokens[epoch])

    def tokens_at(self, epoch: int) -> Tokens:
        return self._tokens[epoch]


def as_history(remembered: Remembered) -> History:
    return cast("History", remembered)


def simulated(config: SoupConfig, epochs: int) -> Remembered:
    """A real soup's history in memory; its states are replayed."""
    soup = Soup(config)
    tokens, logs = [soup.tokens()], []
    replay = Replay(config.program_length, tokens[0], 0)
    for _ in range(epochs):
        logs.append(soup.advance())
        replay.apply(logs[-1])
        tokens.append(replay.tokens())
    soup.close()
    return Remembered(config, logs, tokens)


def story_of(history: Remembered) -> Story:
    """The same history for the twin."""
    records = []
    for log in history.logs(1, history.last):
        reactions = []
        for left, right, mechanism in zip(log.left.tolist(), log.right.tolist(), log.mechanism, strict=True):
            writes = log.mechanisms.list_of(mechanism).tolist()
            reactions.append(
                Reaction(
                    left,
                    right,
                    tuple(Write(w >> 16, None if w >> 8 & 255 == 255 else w >> 8 & 255, w & 255) for w in writes),
                    0,
                    0,
                )
            )
        mutations = tuple(zip(log.mutated_cells.tolist(), log.mutated_chars.tolist(), strict=True))
        records.append(Record(log.epoch, tuple(reactions), mutations, (), 0, 0))
    config = history.config
    return Story(
        config.programs, config.program_length, history.tokens_at(0).chars.tobytes(), records,
        config.mutation_order == "before",
    )  # fmt: skip


def remembered(story: Story) -> Remembered:
    """A made-up history in memory; its states are the twin's."""
    lists: dict[tuple[Write, ...], int] = {(): 0}
    for record in story.records:
        for reaction in record.reactions:
            lists.setdefault(reaction.mechanism, len(lists))
    starts = np.cumsum([0, *map(len, lists)])
    writes = [t << 16 | (255 if s is None else s) << 8 | d for mechanism in lists for t, s, d in mechanism]
    table = MechanismTable(np.arange(len(lists)), starts.astype(np.int64), np.array(writes, np.uint32))
    logs = [
        EpochLog(
            epoch=record.epoch,
            left=np.array([r.left for r in record.reactions], np.int32),
            right=np.array([r.right for r in record.reactions], np.int32),
            mechanism=np.array([lists[r.mechanism] for r in record.reactions], np.int32),
            mechanisms=table,
            mutated_cells=np.array([cell for cell, _ in record.mutations], np.int32),
            mutated_chars=np.array([char for _, char in record.mutations], np.uint8),
        )
        for record in story.records
    ]
    tokens = [
        Tokens(np.array([e << 28 | c for e, c, _ in state], np.int64), np.array([x for _, _, x in state], np.uint8))
        for state in naive.states(story)
    ]
    config = SimpleNamespace(
        programs=story.programs,
        program_length=story.length,
        mutation_order="before" if story.mutations_first else "after",
    )
    return Remembered(config, logs, tokens)


def made_up(random: Random, programs: int, length: int, epochs: int, *, mutations_first: bool) -> Story:
    """A soup without instructions: some programs copy themselves over others, the rest of it is noise."""
    fertile = set(random.sample(range(programs), random.choice([1, 1, 2, 3])))
    rate = random.choice([0, 0.001, 0.02])
    records = []
    for epoch in range(1, epochs + 1):
        order = random.sample(range(programs), programs)
        reactions = []
        unpaired = random.choice([0, 0, 2])
        for left, right in zip(order[unpaired::2], order[unpaired + 1 :: 2], strict=True):
            writes: dict[int, Write] = {}
            for half, (parent, child) in enumerate(((left, right), (right, left))):
                if parent in fertile and random.random() < 0.7 and not writes:
                    backwards = random.random() < 0.2
                    sites = range(random.choice([0, 0, 0, length // 2]), length)
                    for site in sites:
                        other = half * length + (length - 1 - site if backwards else site)
                        target = (1 - half) * length + site
                        writes[target] = Write(target, other, random.choice([0] * 9 + [1]))
                    fertile.add(child)
            for _ in range(random.choice([0, 0, 1, 3])):
                target = random.randrange(2 * length)
                source = random.choice([target, random.randrange(2 * length), None])
                delta = random.randrange(256)
                if source != target or delta:
                    writes[target] = Write(target, source, delta)
            reactions.append(Reaction(left, right, tuple(writes[t] for t in sorted(writes)), 0, 0))
        mutated = [cell for cell in range(programs * length) if random.random() < rate]
        mutations = tuple((cell, random.randrange(256)) for cell in mutated)
        records.append(Record(epoch, tuple(sorted(reactions)), mutations, (), 0, 0))
    initial = bytes(random.randrange(256) for _ in range(programs * length))
    return Story(programs, length, initial, records, mutations_first)


def onset(epoch: int, ended: int | None = None, kind: str = "transition", peak: float = 2.0) -> dict[str, Any]:
    return {"rank": 1, "epoch": epoch, "ended_epoch": ended, "kind": kind, "peak_complexity": peak}


def planted(name: str, programs: int, seed: int, *places: int, **geometry: Any) -> SoupConfig:
    """A soup with the palindrome of figure 4 in ``places``."""
    text = language(name).parse(FIGURE_4)
    plants = tuple((place * 64, text) for place in places)
    return SoupConfig(language=name, programs=programs, seed=seed, plants=plants, **geometry)
