"""`primordium sweep`: what it prints agrees with the store, and what it refuses is one line."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.flows.cli.conftest import call
from warehouse import connect

TEXT = """
name = "two"
paper = "figure-5"
seeds = [0, 1]
[run]
language = "bff_noheads_4bit"
programs = 256
epochs = 64
"""


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a sweep's file `two.toml` and a store `s` in which it is done."""
    folder = tmp_path_factory.mktemp("swept")
    (folder / "two.toml").write_text(TEXT)
    answer = call("sweep", folder / "two.toml", "--store", folder / "s", "--direct", "--workers", "1")
    assert answer.code == 0, answer.err
    assert "sweep two: 2 runs, 0 of them done" in answer.err
    assert "2/2 run" in answer.err
    return folder


def test_it_prints_its_conditions_and_the_paper_beside_them(swept: Path) -> None:
    shown = call("sweep", "two", "--show", "--store", swept / "s")
    again = call("sweep", swept / "two.toml", "--direct", "--store", swept / "s")
    assert shown.code == again.code == 0
    assert shown.out == again.out
    tables = call("sweep", "two", "--show", "--store", swept / "s", "--format", "json").json
    assert tables["conditions"][0] | {"planned": 2, "done": 2, "epochs": 64} == tables["conditions"][0]
    [beside] = tables["beside_the_paper"]
    assert (beside["paper_share"], beside["runs"], beside["agrees"]) == (0.4, 0, None)  # 64 epochs tell nothing of it
    with connect(swept / "s") as sql:
        assert sql.sql("SELECT sweep, planned, done FROM sweeps").fetchall() == [("two", 2, 2)]


@pytest.mark.parametrize("suffix", ["png", "svg"])
def test_it_draws_the_same_picture_again(swept: Path, tmp_path: Path, suffix: str) -> None:
    one, other = tmp_path / f"one.{suffix}", tmp_path / f"other.{suffix}"
    for path in (one, other):
        assert call("sweep", "two", "--show", "--store", swept / "s", "--figure", path).code == 0
    assert one.read_bytes() == other.read_bytes()


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["none"], "sweep 'none': no such file, nor a ready sweep; ready ones: figure-5, figure-6, figure-7, figure-9"),
        (["none.toml"], "none.toml: cannot be read: No such file or directory"),
        (["none", "--show"], "has no such sweep; it has two"),
        (["two", "--show", "--figure", "a.gif"], "cannot draw '.gif'; allowed: .png, .svg"),
        (["two", "--show", "--workers", "0"], "'0' is no number of workers; allowed: whole numbers from 1 to 1024"),
    ],
)
def test_what_it_cannot_do_is_one_line(swept: Path, words: list[str], complaint: str) -> None:
    answer = call("sweep", *words, "--store", swept / "s")
    assert (answer.code, answer.out) == (2, "")
    assert complaint in answer.err
    assert len(answer.err.splitlines()) == 1


def test_too_little_room_is_said_before_anything_is_made(tmp_path: Path) -> None:
    answer = call("sweep", "figure-6", "--full", "--direct", "--store", tmp_path / "s")
    assert answer.code == 2
    assert "no room for 112000000 epochs" in answer.err
    assert not (tmp_path / "s").exists()


def test_a_server_that_is_not_there_fails_nothing(swept: Path, tmp_path: Path) -> None:
    script = (
        "import os, sys; os.environ['PREFECT_API_URL'] = 'http://127.0.0.1:9/api';"
        "from flows.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    words = ["sweep", str(swept / "two.toml"), "--store", str(tmp_path / "s"), "--workers", "1"]
    done = subprocess.run([sys.executable, "-c", script, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Prefect: " in done.stderr
    assert "the runs are stored all the same" in done.stderr
    with connect(tmp_path / "s") as sql:
        assert sql.sql("SELECT done FROM sweeps").fetchall() == [(2,)]
