"""Taking away: what no longer counts of a run, what dead processes left, and whole runs."""

import contextlib
import shutil
import tempfile
from pathlib import Path

from warehouse import locks
from warehouse.errors import StoreError
from warehouse.files import make_folder, remove_tree, sync_folder, writing
from warehouse.store import Store

_REMOVED = ".removed"


def remove_superseded(store: Store, run: str) -> bool:
    """Remove what no longer counts of a run, unless a reader may still need it; tell whether nothing is left of it.

    The caller is the run's writer.
    """
    paths = store.superseded(run)
    if not paths:
        return True
    lock = locks.try_exclusive(store.path / ".readers.lock")
    if lock is None:
        return False
    staging = store.run_folder(run) / "staging"
    make_folder(staging)
    with lock, writing(f"removing {paths[0]}"):
        for path in paths:
            # moved first: a folder that is being emptied must not be seen as a segment
            aside = staging / f"superseded-{path.parent.name}-{path.name}"
            remove_tree(aside)
            path.rename(aside)
            sync_folder(path.parent)
            if aside.is_dir():
                remove_tree(aside)
            else:
                aside.unlink()
    return True


def writing_alone(store: Store, run: str) -> locks.Lock:
    """Become the run's writer until the returned lock is released; `StoreError` if it is being written."""

    def refuse(holder: int | None) -> None:
        by = f"process {holder}" if holder else "another process"
        raise StoreError(f"run {run} is being written by {by}; give the command again when that has ended")

    return locks.exclusive(store.run_folder(run) / "writer.lock", refuse)


def clear_staging(store: Store, run: str) -> None:
    """Remove what a killed writer left of a run; the caller is its writer."""
    staging = store.run_folder(run) / "staging"
    with writing(f"clearing {staging}"):
        remove_tree(staging)


def remove_run(store: Store, run: str) -> None:
    """Remove a run (its id) from the store: out of sight at once and whole, then from the disk.

    Raises `StoreError` if there is none, it is being written or somebody reads the store.
    """
    folder = store.run_folder(store.record(run).run)
    with writing_alone(store, run):
        lock = locks.try_exclusive(store.path / ".readers.lock")
        if lock is None:
            raise StoreError(f"run {run} may be in use: another process reads {store.path}; close it, and try again")
        removed = store.path / _REMOVED
        make_folder(removed)
        with lock, writing(f"removing {folder}"), locks.exclusive(store.path / ".lock"):
            folder.rename(Path(tempfile.mkdtemp(prefix=f"{run}-", dir=removed)) / folder.name)
            sync_folder(folder.parent)
    clear_removed(store)


def clear_removed(store: Store) -> None:
    """Take from the disk what is out of sight: runs removed, by a process that was killed too."""
    with contextlib.suppress(FileNotFoundError):
        for folder in (store.path / _REMOVED).iterdir():
            shutil.rmtree(folder, ignore_errors=True)  # another process may be at it
