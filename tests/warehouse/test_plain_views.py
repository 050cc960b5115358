"""The plain views answer as the connection does, in a DuckDB that knows nothing of us."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from sim import SoupConfig
from tests.warehouse.recorded import make, record
from warehouse import record as records_module
from warehouse.connection import connect
from warehouse.plain_views import write_plain_views
from warehouse.record import run_id
from warehouse.results import write_result
from warehouse.store import Store
from warehouse.sweeps import PlannedRun, RunEnd, write_ends, write_plan

CONFIG = SoupConfig(language="bff", programs=16, seed=5, mutation=2**22, step_limit=200)
RELATIONS = ("epochs", "reactions", "mechanisms", "mutations", "copies", "tokens")


@pytest.fixture
def plain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[duckdb.DuckDBPyConnection]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records_module, "SEGMENT_CELLS", 64)
        make(tmp_path / "store", CONFIG, 150)
    write_plain_views(tmp_path / "store")
    monkeypatch.chdir(tmp_path / "store")
    with duckdb.connect() as connection:
        connection.execute(Path("views.sql").read_text())
        yield connection


@pytest.mark.parametrize("relation", RELATIONS)
def test_plain_views_have_the_connections_rows(plain: duckdb.DuckDBPyConnection, tmp_path: Path, relation: str) -> None:
    with connect(tmp_path / "store") as ours:
        expected = ours.sql(f"SELECT * FROM {relation} ORDER BY ALL")
        found = plain.execute(f"SELECT * FROM {relation} ORDER BY ALL")
        assert [column[0] for column in found.description or []] == expected.columns
        rows = found.fetchall()
        assert len(rows) > 100
        assert rows == expected.fetchall()


def test_a_tail_that_was_replaced_does_not_count(plain: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """A reader may still hold it when the longer segment is there."""
    expected = {relation: plain.execute(f"SELECT count(*) FROM {relation}").fetchall() for relation in RELATIONS}
    [tail] = (tmp_path / "store").glob("runs/*/segments/0000000128-0000000150")
    shutil.copytree(tail, tail.with_name("0000000128-0000000140"))
    for relation, count in expected.items():
        assert plain.execute(f"SELECT count(*) FROM {relation}").fetchall() == count


@pytest.mark.parametrize(
    "rows",
    [
        "sweeps",
        "sweep_runs",
        "survival('rates')",
        "onset_shares('rates', 50)",
        "fan('rates', 'operations')",
        "paper_shares",
        "sweep_comparisons",
    ],
)
def test_plain_views_tell_of_sweeps_as_the_connection_does(
    plain: duckdb.DuckDBPyConnection, tmp_path: Path, rows: str
) -> None:
    store = Store.open(tmp_path / "store")
    record(store, other := SoupConfig(language="bff", programs=4, seed=1, step_limit=10), 70)
    ids = [run_id(config) for config in (CONFIG, other, SoupConfig(language="bff", programs=4, seed=2))]
    for sweep in ("rates", "more rates"):
        plan = [PlannedRun(run, "a=1", 1, seed, "{}", 150) for seed, run in enumerate(ids)]
        write_plan(store, sweep, "{}", "figure-5", plan)
    write_ends(store, "rates", [RunEnd(ids[1], 70, "wall_time"), RunEnd(ids[2], 0, None, "no luck")])
    onset = {"rank": 1, "epoch": 30, "ended_epoch": None, "kind": "open", "peak_complexity": 2.0}
    write_result(store, ids[0], "transitions", [onset | {"founders_sought": True}], 1, {})
    with connect(store) as ours:
        expected = ours.sql(f"SELECT * FROM {rows} ORDER BY ALL")
        found = plain.execute(f"SELECT * FROM {rows} ORDER BY ALL")
        assert [column[0] for column in found.description or []] == expected.columns
        told = found.fetchall()
        assert told == expected.fetchall()
    assert told


def test_the_views_of_an_older_version_are_renewed_as_a_sweep_begins(
    plain: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    store, views = Store.open(tmp_path / "store"), tmp_path / "store" / "views.sql"
    views.write_text("-- of an older version\n")
    shutil.rmtree(store.path / "empty" / "none")
    write_plan(store, "rates", "{}", None, [PlannedRun(run_id(CONFIG), "", 1, 5, "{}", 150)])
    plain.execute(views.read_text())
    assert plain.execute("SELECT sweep, planned, done FROM sweeps").fetchall() == [("rates", 1, 1)]


def test_plain_views_follow_the_files(plain: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    store = Store.open(tmp_path / "store")
    other = record(store, SoupConfig(language="bff", programs=4, seed=1, step_limit=10), 70)
    assert plain.execute("SELECT max(epoch) FROM epochs WHERE run = ?", [other]).fetchall() == [(70,)]
    assert plain.execute("SELECT count(*) FROM runs").fetchall() == [(2,)]


def test_plain_views_can_be_made_in_an_empty_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Store.open(tmp_path / "new", create=True)
    write_plain_views(tmp_path / "new")
    monkeypatch.chdir(tmp_path / "new")
    with duckdb.connect() as connection:
        connection.execute(Path("views.sql").read_text())
        for relation in ("runs", *RELATIONS, "transitions", "founders", "replicators", "distillations", "sweeps"):
            assert connection.execute(f"SELECT * FROM {relation}").fetchall() == []
    assert Store.open(tmp_path / "new").runs() == []
