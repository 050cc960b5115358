"""A connection reads and never writes, says in one line what is wrong, and can be stopped."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sim import SoupConfig
from tests.warehouse.recorded import make
from warehouse import record as records_module
from warehouse.connection import Connection, connect
from warehouse.errors import StoreError, StoreFault
from warehouse.record import RunSettings, run_id
from warehouse.session_cache import SessionCache
from warehouse.sql_errors import QueryInterrupted, SQLError
from warehouse.store import Store

CONFIG = SoupConfig(language="bff_noheads", programs=8, seed=1, mutation=2**22, step_limit=100)
RUN = run_id(CONFIG)

# `{disk}` is a folder that can be written.
WRITES = (
    "COPY (SELECT 1) TO '{disk}/a.csv'",
    "COPY runs TO '{disk}/a.parquet' (FORMAT parquet)",
    "COPY (SELECT 1) TO 'file://{disk}/a.csv'",
    "COPY (SELECT 1) TO 'primordium://store/runs/a.csv'",
    "COPY (SELECT 1) TO 'primordium://cache/a.csv'",
    "COPY (SELECT 1 AS a, 2 AS b) TO '{disk}/d' (FORMAT parquet, PARTITION_BY a)",
    "EXPLAIN ANALYZE COPY (SELECT 1) TO '{disk}/a.csv'",
    "PREPARE p AS COPY (SELECT 1) TO '{disk}/a.csv'",
    "SELECT 1; COPY (SELECT 1) TO '{disk}/b.csv'",
    "EXPORT DATABASE '{disk}/x'",
    "EXPORT DATABASE '{disk}/x' (FORMAT parquet)",
    "IMPORT DATABASE '{disk}'",
    "ATTACH '{disk}/y.db'",
    "ATTACH '{disk}/y.db' AS y (TYPE duckdb)",
    "ATTACH 'primordium://store/y.db' AS y",
    "CREATE TABLE t AS SELECT 1",
    "CREATE VIEW v AS SELECT 1",
    "CREATE OR REPLACE VIEW runs AS SELECT 1",
    "CREATE SCHEMA s",
    "CREATE MACRO m(x) AS x + 1",
    "CREATE SEQUENCE s",
    "CREATE TYPE t AS ENUM ('a')",
    "INSERT INTO runs SELECT * FROM runs",
    "UPDATE runs SET name = 'x'",
    "DELETE FROM runs",
    "DROP VIEW runs",
    "DROP MACRO TABLE tokens_at",
    "ALTER VIEW runs RENAME TO x",
    "COMMENT ON VIEW runs IS 'x'",
    "TRUNCATE runs",
    "INSTALL httpfs",
    "FORCE INSTALL json",
    "LOAD httpfs",
    "LOAD '{disk}/x.duckdb_extension'",
    "UPDATE EXTENSIONS",
    "SET disabled_filesystems = ''",
    "RESET disabled_filesystems",
    "SET lock_configuration = false",
    "SET temp_directory = '{disk}/t'",
    "SET profiling_output = '{disk}/p'",
    "PRAGMA enable_profiling = 'json'",
    "PRAGMA profiling_output = '{disk}/p'",
    "SET log_query_path = '{disk}/q'",
    "CALL enable_logging(storage = 'file', storage_config = {{'path': '{disk}/log'}})",
    "CALL enable_profiling(save_location = '{disk}/p.json')",
    "CREATE PERSISTENT SECRET s (TYPE http, BEARER_TOKEN 'x')",
)
READS_ELSEWHERE = (
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_csv('{disk}/*')",
    "SELECT * FROM read_blob('file:///etc/passwd')",
    "SELECT * FROM glob('/etc/*')",
    "SELECT * FROM '/etc/passwd'",
    "SELECT * FROM read_text('primordium:///etc/passwd')",
    "SELECT * FROM read_text('primordium://store/../../etc/passwd')",
    "SELECT * FROM read_text('primordium://cache/../x')",
    "SELECT * FROM read_text('http://127.0.0.1:9/x')",
    "SELECT * FROM read_text('s3://a/b')",
    "COPY t FROM '/etc/passwd'",
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records_module, "SEGMENT_CELLS", 64)
        yield make(tmp_path_factory.mktemp("sql") / "store", CONFIG, 130, RunSettings(name="small", keyframe_every=100))


@pytest.fixture
def sql(store: Store) -> Iterator[Connection]:
    with connect(store) as connection:
        yield connection


@pytest.fixture(scope="module")
def shared(store: Store) -> Iterator[Connection]:
    with connect(store) as connection:
        yield connection


def everything(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("statement", [*WRITES, *READS_ELSEWHERE])
def test_nothing_reaches_a_disk_and_nothing_else_is_read(
    store: Store, shared: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, statement: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    before = everything(store.path)
    with pytest.raises(SQLError) as caught:
        shared.sql(statement.format(disk=tmp_path)).fetchall()
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []
    assert everything(store.path) == before
    assert shared.sql("SELECT count(*) FROM epochs").fetchall() == [(131,)]


def test_a_large_sort_does_not_spill(sql: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    sql.sql("SELECT count(*) FROM (SELECT hash(range) AS h FROM range(3000000) ORDER BY h)").fetchall()
    assert list(tmp_path.iterdir()) == []
    assert sql.sql("SELECT current_setting('temp_directory')").fetchall() == [("",)]


def test_what_stays_in_memory_works(sql: Connection) -> None:
    sql.sql("CREATE TEMP TABLE busy AS SELECT epoch, changed_cells FROM epochs WHERE epoch < 3")
    sql.sql("INSERT INTO busy VALUES (9, 9)")
    assert sql.sql("SELECT count(*) FROM busy").fetchall() == [(4,)]
    sql.sql("CREATE TEMP VIEW few AS SELECT * FROM busy; CREATE TEMP MACRO twice(x) AS 2 * x")
    assert sql.sql("SELECT twice(epoch) FROM few WHERE epoch = 2").fetchall() == [(4,)]
    sql.sql("SET VARIABLE n = 2; PREPARE q AS SELECT epoch FROM epochs WHERE epoch = $1")
    assert sql.sql("EXECUTE q(getvariable('n'))").fetchall() == [(2,)]
    assert [row[0] for row in sql.sql("DESCRIBE runs").fetchall()][:2] == ["run", "name"]
    pivot = sql.sql("PIVOT (SELECT epoch, mutations FROM epochs WHERE epoch < 3) ON epoch USING sum(mutations)")
    assert pivot.columns == ["0", "1", "2"]
    assert sql.sql("SHOW TABLES").fetchall()
    assert sql.sql("SUMMARIZE epochs").fetchall()
    assert sql.sql("EXPLAIN ANALYZE SELECT count(*) FROM reactions").fetchall()
    assert sql.sql("BEGIN; SELECT 1; COMMIT; SELECT 2").fetchall() == [(2,)]


@pytest.mark.parametrize(
    ("query", "parts"),
    [
        ("SELEC 1", ['syntax error at or near "SELEC"', "line 1, column 1"]),
        ("SELECT *\n\nFROM runs\nWHER x", ["syntax error", "line 4, column 6"]),
        ("SELECT * FROM runz", ["runz", "Did you mean", "runs", "line 1"]),
        ("SELECT nonsense FROM runs", ["nonsense"]),
        (" ;", ["the query is empty"]),
        ("SELECT 'x'::INTEGER", ["Could not convert"]),
        ("SELECT * FROM tokens_at('small', 131)", [f"run {RUN} has no epoch 131: the last stored epoch is 130"]),
        ("SELECT * FROM tokens_at('small', [1, -1])", ["no epoch -1"]),
        ("SELECT * FROM tokens_at('small', [])", ["empty"]),
        ("SELECT * FROM tokens_at('small', NULL)", ["epoch is null"]),
        ("SELECT * FROM tokens_at(NULL, 1)", ["no run None"]),
        ("SELECT * FROM tokens_at('small', 1.5)", ["'1.5'", "whole number"]),
        ("SELECT * FROM tokens_at('smal', 1)", ["no run 'smal'"]),
        ("SELECT * FROM tokens_at('small', (SELECT 1))", ["subqueries", "getvariable"]),
        ("SELECT * FROM range(3) AS r(n), tokens_at('small', n)", ["lateral", "getvariable"]),
        ("SELECT * FROM tokens_at('small')", ["tokens_at(run, epoch)"]),
        ("SELECT * FROM programs_at('small', 999)", ["no epoch 999"]),
        ("SELECT * FROM scores_at('small', 999)", ["no epoch 999"]),
        ("SELECT * FROM pairings('small', 999)", ["no epoch 999"]),
        ("SELECT * FROM lineage('small', 999, 0, 0)", ["no epoch 999"]),
        ("SELECT * FROM lineage('small', 9, 8, 0)", ["program: 8; allowed: 0 to 7"]),
        ("SELECT * FROM lineage('small', 9, 0, 64)", ["site: 64; allowed: 0 to 63"]),
        ("SELECT * FROM descendants('small', 9, 0, 0, 8)", ["until: 8; allowed: 9 to"]),
        ("SELECT * FROM descendants('small', 9, 0, 64, 10)", ["site: 64; allowed: 0 to 63"]),
        ("SELECT * FROM descendant_counts('small', 9, 0, 0, 999)", ["until: 999; allowed: 9 to"]),
        ("SELECT * FROM ancestry('small', 9, 8)", ["program: 8; allowed: 0 to 7"]),
        ("SELECT * FROM parents('small', 999, 0)", ["no epoch 999"]),
        ("SELECT * FROM contributors('small', 9, 0, 10)", ["state: 10; allowed: 0 to 9"]),
        ("SELECT program_text('small', 131, 0)", ["no epoch 131"]),
        ("SELECT program_text('small', 1, 8)", ["program: 8"]),
    ],
)
def test_what_is_wrong_is_said_in_one_line(shared: Connection, query: str, parts: list[str]) -> None:
    with pytest.raises(SQLError) as caught:
        shared.sql(query).fetchall()
    line = str(caught.value)
    assert "\n" not in line
    assert "Traceback" not in line
    assert all(part in line for part in parts), line


def test_null_program_has_no_text(sql: Connection) -> None:
    assert sql.sql("SELECT program_text('small', 1, NULL)").fetchall() == [(None,)]


def test_no_store_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no store in"):
        connect(tmp_path / "nowhere")


def test_rows_come_as_they_are_asked_for(sql: Connection) -> None:
    result = sql.execute("SELECT epoch FROM epochs WHERE epoch > ? ORDER BY epoch", [100])
    assert (result.columns, result.types) == (["epoch"], ["INTEGER"])
    assert (result.fetchone(), result.fetchmany(2)) == ((101,), [(102,), (103,)])
    assert list(result) == [(n,) for n in range(104, 131)]
    assert result.fetchone() is None
    assert sql.sql("SELECT 1 AS a").arrow().to_pylist() == [{"a": 1}]
    assert sql.sql("SELECT 1 AS a").numpy()["a"].tolist() == [1]
    assert sql.df("SELECT 1 AS a, 'x' AS b").values.tolist() == [[1, "x"]]


def test_interrupt_stops_a_query(sql: Connection) -> None:
    threading.Timer(0.3, sql.interrupt).start()
    began = time.monotonic()
    with pytest.raises(QueryInterrupted, match="the query was interrupted"):
        sql.sql("SELECT sum(hash(a.range * b.range)) FROM range(1000000) AS a, range(1000000) AS b").fetchall()
    assert time.monotonic() - began < 20
    assert sql.sql("SELECT 1").fetchall() == [(1,)]


def test_interrupt_between_two_fetches_is_not_lost(sql: Connection) -> None:
    result = sql.sql("SELECT range FROM range(1000000)")
    assert result.fetchone() == (0,)
    sql.interrupt()
    with pytest.raises(QueryInterrupted):
        result.fetchmany(10)
    assert sql.sql("SELECT 1").fetchall() == [(1,)]


def test_interrupt_stops_a_function(sql: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(*_: object) -> None:
        sql.interrupt()
        sql._functions.check()
        raise AssertionError("it should have stopped")

    monkeypatch.setitem(__import__("warehouse.functions", fromlist=["STATES"]).STATES, "tokens_at", slow)
    with pytest.raises(QueryInterrupted):
        sql.sql("SELECT * FROM tokens_at('small', 5)")
    monkeypatch.undo()
    assert sql.sql("SELECT count(*) FROM tokens_at('small', 5)").fetchall() == [(512,)]


# Says on standard output when what the signal is to stop goes on, and what came of it.
_ASKS = """
import sys, time
from warehouse import functions
from warehouse.connection import connect

