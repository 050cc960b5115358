"""How arguments are read: the parser, and the options that several sub-commands share.

Bad usage becomes `UsageError`, one line, instead of argparse's usage dump; option values are checked by
the types below, whose messages name the option and what is allowed.
"""

import argparse
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

FORMATS = ("table", "csv", "json")
DEFAULT_STORE = "./store"
STORE_VARIABLE = "PRIMORDIUM_STORE"


class UsageError(Exception):
    """Arguments that cannot be used; the message is one line and the command exits with 2."""


class _Help(argparse.RawDescriptionHelpFormatter):
    """Help whose column of names is wide enough for the longest."""

    def __init__(self, prog: str, **settings: Any) -> None:
        super().__init__(prog, max_help_position=30, **settings)
        self._action_max_length = 15  # at least: argparse measures sub-commands too short and would break a line


class Parser(argparse.ArgumentParser):
    """An argument parser that raises `UsageError` and knows options only by their full names."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(formatter_class=_Help, allow_abbrev=False, **settings)

    def error(self, message: str) -> NoReturn:
        """Raise `UsageError` with argparse's own message and where help is found."""
        raise UsageError(f"{message} (see: {self.prog} --help)")


def store_path(arguments: argparse.Namespace) -> Path:
    """Return the store's folder, or its URL as a path: --store, else PRIMORDIUM_STORE, else ./store."""
    given = getattr(arguments, "store", None) or os.environ.get(STORE_VARIABLE) or DEFAULT_STORE
    return Path(given)


def add_store(parser: argparse.ArgumentParser) -> None:
    """Add --store. No default: the option stands before or after the sub-command, and absence must not overwrite."""
    parser.add_argument(
        "--store",
        metavar="DIR",
        default=argparse.SUPPRESS,
        type=not_empty,
        help=f"folder of the store, or s3://bucket/prefix (default: ${STORE_VARIABLE}, else {DEFAULT_STORE})",
    )


def add_format(parser: argparse.ArgumentParser) -> None:
    """Add --format: how rows are printed."""
    parser.add_argument("--format", choices=FORMATS, default="table", help="how rows are printed (default: table)")


def add_run(parser: argparse.ArgumentParser) -> None:
    """Add the positional RUN."""
    parser.add_argument("run", metavar="RUN", type=not_empty, help="a run's id or name")


def add_place(parser: argparse.ArgumentParser, *, site: bool = False) -> None:
    """Add --epoch and --program (and --site), all about one program of one state."""
    parser.add_argument("--epoch", type=whole("epoch"), required=True, metavar="E", help="state, 0 is the initial soup")
    parser.add_argument("--program", type=whole("program"), required=True, metavar="P", help="program, from 0 on")
    if site:
        parser.add_argument("--site", type=whole("site"), metavar="S", help="byte of the program, from 0 on")


def whole(what: str, least: int = 0, most: int | None = None) -> Callable[[str], int]:
    """Return an option type: a whole number of at least ``least``, and at most ``most``."""
    allowed = f"whole numbers from {least} on" if most is None else f"whole numbers from {least} to {most}"

    def convert(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = least - 1
        if number < least or (most is not None and number > most):
            raise argparse.ArgumentTypeError(f"{text!r} is no {what}; allowed: {allowed}")
        return number

    return convert


def span(what: str) -> Callable[[str], range]:
    """Return an option type: one whole number, or A:B for A up to and without B."""

    def convert(text: str) -> range:
        first, colon, stop = text.partition(":")
        try:
            numbers = range(int(first), int(stop) if colon else int(first) + 1)
        except ValueError:
            numbers = range(0)
        if not numbers or numbers.start < 0:
            raise argparse.ArgumentTypeError(
                f"{text!r} names no {what}; allowed: a number from 0 on, or A:B for A up to and without B"
            )
        return numbers

    return convert


def not_empty(text: str) -> str:
    """Return the text of an option, which may not be empty."""
    if not text.strip():
        raise argparse.ArgumentTypeError("is empty")
    return text


def one_line(text: str) -> str:
    """Return ``text`` with all white space, line ends included, folded into single spaces."""
    return " ".join(text.split())


def joined(examples: Sequence[str]) -> str:
    """Return the epilogue that shows a sub-command's examples."""
    return "example:\n" + "\n".join(f"  {example}" for example in examples)
