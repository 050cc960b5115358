"""Doing a sweep: which of its runs are left, several at once in processes of their own, and how each ended.

The store alone decides what is done. A sweep drives itself; Prefect, where it is asked for, watches (`sweep_flow`).
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from flows.estimate import Estimate, amount, check_space, estimate
from flows.pipeline import RunInterrupted
from flows.progress import duration
from flows.signals import handled
from flows.sweep_file import Member, Sweep
from flows.sweep_progress import SweepDisplay
from flows.worker import Outcome, RunWorker, Worker
from warehouse import leases
from warehouse.errors import StoreError, StoreFault
from warehouse.record import RETENTIONS, RunRecord, earlier_ids
from warehouse.store import Store
from warehouse.sweep_places import sweep_place
from warehouse.sweeps import PlannedRun, RunEnd, read_ends, read_plan

__all__ = ["Chunk", "SweepDrive", "live", "run_sweep"]

#: The sweeps that this process drives and Prefect watches, by name.
live: dict[str, "SweepDrive"] = {}

Chunk = tuple[int, int]

_CHUNK_SECONDS = 300.0  # of one worker's work, told as one task


def run_sweep(drive: "SweepDrive") -> None:
    """Do all that is left of a sweep, without Prefect; raises what `SweepDrive.check` does."""
    with drive.stopping_by_signals():
        drive.start()
        drive.join()
    drive.check()


class SweepDrive:
    """A sweep that is being done. Making one notes its plan in the store.

    ``workers`` runs are done at once, each by one that ``make_worker`` makes: by default a process of this sweep's own.

    - `left`: the runs still to be done, in order
    - `chunks`: first and last + 1 of the places in `left` that are told of together
    - `failed`: why runs failed, by run
    - `busy`, `idle_since`, `complete`, `stopping`: as of `flows.stages.Pipeline`, for who watches
    """

    def __init__(
        self,
        sweep: Sweep,
        store: Path,
        workers: int,
        display: SweepDisplay | None = None,
        *,
        force: bool = False,
        make_worker: Callable[[], RunWorker] = Worker,
    ) -> None:
        self.sweep, self.workers, self._make_worker = sweep, workers, make_worker
        self.display = SweepDisplay() if display is None else display
        self._place = sweep_place(store)
        there = self._place.existing()
        self.left = _largest(sweep.members) if there is None else _left(there, sweep)
        expected = _expected(self.left, workers)
        if self.left and self._place.on_disk and not force:
            check_space(expected, store)
        self._earlier = _earlier(sweep.members)
        if there is not None:
            _check_semantics(there, sweep, self._earlier)
        plan = [each.planned for each in sweep.members]
        self._place.write_plan(sweep.name, sweep.definition, sweep.paper, plan)
        self.chunks = _chunks(len(self.left), expected.seconds * workers)
        self.failed: dict[str, str] = {}
        self.stopping, self.idle_since = False, time.monotonic()
        self._expected = expected
        self._waiting = deque(range(len(self.left)))
        self._ended: set[int] = set()
        self._changed = threading.Condition()
        self._workers: list[RunWorker] = []
        self._threads: list[threading.Thread] = []

    # What there is to do

    @property
    def busy(self) -> bool:
        """Whether runs are being done."""
        return any(thread.is_alive() for thread in self._threads)

    @property
    def complete(self) -> bool:
        """Whether every run that was left has been tried to its end."""
        return len(self._ended) == len(self.left)

    @property
    def store(self) -> Store:
        """The store as it is now."""
        there = self._place.existing()
        assert there is not None
        return there

    @property
    def folder(self) -> Path:
        """Where files beside the store may lie on this machine."""
        return self._place.folder

    def done(self) -> list[PlannedRun]:
        """Return the rows of the plan of which nothing is left, by the store."""
        return _done(self.store, self.sweep)

    def told(self) -> list[str]:
        """Return lines that say what there is to do, and what it takes."""
        sweep, runs = self.sweep, {each.planned.run for each in self.sweep.members}
        done = len(runs) - len(self.left)
        lines = [f"sweep {sweep.name}: {len(runs)} runs, {done} of them done"]
        there = set(self.store.run_ids()) if self._earlier else set()
        if older := [run for each in self.left for run in earlier_ids(each.request.config) if run in there]:
            lines.append(
                f"{_versions(sweep.members)} now: these are new runs; those of the same configurations by earlier"
                f" versions ({len(older)}) stay as they are"
            )
        if self.left:
            least = "at most " if any(each.request.may_stop for each in self.left) else ""
            expected, processes = self._expected, f"{self.workers} processes" if self.workers > 1 else "one process"
            lines.append(
                f"{len(self.left)} runs of {expected.epochs} epochs: {least}about {amount(expected.size)} and"
                f" {duration(expected.seconds)} with {processes}"
            )
        return lines

    def start(self) -> None:
        """Begin; `join` waits for the end."""
        for line in self.told():
            self.display.note(line)
        self.display.begin(len(self.left), self._expected.epochs)
        for _ in range(min(self.workers, len(self.left))):
            thread = threading.Thread(target=self._work, name="sweep", daemon=True)
            self._threads.append(thread)
            thread.start()

    def join(self) -> None:
        """Wait until all is done, or stopped."""
        for thread in self._threads:
            while thread.is_alive():
                thread.join(0.2)  # in pieces: a signal's handler runs between them
        self.display.end()

    def wait(self, chunk: Chunk) -> list[str]:
        """Wait until the runs of a chunk have ended, or the sweep is stopped; return why some of them failed."""
        places = range(*chunk)
        with self._changed:
            self._changed.wait_for(lambda: self.stopping or self._ended.issuperset(places))
        return [self.failed[run] for run in (self.left[place].planned.run for place in places) if run in self.failed]

    def stop(self) -> None:
        """Ask all runs to stop at their next epoch, which is then stored; a second time at once."""
        self.stopping = True  # no lock: a signal's handler may interrupt whoever holds it
        for worker in list(self._workers):
            worker.interrupt()

    @contextmanager
    def stopping_by_signals(self) -> Iterator[None]:
        """Let SIGINT and SIGTERM stop the sweep meanwhile; in the main thread, where they arrive."""

        def handle(number: int, _: FrameType | None) -> None:
            del number
            if not self.stopping:
                self.display.note("stopping the runs at their next epoch and storing them; once more to stop at once")
            self.stop()

        with handled(handle):
            try:
                yield
            finally:
                self.display.end()

    def check(self) -> None:
        """Raise `RunInterrupted` if the sweep was stopped before its end; note the runs that failed."""
        for member in self.left:
            if member.planned.run in self.failed:
                self.display.note(f"failed: {_named(member.planned)}: {self.failed[member.planned.run]}")
        if self.stopping and not self.complete:
            raise RunInterrupted(
                f"stopped after {len(self._ended)} of {len(self.left)} runs; the same command continues the sweep"
            )

    # Within

    def _work(self) -> None:
        """Take one run after another, with a worker process of this thread's own."""
        worker: RunWorker | None = None
        try:
            while (place := self._next()) is not None:
                if self._done_by_others(place):
                    continue
                if worker is None or not worker.alive:
                    worker = self._replaced(worker)
                if self.stopping:
                    return
                began, member = time.monotonic(), self.left[place]
                outcome = worker.run(member.request, self.sweep.keep, self.display.advance)
                self._end(place, member, outcome, time.monotonic() - began)
        finally:
            if worker is not None:
                self._workers.remove(worker)
                worker.close()
            with self._changed:
                self.idle_since = time.monotonic()
                self._changed.notify_all()

    def _replaced(self, worker: RunWorker | None) -> RunWorker:
        fresh = self._make_worker()
        if worker is not None:
            self._workers.remove(worker)
            worker.close()
        self._workers.append(fresh)
        return fresh

    def _next(self) -> int | None:
        """Return the place of the next run, one that another process is at only when no other is left."""
        with self._changed:
            for _ in range(len(self._waiting)):
                if self.stopping:
                    return None
                place = self._waiting.popleft()
                run = self.left[place].planned.run
                if not self._place.is_written(run):
                    return place
                self._waiting.append(place)
            if self.stopping or not self._waiting:
                return None
            place = self._waiting.popleft()
        self.display.note(f"{_named(self.left[place].planned)} is being written by another process; waiting for it")
        return place

    def _end(self, place: int, member: Member, outcome: Outcome, seconds: float) -> None:
        planned = member.planned
        if outcome.interrupted or (outcome.error and self.stopping):
            return
        if outcome.error:
            self.failed[planned.run] = outcome.error
        known = RunEnd(planned.run, outcome.epochs, outcome.ended_by or None, outcome.error or None)
        with self._changed, suppress(OSError, StoreError, StoreFault):  # it is found out again when asked for again
            self._place.write_ends(self.sweep.name, [known])
        self._tell_end(place, f"{_came_to(outcome)}, {duration(seconds)}")

    def _tell_end(self, place: int, how: str) -> None:
        planned = self.left[place].planned
        self.display.ended(f"{_named(planned)}: {how}", planned.planned_epochs)
        with self._changed:
            self._ended.add(place)
            self._changed.notify_all()

    def _done_by_others(self, place: int) -> bool:
        """Tell whether nothing is left of a run by now; of one in a folder whoever takes it up sees that himself.

        On object storage that would fetch it all. Waits while another process writes it, unless the sweep is stopped.
        """
        if self._place.on_disk:
            return False
        run = self.left[place].planned.run
        try:
            while self._place.is_written(run):
                if self.stopping:
                    return False
                time.sleep(leases.LOOK)
            done = _nothing_left(self.store, self.sweep, run)
        except (StoreError, StoreFault):  # the worker meets it too, and tells
            return False
        if done:
            self._tell_end(place, "done by another process")
        return done


