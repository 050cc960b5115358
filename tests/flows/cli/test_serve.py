"""`primordium serve` where it cannot begin: one line, exit code 2 or 1, and what to do."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.flows.cli.conftest import call


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--cron", "* * * * *", "--interval", "60"), "not allowed with argument --cron"),
        (("--interval", "5"), "'5' is no interval; allowed: whole numbers from 60 on"),
        (("--limit", "0"), "'0' is no limit; allowed: whole numbers from 1 on"),
        (("serve.toml", "--limit", "2"), "stand in the file"),
        (("--work-pool", "soups", "--limit", "2"), "prefect worker start --limit N"),
        (("none.toml",), "none.toml: cannot be read"),
    ],
)
def test_bad_usage_is_one_line(words: tuple[str, ...], said: str, tmp_path: Path) -> None:
    answer = call("serve", "--store", tmp_path / "store", *words)
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err
    assert answer.err.count("\n") == 1
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize(
    ("server", "code", "said"),
    [({}, 2, "start one: prefect server start"), ({"PREFECT_API_URL": "http://127.0.0.1:9/api"}, 1, "does not answer")],
)
def test_without_a_server_it_says_how_to_start_one(
    server: dict[str, str], code: int, said: str, tmp_path: Path
) -> None:
    bare = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT")}
    done = subprocess.run(
        [sys.executable, "-m", "flows.cli", "--store", str(tmp_path / "store"), "serve"],
        env=bare | {"HOME": str(tmp_path)} | server,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (code, ""), done.stderr
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
