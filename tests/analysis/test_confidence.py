"""How sure founders are, against the slow twin and on soups in which it is known."""

from itertools import pairwise
from random import Random
from types import SimpleNamespace
from typing import Any, cast

import pytest

from analysis import confidence
from analysis.confidence import Examined, examine, examined, find_confidence, verdict
from analysis.founders import Row, trace_founders
from tests.analysis.histories import Remembered, as_history, made_up, onset, planted, remembered, simulated, story_of
from tests.naive import confidence as naive
from tests.naive.founders import Story
from warehouse.reader import History

ONSETS = [onset(4), onset(9, 14)]


def soups() -> list[tuple[str, Any]]:
    natural = [(f"{name}-{seed}", (name, seed)) for name, seed in (("bff_noheads_4bit", 2), ("bff_noheads_4bit", 3))]
    return [*((f"made-up-{seed}", seed) for seed in range(12)), *natural]


@pytest.fixture(params=[of for _, of in soups()], ids=[name for name, _ in soups()])
def soup(request: pytest.FixtureRequest) -> tuple[Remembered, Story]:
    if isinstance(request.param, tuple):
        name, seed = request.param
        history = simulated(planted(name, 64, seed, 3, 40), 24)
        return history, story_of(history)
    random = Random(request.param)
    story = made_up(
        random, random.choice([16, 24]), random.choice([4, 8, 64]), 24, mutations_first=random.random() < 0.5
    )
    return remembered(story), story


@pytest.mark.parametrize(("budget", "sample"), [(1 << 20, 1 << 16), (0, 100)], ids=["all", "sampled"])
def test_shares_censuses_and_joining_are_the_twins(
    soup: tuple[Remembered, Story], budget: int, sample: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    remembered_soup, story = soup
    monkeypatch.setattr(confidence, "SAMPLE", sample)
    history = as_history(remembered_soup)
    founders = trace_founders(history, ONSETS)
    found = examine(history, ONSETS, founders, budget=budget)
    for each in ONSETS:
        curves = naive.shares(story, each["epoch"], each["ended_epoch"])
        assert [by_state(found.shares, each["epoch"], rank) for rank in range(1, len(curves) + 1)] == curves
        rows = [row for row in found.censuses if row["onset_epoch"] == each["epoch"]]
        assert rows == naive.censuses(story, each["epoch"], each["ended_epoch"], sample)
    for row in founders:
        joined = found.joined[row["onset_epoch"], row["rank"]]
        expected = naive.joined(story, row["program"], row["epoch"])
        assert [(each.epoch, each.from_program) for each in joined] == expected


def by_state(shares: list[Row], onset_epoch: int, rank: int) -> list[tuple[int, float]]:
    """The curve that the rows of one rank tell, by state."""
    rows = [row for row in shares if (row["onset_epoch"], row["rank"]) == (onset_epoch, rank)]
    curve: list[tuple[int, float]] = []
    for row in rows:
        curve += curve[-1:] * (row["epoch"] - len(curve))
        curve.append((row["program"], row["share"]))
    return curve


def test_a_share_is_told_where_it_changes_and_no_more() -> None:
    history = as_history(simulated(planted("bff_noheads_4bit", 256, 0, 3), 30))
    onsets = [onset(12)]
    shares = examine(history, onsets, trace_founders(history, onsets)).shares
    first = [row for row in shares if row["rank"] == 1]
    told = [(row["program"], row["share"]) for row in first]
    assert all(one != other for one, other in pairwise(told[:-1]))
    assert first[0]["epoch"] == 0
    assert first[-1]["epoch"] == trace_founders(history, onsets)[0]["census_epoch"]


def test_a_planted_replicator_is_certain() -> None:
    row, curve = confidence_of(planted("bff_noheads_4bit", 1024, 0, 700), 40)
    assert row["verdict"] == "certain"
    assert row["agreement"] == 1
    assert row["later_censuses"] == 5
    assert row["rival_share"] < 0.1
    assert row["share"] > 0.8
    assert row["next_share"] < 0.9 * row["share"]  # it splits at once
    assert row["halved_epoch"] is not None
    halved = next(each for each in curve if each["epoch"] == row["halved_epoch"])
    assert halved["share"] < row["share"] / 2


def confidence_of(config: Any, epochs: int) -> tuple[Row, list[Row]]:
    """The confidence of the one founder of an onset at state 12, and its shares."""
    history, onsets = as_history(simulated(config, epochs)), [onset(12)]
    founders = trace_founders(history, onsets)
    found = examine(history, onsets, founders)
    [row] = find_confidence({"founders": founders, "founder_shares": found.shares, "founder_censuses": found.censuses})
    return row, [each for each in found.shares if each["rank"] == 1]


def test_where_the_census_is_the_last_state_nobody_can_disagree_or_agree() -> None:
    row, _ = confidence_of(planted("bff_noheads_4bit", 256, 0, 3), 12)
    assert (row["later_censuses"], row["agreement"], row["verdict"]) == (0, None, "likely")


@pytest.mark.parametrize(
    ("share", "rival", "asked", "agreeing", "expected"),
    [
        (0.8, 0.2, 5, 5, "certain"),
        (0.8, 0.2, 5, 4, "likely"),
        (0.8, 0.21, 5, 5, "likely"),
        (0.8, 0.4, 5, 3, "likely"),
        (0.8, 0.41, 5, 5, "doubtful"),
        (0.8, 0.0, 5, 2, "doubtful"),
        (0.8, 0.0, 0, 0, "likely"),
    ],
)
def test_verdicts(share: float, rival: float, asked: int, agreeing: int, expected: str) -> None:
    assert verdict(share, rival, asked, agreeing) == expected


def test_without_founders_there_is_nothing_to_be_sure_of() -> None:
    history = as_history(simulated(planted("bff_noheads_4bit", 64, 0, 3), 2))
    found = examine(history, [], [])
    assert (found.shares, found.censuses, found.joined) == ([], [], {})
    assert find_confidence({"founders": [], "founder_shares": [], "founder_censuses": []}) == []


def test_one_pass_serves_all_analyses_of_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    passes: list[Any] = []

    def note(*given: Any) -> Examined:
        passes.append(given)
        return Examined([], [], {})

    monkeypatch.setattr(confidence, "examine", note)
    histories = [
        cast("History", SimpleNamespace(store=SimpleNamespace(path=path), run=run, last=last))
        for path, run, last in (
            ("a", "x", 5),
            ("a", "x", 5),
            ("a", "y", 5),
            ("b", "y", 5),
            ("b", "y", 6),
            ("b", "y", 6),
        )
    ]
    for history in histories:
        examined(history, [], [])
    assert [given[0] for given in passes] == [histories[0], *histories[2:5]]
