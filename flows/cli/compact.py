"""`primordium compact`: small files gathered, left-overs removed."""

import argparse

from flows.cli.reading import open_store

EXAMPLES = ("primordium compact", "primordium compact RUN")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("run", metavar="RUN", nargs="?", help="a run's id or name (default: all that nobody writes)")


def execute(arguments: argparse.Namespace) -> None:
    """Compact the run, or all that are not being written; print their ids."""
    from flows.cli.terminal import note
    from warehouse.compaction import compact_now

    store = open_store(arguments)
    if arguments.run is not None:
        runs = [store.find(arguments.run).run]
    else:
        runs = [record.run for record in store.runs() if record.status != "running"]
    for run, cleared in compact_now(store, runs):
        if not cleared:
            note(f"run {run}: readers hold what no longer counts; give the command again when they have ended")
        print(run)
