"""One run's stages, simulate -> snapshot -> measure of each segment and then analyse, and what holds them together.

A `Pipeline` owns the soup, the store's writer and what passes between the stages; whoever drives it names a
run and a segment, nothing else (design, section 7). Stages may be called from several threads: one segment's
in order, snapshot and measure of a segment while the next one is simulated. What is done is decided by the
store alone: a stage that failed may be called again, and a simulation then begins from the last commit.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from types import TracebackType
from typing import Self

import numpy as np

from analysis.catalogue import MEASURES_VERSION, analyze
from flows.addition import foreseen, settings_to_ask
from flows.machine_code import make_machine_code
from flows.progress import Reporter, duration
from flows.request import RunRequest
from flows.sampling import Sampler
from flows.stopping import Goal
from flows.streaming import Segment, Stream, Work
from sim import Soup
from sim.initial import imported_tokens
from warehouse.errors import ThinnedError
from warehouse.object_client import object_url
from warehouse.publication import Publisher
from warehouse.reader import History
from warehouse.record import run_id
from warehouse.store import Store
from warehouse.working import take_up, working_folder
from warehouse.writer import RunWriter


class RunInterrupted(KeyboardInterrupt):
    """The run was stopped from outside; what was simulated is stored and the same command continues it."""


class Pipeline:
    """The stages of one run that is being made. A context manager; opening it waits for the run's lock.

    - `run`: the run's id; `store`: where it goes; `folder`: where files beside it may lie
    - `simulating`: between the first segment and the analyses; `complete`: simulated, stored and analysed
    - `stopping`: somebody asked to stop
    - `ended`: how each stage ended last, by name: None, or what made it fail; `changed` is notified of it
    - `busy`: stages being executed now; `idle_since`: when (monotonic) the last one ended
    """

    def __init__(self, request: RunRequest, reporter: Reporter) -> None:
        self.run = run_id(request.config)
        self._publisher: Publisher | None = None
        if object_url(request.store) is not None:
            self._publisher = take_up(request.store, self.run, reporter.note)
            reporter.note(f"made in {self._publisher.store.path}, and published as it grows to {self._publisher.place}")
            request = replace(request, store=self._publisher.store.path)
        try:
            self._open(request, reporter)
        except BaseException:
            self._give_up()
            raise

    def _open(self, request: RunRequest, reporter: Reporter) -> None:
        self.request, self.reporter = request, reporter
        expected = foreseen(request)
        self.store = Store.open(request.store, create=True)
        self.folder = self.store.path if self._publisher is None else working_folder(self._publisher.place)
        self.stopping = self.complete = self.simulating = False
        self.ended: dict[str, BaseException | None] = {}
        self.busy, self.idle_since = 0, time.monotonic()
        self.changed = threading.Condition()
        self._computing = threading.Lock()
        self._prepared = False
        self._simulated: set[int] = set()
        self._goal = Goal(
            request.epochs,
            request.then if request.until_transition else None,
            first=request.config.first,
            threshold=request.threshold,
            replicators=request.replicators,
            seconds=request.seconds,
        )
        self._works: dict[int, Work] = {}
        self._soup: Soup | None = None
        self._writer = RunWriter.open(
            self.store, request.config, settings_to_ask(request, self.store), wait=reporter.note
        )
        self._sampler = Sampler(reporter.complexity)
        measure_every = self._writer.record.settings.measure_every
        self._stream = Stream(measure_every, self._sampler, self._goal, reporter)
        self._first = max(self._writer.committed, request.config.first)
        self._seconds = 0.0  # spent on simulating and streaming, waits for the encoder included
        for note in (*self._writer.notes, *expected):
            reporter.note(note)

    def __enter__(self) -> Self:
        try:
            if self.request.imported is not None:
                chars = np.frombuffer(self.request.imported, np.uint8)
                self._writer.begin(imported_tokens(self.request.config, chars))
            if self._writer.committed > 0:
                with History(self.store, self.run) as history:
                    self._goal.follow(history, self.reporter)
            if self._first > self.request.config.first and not self.stored:
                with self._stage("check", "checking the last stored epoch"):
                    self._writer.check_last(self.request.threads)
        except BaseException as error:
            self.__exit__(type(error), error, None)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.reporter.end()
        self._sampler.close()
        if self._soup is not None:
            self._soup.close()
        failed = isinstance(error, Exception) and not isinstance(error, ThinnedError)  # then the run is what it was
        try:
            self._writer.close(failed=failed and not self.complete)
        finally:
            self._give_up()

    # What there is to do

    @property
    def failures(self) -> dict[str, BaseException]:
        """What made stages fail that have not succeeded since, by stage."""
        return {name: error for name, error in self.ended.copy().items() if error is not None}

    @property
    def reached(self) -> int:
        """The last stored state; that which the run begins with if there is none."""
        return max(self._writer.committed, self.request.config.first)

    @property
    def stored(self) -> bool:
        """Whether the state to be reached is stored: nothing is left to be simulated."""
        return self._writer.committed >= self._goal.epoch

    @property
    def end(self) -> tuple[int, str]:
        """The state to be reached as it is known now, and what set it: see `Goal.ended_by`."""
        return self._goal.epoch, self._goal.ended_by

    def segments_left(self) -> list[Segment]:
        """Return the segments that are still to be stored, or may have to be."""
        if self.stopping or self.stored:
            return []
        return [Segment(*span) for span in self._writer.plan(self.request.epochs)]

    def segments(self) -> Iterator[Segment]:
        """Yield the segments to be simulated; each must have been simulated before the next is asked for."""
        for segment in self.segments_left():
            if not self.goes_on(segment):
                return
            yield segment

    def goes_on(self, segment: Segment) -> bool:
        """Return whether a segment is to be simulated, when all before it are."""
        return not (self.stopping or self.request.config.first < segment.start >= self._goal.epoch)

    def stop(self) -> None:
        """Ask to stop at the next epoch; the segment ends there and is stored."""
        self.stopping = True

    # The stages

    def prepare(self) -> None:
        """Make the soup in the state where simulation begins, and with it the machine code; once."""
        with self._computing:
            left = [] if self._prepared else self.segments_left()
            self._prepared = True
            if left:
                with self._stage("prepare", "making machine code (kept for later runs) and the soup"):
                    make_machine_code(self.request.config)
                    self._soup = self._soup_at(left[0].start)

    def simulate(self, run: str, segment: Segment) -> None:
        """Advance the soup over a segment, streaming what happens into its staged files.

        The segment ends early if the run is asked to stop or its goal moves there. One that is simulated
        already, or being so, is left as it is, when that is done.
        """
        self._check(run)
        with self._computing, self._stage(f"simulate {segment}"):
            if segment.start in self._simulated:
                return
            self._prepared = True
            self._goal.forget_after(segment.start)
            soup = self._soup_at(segment.start)
            if self.simulating:
                self.reporter.resume(soup.epoch)
            else:
                self.reporter.begin(soup.epoch, self._goal.epoch)
                self.simulating = True
            work, began = Work(self._writer.stage(*segment), segment.start), time.monotonic()
            try:
                self._stream.over(segment, soup, work, lambda: self.stopping)
            except BaseException:
                with suppress(OSError):  # what was wrong is said already
                    work.staged.abandon()
                soup.close()
                raise
            if work.reached > segment.start or segment.stop == segment.start:
                self._works[segment.start] = work
            else:  # stopped before its first epoch
                work.staged.abandon()
            self._soup = soup
            self._seconds += time.monotonic() - began
            self._simulated.add(segment.start)

    def snapshot(self, run: str, segment: Segment) -> None:
        """Commit a simulated segment: from now on readers see it, and a continued run begins after it."""
        self._check(run)
        work = self._works.get(segment.start)
        if work is None:  # stopped before its first epoch
            return
        try:
            with self._stage(f"snapshot {segment}"):
                work.staged.finish(work.reached)
                work.staged.commit()
        except BaseException as error:
            work.failure = error
            raise
        finally:
            with self.changed:
                self.changed.notify_all()

    def measure(self, run: str, segment: Segment) -> None:
        """Store the measures of a committed segment's measured states."""
        self._check(run)
        work = self._works.get(segment.start)
        if work is None:
            return
        with self._stage(f"measure {segment}"):
            rows = [row.result() for row in work.rows]
            self._writer.write_measures(segment.start, work.reached, rows, MEASURES_VERSION)
            del self._works[segment.start]
        self._publish()

    def analyse(self, run: str) -> None:
        """Bring the analyses up to date, from the store alone, and close the run."""
        self._check(run)
        self.simulating = False
        self.reporter.end()
        with self._stage("analyse"):
            reached, seconds = self._writer.committed, max(self._seconds, 1e-3)
            if reached > self._first:
                speed = f"{(reached - self._first) / seconds:.1f} epochs/s"
                self.reporter.note(f"states {self._first} to {reached} stored, in {duration(seconds)} ({speed})")
            else:
                self.reporter.note(f"states {self.request.config.first} to {reached} are stored already")
            made = analyze(self.store, run, at_end=True, progress=self.reporter.stage)
            # The status as it is written: while we hold the run's lock, the store's answer is that it is running.
            written = self.store.stored_record(run).status
            if written != "complete" or any(row["made"] for row in made):
                self._writer.finish(reached, "complete")
            self._publish()
            self.complete = True

    def flush(self) -> None:
        """Commit and measure what was simulated and is not stored yet."""
        for start, work in sorted(self._works.items()):
            segment = Segment(start, work.reached)
            if self._writer.committed < work.reached:
                self.snapshot(self.run, segment)
            self.measure(self.run, segment)

    def check_interrupted(self) -> None:
        """Raise `RunInterrupted` if somebody asked to stop and the run is not complete."""
        if self.stopping and not self.complete:
            raise RunInterrupted(
                f"stopped at epoch {self.reached} of {self._goal.epoch}; the same command continues it"
            )

    # Within

    def _publish(self) -> None:
        """Let others see what is stored, if the store is on object storage."""
        if self._publisher is not None:
            with self._stage("publish"):
                self._publisher.publish()

    def _give_up(self) -> None:
        """Let others write the run, if the store is on object storage; the writer's own lock is not for them."""
        if self._publisher is not None:
            self._publisher.close()

    def _soup_at(self, epoch: int) -> Soup:
        """Return the soup in state ``epoch``: the one at hand, or one made from the store."""
        soup, self._soup = self._soup, None  # one that fails half way is never used again
        if soup is not None and soup.epoch == epoch:
            return soup
        if soup is not None:
            soup.close()
        config, threads = self.request.config, self.request.threads
        if epoch == 0 and config.start is None:
            return Soup(config, threads)
        with self.changed:
            earlier = [work for start, work in self._works.items() if start < epoch]
            self.changed.wait_for(lambda: self._writer.committed >= epoch or any(work.failure for work in earlier))
        for work in earlier:
            if work.failure is not None:
                raise work.failure
        with History(self.store, self.run) as history:
            return Soup.resume(config, history.tokens_at(epoch), epoch, threads, generator=history.generator(epoch))

    def _check(self, run: str) -> None:
        if run != self.run:
            raise ValueError(f"this is run {self.run}, not {run}")

    @contextmanager
    def _stage(self, name: str, said: str = "") -> Iterator[None]:
        if said:
            self.reporter.stage(said)
        with self.changed:
            self.busy += 1
        failure: BaseException | None = None
        try:
            yield
        except BaseException as error:
            failure = error
            raise
        finally:
            with self.changed:
                self.ended[name] = failure
                self.busy -= 1
                self.idle_since = time.monotonic()
                self.changed.notify_all()