def asked(result=None):
    print("asked", flush=True)
    return result

def replay(history, epochs, check):
    asked()
    while True:
        check()
        time.sleep(0.01)

def execute():
    asked()
    sql.sql("SELECT sum(hash(a.range * b.range)) FROM range(1000000) AS a, range(1000000) AS b")

def rows(condition="true"):
    return asked(sql.sql(f"SELECT range AS n, range::VARCHAR AS text FROM range(1000000000) WHERE {condition}"))

def one_by_one():
    result = rows()
    while result.fetchone():
        pass

functions.STATES["tokens_at"] = replay
WAYS = {
    "a function": lambda: sql.sql("SELECT * FROM tokens_at('small', 5)"),
    "execute": execute,
    "fetchone": one_by_one,
    "fetchmany": lambda: rows("n < 200000 OR hash(n) = 0").fetchmany(1000000),
    "fetchall": lambda: rows().fetchall(),
    "iteration": lambda: all(rows()),
    "df": lambda: rows().df(),
    "arrow": lambda: rows().arrow(),
    "numpy": lambda: rows().numpy(),
}
with connect(sys.argv[1]) as sql:
    for name, way in WAYS.items():
        for _ in range(2):
            try:
                way()
            except KeyboardInterrupt:
                print("stopped", name, sql.sql("SELECT 1").fetchall(), flush=True)
