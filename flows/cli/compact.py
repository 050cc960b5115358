"""`primordium compact`: small files gathered, left-overs removed."""

import argparse
from typing import TYPE_CHECKING

from flows.cli.reading import open_store

if TYPE_CHECKING:
    from warehouse.object_store import ObjectStore

EXAMPLES = ("primordium compact", "primordium compact RUN")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("run", metavar="RUN", nargs="?", help="a run's id or name (default: all that nobody writes)")


def execute(arguments: argparse.Namespace) -> None:
    """Compact the run, or all that are not being written; print their ids."""
    from flows.cli.terminal import note
    from warehouse.compaction import compact_now
    from warehouse.object_store import ObjectStore

    store = open_store(arguments)
    if isinstance(store, ObjectStore):
        _collect(store, arguments.run)
        return
    if arguments.run is not None:
        runs = [store.find(arguments.run).run]
    else:
        runs = [record.run for record in store.runs() if record.status != "running"]
    for run, cleared in compact_now(store, runs):
        if not cleared:
            note(f"run {run}: readers hold what no longer counts; give the command again when they have ended")
        print(run)


def _collect(store: "ObjectStore", run: str | None) -> None:
    """Remove the objects that no head names; small files are not gathered there."""
    from flows.cli.show import megabytes
    from flows.cli.terminal import note
    from warehouse.published import collect

    for folder, count, size in collect(store.place, None if run is None else store.find(run).run):
        note(f"{folder}: {count} objects that do not count removed, {megabytes(size)}")
        print(folder.removeprefix("runs/run=").removeprefix("sweeps/"))
