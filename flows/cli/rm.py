"""`primordium rm`: runs out of the store."""

import argparse
import sys

from flows.cli.parser import UsageError
from flows.cli.reading import open_store

EXAMPLES = ("primordium rm RUN", "primordium rm RUN OTHER --yes")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("runs", metavar="RUN", nargs="+", help="a run's id or name")
    parser.add_argument("--yes", action="store_true", help="do not ask")


def execute(arguments: argparse.Namespace) -> None:
    """Ask, unless told not to, then remove the runs; print their ids."""
    from flows.cli.show import megabytes
    from flows.cli.terminal import note
    from warehouse.housekeeping import remove
    from warehouse.sizes import bytes_of_run

    store = open_store(arguments)
    records = {(record := store.find(run)).run: record for run in arguments.runs}
    for run, record in records.items():
        size = megabytes(bytes_of_run(store.files(run)))
        note(f"run {run}{f' ({record.name})' if record.name else ''}: {record.epochs} epochs, {size}")
    if not arguments.yes:
        if not sys.stdin.isatty():
            raise UsageError("rm: nobody is there to be asked; give --yes to remove without being asked")
        sys.stderr.write(f"remove {'it' if len(records) == 1 else f'these {len(records)} runs'} for good? [y/N] ")
        sys.stderr.flush()
        if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
            note("nothing was removed")
            return
    for run in records:
        remove(store, run)
        print(run)
