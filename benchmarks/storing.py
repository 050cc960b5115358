"""A window stored as `primordium run --direct` stores it: by its own pipeline, put at the window's start.

Timed is all that a run does between opening and its analyses: simulating and tracing, encoding, committing,
measuring every 64th state. Not timed are start-up, compiling and the analyses, which look at whole runs.

A run's history up to the window is stood in for by an empty segment, and its soup is a kept one: so a window far
into a run needs no run of gigabytes. What is timed is the same but for one thing: at each commit a real run looks for
two mechanisms of one hash among all of its history, here only among the window's. Against us counts that the last
segment's commit is waited for, which in a longer run goes on behind the next segment.
"""

import json
from itertools import pairwise
from pathlib import Path
from typing import Self

from benchmarks.states import State
from benchmarks.storage import Clock
from flows.machine_code import make_machine_code
from flows.pipeline import Pipeline, Segment, drive
from flows.request import RunRequest
from sim import SoupConfig
from warehouse.record import RunSettings, segment_length
from warehouse.store import Store, span_name
from warehouse.writer import RunWriter


def store(state: State, stop: int, folder: Path) -> tuple[float, bytes]:
    """Store states ``state.epoch`` + 1 to ``stop`` in a new store; return the seconds and the last state's bytes."""
    _stand_in(state.config, state.epoch, folder)
    request = RunRequest(config=state.config, epochs=stop, store=folder, direct=True, force=True)
    clock = Clock()
    with _Window(request, clock, state) as pipeline:
        drive(pipeline)
        return clock.whole(), pipeline.chars


class _Window(Pipeline):
    """The pipeline of a run whose history before ``state`` is not there."""

    def __init__(self, request: RunRequest, reporter: Clock, state: State) -> None:
        super().__init__(request, reporter)
        self._state = state

    def __enter__(self) -> Self:
        return self  # the last stored epoch is not there to be checked

    @property
    def chars(self) -> bytes:
        """The soup's bytes as they are now."""
        assert self._soup is not None
        return self._soup.chars.tobytes()

    def segments_left(self) -> list[Segment]:
        """Return the window's segments, ending where a run's do."""
        first, last = self._state.epoch, self.request.epochs
        length = segment_length(self.request.config.programs)
        bounds = [first, *range(first // length * length + length, last, length), last]
        return [Segment(*pair) for pair in pairwise(bounds)]

    def prepare(self) -> None:
        """Make the soup in the window's first state."""
        make_machine_code(self.request.config)
        self._soup = self._state.soup(self.request.threads)

    def analyse(self, run: str) -> None:  # noqa: ARG002 - the signature is the pipeline's
        """End the timing: all is stored and measured."""
        self.reporter.end()


def _stand_in(config: SoupConfig, epoch: int, folder: Path) -> None:
    """Make a store whose run has ``epoch`` as its last state, and no history."""
    with RunWriter.open(Store.open(folder, create=True), config, RunSettings()) as writer:
        staged = writer.stage(0, 0)
        staged.initial(config.cells)
        staged.commit()
        made = writer.store.files(writer.run).segments[0].path
        manifest = made / "manifest.json"
        manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"stop": epoch}))
        made.rename(made.with_name(span_name(0, epoch)))
