"""Ctrl-C and SIGTERM."""

import os
import signal
from pathlib import Path

import pytest

from flows.pipeline import RunInterrupted, run_direct
from flows.progress import Reporter
from flows.request import RunRequest
from sim import SoupConfig
from warehouse.store import Store

CONFIG = SoupConfig(language="bff_noheads_4bit", programs=64, seed=1)


class Signaller(Reporter):
    """Sends signals to its own process at epoch 20."""

    def __init__(self, *numbers: int) -> None:
        self._numbers = numbers
        self.notes: list[str] = []

    def advance(self, epoch: int) -> None:
        if epoch == 20:
            for number in self._numbers:
                os.kill(os.getpid(), number)

    def note(self, text: str) -> None:
        self.notes.append(text)


def last_stored(folder: Path, *numbers: int) -> tuple[int, str]:
    """Return the last stored state of a run that got signals at epoch 20, and what was said."""
    request = RunRequest(config=CONFIG, epochs=100, store=folder)
    with pytest.raises(RunInterrupted) as interruption:
        run_direct(request, Signaller(*numbers))
    [record] = Store.open(folder).runs()
    assert record.status == "interrupted"
    return record.epochs, str(interruption.value)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_run_at_an_epoch_that_is_stored(tmp_path: Path, number: int) -> None:
    before = signal.getsignal(number)
    assert last_stored(tmp_path / "store", number) == (20, "stopped at epoch 20 of 100; the same command continues it")
    assert signal.getsignal(number) is before
    run_direct(RunRequest(config=CONFIG, epochs=100, store=tmp_path / "store"), Reporter())
    assert [record.epochs for record in Store.open(tmp_path / "store").runs()] == [100]


def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    stored, said = last_stored(tmp_path / "store", signal.SIGINT, signal.SIGINT)
    assert stored == 0
    assert said == "stopped by SIGINT; the same command continues the run"
