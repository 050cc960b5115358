"""One run's stages, simulate -> snapshot -> measure of each segment and then analyse, and what holds them together.

A `Pipeline` owns the soup, the store's writer and what passes between the stages; whoever drives it names a
run and a segment, nothing else (design, section 7). Stages may be called from several threads: one segment's
in order, snapshot and measure of a segment while the next one is simulated. What is done is decided by the
store alone: a stage that failed may be called again, and a simulation then begins from the last commit.
"""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, fields, replace
from types import TracebackType
from typing import NamedTuple, Self

from analysis.catalogue import MEASURES_VERSION, analyze
from analysis.measures import complexity
from flows.estimate import check_space, estimate
from flows.progress import Reporter, duration
from flows.request import RunRequest
from flows.sampling import Row, Sampler
from flows.stopping import Goal
from sim import Soup
from warehouse.reader import History
from warehouse.record import RunSettings, read_record, run_id
from warehouse.staging import StagedSegment
from warehouse.store import Store
from warehouse.writer import RunWriter


class Segment(NamedTuple):
    """The states start + 1 to stop (and state 0, if it starts there)."""

    start: int
    stop: int

    def __str__(self) -> str:
        return f"{self.start}-{self.stop}"


class RunInterrupted(KeyboardInterrupt):
    """The run was stopped from outside; what was simulated is stored and the same command continues it."""


@dataclass
class _Work:
    """A segment on its way from simulation to its measures; `reached` is less than its stop if it was cut."""

    staged: StagedSegment
    reached: int
    rows: list["Future[Row]"] = field(default_factory=list)
    failure: BaseException | None = None


