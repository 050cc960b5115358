"""`primordium import`: a run that begins with a checkpoint of the reference."""

import argparse
from pathlib import Path

from flows.cli.run import add_option, start
from flows.options import BY_KEY, OPTIONS

EXAMPLES = (
    "primordium import --checkpoint 0000000256.dat --language bff_noheads --seed 29 --epochs 1280 --name continued",
    "primordium import --checkpoint 0000000256.dat --language bff  # only stores what is in the file",
)

#: What the file says instead, or its bytes replace.
_NOT_ASKED = ("store", "programs", "initial-program", "plant")
#: What means something else here than in `run`.
_HELP = {
    "language": "instruction set of the checkpoint's programs; must be given",
    "epochs": "state to reach; an existing run is extended to it (default: the checkpoint's)",
    "initial-soup": "what resets write: uniform random bytes, or zero; only with --reset-interval",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the file, and the options of `run` that apply."""
    parser.add_argument(
        "--checkpoint", metavar="FILE", type=Path, required=True, help="the file; its state is the run's first"
    )
    for option in OPTIONS:
        if option.name in _HELP:
            parser.add_argument(f"--{option.name}", metavar=option.metavar, help=_HELP[option.name])
        elif option.name not in _NOT_ASKED:
            add_option(parser, option)


def execute(arguments: argparse.Namespace) -> None:
    """Import and go on; the run's id is the last line printed."""
    from flows.request import read_import

    start(read_import({key: getattr(arguments, key, None) for key in BY_KEY}, arguments.checkpoint))
