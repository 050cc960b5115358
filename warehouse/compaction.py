"""The small relations of finished runs in few files, so that a store of many runs is quick to ask."""

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from warehouse import locks
from warehouse.combined import FEW, copy_path, write_copy
from warehouse.errors import StoreError, StoreFault
from warehouse.gathered import GATHERED_ROWS, compacted, results_of
from warehouse.reader import History
from warehouse.removal import clear_removed, clear_staging, remove_superseded, writing_alone
from warehouse.schema import FILES, RESULTS
from warehouse.sealed import write_sealed
from warehouse.store import Store, span_name

#: A copy is made again when more than FEW runs and this share of all have changed since: each run is copied
#: a few times while a store grows, and few files are ever to be read by themselves.
_SHARE = 1 / 8


def compact(store: Store, run: str) -> None:
    """Write all of a run's `epochs`, measures included, to one file; same rows, same bytes.

    The caller is the run's writer.
    """
    table = FILES["compact"]
    path = store.run_folder(run) / "compact"
    with History(store, run) as history:
        if history.last < 0:
            return
        columns = history.epochs(compacted=False)
        path /= f"{span_name(history.first, history.last)}.parquet"
    arrays = []
    for column in table.columns:
        values = columns[column.name]
        missing = np.isnan(values) if values.dtype.kind == "f" else values < 0
        arrays.append(pa.array(values, column.type, mask=missing if column.nullable else None))
    write_sealed(path, "compact", pa.Table.from_arrays(arrays, schema=table.schema))


def compact_now(store: Store, runs: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """Compact these runs (ids) whether that is due or not, then the small files of all.

    Yields each with whether all that no longer counts of it is off the disk: not while readers hold it.
    Raises `StoreError` at a run that is being written.
    """
    for run in runs:
        with writing_alone(store, run):
            clear_staging(store, run)
            compact(store, run)
            cleared = remove_superseded(store, run)
            clear_staging(store, run)
        yield run, cleared
    clear_removed(store)
    with locks.exclusive(store.path / ".lock"):
        _copy_small_files(store)


def compact_store(store: Store) -> None:
    """Copy the small files of finished runs into few (see `combined`) if many have changed since they were.

    Answers don't depend on it: where a copy cannot be made, files are read by themselves.
    """
    with contextlib.suppress(StoreError, StoreFault):
        if not _is_due(store):
            return
        with locks.exclusive(store.path / ".lock"):
            if _is_due(store):  # nobody else did it while this process waited
                _copy_small_files(store)


def _is_due(store: Store) -> bool:
    try:
        copied = copy_path(store.path, "runs").stat().st_mtime_ns
    except FileNotFoundError:
        copied = 0
    runs = store.run_ids()
    changed = sum(_changed(store.run_folder(run)) >= copied for run in runs)
    return changed > max(FEW, _SHARE * len(runs))


def _changed(folder: Path) -> int:
    """Return when a run's small files last changed: a file that is replaced changes its folder."""
    found = 0
    for name in ("runs.parquet", "compact", "analyses"):
        with contextlib.suppress(FileNotFoundError):
            found = max(found, os.stat(f"{folder}/{name}").st_mtime_ns)  # noqa: PTH116 -- three for each run
    return found


def _copy_small_files(store: Store) -> None:
    files = {run: of for run in store.run_ids() if (of := store.files(run)).compact is not None}
    write_copy(store.path, "runs", {run: of.folder / "runs.parquet" for run, of in files.items()})
    for name in RESULTS:
        write_copy(store.path, name, results_of(files, name))
    states = sum(of.states for of in files.values())
    write_copy(store.path, "compact", compacted(files) if states <= GATHERED_ROWS else {})
