"""Runs that a real Prefect server starts: submitted, refused, cancelled, asked again, left alone by the server."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from flows.pipeline import run_direct
from flows.progress import Reporter
from flows.request import read_request
from sim.jit import CACHE_FOLDER
from warehouse.record import RunRecord
from warehouse.store import Store

SOUP = {"language": "bff_noheads_4bit", "programs": 256, "seed": 5, "epochs": 300}
PATIENCE = 200  # seconds, on the busiest machine; a wait that succeeds ends at once

#: In the processes of runs, which Prefect or a sweep starts: short segments, and epochs that take their time.
SLOWLY = """
import sys
if {"prefect.engine", "--multiprocessing-fork"} & set(sys.orig_argv):
    import time
    import warehouse.record
    from sim import Soup
    warehouse.record.SEGMENT_CELLS = 64
    advance = Soup.advance
    Soup.advance = lambda soup: (time.sleep(0.02), advance(soup))[1]
"""
SWEEP = """
name = "two"
seeds = [7, 8]
[run]
language = "bff_noheads_4bit"
programs = 256
epochs = 300
"""
#: A server without pages and schedules: what is submitted by hand needs neither.
SERVER = (
    "import time; from flows.local_server import LocalServer; server = LocalServer(); server.wait(300);"
    "print(server.url, server._process.pid, flush=True); time.sleep(600)"
)


def until(true: Callable[[], Any]) -> None:
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < PATIENCE
        time.sleep(0.1)


class Place:
    """A store that is served, and the server's API."""

    def __init__(self, folder: Path) -> None:
        (folder / "site").mkdir()
        (folder / "site" / "sitecustomize.py").write_text(SLOWLY, encoding="utf-8")
        self.store, self.url = folder / "store", ""
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT")} | {
            "HOME": str(folder),
            "PREFECT_HOME": str(folder / "prefect"),
            "PRIMORDIUM_CACHE": str(CACHE_FOLDER.parent),
            "PYTHONPATH": f"{folder / 'site'}:{Path.cwd()}",
            "PREFECT_RUNNER_POLL_FREQUENCY": "1",
            "PREFECT_CLIENT_MAX_RETRIES": "1",
            "DO_NOT_TRACK": "1",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        }

    def start(self, *words: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, *words],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )

    def serve(self) -> None:
        """Begin to serve; returns when it does."""
        self.serving = self.start("-m", "flows.cli", "serve", "--store", str(self.store), "--limit", "1")
        until(lambda: self.serving.poll() is not None or deployed(self))
        assert self.serving.poll() is None

    def call(self, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"content-type": "application/json"})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        began = time.monotonic()
        while True:
            try:
                with opener.open(request, timeout=60) as answer:
                    return json.loads(answer.read())
            except urllib.error.HTTPError as error:  # a busy server's database asks for another try
                if error.code != 503 or time.monotonic() - began > PATIENCE:
                    raise
            time.sleep(1)

    def submit(self, flow: str = "run", /, **parameters: Any) -> str:
        deployment = self.call(f"/deployments/name/primordium/{flow}")["id"]
        return str(self.call(f"/deployments/{deployment}/create_flow_run", {"parameters": parameters})["id"])

    def refusal(self, **parameters: Any) -> str:
        with pytest.raises(urllib.error.HTTPError) as caught:
            self.submit(**parameters)
        return str(json.loads(caught.value.read())["detail"])

    def ended(self, flow_run: str) -> tuple[str, str]:
        """Wait until a flow run has ended; return its state's name and message."""
        until(lambda: self.state(flow_run)["type"] in {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"})
        return self.state(flow_run)["name"], self.state(flow_run)["message"]

    def state(self, flow_run: str) -> Any:
        return self.call(f"/flow_runs/{flow_run}")["state"]

    def record(self, seed: int) -> RunRecord:
        [record] = [record for record in Store.open(self.store).runs() if record.config.seed == seed]
        return record

    def segments(self, seed: int) -> int:
        if not self.store.exists():
            return 0
        store = Store.open(self.store)
        runs = [record.run for record in store.runs() if record.config.seed == seed]
        return sum(len(store.files(run).segments) for run in runs)


def history(store: Path, run: str) -> dict[str, bytes]:
    folder = Store.open(store).run_folder(run)
    paths = [path for path in folder.glob("*/**/*") if path.is_file() and path.name != ".lock"]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A server and a process that serves, until the test ends."""
    place = Place(tmp_path)
    server = place.start("-c", SERVER)
    assert server.stdout is not None
    place.url, place.environment["SERVER"] = server.stdout.readline().split()
    place.environment["PREFECT_API_URL"] = place.url
    try:
        place.serve()
        yield place
    finally:
        for process in (place.serving, server):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


def deployed(place: Place) -> bool:
    try:
        return bool(place.call("/deployments/name/primordium/run"))
    except urllib.error.HTTPError:
        return False


@pytest.fixture
def direct(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], dict[str, bytes]]:
    """Return the history of the soup with a seed, made without Prefect."""

    def make(seed: int) -> dict[str, bytes]:
        monkeypatch.setattr("warehouse.record.SEGMENT_CELLS", 64)
        store = tmp_path / "direct"
        return history(store, run_direct(read_request(SOUP | {"seed": str(seed), **typed(store)}), Reporter()))

    return make


def typed(store: Path) -> dict[str, str]:
    return {"store": str(store), "programs": str(SOUP["programs"]), "epochs": str(SOUP["epochs"])}


def test_runs_of_a_server(place: Place, direct: Callable[[int], dict[str, bytes]]) -> None:
    # One test: a server and a serving process take ten seconds to come up.
    assert "Failure reason: -5 is less than the minimum of 0" in place.refusal(epochs=-5)
    assert "'speed' was unexpected" in place.refusal(speed=5)
    assert "is not one of" in place.refusal(store=str(place.store.parent))

    # what no schema can say fails as the run begins, with the command's line
    assert place.ended(place.submit(geometry="grid")) == ("Failed", "--width: missing; the geometry grid needs it")

    # cancelled: what was simulated is stored; asked again, it goes on to the same bytes
    cancelled = place.submit(**SOUP)
    until(lambda: place.segments(5) > 0)
    place.call(f"/flow_runs/{cancelled}/set_state", {"state": {"type": "CANCELLING"}})
    assert place.ended(cancelled)[0] == "Cancelled"
    record = place.record(5)
    assert record.status == "interrupted"
    assert 64 <= record.epochs < 300
    again = place.submit(**SOUP)
    assert place.ended(again) == ("Completed", f"run {record.run}: all stored and analysed")
    assert place.call(f"/flow_runs/{again}")["name"] == record.run
    assert history(place.store, record.run) == direct(5)

    # a sweep of two soups, cancelled in one of them, asked again
    file = place.store.parent / "two.toml"
    file.write_text(SWEEP, encoding="utf-8")
    sweep = {"sweep": str(file), "workers": 1}
    assert place.ended(place.submit("sweep", sweep="nowhere"))[0] == "Failed"
    cancelled = place.submit("sweep", **sweep)
    until(lambda: place.segments(8) > 0)
    place.call(f"/flow_runs/{cancelled}/set_state", {"state": {"type": "CANCELLING"}})
    assert place.ended(cancelled)[0] == "Cancelled"
    assert place.record(8).status == "interrupted"
    assert place.ended(place.submit("sweep", **sweep))[0] == "Completed"
    assert [(place.record(seed).status, place.record(seed).epochs) for seed in (7, 8)] == [("complete", 300)] * 2

    # serving ends by Ctrl-C: what was simulated is stored, not whole segments alone
    crashed = place.submit(**SOUP | {"seed": 6})
    until(lambda: place.segments(6) > 0)
    place.serving.send_signal(signal.SIGINT)
    place.serving.communicate(timeout=PATIENCE)
    assert place.serving.returncode == 0
    record = place.record(6)
    assert (record.status, place.state(crashed)["type"]) == ("interrupted", "CRASHED")
    assert 64 < record.epochs < 300
    assert record.epochs % 64
    place.serve()

    # the server dies in mid-run: the run does not
    place.submit(**SOUP | {"seed": 6})
    until(lambda: place.record(6).status == "running" and place.record(6).epochs > record.epochs)
    os.kill(int(place.environment["SERVER"]), signal.SIGKILL)
    until(lambda: place.record(6).status == "complete")
    assert history(place.store, place.record(6).run) == direct(6)
