"""Runs of a sweep done by a Dask cluster: one run a future, with one thread, in a store that all workers see.

Dask gives the run of a worker that dies to another one, which takes it up where it was committed last. Only the store
decides what is done: a sweep whose own process or scheduler is lost is completed by asking again.
"""

import platform
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from flows.request import RunRequest
from flows.worker import Outcome, attempted
from sim import InputError
from warehouse.errors import StoreError, StoreFault
from warehouse.object_client import object_url
from warehouse.record import run_id
from warehouse.sweep_places import sweep_place

if TYPE_CHECKING:
    from flows.stages import Pipeline

_LOCAL = "local:"
_CONNECT = 20  # seconds
_LOOK = 0.5  # seconds between looks whether the sweep is stopped, here and in the cluster's workers
_TELL = 3.0  # seconds between looks how far a run is


class DaskCluster:
    """A cluster to which a sweep hands its runs. A context manager.

    ``where``: the address of a scheduler, such as ``tcp://host:8786``, or ``local:2`` for two processes that end with
    this one. `size`: runs that it does at once, as it is now. Raises `InputError` where there is no such cluster, or
    Dask is not installed.
    """

    def __init__(self, where: str) -> None:
        self._client, self._where = _connected(where), where
        self.size = sum(self._client.nthreads().values())
        if not self.size:
            self._client.close()
            raise InputError(f"--dask: the cluster at {where} has no workers; start some: `dask worker {where}`")

    def worker(self, sweep: str, store: Path) -> "DaskWorker":
        """Return one that does a run at a time of a sweep whose plan is in the store."""
        return DaskWorker(self._client, self._where, sweep, store if object_url(store) else store.absolute())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        cluster = self._client.cluster
        self._client.close()
        if cluster is not None:
            cluster.close()


class DaskWorker:
    """Some worker of the cluster, for each run another one; a `RunWorker`."""

    alive = True

    def __init__(self, client: Any, where: str, sweep: str, store: Path) -> None:
        self._client, self._where, self._sweep, self._store = client, where, sweep, store
        self._stopped, self._left = threading.Event(), threading.Event()

    def run(self, request: RunRequest, keep: str, advanced: Callable[[int], None]) -> Outcome:
        """Let the cluster do the run; ``advanced`` is told of what is committed, and of the rest at its end."""
        from distributed import Event, KilledWorker

        request = replace(request, store=self._store)
        outcome: Outcome
        stop = Event(f"primordium-{uuid.uuid4()}", client=self._client)
        future = self._client.submit(_done_there, request, keep, self._sweep, stop.name, pure=False)
        committed, shown, asked = _Committed(request), 0, False
        try:
            while True:
                try:
                    outcome, simulated = future.result(timeout=_LOOK)
                except TimeoutError:
                    if self._left.is_set():
                        return Outcome(interrupted=True)
                    if self._stopped.is_set() and not asked:
                        stop.set()
                        asked = True
                    more = committed.more()
                    shown += more
                    advanced(more)
                else:
                    advanced(max(simulated - shown, 0))
                    return outcome
        except KilledWorker as error:
            return Outcome(error=f"its Dask workers died, one after another: {' '.join(str(error).split())}")
        except Exception as error:  # noqa: BLE001 -- a lost scheduler, a worker without Primordium: no end of the sweep
            told = " ".join(f"{type(error).__name__}: {error}".split())
            return Outcome(error=f"not done by the Dask cluster at {self._where}: {told}")
        finally:
            future.release()

    def interrupt(self) -> None:
        """Ask to stop at the next epoch; a second time: wait for it no longer."""
        if self._stopped.is_set():
            self._left.set()
        self._stopped.set()

    def close(self) -> None:
        """Nothing is held."""


class _Committed:
    """How far the store says that a run has come, looked at now and then."""

    def __init__(self, request: RunRequest) -> None:
        self._run, self._place = run_id(request.config), sweep_place(request.store)
        self._last, self._looked = self._read(request.config.first), time.monotonic()

    def more(self) -> int:
        """Return the epochs that were committed since it was last told; 0 if it is too soon to look."""
        if time.monotonic() - self._looked < _TELL:
            return 0
        before, self._last = self._last, self._read(self._last)
        self._looked = time.monotonic()
        return self._last - before

    def _read(self, known: int) -> int:
        with suppress(OSError, StoreError, StoreFault):  # whoever does the run says what is wrong
            if (store := self._place.existing()) is not None:
                return max(store.files(self._run).last, known)
        return known


def _done_there(request: RunRequest, keep: str, sweep: str, stop: str) -> tuple[Outcome, int]:
    """Do a run in a worker; return what came of it and how many epochs were simulated.

    It stops at its next epoch once the cluster's event ``stop`` is set.
    """
    if not sweep_place(request.store).has(sweep):  # never make a store that the others do not see
        host = platform.node()
        return Outcome(error=f"the Dask worker on {host} does not see the store {request.store}; share its path"), 0
    simulated: list[int] = []
    with _stopping_by(stop) as begun:
        return attempted(request, keep, simulated.append, begun), sum(simulated)


@contextmanager
def _stopping_by(stop: str) -> "Iterator[Callable[[Pipeline], None]]":
    """Yield what is to be told of a run's pipeline, to stop it when the cluster's event ``stop`` is set."""
    from distributed import Event, get_client

    event, ended = Event(stop, client=get_client()), threading.Event()

    def watch(pipeline: "Pipeline") -> None:
        with suppress(Exception):  # a lost scheduler: nobody can ask any more
            while not ended.is_set():
                if event.wait(timeout=_LOOK):
                    pipeline.stop()
                    return

    def begun(pipeline: "Pipeline") -> None:
        threading.Thread(target=watch, args=(pipeline,), name="stop", daemon=True).start()

    try:
        yield begun
    finally:
        ended.set()


def _connected(where: str) -> Any:
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        raise InputError("--dask: Dask is not installed; `pip install 'primordium[dask]'` does it") from None
    if where.startswith(_LOCAL):
        number = where.removeprefix(_LOCAL)
        if not number.isdecimal() or not 1 <= int(number) <= 1024:
            raise InputError(f"--dask: {where!r}; allowed: local:1 to local:1024, or a scheduler's address")
        settings: dict[str, Any] = {"n_workers": int(number), "threads_per_worker": 1, "processes": True}
        return Client(LocalCluster(**settings, dashboard_address=None))
    try:
        return Client(where, timeout=_CONNECT)
    except (OSError, ValueError) as error:
        told = " ".join(str(error).split())
        raise InputError(f"--dask: no scheduler at {where!r}: {told}; allowed: tcp://HOST:PORT or local:2") from None
