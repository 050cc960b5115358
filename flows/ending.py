"""The end of a process that serves: its runs are stopped first, and store what they have simulated.

Prefect gives them a second or two, and then kills them.
"""

import asyncio
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any

from prefect.runner import Runner

from flows.signals import handled

_LOOK = 0.1  # seconds
_TO_REPORT = 10.0  # seconds that Prefect may take to note how ended runs ended


class Ending:
    """Lets a runner serve until SIGINT or SIGTERM comes, and its runs end; a second signal leaves at once.

    `begun`: whether a signal came; from then on no run may be started.
    """

    def __init__(self, runner: Runner, say: Callable[[str], None]) -> None:
        self.begun = False
        self._runner: Any = runner
        self._say = say
        self._leave: Callable[[], object] = lambda: None

    def serve(self) -> None:
        """Serve; returns after the end. In the main thread."""
        self._runner.handle_sigterm = self._handle  # it installs this one itself, as it starts
        with handled(self._handle), suppress(asyncio.CancelledError):
            asyncio.run(self._serve())

    async def _serve(self) -> None:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None
        self._leave = lambda: loop.call_soon_threadsafe(task.cancel)
        await self._runner.start()

    def _handle(self, number: int, _: FrameType | None) -> None:
        if self.begun:
            self._leave()
            return
        self.begun = True
        said = "stopping the runs at their next epoch and storing them; once more to leave at once"
        self._say(f"{signal.Signals(number).name}: {said}")
        threading.Thread(target=self._end, name="ending", daemon=True).start()

    def _end(self) -> None:
        # There is no public way to the processes; if the private one has changed, Prefect ends them as it does.
        with suppress(AttributeError):
            self._stop_runs(self._runner._process_manager)  # noqa: SLF001
        self._leave()

    def _stop_runs(self, processes: Any) -> None:
        """Ask each run's process to end, and wait until all have, and Prefect has noted it."""
        asked, noticed = set[Any](), time.monotonic()
        while (runs := processes.flow_run_ids()) and time.monotonic() - noticed < _TO_REPORT:
            for run in runs:
                process = processes.get(run)
                if process is None or not process.is_alive():
                    continue
                noticed = time.monotonic()
                if run not in asked:
                    with suppress(ProcessLookupError):
                        process.graceful_kill()
                    asked.add(run)
            time.sleep(_LOOK)
