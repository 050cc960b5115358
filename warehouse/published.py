"""Keeping house in a store on object storage: what is published of a run thinned, renamed, removed, and left-overs.

Each puts one head on the condition that it is still the one that was read; only then are objects removed, those that no
head names and none ever will (see `heads`). So a process that is killed leaves the store as it was before or as it is
to be, and at most objects that do not count, which `collect` removes.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from warehouse.errors import StoreError, StoreFault
from warehouse.heads import Head, head_bytes, head_key, read_head
from warehouse.object_client import Objects
from warehouse.object_store import ObjectStore
from warehouse.publication import Publisher, fact_of, make_published, remove_older, remove_unnamed, take_name
from warehouse.record import RunRecord, check_name, read_record, updated, write_record
from warehouse.retention import Progress, Thinned, check_policy, thin
from warehouse.working import discard, is_written_here, take_up, working_folder

_ATTEMPTS = 8
_RECORD = "runs.parquet"


def thin_published(place: str | Path, run: str, policy: str, progress: Progress | None = None) -> Thinned:
    """Thin a run (its id) as `retention.thin` does, on this machine, and let that count in place of what is published.

    Waits for whoever writes the run. Raises what `retention.thin` does, and `StoreError` if it was published meanwhile.
    """
    check_policy(policy)
    with at_hand(place, run, progress) as publisher:
        done = thin(publisher.store, run, policy, progress)
        if done.made:
            publisher.replace()
        return done


@contextmanager
def at_hand(place: str | Path, run: str, progress: Progress | None = None) -> Iterator[Publisher]:
    """Be a run's (its id's) only writer, with all that is published of it in a working store of this machine.

    What this machine has beyond that is published first. If it had nothing of the run, the working store is removed at
    the end, unless there was an error: then the next attempt finds it. Waits for whoever writes the run.
    """
    folder = working_folder(place, run)
    was_here = folder.exists()
    with take_up(place, run, progress) as publisher:
        if publisher.published is None:
            raise StoreError(f"no run {run!r} in {publisher.place}; `primordium runs` lists them")
        publisher.publish()
        yield publisher
    if not was_here:
        discard(place, run)


def rename_published(store: ObjectStore, run_or_name: str, name: str) -> RunRecord:
    """Give a run another name; `StoreError` if another run has it or had it before."""
    check_name(name)
    objects = make_published(store.objects.url)
    run = store.find(run_or_name).run
    for _ in range(_ATTEMPTS):
        before = _read(objects, run)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / _RECORD
            objects.download(before[0].key(_RECORD), path)
            record = read_record(path)
            if record.name == name:
                return record
            if not take_name(objects, run, name, before[0]):
                raise StoreError(f"name: {name!r} is or was that of another run; names are unique, choose another")
            record = updated(record, settings=replace(record.settings, name=name))
            write_record(record, path)
            fact = fact_of(path)
            head = Head(before[0].folder, before[0].files | {_RECORD: fact}).following(before[0])
            objects.upload(path, head.key(_RECORD))
        if objects.put(head_key(head.folder), head_bytes(head), before[1]) is not None:
            return record
    raise _contended(objects, run)


def remove_published(place: str | Path, run: str) -> None:
    """Remove a run (its id): out of sight at once and whole, then its objects, then what this machine has of it.

    Whoever reads it is told when an object is gone. Raises `StoreError` if there is none, or this machine writes it;
    another that does is told when it publishes next.
    """
    objects = make_published(str(place))
    if is_written_here(objects.url, run):
        raise StoreError(f"run {run} is being written by another process; give the command again when that has ended")
    for _ in range(_ATTEMPTS):
        before = _read(objects, run)
        head = Head(before[0].folder, {}).following(before[0], removal=True)
        if objects.put(head_key(head.folder), head_bytes(head), before[1]) is not None:
            remove_older(objects, head)
            discard(objects.url, run)
            return
    raise _contended(objects, run)


def collect(place: str | Path, run: str | None = None) -> Iterator[tuple[str, int, int]]:
    """Remove the objects that do not count, of a run (its id) or of all runs and sweeps.

    Yields what they were of (``runs/run=<id>``, ``sweeps/<name>``), their number and bytes.
    """
    objects = make_published(str(place))
    if run is None:
        folders = sorted({"/".join(entry.key.split("/")[:2]) for kind in ("runs/", "sweeps/") for entry in
                          objects.list(kind)})  # fmt: skip
    else:
        folders = [f"runs/run={run}"]
    for folder in folders:
        count, size = remove_unnamed(objects, folder)
        if count:
            yield folder, count, size


def _read(objects: Objects, run: str) -> tuple[Head, str]:
    found = read_head(objects, f"runs/run={run}")
    if found is None or found[0].removed:
        raise StoreError(f"no run {run!r} in {objects.url}; `primordium runs` lists them")
    return found


def _contended(objects: Objects, run: str) -> StoreFault:
    return StoreFault(f"run {run}: others keep publishing it to {objects.url}; give the command again")
