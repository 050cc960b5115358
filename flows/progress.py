"""What a person sees while a run goes on, on standard error: a bar on a terminal, plain lines elsewhere.

The stages of a run know only the methods of `Reporter`, which does nothing and serves tests and callers
that want silence. They may be called from any thread.
"""

import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress

PLAIN_SECONDS = 5.0  # between plain lines
_SPEED_SECONDS = 20.0  # over which a speed is averaged
_DRAW_SECONDS = 0.1


class Reporter:
    """What a run tells while it goes on; this one keeps it to itself."""

    def note(self, text: str) -> None:
        """Say one line that stays."""

    def stage(self, text: str) -> None:
        """Say what is being done now, such as compiling."""

    def begin(self, epoch: int, last: int) -> None:
        """Begin to simulate: state ``epoch`` is there, ``last`` is to be reached."""

    def resume(self, epoch: int) -> None:
        """Go on from state ``epoch``; the time since the last call is no measure of speed."""

    def advance(self, epoch: int) -> None:
        """State ``epoch`` is reached. Called every epoch, so it must be cheap."""

    def complexity(self, epoch: int, value: float) -> None:
        """State ``epoch`` was measured, in bits per byte. May come late, and out of order."""

    def aim(self, last: int) -> None:
        """Change the state to be reached to ``last``."""

    def end(self) -> None:
        """Nothing more is simulated."""


class Speedometer:
    """Epochs per second over the last seconds, and the time left."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._marks: deque[tuple[float, int]] = deque()

    def mark(self, epoch: int) -> None:
        """State ``epoch`` is reached now."""
        now = self._clock()
        if len(self._marks) > 1 and now - self._marks[-2][0] < _SPEED_SECONDS / 50:
            self._marks.pop()  # the newest mark moves on; a mark every 0.4 s is enough
        self._marks.append((now, epoch))
        while now - self._marks[0][0] > _SPEED_SECONDS and len(self._marks) > 2:
            self._marks.popleft()

    def speed(self) -> float | None:
        """Return epochs per second; None while there is nothing to tell from."""
        if len(self._marks) < 2:
            return None
        (began, first), (ended, last) = self._marks[0], self._marks[-1]
        return (last - first) / (ended - began) if ended > began and last > first else None

    def left(self, epochs: int) -> float | None:
        """Return the seconds that ``epochs`` more will take; None if unknown."""
        speed = self.speed()
        return None if speed is None else epochs / speed


def duration(seconds: float) -> str:
    """Return ``seconds`` as people say it: ``45 s``, ``3 min 20 s``, ``5 h 02 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


class _Gauge(Reporter):
    """The figures both displays show."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._lock = threading.RLock()
        self._clock = clock
        self._restart(0, 0)

    def resume(self, epoch: int) -> None:
        """Measure the speed anew."""
        with self._lock:
            self._said = self._clock()
            self._speedometer = Speedometer(self._clock)
            self._speedometer.mark(epoch)

    def _restart(self, epoch: int, last: int) -> None:
        self.resume(epoch)
        self._epoch, self._last = epoch, last
        self._measured: tuple[int, float] | None = None

    def complexity(self, epoch: int, value: float) -> None:
        """Keep the newest figure."""
        with self._lock:
            if self._measured is None or epoch > self._measured[0]:
                self._measured = epoch, value

    def aim(self, last: int) -> None:
        """Change the state to be reached."""
        with self._lock:
            self._last = last

    def _figures(self) -> list[str]:
        """Return speed, complexity and time left, as far as they are known."""
        speed, left = self._speedometer.speed(), self._speedometer.left(self._last - self._epoch)
        figures = [] if speed is None else [f"{speed:.{1 if speed < 100 else 0}f} epochs/s"]
        if self._measured is not None:
            figures.append(f"complexity {round(self._measured[1], 2) + 0:.2f}")  # + 0: never -0.00
        if left is not None and self._epoch < self._last:
            figures.append(f"{duration(left)} left")
        return figures


class LineReporter(_Gauge):
    """Plain lines: one now and then, for files, pipes and logs."""

    def __init__(
        self,
        stream: TextIO | None = None,
        every: float = PLAIN_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stream, self._every = stream, every
        super().__init__(clock)

    def note(self, text: str) -> None:
        """Say one line that stays."""
        self._print(text)

    def stage(self, text: str) -> None:
        """Say what is being done now."""
        self._print(text)

    def begin(self, epoch: int, last: int) -> None:
        """Begin to count at state ``epoch``."""
        with self._lock:
            self._restart(epoch, last)

    def advance(self, epoch: int) -> None:
        """Count an epoch; show it if it is time."""
        with self._lock:
            self._epoch = epoch
            self._speedometer.mark(epoch)
            now = self._clock()
            if now - self._said >= self._every or epoch == self._last:
                self._said = now
                self._print(", ".join([f"epoch {epoch}/{self._last}", *self._figures()]))

    def _print(self, text: str) -> None:
        with self._lock:
            print(text, file=self._stream or sys.stderr, flush=True)


class LogReporter(LineReporter):
    """The same lines, handed to ``say``: for a log that has its own times and place."""

    def __init__(self, say: Callable[[str], None], every: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._say = say
        super().__init__(every=every, clock=clock)

    def _print(self, text: str) -> None:
        with self._lock:
            self._say(text)


class BarReporter(_Gauge):
    """A bar that stays in its line, for a terminal."""

    def __init__(self, console: Any = None) -> None:
        super().__init__()
        if console is None:
            from rich.console import Console

            console = Console(stderr=True)
        self._console = console
        self._bar: Progress | None = None
        self._drawn = 0.0

    def note(self, text: str) -> None:
        """Say one line that stays."""
        self._console.print(text, markup=False, highlight=False)

    def stage(self, text: str) -> None:
        """Say what is being done now."""
        with self._lock:
            self.end()
            self._show(text, None, "")

    def begin(self, epoch: int, last: int) -> None:
        """Begin to count at state ``epoch``."""
        with self._lock:
            self.end()
            self._restart(epoch, last)
            self._show(f"epoch {epoch}/{last}", last, "")
            self._draw()

    def advance(self, epoch: int) -> None:
        """Count an epoch; show it if it is time."""
        with self._lock:
            self._epoch = epoch
            self._speedometer.mark(epoch)
            if epoch == self._last or self._clock() - self._drawn >= _DRAW_SECONDS:
                self._draw()

    def end(self) -> None:
        """Take the bar away."""
        with self._lock:
            if self._bar is not None:
                self._bar.stop()
                self._bar = None

    def _show(self, text: str, total: int | None, figures: str) -> None:
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

        self._bar = Progress(
            *([SpinnerColumn()] if total is None else []),
            TextColumn("{task.description}", markup=False),
            *([BarColumn(bar_width=24)] if total is not None else []),
            TextColumn("{task.fields[figures]}", markup=False),
            console=self._console,
            transient=True,  # what stays is said by notes
            refresh_per_second=5,
        )
        self._bar.add_task(text, total=total, figures=figures)
        self._bar.start()

    def _draw(self) -> None:
        if self._bar is not None:
            self._drawn = self._clock()
            self._bar.update(
                self._bar.task_ids[0],
                completed=self._epoch,
                total=self._last,
                description=f"epoch {self._epoch}/{self._last}",
                figures=", ".join(self._figures()),
            )


def reporter_for(stream: TextIO | None = None) -> Reporter:
    """Return the display that suits ``stream`` (standard error by default)."""
    stream = sys.stderr if stream is None else stream
    if not stream.isatty():
        return LineReporter(stream)
    from rich.console import Console

    return BarReporter(Console(file=stream))
