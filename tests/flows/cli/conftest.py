"""What the command line's tests share: calling it in this process, and a store with the small run in it."""

import contextlib
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from flows.cli import main
from tests.objects import bucket, server

__all__ = ["bucket", "server"]

SMALL = ("--language", "bff_noheads_4bit", "--programs", "4096", "--seed", "0", "--epochs", "512", "--name", "small")


class Answer(NamedTuple):
    """What a call printed and returned."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as JSON, of a call that succeeded."""
        assert self.code == 0, self.err
        return json.loads(self.out)


def call(*words: object) -> Answer:
    """Call `primordium` in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main([str(word) for word in words])
    return Answer(code, out.getvalue(), err.getvalue())


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that holds the small run of issue 2, `small`, all analysed; tests must leave it as it is."""
    path = tmp_path_factory.mktemp("command-line") / "store"
    for words in (("run", *SMALL, "--direct"), ("analyze", "small")):
        answer = call(*words, "--store", path)
        assert answer.code == 0, answer.err
    return path


@pytest.fixture
def ask(store: Path) -> Callable[..., Answer]:
    """Call `primordium` on the store with the small run."""
    return lambda *words: call("--store", store, *words)
