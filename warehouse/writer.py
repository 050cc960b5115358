"""Writing a run: one writer at a time, segment by segment, and nothing half visible, whatever happens."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from sim import EpochLog, Soup, SoupConfig, Tokens, kernel_digest
from warehouse import locks
from warehouse.compaction import compact, compact_store
from warehouse.decoding import read_mechanisms
from warehouse.errors import StoreError, StoreFault, ThinnedError
from warehouse.files import make_folder, remove_tree, sync_folder, writing
from warehouse.ledger import MechanismLedger
from warehouse.provenance import Stretch
from warehouse.reader import History
from warehouse.record import RunRecord, RunSettings, run_id, updated
from warehouse.removal import clear_staging, remove_superseded
from warehouse.results import write_measures
from warehouse.staging import StagedSegment
from warehouse.store import Store, span_name

Wait = Callable[[str], None]


class RunWriter:
    """The one writer of a run; a context manager. Made by `open`.

    `notes` has a line for each thing the caller should be told. Leaving the ``with`` block gives up the
    lock; an exception other than an interruption marks the run failed.
    """

    def __init__(self, store: Store, record: RunRecord, lock: locks.Lock, notes: list[str]) -> None:
        self.store, self.record, self.notes = store, record, notes
        self._lock = lock
        self._staged: list[StagedSegment] = []
        self._stretch = Stretch(
            self.committed if record.config.start is None else max(self.committed, record.config.first)
        )
        self._before = record.provenance
        self._ledger = MechanismLedger(lambda: map(read_mechanisms, self.store.files(self.run).segments))

    @classmethod
    def open(cls, store: Store, config: SoupConfig, settings: RunSettings, wait: Wait | None = None) -> "RunWriter":
        """Create the run of this configuration, or take it up where its last segment was committed.

        If another process writes it, calls ``wait`` with one line and waits. What a killed writer left is
        removed. A run that exists keeps its settings; `notes` names those that were asked for otherwise.
        Raises `StoreError` if the name is taken or the store cannot be written, `StoreFault` if it is damaged.
        """
        run = run_id(config)
        folder = store.run_folder(run)
        notes = [] if (folder / "runs.parquet").exists() else _older(store, config)
        if not (folder / "runs.parquet").exists():
            store.claim_name(run, settings.name)
        make_folder(folder)

        def tell(holder: int | None) -> None:
            if wait is not None:
                by = f"process {holder}" if holder else "another process"
                wait(f"run {run} is being written by {by}; waiting for it to end")

        lock = locks.exclusive(folder / "writer.lock", tell)
        try:
            with locks.exclusive(store.path / ".lock"):
                if not (folder / "runs.parquet").exists():
                    store.claim_name(run, settings.name)
                    store.put_record(RunRecord(run=run, config=config, settings=settings))
            stored = store.stored_record(run)
            record = replace(store.as_now(stored, store.files(run)), status=stored.status)
            clear_staging(store, run)
            writer = cls(store, record, lock, [*notes, *_differences(record, settings)])
            writer._remove_superseded()
        except BaseException:
            lock.release()
            raise
        return writer

    @property
    def run(self) -> str:
        """The run's id."""
        return self.record.run

    @property
    def committed(self) -> int:
        """The last stored state; -1 if nothing is stored."""
        return self.store.files(self.run).last

    @property
    def segment_length(self) -> int:
        """Epochs of a whole segment."""
        return self.record.segment_length

    def plan(self, epochs: int) -> list[tuple[int, int]]:
        """Return the segments (start, stop) to be written so that state ``epochs`` is stored, and record the wish.

        A tail shorter than a segment is written again from its start. Empty if the state is stored.
        """
        last, length, first = self.committed, self.segment_length, self.record.config.first
        if epochs <= last:
            return []
        if (self.record.requested_epochs, self.record.status) != (epochs, "running"):
            self._put(requested_epochs=epochs, status="running")
        begun = max(last, 0) // length * length
        starts = (max(start, first) for start in range(begun, max(epochs, 1), length))
        return [(start, min(start // length * length + length, epochs)) for start in starts]

    def begin(self, tokens: Tokens) -> None:
        """Commit the state that an imported run begins with, if it is not stored: the run needs its file no more."""
        if self.committed < 0:
            first = self.record.config.first
            segment = self.stage(first, first)
            segment.initial(len(tokens.chars))
            segment.keyframe(first, tokens)
            segment.commit()

    def stage(self, start: int, stop: int) -> StagedSegment:
        """Begin to write the segment of states ``start`` + 1 to ``stop``."""
        staging = self.store.run_folder(self.run) / "staging"
        make_folder(staging)
        folder = staging / span_name(start, stop)
        with writing(f"making {folder}"):
            remove_tree(folder)
            try:
                segment = StagedSegment(
                    folder,
                    start,
                    stop,
                    keyframe_every=self.record.settings.keyframe_every,
                    program_length=self.record.config.program_length,
                    ledger=self._ledger.enter,
                    first=self.record.config.first,
                    publish=self._publish,
                )
            except BaseException:  # a full disk shall not keep the beginning of it
                with contextlib.suppress(OSError):
                    remove_tree(folder)
                raise
        self._staged.append(segment)
        return segment

    def write_measures(self, start: int, stop: int, rows: Sequence[Mapping[str, Any]], version: int = 1) -> Path:
        """Store the measured columns of states of a segment, by epoch; return the file."""
        return write_measures(self.store, self.run, start, stop, rows, version)

    def missing_measures(self) -> list[tuple[int, int]]:
        """Return the stored segments (start, stop) whose states have not been measured."""
        files = self.store.files(self.run)
        measured = {(span.start, span.stop) for span in files.measures}
        return [(s.start, s.stop) for s in files.segments if (s.start, s.stop) not in measured]

    def finish(self, epochs: int, status: str = "complete") -> RunRecord:
        """Record that the run has gone as far as it should, compact its small relations, and return its record."""
        self._remove_superseded()
        if status == "complete":
            compact(self.store, self.run)
        self._remove_superseded()
        self._put(requested_epochs=epochs, status=status)
        if status == "complete":
            compact_store(self.store)
        return self.record

    def check_last(self, threads: int | None = None) -> None:
        """Execute the last stored epoch again and compare it with the log.

        Raises `StoreFault` if they differ: what would be added could not be of the same history. Raises `ThinnedError`
        if it was thinned away.
        """
        last = self.committed
        if last <= self.record.config.first:
            return
        with History(self.store, self.run) as history:
            if not history.kept.has_state(last - 1) or history.kept.first_log(last) > last:
                raise ThinnedError(
                    f"run {self.run} was thinned (--keep {history.retention}): its last epoch, {last}, is not there to"
                    f" go on from; `primordium rm {self.run}` and run it anew"
                )
            [stored] = history.logs(last, last, with_costs=True)
            before = history.tokens_at(last - 1), last - 1
            soup = Soup.resume(self.record.config, *before, threads, generator=history.generator(last - 1))
            try:
                again = soup.advance()
            finally:
                soup.close()
        wrong = _difference(stored, again)
        if wrong:
            raise StoreFault(
                f"run {self.run}: executing epoch {last} again gives other {wrong} than its log;"
                " its history is not extended: `primordium verify` tells whether the store is damaged,"
                " else use the version that wrote it"
            )

    def close(self, *, failed: bool = False) -> None:
        """Give up the lock, and what is staged and not committed."""
        for segment in self._staged:
            with contextlib.suppress(OSError):
                segment.abandon()
        self._staged = []
        if failed:
            # where even that cannot be written, the run reads interrupted
            with contextlib.suppress(StoreFault, StoreError):
                self._put(status="failed")
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close(failed=isinstance(error, Exception) and not isinstance(error, ThinnedError))

    def _publish(self, segment: StagedSegment) -> None:
        """Make a finished segment visible, by one rename, and record it."""
        if segment in self._staged:  # else only recording it failed before
            target = self.store.segments_folder(self.run) / span_name(segment.start, segment.stop)
            make_folder(target.parent)
            segment.seal(kernel_digest())
            with writing(f"committing {target}"):
                segment.folder.rename(target)
                sync_folder(target.parent)
            self._staged.remove(segment)
        self._remove_superseded()
        self._put()

    def _remove_superseded(self) -> None:
        remove_superseded(self.store, self.run)

    def _put(self, **changes: Any) -> None:
        """Replace the record with ``changes``, the work done so far included."""
        with locks.exclusive(self.store.path / ".lock"):
            last, first = self.committed, self.record.config.first
            name = self.store.stored_record(self.run).settings.name  # may have been changed meanwhile
            provenance = (*self._before, self._stretch.entry(last))
            settings = replace(self.record.settings, name=name)
            self.record = updated(
                self.record, settings=settings, epochs=max(last, first), provenance=provenance, **changes
            )
            self.store.put_record(self.record)


def _older(store: Store, config: SoupConfig) -> list[str]:
    """Return the line that names the newest run of the same configuration by other semantics, none if there is none."""
    run, now = run_id(config), config.semantics_version
    if now == 1:  # there is none, and a store of a thousand runs need not be looked through for each new one
        return []
    try:
        older = [each for each in store.stored_records() if each.config == config and each.run != run]
    except StoreFault:  # damage of other runs is no reason not to make this one
        return []
    if not older:
        return []
    newest = max(older, key=lambda each: each.semantics_version)
    told = f"run {newest.run} of the same configuration was made by version {newest.semantics_version}"
    return [f"{config.language} has semantics version {now} now: this is a new run, {run}; {told} and stays as it is"]


def _differences(record: RunRecord, asked: RunSettings) -> list[str]:
    kept = record.settings
    names = ("name", "measure_every", "keyframe_every")
    changed = [name for name in names if getattr(asked, name) not in {getattr(kept, name), None}]
    if not changed:
        return []
    told = ", ".join(f"{name} {getattr(kept, name)} (asked: {getattr(asked, name)})" for name in changed)
    return [f"run {record.run} exists and keeps its {told}"]


def _difference(stored: EpochLog, again: EpochLog) -> str | None:
    """Return what differs between two logs of an epoch, in words; None if they are the same."""
    for name in ("left", "right", "steps", "operations", "mutated_cells", "mutated_chars"):
        if not np.array_equal(getattr(stored, name), getattr(again, name)):
            return name.replace("_", " ")
    if not np.array_equal(stored.mechanisms.ids[stored.mechanism], again.mechanisms.ids[again.mechanism]):
        return "mechanisms"
    for name in ("changed_cells", "unique_origins"):
        if getattr(stored, name) != getattr(again, name):
            return name.replace("_", " ")
    return None