def _left(store: Store, sweep: Sweep) -> list[Member]:
    """Return the runs that are not done; of one that several conditions share, the one with the most epochs."""
    done = {(row.run, row.condition) for row in _done(store, sweep)}
    rows = [each.planned for each in sweep.members]
    undone = {row.run for row in rows if (row.run, row.condition) not in done}
    return [each for each in _largest(sweep.members) if each.planned.run in undone]


def _earlier(members: Sequence[Member]) -> dict[str, int]:
    """Return the ids that the runs had by earlier versions of their languages, with the version; most have none."""
    return {run: version for each in members for run, version in earlier_ids(each.request.config).items()}


def _check_semantics(store: Store, sweep: Sweep, earlier: Mapping[str, int]) -> None:
    """Raise `StoreError` if the store's plan of the sweep has runs by earlier versions of a language."""
    older = {row.run: earlier[row.run] for row in read_plan(store, sweep.name) if row.run in earlier} if earlier else {}
    if older:
        by = ", ".join(str(version) for version in sorted(set(older.values())))
        raise StoreError(
            f"name: the sweep {sweep.name!r} is in {store.place} with {len(older)} runs by semantics version {by};"
            f" {_versions(sweep.members)} now, by which they are other runs; they stay as they are: choose another"
            " name in the sweep's file for new ones, or another store"
        )


