"""`primordium export`: what a run holds in forms that other tools read."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.cli.parser import UsageError, add_run, span, whole
from flows.cli.reading import check_epoch, open_history

if TYPE_CHECKING:
    from warehouse.reader import History

EXAMPLES = (
    "primordium export RUN --tokens 500:513 tokens/",
    "primordium export RUN --checkpoint 0000000256.dat --epoch 257",
    "primordium export RUN --log run.csv",
    "primordium export RUN --figure-data figures/ --format csv",
)
_FORMATS = ("parquet", "csv")
#: Options that belong to one kind of export.
_OWN = {"epoch": "checkpoint", "every": "log", "scores": "log", "format": "figure_data"}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add_run(parser)
    kinds = parser.add_mutually_exclusive_group(required=True)
    kinds.add_argument(
        "--tokens",
        nargs=2,
        action=_Tokens,
        metavar=("E|A:B", "DIR"),
        help="tokens of the state, or of the states A up to and without B, into a folder",
    )
    kinds.add_argument("--checkpoint", type=_path, metavar="FILE", help="the state --epoch as the reference saves it")
    kinds.add_argument("--log", type=_path, metavar="FILE", help="complexity as CSV, as the reference logs it")
    kinds.add_argument(
        "--figure-data", type=_path, metavar="DIR", help="what the figures of show and replicator are drawn from"
    )
    parser.add_argument("--epoch", type=whole("epoch"), metavar="E", help="the state that --checkpoint writes")
    parser.add_argument(
        "--every", type=whole("interval", 1), metavar="N", help="epochs between two lines of --log (default: 64)"
    )
    parser.add_argument(
        "--scores", action="store_true", default=None, help="count replicators in --log, as --eval_selfrep does"
    )
    parser.add_argument("--format", choices=_FORMATS, help="of the files of --figure-data (default: parquet)")


def execute(arguments: argparse.Namespace) -> None:
    """Write, and print the path."""
    kind = next(name for name in _WRITERS if getattr(arguments, name) is not None)
    for name, needs in _OWN.items():
        if getattr(arguments, name) is not None and needs != kind:
            raise UsageError(f"export: --{name} belongs to --{needs.replace('_', '-')}; leave it out")
    with open_history(arguments) as history:
        print(_WRITERS[kind](history, arguments))


def _tokens(history: "History", arguments: argparse.Namespace) -> Path:
    from flows.cli.terminal import note
    from warehouse.export import export_tokens

    states, directory = arguments.tokens
    check_epoch(history, states.start)
    check_epoch(history, states.stop - 1)
    for path in export_tokens(history, states, directory):
        note(f"wrote {path}")
    return Path(directory)


def _checkpoint(history: "History", arguments: argparse.Namespace) -> Path:
    from warehouse.checkpoint import export_checkpoint

    if arguments.epoch is None:
        raise UsageError("export: --epoch is missing; it says which state the checkpoint holds")
    path: Path = arguments.checkpoint
    check_epoch(history, arguments.epoch)
    export_checkpoint(history, arguments.epoch, path)
    return path


def _log(history: "History", arguments: argparse.Namespace) -> Path:
    from analysis.reference_log import EVERY, write_log
    from flows.cli.terminal import note

    path: Path = arguments.log
    check_epoch(history, history.first)
    write_log(history, path, arguments.every or EVERY, scored=bool(arguments.scores), progress=note)
    return path


def _figure_data(history: "History", arguments: argparse.Namespace) -> Path:
    from analysis.figure_data import figure_rows
    from flows.cli.terminal import note
    from warehouse.export import outside
    from warehouse.figure_tables import write_figure_table

    folder: Path = arguments.figure_data
    outside(history, folder)
    for name, rows in figure_rows(history):
        note(f"wrote {write_figure_table(name, rows, folder, arguments.format or _FORMATS[0])}")
    return folder


_WRITERS: dict[str, Callable[["History", argparse.Namespace], Path]] = {
    "tokens": _tokens,
    "checkpoint": _checkpoint,
    "log": _log,
    "figure_data": _figure_data,
}


class _Tokens(argparse.Action):
    """--tokens and its folder: the two together, for a folder that stood for itself would be wanted by all kinds."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, _: str | None = None
    ) -> None:
        del parser
        try:
            setattr(namespace, self.dest, (span("state")(values[0]), _path(values[1])))
        except argparse.ArgumentTypeError as error:
            raise argparse.ArgumentError(self, str(error)) from None


def _path(text: str) -> Path:
    if not text.strip():
        raise argparse.ArgumentTypeError("is empty")
    return Path(text)
