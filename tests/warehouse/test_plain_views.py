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
from warehouse.store import Store

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
        for relation in ("runs", *RELATIONS, "transitions", "founders", "replicators", "distillations"):
            assert connection.execute(f"SELECT * FROM {relation}").fetchall() == []
    assert Store.open(tmp_path / "new").runs() == []
