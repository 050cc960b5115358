"""What SQL tells of sweeps: of runs that lived as a test wants, against published figures and naive twins."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim import SoupConfig
from tests.naive.survival import curve, newcombe, wilson
from warehouse.connection import Connection, connect
from warehouse.errors import StoreError
from warehouse.record import RunRecord, RunSettings, run_id
from warehouse.results import write_result
from warehouse.schema import FILES
from warehouse.sealed import write_sealed
from warehouse.store import Store, span_name
from warehouse.sweeps import PlannedRun, RunEnd, read_ends, read_plan, sweep_names, write_ends, write_plan

#: Freireich et al. 1963, weeks of remission under 6-MP; False: still in remission when last seen.
REMISSIONS = [(weeks, True) for weeks in (6, 6, 6, 7, 10, 13, 16, 22, 23)] + [
    (weeks, False) for weeks in (6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35)
]
#: Stata's `sts list` of them: survival and its log-log band.
PUBLISHED = {
    6: (0.8571, 0.6197, 0.9516),
    7: (0.8067, 0.5631, 0.9228),
    10: (0.7529, 0.5032, 0.8894),
    13: (0.6902, 0.4316, 0.8491),
    16: (0.6275, 0.3675, 0.8049),
    22: (0.5378, 0.2678, 0.7468),
    23: (0.4482, 0.1881, 0.6801),
}
Life = tuple[int, bool]


def soup(seed: int, programs: int = 2) -> SoupConfig:
    return SoupConfig(language="bff", programs=programs, seed=seed)


def planned(seed: int, epochs: int, condition: str = "", rank: int = 1) -> PlannedRun:
    return PlannedRun(run_id(soup(seed)), condition, rank, seed, "{}", epochs)


def put(store: Store, seed: int, epochs: int, onset: int | None, *, status: str = "complete") -> None:
    """Put a run there of which only its record, its last state, its onset and some complexities are."""
    run, folder = run_id(soup(seed)), store.run_folder(run_id(soup(seed)))
    (folder / "segments" / span_name(0, epochs)).mkdir(parents=True)
    store.put_record(RunRecord(run=run, config=soup(seed), settings=RunSettings(), epochs=epochs, status=status))
    row = {"rank": 1, "epoch": onset, "ended_epoch": None, "kind": "open", "peak_complexity": 2.0}
    write_result(store, run, "transitions", [] if onset is None else [row | {"founders_sought": True}], 1, {})
    counts = {column.name: 0 for column in FILES["compact"].columns}
    rows = [
        counts | {"epoch": n, "complexity": 2.0 + seed if onset is not None and n >= onset else 0.1 * seed}
        for n in sorted({*range(0, epochs + 1, 64), epochs})
    ]
    path = folder / "compact" / f"{span_name(0, epochs)}.parquet"
    path.parent.mkdir()
    write_sealed(path, "compact", pa.Table.from_pylist(rows, FILES["compact"].schema))


def stored(folder: Path, lives: Sequence[Life], epochs: int = 100, paper: str | None = None) -> Connection:
    """Return a connection to a store with the sweep `s` of runs with these lives: (time, whether of an onset)."""
    store = Store.open(folder, create=True)
    plan = [planned(seed, epochs) for seed in range(len(lives))]
    write_plan(store, "s", "{}", paper, plan)
    for seed, (time, onset) in enumerate(lives):
        put(store, seed, epochs if onset else time, time if onset else None)
    cut = [RunEnd(row.run, life[0], "wall_time") for row, life in zip(plan, lives, strict=True) if not life[1]]
    write_ends(store, "s", cut)
    return connect(store)


def test_survival_is_that_of_a_published_example(tmp_path: Path) -> None:
    with stored(tmp_path / "store", REMISSIONS) as sql:
        rows = {row[0]: row[1:] for row in sql.sql("SELECT epoch, survival, low, high FROM survival('s')")}
    for week, expected in PUBLISHED.items():
        assert rows[week] == pytest.approx(expected, abs=6e-5)
    assert rows[0] == (1.0, None, None)
    assert rows[35] == rows[23]


@settings(max_examples=6)
@given(st.lists(st.tuples(st.integers(1, 12), st.booleans()), min_size=1, max_size=10))
def test_survival_is_the_naive_twins(tmp_path_factory: pytest.TempPathFactory, lives: list[Life]) -> None:
    with stored(tmp_path_factory.mktemp("lives") / "store", lives) as sql:
        found = sql.sql(
            "SELECT epoch, at_risk, onsets, censored, survival, low, high FROM survival('s') WHERE epoch > 0"
        ).fetchall()
        shares = sql.sql("SELECT until_epoch, runs, onsets, low, high FROM onset_shares('s', 3)").fetchall()
    expected = curve(lives)
    assert [row[:4] for row in found] == [row[:4] for row in expected]
    for ours, theirs in zip(found, expected, strict=True):
        assert ours[4:] == pytest.approx(theirs[4:], abs=1e-12)
    for until, runs, onsets, low, high in shares:
        seen = [time for time, onset in lives if onset or time >= until]
        assert (runs, onsets) == (
            len(seen),
            sum(onset and until - 3 < time <= until for time, onset in lives),
        )
        assert (low, high) == (pytest.approx(wilson(onsets, runs), abs=1e-9) if runs else (None, None))


def test_a_plan_tells_what_is_there_of_each_run(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "store", create=True)
    plan = [planned(seed, 128) for seed in range(6)] + [planned(0, 64, "short", 2)]
    write_plan(store, "s", "{}", None, plan)
    put(store, 0, 128, 100)
    put(store, 1, 64, None)  # asked for less by somebody
    put(store, 2, 100, 40)  # stopped by the sweep
    put(store, 3, 128, 50, status="failed")
    put(store, 4, 64, None, status="running")  # nobody is at it
    failure = RunEnd(plan[3].run, 0, None, "no luck")
    write_ends(store, "s", [RunEnd(plan[2].run, 100, "complexity"), failure, RunEnd(plan[0].run, 128, "epochs")])
    with connect(store) as sql:
        rows = sql.sql(
            "SELECT seed, condition, epochs, status, done, ended_by, onset_epoch, error FROM sweep_runs ORDER BY ALL"
        ).fetchall()
        assert sql.sql("SELECT planned, done, failed, onsets, conditions FROM sweeps").fetchall() == [(7, 3, 1, 2, 2)]
    assert rows == [
        (0, "", 128, "complete", True, "epochs", 100, None),
        (0, "short", 64, "complete", True, "epochs", None, None),
        (1, "", 64, "complete", False, None, None, None),
        (2, "", 100, "complete", True, "complexity", 40, None),
        (3, "", 128, "failed", False, None, None, "no luck"),
        (4, "", 64, "interrupted", False, None, None, None),
        (5, "", 0, "planned", False, None, None, None),
    ]


def test_a_fan_has_the_quantiles_of_the_runs_that_have_the_state(tmp_path: Path) -> None:
    lives = [(128, False), (128, False), (128, False), (64, False), (20, True)]
    with stored(tmp_path / "store", lives, 128) as sql:
        rows = sql.sql("SELECT epoch, runs, p05, p50, p95 FROM fan('s', 'complexity')").fetchall()
        with pytest.raises(StoreError, match=r"no measure complexion; allowed: operations, .*complexity"):
            sql.sql("FROM fan('s', 'complexion')").fetchall()
    assert [row[:2] for row in rows] == [(0, 5), (64, 5), (128, 4)]
    assert rows[2][3] == pytest.approx(0.15)  # of 0, 0.1, 0.2 and the onset's 6
    assert rows[2][4] == pytest.approx(0.2 + 0.85 * 5.8)


@pytest.mark.parametrize("onsets", [0, 3, 6, 12])
def test_a_share_agrees_where_the_interval_of_the_difference_holds_0(tmp_path: Path, onsets: int) -> None:
    lives = [(640 + 320 * seed, True) for seed in range(onsets)] + [(16000, False)] * (12 - onsets)
    with stored(tmp_path / "store", lives, 16000, "figure-5") as sql:
        [row] = sql.sql("SELECT runs, found, share, low, high, programs, agrees FROM sweep_comparisons").fetchall()
    low, high = newcombe((onsets, 12), (400, 1000))
    assert row[:3] == (12, onsets, onsets / 12)
    assert row[3:5] == pytest.approx(wilson(onsets, 12), abs=1e-9)
    assert row[5:] == (2, low <= 0 <= high)


def test_newcombes_interval_is_his_own_example() -> None:
    assert newcombe((56, 70), (48, 80)) == pytest.approx((0.0524, 0.3339), abs=1e-4)


def test_a_condition_that_was_not_seen_to_the_end_is_not_compared(tmp_path: Path) -> None:
    with stored(tmp_path / "store", [(100, True), (200, False)], 200, "figure-5") as sql:
        [row] = sql.sql("SELECT runs, found, share, low, high, agrees FROM sweep_comparisons").fetchall()
    assert row == (0, 0, None, None, None, None)


def test_the_papers_rows_add_up(tmp_path: Path) -> None:
    Store.open(tmp_path / "store", create=True)
    with connect(tmp_path / "store") as sql:
        sums = sql.sql("SELECT condition, sum(share) FROM paper_shares WHERE paper = 'figure-6' GROUP BY 1").fetchall()
        none = sql.sql("SELECT count(*) FROM sweeps").fetchall(), sql.sql("FROM survival('nothing')").fetchall()
    assert len(sums) == 7
    assert all(total == pytest.approx(1, abs=0.015) for _, total in sums)  # the paper rounds
    assert none == ([(0,)], [])


def test_a_plan_may_grow_and_never_shrinks(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "store", create=True)
    few, more = [planned(1, 64)], [planned(1, 64), planned(2, 64)]
    write_plan(store, "s", "few", None, few)
    write_ends(store, "s", [RunEnd(few[0].run, 10, "wall_time")])
    write_plan(store, "s", "few", None, few)
    assert read_ends(store, "s") != {}
    write_plan(store, "s", "more", None, more)
    assert (read_plan(store, "s"), read_ends(store, "s")) == (more, {})  # what ended it may be otherwise now
    with pytest.raises(StoreError, match="with another plan: 1 of its runs are not in this one"):
        write_plan(store, "s", "few", None, few)
    assert read_plan(store, "s") == more
    assert sweep_names(store) == ["s"]


def test_a_connection_sees_new_sweeps_when_refreshed(tmp_path: Path) -> None:
    with stored(tmp_path / "store", [(3, True)]) as sql:
        query: Any = "SELECT list(sweep ORDER BY sweep) FROM sweeps"
        assert sql.sql(query).fetchall() == [(["s"],)]
        write_plan(sql.store, "t", "{}", None, [planned(9, 64)])
        sql.refresh()
        assert sql.sql(query).fetchall() == [(["s", "t"],)]
