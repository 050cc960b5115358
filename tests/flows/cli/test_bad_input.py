"""Bad input: one line on standard error, exit 2, nothing printed, the store untouched."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.flows.cli.conftest import Answer, call

Ask = Callable[..., Answer]

READING = [
    ["show", "RUN"],
    ["analyze", "RUN"],
    ["verify", "RUN"],
    ["replicator", "RUN"],
    ["lineage", "RUN", "--epoch", "1", "--program", "1"],
    ["distil", "RUN", "--epoch", "1", "--program", "1"],
    ["descendants", "RUN", "--epoch", "1", "--program", "1", "--site", "1"],
    ["ancestry", "RUN", "--epoch", "1", "--program", "1"],
    ["score", "RUN", "--epoch", "1"],
    ["program", "RUN", "--epoch", "1", "--program", "1"],
    ["trace", "RUN", "--epoch", "1", "--program", "1"],
    ["export", "RUN", "--tokens", "1", "out"],
    ["species", "RUN"],
    ["search", "RUN", "--text", "[["],
]
OFTEN_ASKED = [*READING, ["runs"], ["sql", "SELECT 1"]]


def digest(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file under ``folder`` but locks."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.endswith("lock")
    }


def assert_refused(answer: Answer, *said: str) -> None:
    assert answer.code == 2, answer
    assert answer.out == ""
    lines = answer.err.splitlines()
    assert len(lines) == 1, answer.err
    assert lines[0].startswith("primordium: ")
    for part in said:
        assert part in lines[0]


@pytest.mark.parametrize("words", READING, ids=lambda words: words[0])
def test_unknown_runs(ask: Ask, words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("nonsense", "0123456789abcdef", "../small"):
        assert_refused(ask(*[name if word == "RUN" else word for word in words]), name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", OFTEN_ASKED, ids=lambda words: words[0])
def test_no_store_a_file_a_strange_folder_a_newer_format(words: list[str], tmp_path: Path) -> None:
    missing, file, strange, newer = (tmp_path / name for name in ("missing", "file", "strange", "newer"))
    file.write_text("no store")
    strange.mkdir()
    (strange / "mine.txt").write_text("mine")
    newer.mkdir()
    (newer / "format.json").write_text(json.dumps({"format": "primordium-store", "version": 99}))
    before = digest(tmp_path)
    for store in (missing, file, strange, newer):
        assert_refused(call("--store", store, *words), str(store))
    assert digest(tmp_path) == before
    assert not missing.exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["lineage", "--epoch", "513", "--program", "0"], "512"),
        (["lineage", "--epoch", "5", "--program", "4096"], "4095"),
        (["lineage", "--epoch", "5", "--program", "0", "--site", "64"], "63"),
        (["descendants", "--epoch", "5", "--program", "0", "--site", "64"], "63"),
        (["descendants", "--epoch", "5", "--program", "0", "--site", "0", "--until", "4"], "5 to 512"),
        (["ancestry", "--epoch", "513", "--program", "0"], "512"),
        (["ancestry", "--epoch", "5", "--program", "4096"], "4095"),
        (["score", "--epoch", "513"], "512"),
        (["score", "--epoch", "5", "--program", "4000:4097"], "4095"),
        (["program", "--epoch", "99999999999999999999", "--program", "0"], "512"),
        (["program", "--epoch", "5", "--program", "4096"], "4095"),
        (["trace", "--epoch", "513", "--program", "0"], "512"),
        (["trace", "--epoch", "5", "--program", "4096"], "4095"),
        (["distil", "--epoch", "513", "--program", "0"], "512"),
        (["distil", "--epoch", "5", "--program", "4096"], "4095"),
        (["analyze", "--only", "nonsense"], "transitions"),
        (["export", "--tokens", "500:514", "out"], "512"),
        (["show", "--figure", "figure.pdf"], ".svg"),
        (["show", "--figure", "figure"], ".svg"),
        (["show", "--figure", "no/such/folder/figure.png"], "no/such/folder"),
        (["show", "--figure", "folder.png"], "folder.png"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_places_that_are_not_there(
    ask: Ask, words: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder.png").mkdir()
    assert_refused(ask(words[0], "small", *words[1:]), said)
    assert [path.name for path in tmp_path.iterdir()] == ["folder.png"]


@pytest.mark.parametrize(
    "query",
    [
        "SELEKT 1",
        "SELECT",
        "SELECT nonsense FROM runs",
        "SELECT * FROM nonsense",
        "SELECT * FROM tokens_at('nonsense', 1)",
        "SELECT * FROM tokens_at('small', 513)",
        "SELECT * FROM tokens_at('small', -1)",
        "SELECT * FROM lineage('small', 5, 4096, 0)",
        "SELECT * FROM lineage('small', 5, 0, 64)",
        "SELECT 'unfinished",
        "INSERT INTO runs (run) VALUES ('x')",
        "DELETE FROM epochs",
        "UPDATE runs SET name = 'x'",
        "DROP VIEW runs",
        "CREATE TABLE t AS SELECT 1",
        "COPY (SELECT 1) TO 'written.csv'",
        "COPY (SELECT 1) TO '{store}/runs/written.parquet' (FORMAT parquet)",
        "EXPLAIN ANALYZE COPY (SELECT 1) TO 'written.csv'",
        "EXPORT DATABASE 'written'",
        "ATTACH 'written.duckdb'",
        "SET lock_configuration = false",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT 1; COPY (SELECT 1) TO 'written.csv'",
    ],
)
def test_sql_that_is_malformed_or_writes(
    ask: Ask, store: Path, query: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = digest(store)
    assert_refused(ask("sql", query.format(store=store)))
    assert digest(store) == before
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--programs", "3"], "programs"),
        (["--programs", "0"], "programs"),
        (["--programs", "-2"], "programs"),
        (["--programs", "many"], "programs"),
        (["--epochs", "-1"], "epochs"),
        (["--seed", "-1"], "seed"),
        (["--seed", str(2**64)], "seed"),
        (["--mutation-rate", "1.5"], "mutation-rate"),
        (["--mutation-rate", "nan"], "mutation-rate"),
        (["--mutation-rate", "-0.1"], "mutation-rate"),
        (["--language", "nonsense"], "bff_noheads"),
        (["--geometry", "moebius"], "mixed"),
        (["--step-limit", "0"], "step-limit"),
        (["--measure-every", "0"], "measure-every"),
        (["--threads", "0"], "threads"),
        (["--name", "0123456789abcdef"], "name"),
        (["--initial-program", "a b"], "initial-program"),
        (["--plant", "3"], "plant"),
        (["--plant", "131072=+"], "plant"),
        (["--plant", "0=++", "--plant", "0=--"], "plant"),
        (["--then", "5"], "until-transition"),
        (["missing.toml"], "missing.toml"),
        (["folder"], "folder"),
        (["broken.toml"], "broken.toml"),
        (["binary.toml"], "binary.toml"),
        (["unknown.toml"], "nonsense"),
        (["wrong.toml"], "programs"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_runs_that_cannot_be(words: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    Path("broken.toml").write_text("seed = = 3")
    Path("binary.toml").write_bytes(b"\xff\xfe\x00")
    Path("unknown.toml").write_text("nonsense = 3")
    Path("wrong.toml").write_text('programs = "many"')
    before = sorted(tmp_path.rglob("*"))
    assert_refused(call("run", *words, "--store", "store", "--direct"), said)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_store_that_is_a_file_is_refused_by_run(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("mine")
    answer = call("run", "--programs", "2", "--epochs", "1", "--store", tmp_path / "store", "--direct")
    assert_refused(answer, "is a file")
    assert (tmp_path / "store").read_text() == "mine"


def test_a_failure_is_one_line_and_1(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("first line\nsecond line")

    monkeypatch.setattr("flows.cli.runs.execute", fail)
    answer = call("runs", "--store", store)
    assert answer.code == 1
    assert answer.err.splitlines() == [
        "primordium: unexpected RuntimeError: first line second line (PRIMORDIUM_DEBUG=1 shows where)"
    ]
