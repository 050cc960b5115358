"""Trends of stored runs against the naive twins: copies of every epoch, and the rows of the lattice."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.catalogue import analyze
from analysis.copy_counts import copying_of
from analysis.trends import clones, find_trends, replication
from sim import Soup, SoupConfig, language
from tests.geometries import settings_of
from tests.naive import trends as naive
from tests.naive.selfrep import score
from tests.naive.soup import Settings
from tests.naive.tracer import TracedSoup
from tests.sim.comparing import config_of, execute
from tests.warehouse.recorded import Twin, make
from warehouse.connection import connect
from warehouse.reader import History
from warehouse.results import read_result
from warehouse.store import Store

CONFIG = SoupConfig(language="bff_noheads_4bit", programs=16, seed=3, mutation=2**23, step_limit=300)
EPOCHS = 130  # on the lattice 0, 64, 128 and the last; 66 is looked at for the last one's turnover

SOUPS = [
    Settings(language="bff_noheads_4bit", programs=20, seed=1, mutation=2**24, step_limit=500),
    Settings(language="bff_noheads_4bit", programs=20, seed=2, mutation=2**24, step_limit=500, reset_interval=8),
    settings_of("lattice", "z80_zff", step_limit=200),
]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return make(tmp_path_factory.mktemp("trends") / "store", CONFIG, EPOCHS)


@pytest.fixture(scope="module")
def rows(store: Store) -> dict[int, dict[str, Any]]:
    [record] = store.runs()
    with History(store, record.run) as history:
        return {row["epoch"]: row for row in find_trends(history)}


@pytest.mark.parametrize("settings", SOUPS, ids=lambda settings: f"{settings.language}-{settings.reset_interval}")
def test_what_epochs_copy_is_the_naive_twins(settings: Settings) -> None:
    traced, soup = TracedSoup(settings, execute), Soup(config_of(settings))
    total = np.zeros(len(naive.Copied._fields), np.int64)
    for _ in range(24):
        record, log = traced.advance(), soup.advance()
        found = copying_of(log, soup.chars, settings.length)
        assert tuple(found) == tuple(naive.copied(record, traced.chars))
        assert found.copied + found.incremented + found.born == record.changed_cells
        total += np.array(found)
    soup.close()
    assert total[0] > 0  # something was copied at all


def test_rows_are_of_the_lattice(rows: dict[int, dict[str, Any]]) -> None:
    assert list(rows) == [0, 64, 128, 130]


def test_rows_are_the_naive_twins(rows: dict[int, dict[str, Any]]) -> None:
    twin = Twin.of(CONFIG, EPOCHS)
    for epoch, row in rows.items():
        state = twin.states[epoch]
        chars = bytes(char for _, _, char in state)
        assert (row["distinct_programs"], row["largest_clone"]) == naive.clones(chars, 64)
        before = naive.turnover(twin.states[epoch - 64], state) if epoch >= 64 else (None, None)
        assert (row["turnover"], row["byte_turnover"]) == before
        expected = naive.copied(twin.records[epoch - 1], chars) if epoch else naive.Copied(*[0] * 10)
        mean = expected.distance / expected.copied if expected.copied else None
        names = (
            "copied_cells", "incremented_cells", "born_cells", "copied_right", "copied_left", "mean_distance",
            "forward_cells", "reversed_cells", "copied_zeros", "mutations_kept", "zero_cells",
        )  # fmt: skip
        assert [row[name] for name in names] == [*expected[:5], mean, *expected[6:], chars.count(0)]


@pytest.mark.parametrize("epoch", [0, 128])
def test_all_programs_of_a_small_soup_are_scored(rows: dict[int, dict[str, Any]], store: Store, epoch: int) -> None:
    [record] = store.runs()
    with History(store, record.run) as history:
        chars = history.tokens_at(epoch).chars.tobytes()
    scores = [
        score(
            CONFIG.language, chars[64 * p : 64 * p + 64], seed=3, e=max(epoch - 1, 0), programs=16, index=p, limit=300
        )
        for p in range(16)
    ]
    row, found = rows[epoch], sum(score >= 5 for score in scores)
    assert (row["sample"], row["replicators"], row["mean_score"]) == (16, found, sum(scores) / 16)
    assert row["replicating_low"] == row["replicating_share"] == row["replicating_high"] == found / 16
    assert row["mean_score_error"] == 0


def test_a_sample_tells_of_all_within_its_interval() -> None:
    config = SoupConfig(programs=1024)
    chars = Soup(config).chars.copy()
    replicator = language("bff_noheads").parse("[[{.>]-]" + "Ġ" * 48 + "]-]>.{[[")
    chars.reshape(1024, 64)[::3] = np.frombuffer(replicator, np.uint8)
    everyone = replication(config, chars, 14, 1024)
    sample = replication(config, chars, 14)
    assert (everyone["sample"], sample["sample"]) == (1024, 128)
    assert everyone["replicators"] == 342
    assert sample["replicating_low"] <= everyone["replicating_share"] <= sample["replicating_high"]
    assert abs(sample["mean_score"] - everyone["mean_score"]) < 3 * sample["mean_score_error"]


def test_programs_that_differ_in_trailing_zeros_are_no_clones() -> None:
    chars = np.zeros(4 * 64, np.uint8)
    chars[63] = 1
    assert clones(chars, 64) == {"distinct_programs": 2, "largest_clone": 3}


@pytest.mark.parametrize("epochs", [0, 1])
def test_the_shortest_runs_have_trends_and_phases(tmp_path: Path, epochs: int) -> None:
    store = make(tmp_path / "store", CONFIG, epochs)
    [record] = store.runs()
    analyze(store, record.run)
    trends = read_result(store, record.run, "trends") or []
    assert [(row["epoch"], row["turnover"]) for row in trends] == [(epoch, None) for epoch in sorted({0, epochs})]
    phases = read_result(store, record.run, "phases") or []
    assert [(row["phase"], row["first_epoch"], row["last_epoch"]) for row in phases] == [("pre-life", 0, epochs)]


def test_sql_has_trends_and_phases(store: Store) -> None:
    [record] = store.runs()
    analyze(store, record.run)
    with connect(store) as sql:
        assert (
            sql.sql("SELECT epoch, copied_cells + incremented_cells + born_cells FROM trends").fetchall()
            == sql.sql(
                "SELECT epoch, changed_cells FROM epochs WHERE epoch IN (0, 64, 128, 130) ORDER BY epoch"
            ).fetchall()
        )
        assert sql.sql("SELECT phase, first_epoch, last_epoch, replicating_share FROM phases").fetchall() == [
            ("pre-life", 0, 130, 0.0)
        ]
