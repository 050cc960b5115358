"""`primordium copy`: runs to another store."""

import argparse
from pathlib import Path

from flows.cli.parser import UsageError
from flows.cli.reading import open_store

EXAMPLES = ("primordium copy RUN --to /backup/soups", "primordium copy --all --to /backup/soups")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("runs", metavar="RUN", nargs="*", help="a run's id or name")
    parser.add_argument("--all", action="store_true", help="all runs of the store")
    parser.add_argument(
        "--to", metavar="STORE", type=Path, required=True, help="folder of the other store; made if it is not there"
    )


def execute(arguments: argparse.Namespace) -> None:
    """Copy each run that is not there yet; print their ids."""
    from flows.cli.show import megabytes
    from flows.cli.terminal import note
    from warehouse.compaction import compact_store
    from warehouse.store import Store
    from warehouse.transfer import copy_run

    if arguments.all == bool(arguments.runs):
        raise UsageError("copy: name the runs to be copied, or --all")
    store = open_store(arguments)
    named = store.run_ids() if arguments.all else [store.find(run).run for run in arguments.runs]
    target = Store.open(arguments.to, create=True)
    for run in dict.fromkeys(named):
        done = copy_run(store, run, target)
        note(f"run {run}: {megabytes(done.bytes)} copied" if done.made else f"run {run} is there already")
        if done.name_taken is not None:
            note(f"run {run}: the name {done.name_taken!r} is another run's there; the copy has none")
        print(run)
    compact_store(target)
