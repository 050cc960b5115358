"""Spawn rates of programs whose behaviour is known, and their intervals."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.samples import wilson
from analysis.spawning import food, roles_of, spawn_rates
from sim import SoupConfig, language
from tests.analysis.histories import FIGURE_4
from tests.naive import selfrep
from tests.naive.twins import run

FORTH = bytes.fromhex("0C0804812CC4").ljust(64, b"\0")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("bff_noheads", language("bff_noheads").parse(FIGURE_4)),
        ("bff_noheads_4bit", language("bff_noheads_4bit").parse(FIGURE_4)),
        ("forthtrivial", FORTH),
    ],
)
def test_a_replicator_feeds_on_what_it_meets(name: str, content: bytes) -> None:
    left, right = spawn_rates(SoupConfig(language=name, programs=2), content, 32)
    assert (left["side"], right["side"]) == ("left", "right")
    assert left["fed"] == left["spawned"] == 32  # it runs first
    assert left["rate"] == 1
    assert right["fed"] < 32
    assert left["low"] < 1 == left["high"]


def test_zeros_spawn_nothing() -> None:
    for row in spawn_rates(SoupConfig(language="bff_noheads", programs=2), bytes(64), 32):
        assert (row["spawned"], row["fed"], row["rate"], row["low"]) == (0, 0, 0.0, 0.0)


def test_what_spawns_is_what_scores_after_one_execution() -> None:
    """A palindrome with a fault, so that it copies itself beside some foods only; executed and scored by twins."""
    content = bytearray(language("bff_noheads_4bit").parse(FIGURE_4))
    content[3], content[60] = 0x31, 0x77
    config = SoupConfig(language="bff_noheads_4bit", programs=2, seed=4)
    trials = 3
    rows = spawn_rates(config, bytes(content), trials)
    for row in rows:
        tapes = []
        for trial in range(trials):
            eaten = food(4, row["side"], trial, 64)
            tape = bytes(content) + eaten if row["side"] == "left" else eaten + bytes(content)
            tapes.append(run("bff_noheads_4bit", tape, config.step_limit).tape)
        row["halves"] = [(tape[:64], tape[64:]) for tape in tapes]
    distinct = sorted({half for row in rows for pair in row["halves"] for half in pair})
    soup = len(distinct) + len(distinct) % 2
    scores = {
        half: selfrep.score("bff_noheads_4bit", half, seed=4, e=0, programs=soup, index=index)
        for index, half in enumerate(distinct)
    }
    for row, eaten_half in zip(rows, (1, 0), strict=True):
        assert row["spawned"] == sum(max(scores[half] for half in pair) >= 5 for pair in row["halves"])
        assert row["fed"] == sum(scores[pair[eaten_half]] >= 5 for pair in row["halves"])


def test_foods_differ_by_seed_side_and_trial_and_are_as_long_as_a_program() -> None:
    foods = {food(seed, side, trial, 16) for seed in (0, 1) for side in ("left", "right") for trial in range(8)}
    assert len(foods) == 32
    assert {len(each) for each in foods} == {16}


def test_wilson_s_interval_has_its_published_values() -> None:
    """Newcombe 1998, table I, method 3."""
    for count, trials, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611)):
        assert wilson(count, trials) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 500).flatmap(lambda trials: st.tuples(st.integers(0, trials), st.just(trials))))
def test_an_interval_holds_its_rate(seen: tuple[int, int]) -> None:
    low, high = wilson(*seen)
    assert 0 <= low <= seen[0] / seen[1] <= high <= 1
    assert low < high


@pytest.mark.parametrize("present", [(5, None), (5, 7), (None, None)])
def test_only_parents_that_there_were_are_looked_at(present: tuple[int | None, int | None]) -> None:
    founder = {
        "epoch": 9, "program": 4, "assembled_epoch": 6, "left_program": present[0], "right_program": present[1],
    }  # fmt: skip
    expected = [("founder", (9, 4))]
    expected += [
        (f"{side} parent", (5, p)) for side, p in zip(("left", "right"), present, strict=True) if p is not None
    ]
    assert list(roles_of(founder)) == expected