"""


def test_ctrl_c_stops_a_query_and_leaves_the_session_whole(store: Store, tmp_path: Path) -> None:
    (tmp_path / "asks.py").write_text(_ASKS)
    command = [sys.executable, str(tmp_path / "asks.py"), str(store.path)]
    ways = ("a function", "execute", "fetchone", "fetchmany", "fetchall", "iteration", "df", "arrow", "numpy")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as asking:
        assert asking.stdout is not None
        timer = threading.Timer(60, asking.kill)  # a query that does not stop ends the output
        timer.start()
        try:
            for way in ways:
                for delay in (0, 0.2):
                    assert asking.stdout.readline() == "asked\n"
                    time.sleep(delay)
                    began = time.monotonic()
                    asking.send_signal(signal.SIGINT)
                    assert asking.stdout.readline() == f"stopped {way} [(1,)]\n"
                    assert time.monotonic() - began < 10  # as a rule a tenth of a second; other work may slow it down
            assert asking.wait(30) == 0
        finally:
            timer.cancel()
            asking.kill()


def test_an_unclosed_connection_ends_with_its_process_in_silence(store: Store) -> None:
    code = "import sys, warehouse; c = warehouse.connect(sys.argv[1]); print(c.sql('SELECT 1').fetchall())"
    command = [sys.executable, "-c", code, str(store.path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert (done.stdout, done.stderr, done.returncode) == ("[(1,)]\n", "", 0)


def test_sessions_leave_nothing_behind(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with connect(store) as one, connect(store) as other:
        assert one.sql("SELECT count(*) FROM tokens_at('small', 9)").fetchall() == [(512,)]
        assert other.sql("SELECT count(*) FROM tokens_at('small', 9)").fetchall() == [(512,)]
        assert len(list(tmp_path.iterdir())) == 2
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(SQLError, match="closed"):
        one.sql("SELECT 1")


def test_a_session_whose_process_was_killed_is_cleared_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    alive = SessionCache()
    (alive.folder / "states").touch()
    code = "import os; from warehouse.session_cache import SessionCache as C; c = C(); print(c.folder, flush=True)"
    killed = subprocess.run(
        [sys.executable, "-c", f"{code}; os.kill(os.getpid(), 9)"],
        env=os.environ | {"TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    ).stdout.strip()
    assert Path(killed).is_dir()
    SessionCache().close()
    assert not Path(killed).exists()
    assert (alive.folder / "states").exists()
    alive.close()


def test_the_cache_keeps_to_its_limit_and_makes_dropped_files_again(store: Store, sql: Connection) -> None:
    query = "SELECT epoch, sum(token) FROM tokens_at('small', range(25)) GROUP BY ALL ORDER BY ALL"
    with connect(store) as bounded:
        bounded._functions.cache._limit = 30_000
        for _ in range(2):
            assert bounded.sql(query).fetchall() == sql.sql(query).fetchall()
        held = sum(path.stat().st_size for path in bounded._functions.cache.folder.rglob("*.parquet"))
        assert 0 < held <= 30_000


_COUNTS = """
import sys
from warehouse.connection import connect
with connect(sys.argv[1]) as sql:
    print(sql.sql("SELECT count(*) FROM epochs").fetchall())
