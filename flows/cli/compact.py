"""`primordium compact`: small files gathered, left-overs removed."""

import argparse

from flows.cli.reading import open_store

EXAMPLES = ("primordium compact", "primordium compact RUN")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("run", metavar="RUN", nargs="?", help="a run's id or name (default: all that nobody writes)")


def execute(arguments: argparse.Namespace) -> None:
    """Compact the run, or all that are not being written; print their ids."""
    from flows.cli.show import megabytes
    from flows.cli.terminal import note
    from warehouse.housekeeping import compact

    for done in compact(open_store(arguments), arguments.run):
        if not done.cleared:
            note(f"run {done.what}: readers hold what no longer counts; give the command again when they have ended")
        if done.objects:
            note(f"{done.what}: {done.objects} objects that do not count removed, {megabytes(done.bytes)}")
        print(done.what)
