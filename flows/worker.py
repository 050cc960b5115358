"""A process that simulates one run after another, with one thread, for a sweep.

Spawned, not forked: numba's threads do not survive a fork. It leads a session of its own, so that Ctrl-C in the
terminal reaches the sweep alone, which passes it on. It ends with the process that started it, however that ends.
"""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any, Protocol

from flows.children import start_deaf
from flows.progress import Reporter
from flows.request import RunRequest

if TYPE_CHECKING:
    from flows.stages import Pipeline

_TELL_SECONDS = 0.5  # between two messages of progress
_PATIENCE = 5.0  # seconds for an orderly end
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True)
class Outcome:
    """What came of a request: the run's last state, what ended it, its first onset; or an `error`.

    `interrupted`: it was stopped from outside and can be continued.
    """

    epochs: int = 0
    ended_by: str = ""
    onset: int | None = None
    error: str = ""
    interrupted: bool = False


class RunWorker(Protocol):
    """Does one run after another for a thread of the sweep, somewhere."""

    @property
    def alive(self) -> bool:
        """Whether it can be given another run."""

    def run(self, request: RunRequest, keep: str, advanced: Callable[[int], None]) -> Outcome:
        """Do what is asked, thin the run to the policy ``keep``, and return what came of it.

        ``advanced`` is told of epochs simulated now and then.
        """

    def interrupt(self) -> None:
        """Ask to stop; from any thread."""

    def close(self) -> None:
        """Give up what it holds."""


class Worker:
    """A worker process, seen from the sweep. Not for several threads at once, `interrupt` excepted."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, other = context.Pipe()
        self._process = context.Process(target=_serve, args=(other,), daemon=True, name="sweep worker")
        # Blocked until it leads its own session: else Ctrl-C at this moment would end it with a traceback.
        start_deaf(self._process, _SIGNALS)
        other.close()  # so that the end of the process is the end of the connection

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.is_alive()

    def run(self, request: RunRequest, keep: str, advanced: Callable[[int], None]) -> Outcome:
        """Do what is asked, thin the run to the policy ``keep``, and return what came of it.

        ``advanced`` is told of epochs simulated now and then.

        A process that dies is an error of this run; the worker is of no more use then.
        """
        try:
            self._connection.send((request, keep))
            while True:
                told = self._connection.recv()
                if isinstance(told, Outcome):
                    return told
                advanced(told)
        except (EOFError, OSError):
            self._process.join(_PATIENCE)
            return Outcome(error=f"its process ended with exit code {self._process.exitcode}")

    def interrupt(self) -> None:
        """Ask to stop at the next epoch; a second time at once."""
        with suppress(ProcessLookupError):
            if self._process.pid is not None and self.alive:
                os.kill(self._process.pid, signal.SIGINT)

    def close(self) -> None:
        """End the process."""
        self._connection.close()
        self._process.join(_PATIENCE)
        if self.alive:
            self._process.kill()
            self._process.join()


class _Telling(Reporter):
    """Tells the sweep how many epochs were simulated since it was told last."""

    def __init__(self, tell: Callable[[int], None]) -> None:
        self._tell, self._told, self._epoch, self._at = tell, 0, 0, time.monotonic()

    def begin(self, epoch: int, last: int) -> None:
        """Count from here."""
        del last
        self._told = self._epoch = epoch

    def advance(self, epoch: int) -> None:
        """Count an epoch; tell if it is time."""
        self._epoch = epoch
        if time.monotonic() - self._at >= _TELL_SECONDS:
            self._tell(epoch - self._told)
            self._told, self._at = epoch, time.monotonic()


def _serve(connection: Connection) -> None:
    """Work until the sweep closes the connection."""
    os.setsid()
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)  # drops what came before
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    while True:
        try:
            request, keep = connection.recv()
        except (EOFError, OSError):
            return
        except KeyboardInterrupt:  # between two runs
            continue
        outcome = attempted(request, keep, connection.send)
        with suppress(OSError, KeyboardInterrupt):
            connection.send(outcome)


def attempted(
    request: RunRequest,
    keep: str,
    tell: Callable[[int], None],
    begun: Callable[["Pipeline"], object] = lambda _: None,
) -> Outcome:
    """Simulate, store, analyse and thin one run in this process; whatever happens is an outcome.

    ``tell`` is told of epochs simulated now and then, ``begun`` of what can be asked to stop.
    """
    try:
        return _done(request, keep, tell, begun)
    except KeyboardInterrupt:
        return Outcome(interrupted=True)
    except Exception as error:  # noqa: BLE001 -- one run's failure is not the sweep's
        return Outcome(error=_described(error))


def _done(
    request: RunRequest, keep: str, tell: Callable[[int], None], begun: Callable[["Pipeline"], object]
) -> Outcome:
    from flows.pipeline import drive, opened
    from warehouse.object_client import object_url
    from warehouse.published import thin_published
    from warehouse.record import RETENTIONS
    from warehouse.results import read_result
    from warehouse.retention import thin
    from warehouse.working import discard

    with opened(request, _Telling(tell)) as pipeline:
        begun(pipeline)
        drive(pipeline)
        epochs, ended_by = pipeline.end
        onsets: list[dict[str, Any]] = read_result(pipeline.store, pipeline.run, "transitions") or []
    published = object_url(request.store) is not None
    if RETENTIONS.index(pipeline.store.record(pipeline.run).settings.retention) < RETENTIONS.index(keep):
        if published:
            thin_published(request.store, pipeline.run, keep)
        else:
            thin(pipeline.store, pipeline.run, keep)
    if published:  # a sweep may be larger than the disk here
        discard(request.store, pipeline.run)
    return Outcome(epochs, ended_by, onsets[0]["epoch"] if onsets else None)


def _described(error: Exception) -> str:
    from sim import InputError
    from warehouse.errors import StoreFault

    text = " ".join(str(error).split())
    known = isinstance(error, InputError | StoreFault | OSError) and text
    return text if known else f"{type(error).__name__}: {text}"


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)  # as kill -9 would: what is committed stays, the rest is done again
