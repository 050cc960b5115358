"""What a person sees while a sweep goes on: a line for each run that ends, and one bar on a terminal."""

import io
import sys
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TextIO

from flows.progress import duration

if TYPE_CHECKING:
    from rich.progress import Progress

_PLAIN_SECONDS = 60.0  # between plain lines while no run ends
_DRAW_SECONDS = 0.2


class SweepDisplay:
    """Counts runs and epochs and shows them; may be called from any thread.

    `begin` says how much there is to do; ``planned`` epochs are of all runs, some of which may stop before.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._lock = threading.RLock()
        self._bar: Progress | None = None
        self._runs = self._ended = self._planned = self._simulated = self._behind = 0
        self._began = self._shown = time.monotonic()

    def begin(self, runs: int, planned: int) -> None:
        """There are ``runs`` to do, of ``planned`` epochs together."""
        with self._lock:
            self._runs, self._planned = runs, planned
            self._began = self._shown = time.monotonic()
            if runs and self._stream.isatty():
                self._open_bar()

    def note(self, text: str) -> None:
        """Say one line that stays."""
        with self._lock:
            if self._bar is None:
                print(text, file=self._stream, flush=True)
            else:
                self._bar.console.print(text, markup=False, highlight=False)

    def advance(self, epochs: int) -> None:
        """So many more epochs were simulated."""
        with self._lock:
            self._simulated += epochs
            now = time.monotonic()
            if self._bar is not None and now - self._shown >= _DRAW_SECONDS:
                self._draw()
            elif self._bar is None and now - self._shown >= _PLAIN_SECONDS:
                self.note(f"{self._ended}/{self._runs} runs, {self._figures()}")
            else:
                return
            self._shown = now

    def ended(self, what: str, planned: int) -> None:
        """Count a run of ``planned`` epochs as ended; ``what`` says which, and how."""
        with self._lock:
            self._ended += 1
            self._behind += planned
            self.note(f"{self._ended}/{self._runs} {what}")
            self._shown = time.monotonic()
            self._draw()

    def end(self) -> None:
        """Take the bar away."""
        with self._lock:
            if self._bar is not None:
                self._bar.stop()
                self._bar = None

    def _figures(self) -> str:
        passed = max(time.monotonic() - self._began, 1e-3)
        figures = [f"{self._simulated / passed:.0f} epochs/s"]
        if self._ended:
            share = min(max(self._behind, self._simulated) / max(self._planned, 1), 1)
            figures.append(f"{duration(passed * (1 - share) / max(share, 1e-9))} left")
        return ", ".join(figures)

    def _open_bar(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[figures]}", markup=False),
            console=Console(file=self._stream),
            transient=True,
            refresh_per_second=5,
        )
        self._bar.add_task("", total=max(self._planned, 1), figures="")
        self._bar.start()
        self._draw()

    def _draw(self) -> None:
        if self._bar is not None:
            self._bar.update(
                self._bar.task_ids[0],
                completed=max(self._behind, self._simulated),
                description=f"run {self._ended}/{self._runs}",
                figures=self._figures(),
            )


class LoggedSweep(SweepDisplay):
    """Gives its lines to a log instead of a terminal."""

    def __init__(self, say: Callable[[str], None]) -> None:
        super().__init__(io.StringIO())
        self._say = say

    def note(self, text: str) -> None:
        """Log one line."""
        self._say(text)
