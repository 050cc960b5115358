"""Where a sweep's plan and its runs' ends are kept while it is done: in a folder, or on object storage.

There they are put on the condition that nobody else put others meanwhile, and joined with those (`change_sweep`).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from warehouse import locks
from warehouse.heads import read_head
from warehouse.leases import Leases
from warehouse.object_client import Objects, object_url
from warehouse.object_store import FORMAT_KEY, ObjectStore
from warehouse.publication import change_sweep, make_published
from warehouse.store import Store
from warehouse.sweeps import PlannedRun, RunEnd, write_ends, write_plan
from warehouse.working import working_folder


class SweepPlace(Protocol):
    """The store of a sweep, as who does the sweep needs it.

    `on_disk`: whether the runs take room here. `folder`: where files beside the store may lie on this machine.
    """

    on_disk: bool
    folder: Path

    def existing(self) -> Store | None:
        """Return the store as it is now; None if there is none."""

    def has(self, sweep: str) -> bool:
        """Tell whether the sweep is there."""

    def write_plan(self, sweep: str, definition: str, paper: str | None, plan: Sequence[PlannedRun]) -> None:
        """As `sweeps.write_plan`; makes the store if there is none."""

    def write_ends(self, sweep: str, ends: Sequence[RunEnd]) -> None:
        """As `sweeps.write_ends`."""

    def is_written(self, run: str) -> bool:
        """Tell whether somebody writes the run (its id) now."""


def sweep_place(place: Path) -> SweepPlace:
    """Return the place of sweeps in a folder, or at a URL s3://bucket/prefix."""
    url = object_url(place)
    return _Folder(place) if url is None else _Published(url)


class _Folder:
    on_disk = True

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()

    def existing(self) -> Store | None:
        return Store.open(self.folder) if (self.folder / FORMAT_KEY).exists() else None

    def has(self, sweep: str) -> bool:
        return (self.folder / "sweeps" / sweep).is_dir()

    def write_plan(self, sweep: str, definition: str, paper: str | None, plan: Sequence[PlannedRun]) -> None:
        write_plan(Store.open(self.folder, create=True), sweep, definition, paper, plan)

    def write_ends(self, sweep: str, ends: Sequence[RunEnd]) -> None:
        write_ends(Store(self.folder), sweep, ends)

    def is_written(self, run: str) -> bool:
        return locks.is_held(Store(self.folder).run_folder(run) / "writer.lock")


class _Published:
    on_disk = False

    def __init__(self, url: str) -> None:
        self.folder = working_folder(url)
        self._objects = Objects(url)
        self._leases = Leases(self._objects)
        self._store: ObjectStore | None = None

    def existing(self) -> Store | None:
        if self._store is not None:
            self._store.renew()
        elif self._objects.get(FORMAT_KEY) is not None:
            self._store = ObjectStore(self._objects)
        return self._store

    def has(self, sweep: str) -> bool:
        return read_head(self._objects, f"sweeps/{sweep}") is not None

    def write_plan(self, sweep: str, definition: str, paper: str | None, plan: Sequence[PlannedRun]) -> None:
        objects = make_published(self._objects.url)
        change_sweep(objects, sweep, lambda joined: write_plan(joined, sweep, definition, paper, plan))

    def write_ends(self, sweep: str, ends: Sequence[RunEnd]) -> None:
        change_sweep(self._objects, sweep, lambda joined: write_ends(joined, sweep, ends))

    def is_written(self, run: str) -> bool:
        return self._leases.is_held(run)