"""


def test_a_read_only_store_can_be_asked(store: Store, tmp_path: Path) -> None:
    mounting = 'mount --bind $1 $2 && mount -o remount,ro,bind $2 && touch $2/x 2>/dev/null || exec $3 -c "$4" $2'
    if subprocess.run(["unshare", "-m", "true"], check=False, capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    command = ["unshare", "-m", "sh", "-c", mounting, "sh", str(store.path), str(tmp_path), sys.executable, _COUNTS]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == "[(131,)]\n", done.stderr


@pytest.mark.parametrize("harm", ["cut", "altered"])
@pytest.mark.parametrize(
    ("file", "query"),
    [
        ("segments/0000000064-0000000128/reactions.parquet", "SELECT sum(steps) FROM reactions"),
        ("segments/0000000064-0000000128/mechanisms.parquet", "SELECT count(*) FROM copies"),
        ("segments/0000000064-0000000128/keyframes.parquet", "SELECT sum(token) FROM tokens"),
        ("segments/0000000064-0000000128/mutations.parquet", "SELECT sum(char) FROM mutations"),
        ("segments/0000000064-0000000128/reactions.parquet", "SELECT * FROM lineage('small', 100, 0, 0)"),
        ("segments/0000000064-0000000128/mechanisms.parquet", "SELECT * FROM ancestry('small', 100, 0)"),
        ("segments/0000000064-0000000128/reactions.parquet", "SELECT * FROM descendants('small', 70, 0, 0, 100)"),
        ("segments/0000000064-0000000128/reactions.parquet", "SELECT * FROM tokens_at('small', 127)"),
    ],
)
def test_a_damaged_file_is_named(store: Store, tmp_path: Path, harm: str, file: str, query: str) -> None:
    harmed = Store.open(shutil.copytree(store.path, tmp_path / "store"))
    path = harmed.run_folder(RUN) / file
    content = bytearray(path.read_bytes())
    if harm == "cut":
        del content[len(content) // 2 :]
    else:
        content[len(content) // 3] ^= 0x10
    path.write_bytes(content)
    with connect(harmed) as sql:
        with pytest.raises(StoreFault) as caught:
            sql.sql(query).fetchall()
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)
        assert sql.sql("SELECT count(*) FROM epochs").fetchall() == [(131,)]
