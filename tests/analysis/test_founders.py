"""Founders against their slow twin, on soups made up, planted and natural."""

from collections.abc import Iterator, Sequence
from random import Random
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.census import dominant_cells, find_census, frequent_tokens
from analysis.founders import birthplaces, choose_onsets, find_founders, trace_founders
from sim import EpochLog, MechanismTable, Replay, Soup, SoupConfig, Tokens, language, self_replication_scores
from tests.naive import founders as naive
from tests.naive.founders import Story
from tests.naive.tracer import Reaction, Record, Write
from warehouse.reader import History

#: The paper's figure 4: a palindrome that copies itself backwards.
FIGURE_4 = "[[{.>]-]" + chr(0x120) * 48 + "]-]>.{[["
COUNTED = (
    "rank",
    "onset_epoch",
    "census_epoch",
    "program",
    "epoch",
    "share",
    "assembled_epoch",
    "assembled_program",
    "left_program",
    "right_program",
    "made_epoch",
)


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
        self.last = len(logs)
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


def counted(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the twin tells too."""
    return [{name: row[name] for name in COUNTED} for row in rows]


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("mutations_first", [True, False])
def test_founders_of_made_up_soups_are_the_twins(seed: int, mutations_first: bool) -> None:
    random = Random(seed)
    length = random.choice([4, 8, 64])
    epochs = random.choice([12, 30])
    story = made_up(random, random.choice([16, 24, 60]), length, epochs, mutations_first=mutations_first)
    history = remembered(story)
    starts = sorted(random.sample(range(epochs + 1), 3))
    onsets = [onset(epoch, random.choice([None, min(epochs, epoch + 5)])) for epoch in starts]
    expected = [row for each in onsets for row in naive.founders(story, each["epoch"], each["ended_epoch"])]
    assert counted(trace_founders(as_history(history), onsets)) == counted(expected)
    # and without room to remember the log's moves
    assert counted(trace_founders(as_history(history), onsets, budget=0)) == counted(expected)


def planted(name: str, programs: int, seed: int, *places: int, **geometry: Any) -> SoupConfig:
    """A soup with the palindrome of figure 4 in ``places``."""
    text = language(name).parse(FIGURE_4)
    plants = tuple((place * 64, text) for place in places)
    return SoupConfig(language=name, programs=programs, seed=seed, plants=plants, **geometry)


@pytest.mark.parametrize(
    ("name", "programs", "seed", "places"),
    [
        ("bff_noheads_4bit", 128, 2, (3,)),
        ("bff_noheads_4bit", 128, 3, (3,)),
        ("bff_noheads_4bit", 256, 0, (3, 200)),
        ("bff_noheads", 128, 1, (3,)),
    ],
)
def test_founders_of_simulated_soups_are_the_twins(
    name: str, programs: int, seed: int, places: tuple[int, ...]
) -> None:
    history = simulated(planted(name, programs, seed, *places), 30)
    story = story_of(history)
    onsets = [onset(1), onset(8, 12), onset(30)]
    expected = [row for each in onsets for row in naive.founders(story, each["epoch"], each["ended_epoch"])]
    assert counted(trace_founders(as_history(history), onsets)) == counted(expected)


@pytest.mark.parametrize(
    ("name", "programs", "seed", "place"),
    [("bff_noheads_4bit", 512, 0, 3), ("bff_noheads_4bit", 4096, 0, 1000), ("bff_noheads", 4096, 1, 3000)],
)
def test_a_planted_replicator_founds_its_soup(name: str, programs: int, seed: int, place: int) -> None:
    config = planted(name, programs, seed, place)
    history = as_history(simulated(config, 40))
    (row,) = find_founders(history, [onset(12)])
    assert (row["rank"], row["onset_epoch"], row["program"]) == (1, 12, place)
    assert row["share"] > 0.9
    # nothing touched it before it founded: it was assembled and made when it was planted
    assert (row["assembled_epoch"], row["assembled_program"], row["made_epoch"]) == (0, place, 0)
    assert (row["left_program"], row["right_program"]) == (None, None)
    assert row["text"] == language(name).format(language(name).parse(FIGURE_4))
    assert row["bytes"] == language(name).parse(FIGURE_4)
    chars = history.tokens_at(row["epoch"]).chars
    scores = self_replication_scores(config, chars, max(row["epoch"] - 1, 0))
    assert row["score"] == scores[place]
    assert row["born"] == birthplaces(history, row)
    assert row["born"] == [
        {"site": site, "char": char, "born_epoch": 0, "born_program": place, "born_site": site}
        for site, char in enumerate(row["bytes"])
    ]


GRID = {"geometry": "grid", "width": 32, "height": 16, "radius": 2}
LATTICE = {"geometry": "lattice", "width": 32, "height": 16}


@pytest.mark.parametrize("geometry", [GRID, LATTICE], ids=["grid", "lattice"])
def test_a_planted_replicator_founds_what_grew_around_it(geometry: dict[str, Any]) -> None:
    """Neighbours take it up, and others only from them."""
    history = simulated(planted("bff_noheads_4bit", 512, 0, 240, **geometry), 60)
    (row,) = find_founders(as_history(history), [onset(60)])
    assert row["assembled_program"] == 240
    assert row["assembled_epoch"] <= 3
    assert row["share"] > 0.7
    assert counted([row]) == counted(naive.founders(story_of(history), 60, None))


def test_two_planted_replicators_are_both_founders() -> None:
    history = as_history(simulated(planted("bff_noheads_4bit", 4096, 0, 1000, 3000), 30))
    first, second = find_founders(history, [onset(12)])
    assert (first["program"], first["assembled_epoch"], first["rank"]) == (3000, 0, 1)
    assert (second["program"], second["assembled_epoch"], second["rank"]) == (1000, 0, 2)
    assert first["share"] > second["share"] > 0.4


def test_one_pass_serves_all_onsets() -> None:
    remembered_soup = simulated(planted("bff_noheads_4bit", 512, 0, 3), 40)
    history = as_history(remembered_soup)
    onsets = [onset(epoch) for epoch in (5, 12, 20)]
    together = trace_founders(history, onsets)
    # the pass back from the newest census, and one epoch for each pair of parents
    assembled = sum(row["left_program"] is not None for row in together)
    assert remembered_soup.read == max(row["census_epoch"] for row in together) + assembled
    assert together == [row for each in onsets for row in trace_founders(history, [each])]


def test_a_run_without_onsets_has_no_founders() -> None:
    history = as_history(simulated(SoupConfig(language="bff_noheads", programs=16), 2))
    assert find_founders(history, []) == []


def test_weaker_surges_get_no_founders_and_are_named() -> None:
    surges = [onset(100 * k, 100 * k + 50, "surge", peak=1 + k % 5) for k in range(1, 11)]
    lasting = [onset(5000, None, "open", peak=1.1), onset(4000, 4500, "transition", peak=1.1)]
    chosen, left_out = choose_onsets([*surges, *lasting])
    # peaks 1 at 500 and 1000: of equals the later ones go; the others are kept in their order
    assert [row["epoch"] for row in left_out] == [500, 1000]
    assert chosen == [row for row in [*surges, *lasting] if row not in left_out]


def test_weaker_surges_are_told() -> None:
    history = as_history(simulated(planted("bff_noheads_4bit", 512, 0, 3), 40))
    onsets = [onset(k, k + 1, "surge", peak=3 - k / 10) for k in range(1, 10)]
    lines: list[str] = []
    rows = find_founders(history, onsets, lines.append)
    assert {row["onset_epoch"] for row in rows} == set(range(1, 9))
    assert lines[0] == "no founders sought for the weaker surges at states 9"


def repeated(times: int) -> Tokens:
    """A state of 256 cells in which one token stands so often, the others once: times + 31 in the top 32."""
    origins = np.arange(256)
    origins[:times] = 0
    return Tokens(origins, np.zeros(256, np.uint8))


@pytest.mark.parametrize(
    ("ended", "expected"),
    [
        (None, 4),  # the first with a quarter of all cells: 64 of 256
        (4, 4),  # the end is looked at
        (3, 2),  # none up to it has a quarter: the first of the largest
    ],
)
def test_the_census_is_the_first_state_with_a_quarter_in_the_top_tokens(ended: int | None, expected: int) -> None:
    states = [repeated(times) for times in (33, 20, 32, 32, 33, 40)]
    config = SimpleNamespace(programs=4, program_length=64)
    history = Remembered(config, [cast("EpochLog", None)] * 5, states)
    epoch, tokens = find_census(as_history(history), onset(1, ended))
    assert epoch == expected
    assert tokens is states[expected]


def test_the_census_is_at_most_512_epochs_on() -> None:
    states = [repeated(1)] * 513 + [repeated(2), repeated(33)]
    config = SimpleNamespace(programs=4, program_length=64)
    history = Remembered(config, [cast("EpochLog", None)] * 514, states)
    assert find_census(as_history(history), onset(1))[0] == 513
    assert find_census(as_history(history), onset(2))[0] == 514


def test_the_most_frequent_tokens_prefer_smaller_ones_where_they_tie() -> None:
    packed = np.array([9, 3, 3, 7, 7, 7, 5, 5, 1], np.int64)
    assert frequent_tokens(packed, 1).tolist() == [7]
    assert frequent_tokens(packed, 2).tolist() == [3, 7]
    assert frequent_tokens(packed, 4).tolist() == [1, 3, 5, 7]
    assert frequent_tokens(packed, 9).tolist() == [1, 3, 5, 7, 9]


def test_dominant_cells_carry_the_128_most_frequent_tokens() -> None:
    # 130 tokens: two twice, the rest once; the two largest of the rest are left out
    origins = np.array([*range(130), 0, 129], np.int64)
    tokens = Tokens(origins, np.zeros(132, np.uint8))
    assert dominant_cells(tokens).tolist() == [*range(127), 129, 130, 131]
