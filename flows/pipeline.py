"""Running the stages without Prefect: simulate in this thread, snapshot and measure behind it."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

from flows.progress import Reporter, reporter_for
from flows.request import RunRequest
from flows.signals import stopping_at_an_epoch
from flows.stages import Pipeline, RunInterrupted
from flows.streaming import Segment

__all__ = ["Pipeline", "RunInterrupted", "Segment", "drive", "opened", "run_direct"]


def run_direct(request: RunRequest, reporter: Reporter | None = None) -> str:
    """Do what ``request`` asks, without Prefect; return the run's id.

    Raises `InputError` (nothing was touched), `StoreFault`, and `RunInterrupted` after a signal.
    """
    with opened(request, reporter) as pipeline:
        drive(pipeline)
    return pipeline.run


@contextmanager
def opened(request: RunRequest, reporter: Reporter | None = None) -> Iterator[Pipeline]:
    """Open a run's pipeline with a display and signals as a person at a terminal expects them."""
    with Pipeline(request, reporter or reporter_for()) as pipeline, stopping_at_an_epoch(pipeline):
        yield pipeline


def drive(pipeline: Pipeline) -> None:
    """Run all stages that are left, snapshot and measure of a segment while the next one is simulated."""
    pipeline.prepare()
    with ThreadPoolExecutor(1, "snapshot") as behind:
        earlier: Future[None] | None = None
        for segment in pipeline.segments():
            pipeline.simulate(pipeline.run, segment)
            if earlier is not None:
                earlier.result()  # one segment behind, never two: that bounds the memory
            earlier = behind.submit(_store, pipeline, segment)
        if earlier is not None:
            earlier.result()
    pipeline.check_interrupted()
    pipeline.analyse(pipeline.run)


def _store(pipeline: Pipeline, segment: Segment) -> None:
    pipeline.snapshot(pipeline.run, segment)
    pipeline.measure(pipeline.run, segment)
