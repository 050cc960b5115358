"""`primordium species`: the species of a state, or which families of species followed one another in a run."""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from flows.cli.output import print_records
from flows.cli.parser import add_format, add_run, whole
from flows.cli.reading import check_epoch, open_history

if TYPE_CHECKING:
    from rich.text import Text

    from sim import Language
    from warehouse.reader import History

EXAMPLES = ("primordium species RUN --epoch 512", "primordium species RUN")
COLUMNS = ("epoch", "rank", "species", "abundance", "share", "variants", "program", "text")
STRETCHES = (
    "rank", "epoch", "last_epoch", "family", "species", "peak_epoch", "peak_share", "replaced_family",
    "replaced_species",
)  # fmt: skip


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add_run(parser)
    parser.add_argument(
        "--epoch", type=whole("epoch"), metavar="E", help="state whose species are listed; without it, the run's story"
    )
    parser.add_argument(
        "--limit", type=whole("limit", 1), default=20, metavar="N", help="how many species are listed (default: 20)"
    )
    add_format(parser)


def execute(arguments: argparse.Namespace) -> None:
    """Print them."""
    with open_history(arguments) as history:
        if arguments.epoch is None:
            _print_succession(arguments, history)
            return
        check_epoch(history, arguments.epoch)
        rows, told = _species_of(history, arguments.epoch, arguments.limit)
        language = history.config.instruction_set
    if arguments.format == "table":
        _print_species(language, rows)
    else:
        print_records(rows, arguments.format, COLUMNS)
    _note(told)


def _species_of(history: "History", epoch: int, limit: int) -> tuple[list[dict[str, Any]], str]:
    """Return the first species of a state, and how many there are in words."""
    from analysis.species import species_rows
    from warehouse.populations import population_of

    language = history.config.instruction_set
    for _, chars in history.chars([epoch]):
        found = population_of(language, chars)
        rows = species_rows(language, epoch, found, chars, limit)
    count = f"{len(found.abundance)} species and {len(found.copies)} distinct programs"
    return rows, f"{count} among {history.config.programs} in state {epoch}"


def _print_species(language: "Language", rows: Sequence[dict[str, Any]]) -> None:
    from rich.text import Text

    from flows.cli.terminal import Page

    page = Page()
    page.print(f"{'programs':>9} {'share':>7} {'variants':>9} {'program':>8}  species")
    for row in rows:
        numbers = f"{row['abundance']:>9} {row['share']:>7.2%} {row['variants']:>9} {row['program']:>8}  "
        page.print(Text(numbers).append_text(_named(language, row["instructions"])))


def _print_succession(arguments: argparse.Namespace, history: "History") -> None:
    from warehouse.results import read_result

    rows = read_result(history.store, history.run, "succession")
    if rows is None:
        _note(f"not analysed yet: primordium analyze {history.run}")
        rows = []
    elif not rows:
        _note(f"no species of run {history.run} ever had two programs in a state looked at")
    if arguments.format == "table":
        _print_stretches(history.config.instruction_set, rows)
    else:
        print_records(rows, arguments.format, STRETCHES)


def _print_stretches(language: "Language", rows: Sequence[dict[str, Any]]) -> None:
    from rich.text import Text

    from flows.cli.terminal import Page

    page = Page()
    page.print(f"{'first in states':>17} {'family':>7} {'at most':>8} {'in state':>9}  its species then")
    for row in rows:
        stretch = f"{row['epoch']} to {row['last_epoch']}"
        numbers = f"{stretch:>17} {row['family']:>7} {row['peak_share']:>8.2%} {row['peak_epoch']:>9}  "
        page.print(Text(numbers).append_text(_named(language, language.parse(row["species"]))))


def _named(language: "Language", species: bytes) -> "Text":
    from rich.text import Text

    from flows.cli.terminal import program_text

    return program_text(language, species) if species else Text("(no instruction)", style="italic")


def _note(message: str) -> None:
    from flows.cli.terminal import note

    note(message)
