"""Founders against their slow twin, on soups made up, planted and natural."""

from collections.abc import Sequence
from random import Random
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from analysis.census import dominant_cells, find_census, frequent_tokens
from analysis.founders import birthplaces, choose_onsets, find_founders, trace_founders
from sim import EpochLog, SoupConfig, Tokens, language, self_replication_scores
from tests.analysis.histories import (
    FIGURE_4,
    Remembered,
    as_history,
    made_up,
    onset,
    planted,
    remembered,
    simulated,
    story_of,
)
from tests.naive import founders as naive
from tests.naive.founders import Story
from tests.naive.tracer import Reaction, Record, Write

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


#: Replicators of semantics.md section 7, by language.
KNOWN = {
    "bff_noheads": language("bff_noheads").parse(FIGURE_4),
    "bff_noheads_4bit": language("bff_noheads_4bit").parse(FIGURE_4),
    "bff": b"\x80\x40[.>}]".ljust(64),
    "bff_perm": bytes.fromhex("8040090702040A").ljust(64),
    "bff8": b"\x80\x40.>}    ]".ljust(64),
    "bff8_noheads": (b" {.>    ]".ljust(32) + b" {.>    ]".ljust(32)[::-1]),
    "forth": bytes.fromhex("4040400003080404C4"),
    "forthtrivial": bytes.fromhex("0C0804812CC4"),
    "forthtrivial_reset": bytes.fromhex("0C0804812CC4"),
    "forthcopy": bytes.fromhex("0404030208C4"),
    "rsubleq4": bytes.fromhex("091014040405130400000C04FDFD0904F808F9F400FFFFC0B7"),
}


#: Random soups of 128 programs that the planted one takes within 30 epochs; elsewhere noise copies itself, too.
TAKEN = [
    ("bff_noheads", 4, 50), ("bff", 3, 127), ("bff_perm", 3, 127), ("bff8", 3, 127), ("forthtrivial_reset", 3, 127),
    *((name, *of) for name in ("bff_noheads_4bit", "forth", "forthtrivial") for of in ((1, 0), (2, 77))),
    ("forthcopy", 2, 77), ("forthcopy", 3, 127), ("rsubleq4", 2, 77), ("rsubleq4", 3, 127),
]  # fmt: skip


@pytest.mark.parametrize(("name", "seed", "place"), TAKEN)
def test_dominant_bytes_of_a_random_soup_descend_from_the_planted_program(name: str, seed: int, place: int) -> None:
    history = as_history(simulated(known(name, seed, (place,)), 30))
    row = trace_founders(history, [onset(28)])[0]
    assert (row["assembled_epoch"], row["assembled_program"]) == (0, place)
    assert row["share"] > 0.8


#: Languages in which zeros do nothing: among them a replicator is alone.
QUIET = ("bff_noheads", "bff_noheads_4bit", "bff", "bff_perm", "bff8", "bff8_noheads", "rsubleq4")


@pytest.mark.parametrize("name", QUIET)
@pytest.mark.parametrize(("seed", "place"), [(5, 0), (7, 127)])
def test_a_replicator_among_zeros_is_the_founder_whichever_program_it_is(name: str, seed: int, place: int) -> None:
    history = as_history(simulated(known(name, seed, (place,), initial_soup="zero", mutation=0), 24))
    row = trace_founders(history, [onset(22)])[0]
    assert (row["program"], row["assembled_epoch"], row["assembled_program"]) == (place, 0, place)
    assert row["share"] > 0.75


@pytest.mark.parametrize(
    ("name", "seed", "options"),
    [
        *((name, 5, {"initial_soup": "zero", "mutation": 0}) for name in QUIET),
        *((name, seed, {}) for name in ("forth", "forthtrivial", "forthcopy") for seed in (1, 4)),
    ],
)
def test_both_of_two_replicators_far_apart_are_founders(name: str, seed: int, options: dict[str, Any]) -> None:
    history = as_history(simulated(known(name, seed, (10, 110), **options), 6))
    first, second = trace_founders(history, [onset(6)])
    assert {first["assembled_program"], second["assembled_program"]} == {10, 110}
    assert first["assembled_epoch"] == second["assembled_epoch"] == 0
    assert (first["rank"], second["rank"]) == (1, 2)
    assert first["share"] >= second["share"] > 0.3
    assert first["share"] + second["share"] > 0.95


def known(name: str, seed: int, places: Sequence[int], **options: Any) -> SoupConfig:
    """A soup of 128 programs with the language's replicator in ``places``."""
    plants = tuple((64 * place, KNOWN[name]) for place in places)
    return SoupConfig(language=name, programs=128, seed=seed, plants=plants, **options)


def test_two_planted_replicators_are_both_founders() -> None:
    history = as_history(simulated(planted("bff_noheads_4bit", 4096, 0, 1000, 3000), 30))
    first, second = find_founders(history, [onset(12)])
    assert (first["program"], first["assembled_epoch"], first["rank"]) == (3000, 0, 1)
    assert (second["program"], second["assembled_epoch"], second["rank"]) == (1000, 0, 2)
    assert first["share"] > second["share"] > 0.4


def doubling(origin: int, bit: int) -> tuple[Reaction, ...]:
    """An epoch of 16 programs of 8 bytes in which all that descend from ``origin`` (so far 2 ** ``bit``) double."""
    holders = {origin ^ known for known in range(1 << bit)}
    reactions = []
    for left in (program for program in range(16) if not program >> bit & 1):
        right = left | 1 << bit
        to, by = (8, 0) if left in holders else (0, 8)
        writes = tuple(Write(to + site, by + site, 0) for site in range(8)) if {left, right} & holders else ()
        reactions.append(Reaction(left, right, writes, 0, 0))
    return tuple(reactions)


def test_a_second_takeover_after_a_collapse_has_its_own_founder_and_comes_second() -> None:
    """Program 3 takes the soup; all of 5 mutates while nothing lasts; then 5 takes it."""
    idle = ((), tuple((5 * 8 + site, 200 + site) for site in range(8)))
    records = [Record(n, doubling(3, n - 1), (), (), 0, 0) for n in range(1, 5)]
    records += [Record(5 + n, (), mutations, (), 0, 0) for n, mutations in enumerate(idle)]
    records += [Record(n, doubling(5, n - 7), (), (), 0, 0) for n in range(7, 11)]
    story = Story(16, 8, bytes(range(128)), records)
    onsets = [onset(4, 6, "surge"), onset(10)]
    first, second = trace_founders(as_history(remembered(story)), onsets)
    assert (first["onset_epoch"], first["program"], first["epoch"], first["made_epoch"]) == (4, 3, 0, 0)
    assert (second["onset_epoch"], second["program"], second["epoch"], second["made_epoch"]) == (10, 5, 6, 6)
    assert (first["share"], second["share"]) == (1, 1)


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
