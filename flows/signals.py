"""Ctrl-C and SIGTERM while work goes on."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from flows.stages import Pipeline, RunInterrupted

_SIGNALS = (signal.SIGINT, signal.SIGTERM)

Handler = Callable[[int, FrameType | None], None]


@contextmanager
def stopping_at_an_epoch(pipeline: Pipeline) -> Iterator[None]:
    """Let the first signal end the simulation at the next epoch, which is then stored; a second one ends at once.

    Outside simulation a signal ends at once: then nothing is at stake that the same command does not make
    again.
    """

    def handle(number: int, _: FrameType | None) -> None:
        if not pipeline.simulating or pipeline.stopping:
            pipeline.stop()
            raise RunInterrupted(f"stopped by {signal.Signals(number).name}; the same command continues the run")
        pipeline.stop()
        pipeline.reporter.note("stopping at the next epoch and storing it; once more to stop at once")

    with handled(handle):
        yield


@contextmanager
def handled(handle: Handler) -> Iterator[None]:
    """Let ``handle`` have SIGINT and SIGTERM; elsewhere than in the main thread, where none arrive, change nothing."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handle) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
