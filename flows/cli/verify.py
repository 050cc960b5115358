"""`primordium verify`: checks every file against its checksum, and the keyframes by replay."""

import argparse

from flows.cli.parser import add_run
from flows.cli.reading import open_store

EXAMPLES = ("primordium verify RUN",)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add_run(parser)


def execute(arguments: argparse.Namespace) -> None:
    """Verify; a difference is a `StoreFault` that names the file."""
    from flows.cli.terminal import note
    from warehouse.verify import verify

    print(verify(open_store(arguments), arguments.run, progress=note))
