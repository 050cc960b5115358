"""`primordium thin`: keep less of a run's history."""

import argparse

from flows.cli.parser import add_run
from flows.cli.reading import open_store

EXAMPLES = ("primordium thin RUN --keep transition", "primordium thin RUN --keep epochs")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add_run(parser)
    parser.add_argument(
        "--keep",
        metavar="POLICY",
        required=True,
        help="transition (every epoch around each transition and its founders' ancestry, keyframes elsewhere),"
        " keyframes, epochs (counts, measures and results alone) or everything",
    )


def execute(arguments: argparse.Namespace) -> None:
    """Thin the run, and say what is left of it."""
    from flows.cli.show import megabytes
    from flows.cli.terminal import note
    from warehouse.housekeeping import thin_run
    from warehouse.kept import Kept, told
    from warehouse.retention import POLICIES

    store = open_store(arguments)
    done = thin_run(store, arguments.run, arguments.keep, note)
    if not done.cleared:
        note(f"readers hold what was thinned away; when they end, `primordium compact {done.run}` removes it")
    kept = Kept(store.files(done.run))
    was = f"{megabytes(done.bytes_before)} before" if done.made else "nothing to be done"
    print(f"run {done.run} keeps {POLICIES[arguments.keep]}: {megabytes(done.bytes_after)} ({was})")
    print(f"whole states: {told(kept.states)}")
    print(f"logs of epochs: {told(kept.logs)}")
