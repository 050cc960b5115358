"""Making a run whose store is on object storage: in a store on this machine, published as it grows.

    $XDG_CACHE_HOME/primordium/working/<digest of URL and run>/     a store on this machine with this run alone

What was published and is not here is fetched first, so that any machine takes a run up where another left it.
"""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from warehouse import locks
from warehouse.content_cache import cache_folder
from warehouse.files import remove_tree, replacing, writing
from warehouse.heads import Head
from warehouse.leases import Leases
from warehouse.mirrors import fetch_all, fetched
from warehouse.object_client import object_url
from warehouse.object_store import ObjectStore
from warehouse.publication import Publisher, make_published
from warehouse.record import updated
from warehouse.removal import remove_run
from warehouse.store import Store
from warehouse.transfer import copy_run

_RECORD = "runs.parquet"


def working_folder(place: str | Path, run: str = "") -> Path:
    """Return where on this machine a run (its id) of the store at a URL is made; without a run, what goes with all."""
    what = f"{object_url(place)}/runs/run={run}"
    return cache_folder() / "working" / hashlib.sha256(what.encode()).hexdigest()[:16]


def take_up(place: str | Path, run: str, wait: Callable[[str], None] | None = None) -> Publisher:
    """Become a run's writer and fetch what is published of it, unless the working store has as much.

    Returns who publishes more of it, to be closed at the end. If another writes the run, ``wait`` is called with a line
    before waiting for that to end. What the working store has of the run is taken away if that is less, or was thinned
    otherwise. Raises `StoreError` if the URL cannot be written.
    """
    objects = make_published(str(place))
    lease = Leases(objects).take(run, wait)
    try:
        working = Store.open(working_folder(objects.url, run), create=True)
        publisher = Publisher(working, run, objects, lease)
        if publisher.published is not None:
            _fetch(ObjectStore(objects), run, working, publisher.published)
        elif run in working.run_ids() and working.segments_folder(run).name != "segments":
            remove_run(working, run)  # thinned once, and removed since: it is made anew, whole
    except BaseException:
        lease.release()
        raise
    return publisher


def discard(place: str | Path, run: str) -> None:
    """Remove what this machine has of a run; it goes on from what is published. Nothing while somebody writes it."""
    folder, leases = working_folder(place, run), Leases(make_published(str(place)))
    if folder.exists() and not leases.is_held(run):
        with leases.take(run), writing(f"removing {folder}"):
            if not is_written_here(place, run):  # by one whose lease was taken for void
                remove_tree(folder)


def is_written_here(place: str | Path, run: str) -> bool:
    """Tell whether a process of this machine writes the run."""
    return locks.is_held(Store(working_folder(place, run)).run_folder(run) / "writer.lock")


def _fetch(published: ObjectStore, run: str, working: Store, head: Head) -> None:
    """Let the working store have all that is published of a run."""
    there = published.files(run)
    if run in working.run_ids():
        here = working.files(run)
        same = working.segments_folder(run).name == published.segments_folder(run).name
        if same and here.last > there.last:
            return
        if same and here.last == there.last:
            _complete(published, run, working, head)
            return
        remove_run(working, run)
    copy_run(published, run, working)


def _complete(published: ObjectStore, run: str, working: Store, head: Head) -> None:
    """Take the name and the results of analyses that only what is published has."""
    ours, theirs = working.run_folder(run), published.run_folder(run)
    lacking = [path for path in head.files if not path.startswith("segments") and not (ours / path).exists()]
    fetch_all(theirs / path for path in lacking)
    for path in lacking:
        with replacing(ours / path) as part:
            part.write_bytes(fetched(theirs / path).read_bytes())
    name = published.stored_record(run).name
    with locks.exclusive(working.path / ".lock"):
        record = working.stored_record(run)
        if record.name != name:
            working.put_record(updated(record, settings=replace(record.settings, name=name)))
