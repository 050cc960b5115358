"""What one connection sees: the runs, and the files of each, as they were committed at one moment."""

from collections.abc import Mapping

from warehouse.locks import Lock
from warehouse.record import RunRecord
from warehouse.sql_errors import SQLError
from warehouse.store import RunFiles, Store


class Snapshot:
    """The store at one moment; until `release`, no file that counts in it is removed.

    `files` are by run id. Records are read when they are asked for: a question about one run of a thousand
    needs one. They are those of that later time, their last state excepted.
    """

    def __init__(self, store: Store, files: Mapping[str, RunFiles], lock: Lock | None) -> None:
        self.store = store
        self.files = files
        self._lock = lock
        self._records: dict[str, RunRecord] = {}
        self._whole = False  # whether all are there

    @classmethod
    def take(cls, store: Store) -> "Snapshot":
        """Return the store as it is now."""
        lock = store.hold()
        try:
            return cls(store, {run: store.files(run) for run in store.run_ids()}, lock)
        except BaseException:
            if lock is not None:
                lock.release()
            raise

    def release(self) -> None:
        """Let go of the files; again does nothing."""
        if self._lock is not None:
            self._lock.release()

    def record(self, run: str) -> RunRecord:
        """Return the record of the run with this id; `KeyError` if there is none."""
        if run not in self._records:
            self._records[run] = self.store.as_now(self.store.stored_record(run), self.files[run])
        return self._records[run]

    def records(self) -> list[RunRecord]:
        """Return the records of all runs, in the order in which they were created."""
        if not self._whole:
            for stored in self.store.stored_records():
                if stored.run in self.files:
                    self._records.setdefault(stored.run, self.store.as_now(stored, self.files[stored.run]))
            self._whole = True
        return sorted(self._records.values(), key=lambda record: (record.created_at, record.run))

    def find(self, run_or_name: str | None) -> RunRecord:
        """Return the record of the run with this id or name; `SQLError` if there is none."""
        if run_or_name is not None:
            if run_or_name in self.files:
                return self.record(run_or_name)
            for record in self.records():
                if record.name == run_or_name:
                    return record
        raise SQLError(f"no run {run_or_name!r} in {self.store.place}; the relation runs lists them")

    def last(self, run: str) -> int:
        """Return the last state stored of the run with this id; -1 if there is none."""
        return self.files[run].last
