"""What one connection sees: the runs, and the files of each, as they were committed at one moment."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from warehouse.locks import Lock
from warehouse.record import RunRecord
from warehouse.sql_errors import SQLError
from warehouse.store import RunFiles, Store


@dataclass(frozen=True)
class Snapshot:
    """The store at one moment; until `release`, no file that counts in it is removed.

    `records` and `files` are by run id, in the order in which the runs were created.
    """

    store: Store
    records: Mapping[str, RunRecord]
    files: Mapping[str, RunFiles]
    lock: Lock | None

    @classmethod
    def take(cls, store: Store) -> "Snapshot":
        """Return the store as it is now."""
        lock = store.hold()
        try:
            records = {record.run: record for record in store.runs()}
            files = {run: store.files(run) for run in records}
            seen = {run: replace(record, epochs=files[run].last) for run, record in records.items()}
            return cls(store, seen, files, lock)
        except BaseException:
            if lock is not None:
                lock.release()
            raise

    def release(self) -> None:
        """Let go of the files; again does nothing."""
        if self.lock is not None:
            self.lock.release()

    def find(self, run_or_name: str | None) -> RunRecord:
        """Return the record of the run with this id or name; `SQLError` if there is none."""
        if run_or_name is not None:
            named = (record for record in self.records.values() if record.name == run_or_name)
            found = self.records.get(run_or_name) or next(named, None)
            if found is not None:
                return found
        raise SQLError(f"no run {run_or_name!r} in {self.store.path}; the relation runs lists them")

    def last(self, run: str) -> int:
        """Return the last state stored of the run with this id; -1 if there is none."""
        return self.files[run].last
