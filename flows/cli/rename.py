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
    from warehouse.object_store import ObjectStore
    from warehouse.published import rename_published

    store = open_store(arguments)
    if isinstance(store, ObjectStore):
        print(rename_published(store, arguments.run, arguments.name).run)
    else:
        print(store.rename(arguments.run, arguments.name).run)
