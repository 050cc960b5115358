"""Processes started beside this one, which alone answers Ctrl-C in their terminal."""

import signal
from collections.abc import Iterable
from multiprocessing.process import BaseProcess


def start_deaf(process: BaseProcess, numbers: Iterable[signal.Signals]) -> None:
    """Start a process in which these signals are blocked, from its first moment on, until it lets them through."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, numbers)  # it inherits what is blocked
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
