"""Calls that a signal can stop, Ctrl-C above all.

Python runs a signal's handler in the main thread, once that has come back from the call it is in; and DuckDB may not
come back for as long as a query lasts: it looks for signals only between two of its tasks, one of which can
be the whole query, and neither while it binds nor while it makes arrays. A handler that runs inside a function
that DuckDB calls fares no better: its `KeyboardInterrupt` becomes the text of an error. So the work is done in
another thread, and the main thread does nothing but wait, which signals do interrupt.
"""

import os
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, TypeVar, cast

T = TypeVar("T")

_PATIENCE = 0.1  # seconds: after which an interruption is repeated, for one that comes too early is lost


class InterruptibleCalls:
    """A thread that does the calls of the main thread, one after the other; those of other threads stay in theirs.

    It lasts until `end`, and does not keep the process alive.
    """

    def __init__(self) -> None:
        self._calls: SimpleQueue[_Call | None] = SimpleQueue()
        self._process = os.getpid()
        self._thread = threading.Thread(target=_serve, args=(self._calls,), name="interruptible", daemon=True)
        self._thread.start()

    def call(self, work: Callable[[], T], interrupt: Callable[[], None]) -> T:
        """Return what ``work`` returns, or raise what it raises.

        What a signal's handler raises meanwhile (`KeyboardInterrupt`) is raised once ``work`` has ended,
        to which end ``interrupt`` is called, several times if need be.
        """
        # A forked process lacks the thread. (`is_alive` would tell, if a signal that comes meanwhile did not make it
        # tell the untrue from then on.)
        if threading.current_thread() is not threading.main_thread() or os.getpid() != self._process:
            return work()
        call = _Call(work)
        try:
            self._calls.put(call)
            while not call.ended:
                call.wait()
        except BaseException:
            self._settle(interrupt)
            raise
        return cast("T", call.result())

    def end(self) -> None:
        """End the thread; again does nothing."""
        self._calls.put(None)
        if self._thread is not threading.current_thread():
            self._thread.join()

    def _settle(self, interrupt: Callable[[], None]) -> None:
        """Interrupt until all calls have ended."""
        last = _Call(lambda: None)
        self._calls.put(last)
        while not last.ended:
            try:
                interrupt()
                last.wait()
            except KeyboardInterrupt:  # impatience: one is on its way already
                continue


class _Call:
    """Work, and what came of it."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self.ended = False
        self._work: Callable[[], Any] | None = work
        self._value: Any = None
        self._error: BaseException | None = None
        self._running = threading.Lock()
        self._running.acquire()

    def do(self) -> None:
        assert self._work is not None
        try:
            self._value = self._work()
        except BaseException as error:  # noqa: BLE001 -- the caller raises it
            self._error = error
        self._work = None  # let go in this thread of what the caller may be the last to hold
        self.ended = True
        self._running.release()

    def wait(self) -> None:
        """Wait for the end, a short while: a signal that another thread was given interrupts no wait."""
        self._running.acquire(timeout=_PATIENCE)

    def result(self) -> Any:
        if self._error is None:
            return self._value
        try:
            raise self._error
        finally:
            self._error = None  # its traceback holds this frame


def _serve(calls: "SimpleQueue[_Call | None]") -> None:
    while (call := calls.get()) is not None:
        call.do()
        del call  # while it waits, this thread keeps nothing alive