def _versions(members: Sequence[Member]) -> str:
    """Return in words which semantics version each language has that had others before."""
    configs = {each.request.config.language: each.request.config for each in members}
    return ", ".join(
        f"{name} has semantics version {configs[name].semantics_version}"
        for name in sorted(configs)
        if configs[name].semantics_version > 1
    )


def _done(store: Store, sweep: Sweep) -> list[PlannedRun]:
    ends = read_ends(store, sweep.name)
    records = {record.run: record for record in store.stored_records()}
    rows = [each.planned for each in sweep.members]
    return [row for row in rows if _is_done(row, records.get(row.run), ends.get(row.run), sweep.keep)]


def _nothing_left(store: Store, sweep: Sweep, run: str) -> bool:
    end, record = read_ends(store, sweep.name).get(run), store.stored_record(run) if run in store.run_ids() else None
    rows = [each.planned for each in sweep.members if each.planned.run == run]
    return all(_is_done(row, record, end, sweep.keep) for row in rows)


def _is_done(planned: PlannedRun, record: RunRecord | None, end: RunEnd | None, keep: str) -> bool:
    """Tell whether the sweep wants nothing more of a run: it is done, as `sweep_runs` says, and thinned."""
    if record is None or record.status != "complete":
        return False
    if RETENTIONS.index(record.settings.retention) < RETENTIONS.index(keep):
        return False
    stopped = end is not None and end.ended_by not in {None, "epochs"} and record.epochs >= end.epochs
    return stopped or record.epochs >= planned.planned_epochs


def _largest(members: Sequence[Member]) -> list[Member]:
    """Return each run once, in order, as the condition with the most epochs wants it."""
    found: dict[str, Member] = {}
    for each in members:
        other = found.get(each.planned.run)
        if other is None or other.request.epochs < each.request.epochs:
            found[each.planned.run] = each
    return list(found.values())


def _expected(members: Sequence[Member], workers: int) -> Estimate:
    each = [estimate(one.request.config, one.request.settings, one.request.epochs, 1) for one in members]
    seconds = sum(one.seconds for one in each) / max(min(workers, len(each)), 1)
    return Estimate(sum(one.epochs for one in each), sum(one.size for one in each), seconds)


def _chunks(runs: int, seconds: float) -> list[Chunk]:
    """Return stretches of runs that take one worker some minutes each, all of them ``seconds``."""
    length = max(1, min(runs, int(runs * _CHUNK_SECONDS / max(seconds, 1e-9))))
    return [(start, min(start + length, runs)) for start in range(0, runs, length)]


def _named(planned: PlannedRun) -> str:
    condition = f"{planned.condition}, " if planned.condition else ""
    return f"run {planned.run} ({condition}seed {planned.seed})"


def _came_to(outcome: Outcome) -> str:
    if outcome.error:
        return f"failed: {outcome.error}"
    onset = "no onset" if outcome.onset is None else f"onset at {outcome.onset}"
    ended = "" if outcome.ended_by == "epochs" else f" by {outcome.ended_by}"
    return f"{onset}, ended at {outcome.epochs}{ended}"
