"""The stages of a run that go ahead of those who watch: Prefect's tasks follow them and are never waited for.

A task takes some ten milliseconds to end and the next one to begin, more on a busy machine, and a soup that waited
would stand still for that time at the end of each segment.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

from flows.pipeline import Pipeline, RunInterrupted, Segment, drive

_MOMENT = 2.0  # seconds that the stages get to come to an end when nobody waits for them any more

#: What goes ahead in this process while Prefect's flow follows, by run: tasks are told no more than a run.
live: dict[str, "Ahead"] = {}


class Ahead:
    """A pipeline's stages, driven by a thread of their own once they are let go.

    Who follows asks for each stage, in the order of `drive`, and gets what came of it, its failure too. A stage that
    failed is done again if it is asked for again, by the one who asks; so are all after it.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline
        self._plan = pipeline.segments_left()
        self._thread = threading.Thread(target=self._drive, name="ahead", daemon=True)
        self._over = self._left = False
        self._told: set[str] = set()
        self._asked = time.monotonic()

    @property
    def busy(self) -> bool:
        """Whether a stage is being executed, or the next one about to be."""
        return self._thread.is_alive() or self.pipeline.busy > 0

    @property
    def idle_since(self) -> float:
        """When (monotonic) the last stage ended, or one was asked for since."""
        return max(self.pipeline.idle_since, self._asked)

    @property
    def complete(self) -> bool:
        """See `Pipeline`."""
        return self.pipeline.complete

    @property
    def stopping(self) -> bool:
        """See `Pipeline`."""
        return self.pipeline.stopping

    def start(self) -> None:
        """Let the stages go."""
        self._thread.start()

    def join(self) -> None:
        """Wait until they have come to an end: all done, stopped, or one failed."""
        if self._thread.ident is not None:
            self._thread.join()

    def leave(self) -> None:
        """Stop, and keep nobody waiting: stages asked for from now on end with `RunInterrupted`."""
        with self.pipeline.changed:
            self._left = True
            self.pipeline.changed.notify_all()
        if self._thread.is_alive():
            self.pipeline.stop()
            self._thread.join(_MOMENT)

    def segments(self) -> Iterator[Segment]:
        """Yield the run's segments; each must have been simulated before the next is asked for."""
        for segment in self._plan:
            if not self.pipeline.goes_on(segment):
                return
            yield segment

    def simulate(self, segment: Segment) -> None:
        """Return when the segment is simulated."""
        self._follow(f"simulate {segment}", lambda: self.pipeline.simulate(self.pipeline.run, segment))

    def snapshot(self, segment: Segment) -> None:
        """Return when the segment is committed."""
        self._follow(f"snapshot {segment}", lambda: self.pipeline.snapshot(self.pipeline.run, segment))

    def measure(self, segment: Segment) -> None:
        """Return when the segment's measures are stored."""
        self._follow(f"measure {segment}", lambda: self.pipeline.measure(self.pipeline.run, segment))

    def analyse(self) -> None:
        """Return when the run is analysed."""
        self._follow("analyse", lambda: self.pipeline.analyse(self.pipeline.run))

    def _follow(self, stage: str, work: Callable[[], None]) -> None:
        """Return when ``stage`` is done, or raise why it is not; do it if it failed before, or nobody comes to it."""
        self._asked = time.monotonic()
        ended = self.pipeline.ended
        with self.pipeline.changed:
            self.pipeline.changed.wait_for(lambda: stage in ended or self._over or self._left)
            if stage in ended and ended[stage] is None:
                return
            if self._left:
                raise RunInterrupted("the run is left as it is stored; the same command continues it")
            failure = None if stage in self._told else ended.get(stage)
            self._told.add(stage)
        if failure is not None:
            raise failure
        work()

    def _drive(self) -> None:
        try:
            with suppress(BaseException):  # the pipeline knows what failed, and tells those who ask for it
                drive(self.pipeline)
        finally:
            with self.pipeline.changed:
                self._over = True
                self.pipeline.changed.notify_all()
