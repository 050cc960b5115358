"""`primordium verify`: checks every file against its checksum, and the keyframes by replay."""

import argparse

from flows.cli.parser import add_run
from flows.cli.reading import open_store

EXAMPLES = ("primordium verify RUN",)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add_run(parser)


def execute(arguments: argparse.Namespace) -> None:
    """Verify; print what is wrong, a line each, and fail, or say that all is whole."""
    from flows.cli.terminal import note
    from warehouse.errors import StoreFault
    from warehouse.kept import Kept, told
    from warehouse.store import EVERYTHING
    from warehouse.verify import verify

    store = open_store(arguments)
    record = store.find(arguments.run)
    found = verify(store, record.run, note)
    for line in found:
        print(line)
    if found:
        more = f" (and {len(found) - 1} more, listed above)" if len(found) > 1 else ""
        raise StoreFault(f"run {record.run} is not whole: {found[0]}{more}")
    files = store.files(record.run)
    stored = f"states 0 to {record.epochs}" if files.segments else "nothing of it is stored yet"
    if files.retention == EVERYTHING:
        print(f"run {record.run} is whole: {stored}")
        return
    kept = Kept(files)
    print(
        f"run {record.run} is whole as it was thinned (--keep {files.retention}), {stored}: checked were all checksums"
        f" and by replay what is there (logs of epochs: {told(kept.logs)}; whole states: {told(kept.states)})"
    )