class Pipeline:
    """The stages of one run that is being made. A context manager; opening it waits for the run's lock.

    - `run`: the run's id; `store`: where it goes
    - `simulating`: between the first segment and the analyses; `complete`: simulated, stored and analysed
    - `stopping`: somebody asked to stop
    - `failures`: what made stages fail that have not succeeded since, by stage
    - `busy`: stages being executed now; `idle_since`: when (monotonic) the last one ended
    """

    def __init__(self, request: RunRequest, reporter: Reporter) -> None:
        self.request, self.reporter = request, reporter
        self.run = run_id(request.config)
        expected = self._foreseen()
        self.store = Store.open(request.store, create=True)
        self.stopping = self.complete = self.simulating = False
        self.failures: dict[str, BaseException] = {}
        self.busy, self.idle_since = 0, time.monotonic()
        self._changed = threading.Condition()
        self._computing = threading.Lock()
        self._prepared = False
        self._simulated: set[int] = set()
        self._goal = Goal(request.epochs, request.then if request.until_transition else None)
        self._works: dict[int, _Work] = {}
        self._soup: Soup | None = None
        self._writer = RunWriter.open(self.store, request.config, self._settings(), wait=reporter.note)
        self._sampler = Sampler(reporter.complexity)
        self._settled = self._writer.record.settings
        self._first = max(self._writer.committed, 0)
        self._seconds = 0.0  # spent on simulating and streaming, waits for the encoder included
        for note in (*self._writer.notes, *expected):
            reporter.note(note)

    def __enter__(self) -> Self:
        try:
            if self._first:
                with History(self.store, self.run) as history:
                    self._goal.follow(history, self.reporter)
            if self._first and not self.stored:
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
        self._writer.close(failed=isinstance(error, Exception) and not self.complete)

    # What there is to do

    @property
    def stored(self) -> bool:
        """Whether the state to be reached is stored: nothing is left to be simulated."""
        return self._writer.committed >= self._goal.epoch

    def segments_left(self) -> list[Segment]:
        """Return the segments that are still to be stored, or may have to be."""
        if self.stopping or self.stored:
            return []
        return [Segment(*span) for span in self._writer.plan(self.request.epochs)]

    def segments(self) -> Iterator[Segment]:
        """Yield the segments to be simulated; each must have been simulated before the next is asked for."""
        for segment in self.segments_left():
            if self.stopping or 0 < segment.start >= self._goal.epoch:
                return
            yield segment

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
                    self._compile()
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
            work, began = _Work(self._writer.stage(*segment), segment.start), time.monotonic()
            try:
                self._advance(soup, segment, work)
            except BaseException:
                with suppress(OSError):  # what was wrong is said already
                    work.staged.abandon()
                soup.close()
                raise
            if work.reached > segment.start or segment.stop == 0:
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
            with self._changed:
                self._changed.notify_all()

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
                self.reporter.note(f"states 0 to {reached} are stored already")
            made = analyze(self.store, run, progress=self.reporter.stage)
            # The status as it is written: while we hold the run's lock, the store's answer is that it is running.
            written = read_record(self.store.run_folder(run) / "runs.parquet").status
            if written != "complete" or any(row["made"] for row in made):
                self._writer.finish(reached, "complete")
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
            reached = max(self._writer.committed, 0)
            raise RunInterrupted(f"stopped at epoch {reached} of {self._goal.epoch}; the same command continues it")

    # Within

    def _foreseen(self) -> list[str]:
        """Return the line that says what the run will take; refuse it if the disk is too small.

        Nothing is touched, and nothing said yet: bad input gets one line, its own.
        """
        request, stored = self.request, 0
        if (request.store / "format.json").exists():
            stored = max(Store.open(request.store).files(self.run).last, 0)
        if request.epochs <= stored:
            return []
        expected = estimate(request.config, request.settings, request.epochs - stored, request.threads)
        if not request.force:
            check_space(expected, request.store)
        return [f"at most {expected}" if request.until_transition else str(expected)]

    def _settings(self) -> RunSettings:
        """Return the settings to ask for: what was not given is as the run has it, if it is there already."""
        asked = self.request.settings
        if self.run not in self.store.run_ids():
            return asked
        stored = self.store.record(self.run).settings
        return replace(
            stored, **{f.name: getattr(asked, f.name) for f in fields(asked) if f.name in self.request.given}
        )

    def _compile(self) -> None:
        """Let the smallest soup of the language go through all that is done with the real one."""
        soup = Soup(replace(self.request.config, programs=2, plants=()), 1)
        soup.advance()
        soup.token_counts()
        soup.tokens()
        soup.close()

    def _soup_at(self, epoch: int) -> Soup:
        """Return the soup in state ``epoch``: the one at hand, or one made from the store."""
        soup, self._soup = self._soup, None  # one that fails half way is never used again
        if soup is not None and soup.epoch == epoch:
            return soup
        if soup is not None:
            soup.close()
        config, threads = self.request.config, self.request.threads
        if epoch == 0:
            return Soup(config, threads)
        with self._changed:
            earlier = [work for start, work in self._works.items() if start < epoch]
            self._changed.wait_for(lambda: self._writer.committed >= epoch or any(work.failure for work in earlier))
        for work in earlier:
            if work.failure is not None:
                raise work.failure
        with History(self.store, self.run) as history:
            return Soup.resume(config, history.tokens_at(epoch), epoch, threads)

    def _advance(self, soup: Soup, segment: Segment, work: _Work) -> None:
        soup.begin_segment()
        if soup.epoch == 0:
            work.staged.initial(soup.unique_origins)
            self._observe(soup, work)
        while soup.epoch < min(segment.stop, self._goal.epoch) and not self.stopping:
            work.staged.append(soup.advance())
            work.reached = soup.epoch
            self._observe(soup, work)
            self.reporter.advance(soup.epoch)
        if (self.stopping or soup.epoch >= self._goal.epoch) and soup.epoch % self._settled.measure_every:
            work.rows.append(self._sampler.take(soup))

    def _observe(self, soup: Soup, work: _Work) -> None:
        """Measure the present state and keep it whole, if it is due."""
        epoch = soup.epoch
        measured = epoch % self._settled.measure_every == 0
        if measured:
            work.rows.append(self._sampler.take(soup))
        if work.staged.wants_keyframe(epoch, self.request.config.cells):
            work.staged.keyframe(epoch, soup.tokens())
        if self._goal.wants(epoch):
            value = work.rows[-1].result()["complexity"] if measured else complexity(soup.chars)
            self._goal.see(epoch, value)
            self.reporter.aim(self._goal.epoch)

    def _check(self, run: str) -> None:
        if run != self.run:
            raise ValueError(f"this is run {self.run}, not {run}")

    @contextmanager
    def _stage(self, name: str, said: str = "") -> Iterator[None]:
        if said:
            self.reporter.stage(said)
        with self._changed:
            self.busy += 1
        try:
            yield
            self.failures.pop(name, None)
        except BaseException as error:
            self.failures[name] = error
            raise
        finally:
            with self._changed:
                self.busy -= 1
                self.idle_since = time.monotonic()
