"""Keeping house in a store, wherever that is: in a folder, or on object storage: what to call is decided here."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from warehouse.compaction import compact_now
from warehouse.object_store import ObjectStore
from warehouse.published import at_hand, collect, remove_published, rename_published, thin_published
from warehouse.record import RunRecord
from warehouse.removal import remove_run
from warehouse.retention import Progress, Thinned, thin
from warehouse.store import Store


class Tidied(NamedTuple):
    """What `compact` did for a run or sweep (`what`, its id or name).

    `cleared`: nothing is left of it that no longer counts; `objects` and `bytes` were removed on object storage.
    """

    what: str
    cleared: bool = True
    objects: int = 0
    bytes: int = 0


def thin_run(store: Store, run: str, policy: str, progress: Progress | None = None) -> Thinned:
    """Thin a run (id or name) to what ``policy`` keeps; see `retention.thin`, which tells what is raised."""
    if not isinstance(store, ObjectStore):
        return thin(store, run, policy, progress)
    done = thin_published(store.place, store.find(run).run, policy, progress)
    store.renew()
    return done


def rename_run(store: Store, run: str, name: str) -> RunRecord:
    """Give a run (id or name) another name; `StoreError` if another run has it."""
    return rename_published(store, run, name) if isinstance(store, ObjectStore) else store.rename(run, name)


def remove(store: Store, run: str) -> None:
    """Remove a run (its id): out of sight at once and whole. Raises `StoreError` if there is none, or it is in use."""
    if isinstance(store, ObjectStore):
        remove_published(store.place, run)
    else:
        remove_run(store, run)


def compact(store: Store, run: str | None = None) -> Iterator[Tidied]:
    """Gather the small files of a run (id or name), or of all that nobody writes, and remove left-overs.

    On object storage left-overs alone: objects that no head names, of sweeps too.
    """
    if isinstance(store, ObjectStore):
        for folder, count, size in collect(store.place, None if run is None else store.find(run).run):
            yield Tidied(folder.removeprefix("runs/run=").removeprefix("sweeps/"), objects=count, bytes=size)
        return
    if run is not None:
        runs = [store.find(run).run]
    else:
        runs = [record.run for record in store.runs() if record.status != "running"]
    for each, cleared in compact_now(store, runs):
        yield Tidied(each, cleared)


@contextmanager
def writable(store: Store, run: str, progress: Progress | None = None) -> Iterator[Store]:
    """Give a store in a folder that has the run (id or name), to add results of analyses to it there.

    That is ``store`` itself. For one on object storage it is a working store of this machine, to which the run is
    fetched, and from which it is published when the block has ended without an error.
    """
    if not isinstance(store, ObjectStore):
        yield store
        return
    with at_hand(store.place, store.find(run).run, progress) as publisher:
        yield publisher.store
        publisher.publish()
    store.renew()
