"""Measuring states while the soup goes on: the figures of `analysis.measures`, made in one background thread."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from analysis.measures import measure
from sim import Soup

#: Copies of a soup's bytes that may wait at once; at 131072 programs each takes 8 MB.
_WAITING = 4

Row = dict[str, Any]


class Sampler:
    """Takes states from a soup and measures them in order; a soup that is measured too often waits.

    ``told`` is called in the background thread with (epoch, complexity) of each state.
    """

    def __init__(self, told: Callable[[int, float], None]) -> None:
        self._told = told
        self._room = threading.BoundedSemaphore(_WAITING)
        self._pool = ThreadPoolExecutor(1, "measure")

    def take(self, soup: Soup) -> "Future[Row]":
        """Return the future row of the soup's present state: its epoch and the measured columns."""
        self._room.acquire()
        try:
            unique_tokens, top_counts = soup.token_counts()
            future = self._pool.submit(self._measure, soup.epoch, soup.chars.copy(), unique_tokens, top_counts)
        except BaseException:
            self._room.release()
            raise
        future.add_done_callback(lambda _: self._room.release())
        return future

    def close(self) -> None:
        """Let the thread go; states not yet begun are not measured."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _measure(self, epoch: int, chars: Any, unique_tokens: int, top_counts: Any) -> Row:
        row = {"epoch": epoch} | measure(chars, unique_tokens, top_counts)
        self._told(epoch, row["complexity"])
        return row
