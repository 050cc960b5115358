"""The end of a process that serves: signals, runs that take their time, and a server that does not answer."""

import asyncio
import signal
import uuid
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("prefect")

from flows.ending import Ending


class Process:
    """One that ends some looks after it was asked to."""

    def __init__(self, manager: "Processes", looks: int) -> None:
        self.manager, self.looks, self.asked = manager, looks, 0

    def is_alive(self) -> bool:
        self.looks -= self.asked
        return self.looks > 0

    def graceful_kill(self) -> None:
        self.asked += 1


class Processes:
    """Stands in for Prefect's manager of processes: a run is forgotten when its process has ended."""

    def __init__(self, looks: tuple[int, ...]) -> None:
        self.all = {uuid.uuid4(): Process(self, each) for each in looks}

    def flow_run_ids(self) -> set[uuid.UUID]:
        return {run for run, process in self.all.items() if process.looks > 0}

    def get(self, run: uuid.UUID) -> Process:
        return self.all[run]


def ended_by(signals: int, looks: tuple[int, ...]) -> tuple[list[str], Processes, bool]:
    """Let a runner serve until signals come; return what was said, its processes, and whether it was cancelled."""
    said: list[str] = []
    processes = Processes(looks)
    cancelled = []

    async def start() -> None:
        for _ in range(signals):
            asyncio.get_running_loop().call_soon(signal.raise_signal, signal.SIGTERM)
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    runner: Any = SimpleNamespace(start=start, _process_manager=processes)
    Ending(runner, said.append).serve()
    return said, processes, bool(cancelled)


def test_each_run_is_asked_once_to_end_and_waited_for() -> None:
    before = signal.getsignal(signal.SIGTERM)
    said, processes, cancelled = ended_by(1, (2, 5))
    assert said == ["SIGTERM: stopping the runs at their next epoch and storing them; once more to leave at once"]
    assert [process.asked for process in processes.all.values()] == [1, 1]
    assert processes.flow_run_ids() == set()
    assert cancelled
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_second_signal_leaves_at_once() -> None:
    said, processes, cancelled = ended_by(2, (1 << 30,))
    assert len(said) == 1
    assert processes.flow_run_ids()
    assert cancelled


def test_a_lost_server_ends_no_asking_for_cancellations(monkeypatch: pytest.MonkeyPatch) -> None:
    from prefect._internal.observers import FlowRunCancellingObserver
    from prefect.runner._scheduled_run_poller import ScheduledRunPoller

    from flows.serving import _be_patient

    for owner, name in (
        (FlowRunCancellingObserver, "_check_for_cancelled_flow_runs"),
        (ScheduledRunPoller, "_get_and_submit_flow_runs"),
    ):
        monkeypatch.setattr(owner, name, getattr(owner, name))  # back again after this test
    runner: Any = SimpleNamespace()
    _be_patient(lambda _: None, Ending(runner, lambda _: None))
    run, heard = SimpleNamespace(id=uuid.uuid4()), list[uuid.UUID]()
    answers: Iterator[Any] = iter([*[ConnectionError("gone")] * 8, [run], []])

    async def read_flow_runs(**_: object) -> Any:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    hear: Any = heard.append
    observer: Any = FlowRunCancellingObserver(on_cancelling=hear)
    observer.add_in_flight_flow_run_id(run.id)
    observer._client = SimpleNamespace(read_flow_runs=read_flow_runs)
    for _ in range(9):
        asyncio.run(observer._check_for_cancelled_flow_runs())
    assert heard == [run.id]
