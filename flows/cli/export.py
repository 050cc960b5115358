"""`primordium export`: tokens of any epochs as plain Parquet, for other tools."""

import argparse
from pathlib import Path

from flows.cli.parser import add_run, span
from flows.cli.reading import check_epoch, open_history

EXAMPLES = ("primordium export RUN --tokens 500:513 tokens/",)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add_run(parser)
    parser.add_argument(
        "--tokens",
        type=span("state"),
        required=True,
        metavar="E|A:B",
        help="the state, or the states from A up to and without B",
    )
    parser.add_argument("directory", metavar="DIR", type=_directory, help="folder to write to; made if it is not there")


def execute(arguments: argparse.Namespace) -> None:
    """Write a file a state and print their paths."""
    from flows.cli.terminal import note
    from warehouse.export import export_tokens

    with open_history(arguments) as history:
        check_epoch(history, arguments.tokens.stop - 1)
        for path in export_tokens(history, arguments.tokens, arguments.directory):
            note(f"wrote {path}")
    print(arguments.directory)


def _directory(text: str) -> Path:
    if not text.strip():
        raise argparse.ArgumentTypeError("is empty")
    return Path(text)
