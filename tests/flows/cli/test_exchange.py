"""`import` and `export` with the reference's files, against what the reference itself gave (`tests/golden`)."""

import json
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

from sim import SoupConfig
from tests.exchange import CASES, PROGRAMS, SAVED, known, ours, theirs
from tests.flows.cli.conftest import Answer, call
from tests.flows.cli.test_bad_input import assert_refused, digest
from tests.naive.golden import FOLDER, remake
from tests.warehouse.making import flip
from warehouse.checkpoint import export_checkpoint
from warehouse.errors import StoreError

#: Names the reference's program, to compare with it afresh.
REFERENCE = "PRIMORDIUM_REFERENCE"
CHECKPOINT = FOLDER / f"exchange-{SAVED}.dat"
IMPORT = ("import", "--direct", "--checkpoint", CHECKPOINT, "--language", "bff_noheads_4bit", "--seed", 5)
LAST = 400


@pytest.mark.parametrize("case", CASES)
def test_states_and_logs_are_those_of_the_reference(case: str, tmp_path: Path) -> None:
    assert ours(case, tmp_path) == known(case), remake("exchange")


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_the_reference_goes_on_from_our_files(case: str, tmp_path: Path) -> None:
    if REFERENCE not in os.environ:
        pytest.skip(f"{REFERENCE} does not name the reference's program")
    here = ours(case, tmp_path)
    assert theirs(Path(os.environ[REFERENCE]), case, tmp_path / "reference", tmp_path / f"{SAVED}.dat") == here


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A store with the golden checkpoint's run, in segments of 64 epochs, `begun` at 257 and gone on with to 400."""
    path = tmp_path_factory.mktemp("imported") / "store"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("warehouse.record.segment_length", lambda _programs: 64)
        for epochs in (SAVED, 300, LAST):
            answer = call(*IMPORT, "--epochs", epochs, "--name", "begun", "--store", path)
            assert answer.code == 0, answer.err
        answer = call("analyze", "begun", "--store", path)
        assert answer.code == 0, answer.err
        yield path


def rows(store: Path, query: str) -> list[dict[str, Any]]:
    return call("sql", query, "--store", store, "--format", "json").json  # type: ignore[no-any-return]


def test_an_imported_run_begins_with_its_state(imported: Path) -> None:
    [first] = rows(imported, "SELECT * FROM epochs WHERE epoch = (SELECT min(epoch) FROM epochs)")
    assert (first["epoch"], first["reactions"], first["unique_origins"]) == (SAVED, 0, 64 * PROGRAMS)
    assert first["complexity"] is not None
    assert rows(imported, "SELECT count(*) AS n FROM epochs")[0]["n"] == LAST - SAVED + 1
    [run] = rows(imported, "SELECT epochs, status, initial_soup, configuration FROM runs")
    assert (run["epochs"], run["status"], run["initial_soup"]) == (LAST, "complete", "checkpoint")
    assert json.loads(run["configuration"])["start"]["epoch"] == SAVED
    cells = rows(imported, f"SELECT * FROM tokens_at('begun', {SAVED}) ORDER BY program, site")
    assert bytes(cell["char"] for cell in cells) == CHECKPOINT.read_bytes()[24:]
    assert all(
        (cell["born_epoch"], cell["born_program"], cell["born_site"]) == (SAVED, cell["program"], cell["site"])
        for cell in cells
    )


def test_every_byte_comes_from_the_imported_state_or_later(imported: Path) -> None:
    born = f"SELECT born_epoch, born_program, born_site FROM tokens_at('begun', {LAST}) WHERE program = 7 AND site = 9"
    [token] = rows(imported, born)
    events = rows(imported, f"SELECT * FROM lineage('begun', {LAST}, 7, 9) ORDER BY epoch DESC")
    last = events[-1]
    assert (last["epoch"], last["program"], last["site"]) == tuple(token.values())
    assert last["event"] == ("initial" if token["born_epoch"] == SAVED else "mutated")
    births = rows(imported, f"SELECT birth, min(born_epoch) AS n FROM ancestry('begun', {LAST}, 7) GROUP BY birth")
    assert {row["birth"]: row["n"] for row in births}["initial"] == SAVED
    [at_first] = rows(imported, f"SELECT * FROM lineage('begun', {SAVED}, 7, 9)")
    assert (at_first["event"], at_first["epoch"]) == ("initial", SAVED)
    assert rows(imported, f"SELECT * FROM pairings('begun', {SAVED})") == []
    assert (
        sum(row["weight"] for row in rows(imported, f"SELECT * FROM contributors('begun', {LAST}, 7, {SAVED})")) == 64
    )


