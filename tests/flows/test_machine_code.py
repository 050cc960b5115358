"""Machine code made by two processes where there is none, by one where there is."""

import multiprocessing
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from flows.machine_code import make_machine_code
from sim import SoupConfig

CONFIG = SoupConfig(language="bff_noheads_4bit")


def helpers() -> list[str]:
    return [process.name for process in multiprocessing.active_children() if process.name == "machine code"]


class Engine:
    """A language whose engine tells, when it is compiled, which processes are at work."""

    def __init__(self, then: Callable[[], None]) -> None:
        self.seen: list[list[str]] = []
        self._then = then

    @property
    def compiled(self) -> None:
        self.seen.append(helpers())
        self._then()


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Engine:
    """The engine that is compiled, in an empty cache."""
    found = Engine(lambda: None)
    monkeypatch.setattr("flows.machine_code.LANGUAGES", {CONFIG.language: found})
    monkeypatch.setattr("flows.machine_code.CACHE_FOLDER", tmp_path)
    monkeypatch.setattr("flows.machine_code.cores", lambda: 2)
    return found


def test_another_process_makes_what_all_languages_share_meanwhile(engine: Engine) -> None:
    make_machine_code(CONFIG)
    assert engine.seen == [["machine code"]]
    assert helpers() == []


def test_it_does_not_outlive_an_error(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(engine, "_then", interrupted)
    with pytest.raises(KeyboardInterrupt):
        make_machine_code(CONFIG)
    assert engine.seen == [["machine code"]]
    assert helpers() == []


def test_one_that_dies_fails_nothing(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed() -> None:
        for process in multiprocessing.active_children():
            if process.name == "machine code":
                process.kill()

    monkeypatch.setattr(engine, "_then", killed)
    make_machine_code(CONFIG)
    assert helpers() == []


@pytest.mark.parametrize("why", ["compiled before", "one processor", "may have no children"])
def test_none_is_started_in_vain(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, why: str) -> None:
    if why == "compiled before":
        (tmp_path / "sim").mkdir()
        (tmp_path / "sim" / "epoch.react.nbi").touch()
    elif why == "one processor":
        monkeypatch.setattr("flows.machine_code.cores", lambda: 1)
    else:
        monkeypatch.setattr("multiprocessing.current_process", lambda: SimpleNamespace(daemon=True))
    make_machine_code(CONFIG)
    assert engine.seen == []
