"""`primordium rename`: another name for a run."""

import argparse

from flows.cli.parser import add_run
from flows.cli.reading import open_store

EXAMPLES = ("primordium rename RUN first-soup",)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add_run(parser)
    parser.add_argument("name", metavar="NAME", help="the new name, unique in the store")


def execute(arguments: argparse.Namespace) -> None:
    """Rename the run; print its id."""
    from warehouse.housekeeping import rename_run

    print(rename_run(open_store(arguments), arguments.run, arguments.name).run)
