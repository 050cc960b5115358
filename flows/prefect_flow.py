"""Running the stages with Prefect beside them, so that its pages show them, without depending on it.

The stages go ahead in a thread of their own, the flow follows in another with its tasks' threads beneath it; the main
thread watches. Whether Prefect's server comes up late, is slow or is lost, the stages go on. When all is computed, a
few seconds are spent on telling it so, and no more.
"""

import importlib
import os
import queue
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from flows import quiet
from flows.ahead import Ahead, live
from flows.local_server import LocalServer
from flows.pipeline import drive, opened
from flows.progress import Reporter
from flows.request import RunRequest
from flows.stages import Pipeline
from warehouse.locks import exclusive

_FAREWELL = 15.0  # seconds that Prefect gets to record the end; it takes about one
_MOMENT = 1.0  # the same, of a server that is known to be gone
_IMPORT = 10.0  # seconds that importing Prefect may take; it takes two
_SILENCE = 60.0  # seconds after the last stage, or between those that are tried again, after which Prefect is given up


def run_with_prefect(request: RunRequest, reporter: Reporter | None = None) -> str:
    """Do what ``request`` asks as a Prefect flow; return the run's id. Raises what `run_direct` does."""
    with opened(request, reporter) as pipeline:
        if not pipeline.stored:
            _run_flow(pipeline)
            pipeline.flush()
            pipeline.check_interrupted()
        if not pipeline.complete:
            drive(pipeline)
    return pipeline.run


class Watched(Protocol):
    """What goes on while a flow runs: see `flows.ahead.Ahead`."""

    @property
    def idle_since(self) -> float: ...  # noqa: D102
    @property
    def stopping(self) -> bool: ...  # noqa: D102
    @property
    def busy(self) -> int | bool: ...  # noqa: D102
    @property
    def complete(self) -> bool: ...  # noqa: D102


class FlowThread(threading.Thread):
    """The flow, begun by ``call``, in a daemon thread of its own: if Prefect hangs, the process can end all the same.

    `server` is the one started for it, None while a configured one is used; `imported`: Prefect is there;
    `begun`: when (monotonic) the flow was called; `error`: what ended it.
    """

    def __init__(self, call: Callable[[], object], limit: float) -> None:
        super().__init__(name="flow", daemon=True)
        self._call, self._limit = call, limit
        self.server: LocalServer | None = None
        self.imported = threading.Event()
        self.begun: float | None = None
        self.error: BaseException | None = None

    def run(self) -> None:
        """Start a server if none is configured, and run the flow."""
        try:
            from prefect.settings import PREFECT_API_URL, temporary_settings

            settings = {}
            if PREFECT_API_URL.value() is None:
                self.server = _local_server(self._limit, self.imported)
                settings[PREFECT_API_URL] = self.server.url
            importlib.import_module("flows.tasks")
            self.imported.set()
            self.begun = time.monotonic()
            with temporary_settings(settings):
                self._call()
        except BaseException as error:  # noqa: BLE001 - the thread that watches decides what it means
            self.error = error
        finally:
            self.imported.set()


_servers: list[LocalServer] = []


def _local_server(limit: float, imported: threading.Event) -> LocalServer:
    """Return this process's server, ready: one serves all its runs. `RuntimeError` if it does not come up."""
    if not _servers or not _servers[-1].alive:
        # One after the other: two that make the same database at once would fail.
        with exclusive(Path(os.environ.get("PREFECT_HOME") or tempfile.gettempdir()) / "primordium-server.lock"):
            server = LocalServer()
            importlib.import_module("flows.tasks")  # takes its time too
            imported.set()
            server.wait(limit)
        _servers.append(server)
    return _servers[-1]


def _run_flow(pipeline: Pipeline) -> None:
    """Let the stages go and the flow follow until both have ended or it is given up; raise what a stage raised."""
    quiet.prepare(pipeline.folder)
    pipeline.reporter.stage("starting Prefect")
    limit = start_up_limit()
    ahead = live[pipeline.run] = Ahead(pipeline)
    flow = FlowThread(lambda: _call(pipeline), limit)
    flow.start()
    try:
        pipeline.prepare()  # here, for a signal ends it at once
        ahead.start()
        trouble = watch(flow, ahead, limit, pipeline.reporter.note)
        if trouble and not pipeline.failures:
            drop_messages()
            rest = "the run is complete all the same" if pipeline.complete else "going on without it"
            pipeline.reporter.note(f"Prefect: {trouble}; {rest}")
        ahead.join()
    finally:
        ahead.leave()
        live.pop(pipeline.run, None)  # a task that comes late finds nothing to work on
    if flow.error is not None and not pipeline.complete and pipeline.failures:
        raise next(iter(pipeline.failures.values()))


def start_up_limit() -> float:
    """Return the seconds that Prefect's server may take to answer, as `quiet.prepare` settled them."""
    return float(os.environ["PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS"])


def _call(pipeline: Pipeline) -> None:
    from flows import tasks

    tasks.primordium(pipeline.run, pipeline.request.described())


def watch(flow: FlowThread, watched: Watched, start_up: float, say: Callable[[str], None]) -> str:
    """Wait for the flow while there is hope; return what went wrong with Prefect, "" for nothing.

    Work that is stopped before the flow began is waited for, and the flow is not: nobody is told of it.
    """
    waiting = False
    while flow.is_alive():
        flow.join(0.1)
        silent = 0.0 if watched.busy else time.monotonic() - max(watched.idle_since, flow.begun or 0.0)
        if flow.begun is None and not watched.busy:
            if watched.stopping:
                # A process that ends while one of its threads imports compiled modules is aborted.
                flow.imported.wait(_IMPORT)
                return ""
            if watched.complete and not waiting:
                say("all is stored; waiting for Prefect to take note")
                waiting = True
        if flow.begun is None:
            hope = start_up + _SILENCE
        elif watched.complete or watched.stopping:
            hope = _FAREWELL if flow.server is None or flow.server.alive else _MOMENT
        else:
            hope = _SILENCE
        if silent > hope:
            return f"no answer from its server for {silent:.0f} s"
    if flow.error is None:
        return ""
    return " ".join(str(flow.error).split())[:200] or type(flow.error).__name__


def drop_messages() -> None:
    """Empty Prefect's queues of events and logs.

    At exit it would try for seconds on each of them to reach a server that is gone. There is no public way;
    if the private one has changed, the process ends late, and nothing else happens.
    """
    with suppress(Exception):
        services: Any = importlib.import_module("prefect._internal.concurrency.services")
        for service in list(services._QueueServiceBase._instances.values()):  # noqa: SLF001
            with suppress(queue.Empty):
                while True:
                    service._queue.get_nowait()  # noqa: SLF001