@pytest.mark.parametrize(
    "words",
    [
        ("show", "begun"),
        ("show", "begun", "--format", "csv"),
        ("verify", "begun"),
        ("trends", "begun"),
        ("trends", "begun", "--all"),
        ("species", "begun"),
        ("species", "begun", "--epoch", SAVED),
        ("score", "begun", "--epoch", SAVED),
        ("program", "begun", "--epoch", SAVED, "--program", 3),
        ("lineage", "begun", "--epoch", LAST, "--program", 3),
        ("ancestry", "begun", "--epoch", LAST, "--program", 3),
        ("descendants", "begun", "--epoch", SAVED, "--program", 3, "--site", 1, "--counts"),
        ("search", "begun", "--text", "[", "--all"),
        ("search", "begun", "--text", "[", "--first"),
        ("trace", "begun", "--epoch", SAVED + 1, "--program", 3),
        ("runs",),
    ],
    ids=lambda words: " ".join(map(str, words)),
)
def test_commands_cope_with_a_run_that_does_not_begin_at_0(imported: Path, words: tuple[object, ...]) -> None:
    answer = call(*words, "--store", imported)
    assert answer.code == 0, answer.err
    assert answer.out


@pytest.mark.parametrize(
    "words",
    [
        ("score", "begun", "--epoch", SAVED - 1),
        ("program", "begun", "--epoch", 0, "--program", 3),
        ("lineage", "begun", "--epoch", 100, "--program", 3),
        ("trace", "begun", "--epoch", SAVED, "--program", 3),
        ("export", "begun", "--tokens", f"{SAVED - 1}:{SAVED + 1}", "out"),
        ("export", "begun", "--checkpoint", "out.dat", "--epoch", SAVED - 1),
        ("sql", f"SELECT * FROM tokens_at('begun', {SAVED - 1})"),
        ("sql", "SELECT * FROM lineage('begun', 0, 1, 1)"),
        ("sql", f"SELECT * FROM contributors('begun', {LAST}, 1, {SAVED - 1})"),
    ],
    ids=lambda words: " ".join(map(str, words)),
)
def test_an_epoch_before_the_imported_one_is_told_in_one_line(imported: Path, words: tuple[object, ...]) -> None:
    assert_refused(call(*words, "--store", imported), str(SAVED))


