"""The README's examples, run: the quick start's small soup, then the Python and SQL that ask about it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.cli.application import main
from tests import readme
from tests.objects import bucket, server
from warehouse import connect

__all__ = ["bucket", "server"]

#: The store on object storage of the examples.
BUCKET = "s3://bucket/soups"
#: The run that the quick start makes; every Python and SQL example in the README is about it.
NAME = "small"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder in which the quick start's `primordium run` has made ./store, without Prefect."""
    made = tmp_path_factory.mktemp("readme")
    words = next(words for words in readme.commands("primordium") if words[0] == "run" and NAME in words)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(made)
        patch.delenv("PRIMORDIUM_STORE", raising=False)
        assert main([*words, "--direct"]) == 0
        assert main(["analyze", NAME]) == 0
        yield made


ABOUT_IT = [words for words in readme.commands("primordium") if words[0] != "run" and {NAME, "sql"} & set(words)]
ELSEWHERE = [words for words in ABOUT_IT if BUCKET in words]


@pytest.mark.parametrize("words", [words for words in ABOUT_IT if words not in ELSEWHERE], ids=" ".join)
def test_commands_about_the_small_run_work(
    folder: Path, words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    assert main(words) == 0, capsys.readouterr().err
    assert capsys.readouterr().out.strip()


def test_commands_about_object_storage_work(
    folder: Path, bucket: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    assert [words[0] for words in ELSEWHERE] == ["copy", "sql"]
    for words in ELSEWHERE:
        assert main([word.replace(BUCKET, f"s3://{bucket}/soups") for word in words]) == 0, capsys.readouterr().err
        assert capsys.readouterr().out.strip()


@pytest.mark.parametrize("code", readme.blocks("python"))
def test_python_examples_run(folder: Path, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert NAME in code, f"an example that can be run is about the run {NAME!r}"
    monkeypatch.chdir(folder)
    monkeypatch.setenv("MPLBACKEND", "agg")
    exec(compile(code, "README.md", "exec"), {"__name__": "__main__"})


@pytest.mark.parametrize("query", readme.blocks("sql"))
def test_sql_examples_answer(folder: Path, query: str) -> None:
    with connect(folder / "store") as connection:
        connection.execute(query).fetchall()