def test_the_files_are_those_of_one_import(imported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("warehouse.record.segment_length", lambda _programs: 64)
    answer = call(*IMPORT, "--epochs", LAST, "--store", tmp_path)
    run = answer.out.splitlines()[-1]
    assert call("analyze", run, "--store", tmp_path).code == 0

    def history(store: Path) -> dict[str, str]:
        folder = store / "runs" / f"run={run}"
        return {name: value for name, value in digest(folder).items() if name != "runs.parquet"}

    assert history(tmp_path) == history(imported)
    names = {path.split("/")[1] for path in history(imported) if path.startswith("segments/")}
    assert names == {"0000000257-0000000320", "0000000320-0000000384", "0000000384-0000000400"}


def test_the_identity_is_bytes_epoch_and_physics(imported: Path, tmp_path: Path) -> None:
    [run] = [row["run"] for row in rows(imported, "SELECT run FROM runs")]
    copied = tmp_path / "other.name"
    copied.write_bytes(CHECKPOINT.read_bytes())
    words = ["import", "--direct", "--checkpoint", copied, "--language", "bff_noheads_4bit", "--store", tmp_path / "s"]
    assert call(*words, "--seed", 5).out.splitlines()[-1] == run
    others = {call(*words, "--seed", 6).out, call(*words, "--seed", 5, "--reset-interval", 8).out}
    flip(copied, 0.5)
    others.add(call(*words, "--seed", 5).out)
    content = bytearray(CHECKPOINT.read_bytes())
    content[16:24] = struct.pack("<Q", SAVED + 1)
    copied.write_bytes(content)
    others.add(call(*words, "--seed", 5).out)
    assert len(others | {f"{run}\n"}) == 5


def test_the_store_alone_has_the_file(imported: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.dat"
    assert call("export", "begun", "--checkpoint", again, "--epoch", SAVED, "--store", imported).out == f"{again}\n"
    assert again.read_bytes() == CHECKPOINT.read_bytes()


def test_verify_tells_an_imported_state_of_other_bytes(tmp_path: Path) -> None:
    run = call(*IMPORT, "--store", tmp_path).out.strip()
    [path] = (tmp_path / "runs" / f"run={run}").glob("segments/*/keyframes.parquet")
    flip(path, 0.5)
    assert call("verify", run, "--store", tmp_path).code == 1


def header(reset_index: int, programs: int, epoch: int, soup: int | None = None) -> bytes:
    return struct.pack("<3Q", reset_index, programs, epoch) + bytes(64 * programs if soup is None else soup)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "No such file"),
        (b"", "0 bytes"),
        (header(1, 4, 5)[:23], "23 bytes"),
        (header(1, 4, 5)[:-1], "279 bytes"),
        (header(1, 4, 5) + b"x", "281 bytes"),
        (header(1, 2**60, 5, 256), "programs named"),
        (header(1, 0, 5), "programs named"),
        (header(1, 3, 5), "odd"),
        (header(1, 4, 2**27), "epoch"),
        (header(0, 4, 5), "reset_index"),
    ],
    ids=["missing", "empty", "header", "short", "long", "huge", "none", "odd", "late", "reset"],
)
def test_files_that_are_no_checkpoints(content: bytes | None, said: str, tmp_path: Path) -> None:
    path = tmp_path / "file.dat"
    if content is not None:
        path.write_bytes(content)
    words = ("import", "--checkpoint", path, "--language", "bff", "--direct", "--store", tmp_path / "store")
    assert_refused(call(*words), str(path), said)
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--language", "z80"), "16 bytes"),
        (("--language", "bff", "--epochs", 256), "257"),
        (("--language", "bff", "--initial-soup", "zero"), "--initial-soup"),
        (("--language", "bff", "--geometry", "lattice", "--width", 8, "--height", 8), "lattice"),
        (("--language", "bff", "--geometry", "grid", "--width", 8, "--height", 9), "programs"),
        (("--language", "none"), "none"),
        ((), "--language"),
    ],
    ids=str,
)
def test_imports_that_cannot_be(words: tuple[object, ...], said: str, tmp_path: Path) -> None:
    store = tmp_path / "store"
    assert_refused(call("import", "--checkpoint", CHECKPOINT, *words, "--direct", "--store", store), said)
    assert not store.exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "--tokens"),
        (("--tokens", 300), "--tokens"),
        (("--checkpoint", "a.dat"), "--epoch"),
        (("--checkpoint", "a.dat", "--epoch", 300, "out"), "out"),
        (("--log", "a.csv", "--epoch", 300), "--epoch"),
        (("--log", "a.csv", "--every", 0), "interval"),
        (("--log", "a.csv", "--tokens", 300, "out"), "not allowed with"),
        (("--figure-data", "out", "--scores"), "--scores"),
        (("--tokens", 300, "out", "--format", "csv"), "--format"),
        (("--log", "missing-folder-is-made/../store/log.csv"), "in the store"),
        (("--checkpoint", "store/x.dat", "--epoch", 300), "in the store"),
        (("--figure-data", "store/x"), "in the store"),
    ],
    ids=str,
)
def test_exports_that_cannot_be(
    imported: Path, words: tuple[object, ...], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(imported.parent)
    before = digest(imported.parent)
    assert_refused(call("export", "begun", *words, "--store", imported), said)
    assert digest(imported.parent) == before


def test_programs_of_16_bytes_make_no_checkpoint(tmp_path: Path) -> None:
    history: Any = SimpleNamespace(config=SoupConfig(language="i8080", programs=4))
    with pytest.raises(StoreError, match="16 bytes"):
        export_checkpoint(history, 0, tmp_path / "a.dat")


def test_a_log_takes_what_is_measured_and_the_rest_by_replay(imported: Path, tmp_path: Path) -> None:
    answer = call("export", "begun", "--log", tmp_path / "a.csv", "--every", 16, "--store", imported)
    assert answer.code == 0, answer.err
    head, *lines = (tmp_path / "a.csv").read_text().splitlines()
    assert head == "epoch,brotli_size,soup_size,higher_entropy"
    assert [int(line.split(",")[0]) for line in lines] == list(range(SAVED, LAST + 1, 16))[1:]
    told = {line for line in known("mixed")["continued"]["log"][1:] if int(line.split(",")[0]) <= LAST}
    assert {line.rpartition(",")[0] for line in told} <= set(lines)


@pytest.fixture
def figure_data(ask: Any, tmp_path: Path) -> Answer:
    return ask("export", "small", "--figure-data", tmp_path / "figures")  # type: ignore[no-any-return]


def test_figure_data_are_what_sql_tells(figure_data: Answer, ask: Any, tmp_path: Path) -> None:
    assert figure_data.out == f"{tmp_path / 'figures'}\n"
    told = {
        path.stem: duckdb.execute(f"SELECT * FROM '{path}'").fetchall()
        for path in (tmp_path / "figures").glob("*.parquet")
    }
    assert set(told) == {"figure_1", "figure_1_onsets", "figure_1_founders", "figure_3"}

    def asked(query: str) -> list[tuple[Any, ...]]:
        return [tuple(row.values()) for row in ask("sql", query, "--format", "json").json]

    measured = asked(
        "SELECT run, epoch, unique_tokens, top32_share, complexity FROM epochs WHERE complexity IS NOT NULL"
    )
    assert set(measured) <= set(told["figure_1"])
    assert told["figure_1_onsets"] == asked(
        "SELECT run, rank, epoch, ended_epoch, kind, peak_complexity FROM transitions ORDER BY rank"
    )
    assert told["figure_1_founders"] == asked(
        "SELECT run, onset_epoch, rank, program, epoch, share FROM founders ORDER BY onset_epoch, rank"
    )
    [founder] = asked("SELECT assembled_epoch, left_program, right_program FROM founders")
    last = max(row[4] for row in told["figure_3"])
    tape = sorted(row for row in told["figure_3"] if row[4] == last)
    assert {row[1:4] for row in tape} == {founder}
    state = f"tokens_at('small', {founder[0]})"
    programs = asked(f"SELECT program, site, char FROM {state} WHERE program IN ({founder[1]}, {founder[2]})")
    assert sorted(row[5:8] for row in tape) == sorted(programs)


def test_figure_data_as_csv_have_the_same_rows(ask: Any, figure_data: Answer, tmp_path: Path) -> None:
    assert figure_data.code == 0
    assert ask("export", "small", "--figure-data", tmp_path / "figures", "--format", "csv").code == 0
    for path in (tmp_path / "figures").glob("*.parquet"):
        one, other = (path.with_suffix(end) for end in (".parquet", ".csv"))
        read = [duckdb.connect().execute(f"SELECT * FROM '{file}' ORDER BY ALL") for file in (one, other)]
        assert [column[0] for column in read[0].description] == [column[0] for column in read[1].description]
        assert read[0].fetchall() == read[1].fetchall()


@pytest.mark.parametrize("begun", [3, pytest.param(51, marks=pytest.mark.slow)])
def test_onsets_and_founders_are_found_after_an_import(ask: Any, begun: int, tmp_path: Path) -> None:
    store, file = tmp_path / "store", tmp_path / "small.dat"
    assert ask("export", "small", "--checkpoint", file, "--epoch", begun).code == 0
    words = ("--checkpoint", file, "--language", "bff_noheads_4bit", "--epochs", 512, "--name", "late")
    for command in (("import", "--direct", *words), ("analyze", "late"), ("verify", "late")):
        answer = call(*command, "--store", store)
        assert answer.code == 0, answer.err
    onsets = "SELECT rank, epoch, ended_epoch, kind, peak_complexity FROM transitions ORDER BY rank"
    assert rows(store, onsets) == ask("sql", onsets, "--format", "json").json
    founders = "SELECT * EXCLUDE (run, born) FROM founders ORDER BY onset_epoch, rank"
    [there], (here, *_) = ask("sql", founders, "--format", "json").json, rows(store, founders)
    if there["assembled_epoch"] > begun:  # tokens that were copied before are told apart now, and few cells weigh more
        assert {**here, "share": 0} == {**there, "share": 0}
    else:
        assert (here["assembled_epoch"], here["left_program"], here["right_program"]) == (begun, None, None)
    earliest = "SELECT min(first_epoch) AS n FROM phases UNION ALL SELECT min(epoch) FROM founder_shares"
    assert {row["n"] for row in rows(store, earliest)} == {begun}
    reading: tuple[tuple[object, ...], ...] = (
        ("replicator", "late"),
        ("replicator", "late", "--format", "json"),
        ("show", "late", "--figure", tmp_path / "late.svg"),
        ("export", "late", "--figure-data", tmp_path / "late"),
    )
    for asked in reading:
        answer = call(*asked, "--store", store)
        assert answer.code == 0, answer.err
        assert answer.out
    assert (tmp_path / "late" / "figure_3.parquet").exists() == (here["left_program"] is not None)
