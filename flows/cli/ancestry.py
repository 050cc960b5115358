"""`primordium ancestry`: where a whole program came from."""

import argparse
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from flows.cli.output import print_records
from flows.cli.parser import add_format, add_place, add_run
from flows.cli.reading import check_epoch, check_programs, open_history
from flows.cli.replicator import spans

if TYPE_CHECKING:
    from warehouse.reader import History

EXAMPLES = (
    "primordium ancestry RUN --epoch 100 --program 77",
    "primordium ancestry RUN --epoch 100 --program 77 --parents --format csv",
)
_SHOWN = 12  # places of birth told to a person; `contributors` in SQL has them all

Row = dict[str, Any]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add_run(parser)
    add_place(parser)
    parser.add_argument(
        "--parents", action="store_true", help="a row for each program that gave bytes to another, newest first"
    )
    add_format(parser)


def execute(arguments: argparse.Namespace) -> None:
    """Print a tape's story; with --parents the edges; as CSV or JSON a row for each byte."""
    from flows.cli.terminal import passing
    from warehouse.program_ancestry import ancestry, contributors, parents, program_histories
    from warehouse.schema import RELATIONS

    epoch, program = arguments.epoch, arguments.program
    with open_history(arguments) as history:
        check_epoch(history, epoch)
        check_programs(history, (program,))
        histories = program_histories(history, epoch, program, passing(epoch))
        if arguments.parents:
            print_records(parents(histories), arguments.format, RELATIONS["parents"].names)
        elif arguments.format != "table":
            print_records(ancestry(histories, program), arguments.format, RELATIONS["ancestry"].names)
        else:
            _tell(history, (epoch, program), ancestry(histories, program), contributors(histories, history.first))


def acts(rows: Sequence[Row]) -> list[tuple[int, int, int | None, list[int]]]:
    """Return the joinings, oldest first: epoch, the program joined, the one that gave, and the sites they became.

    ``rows``: as of `ancestry`. None gave bytes that were born in that epoch.
    """
    sites: dict[tuple[int, int, int | None], list[int]] = defaultdict(list)
    for row in rows:
        sites[row["joined_epoch"], row["joined_program"], row["joined_from"]].append(row["site"])
    ordered = sorted(sites.items(), key=lambda item: (item[0][0], -len(item[1]), item[1]))
    return [(*act, found) for act, found in ordered]


def _tell(history: "History", place: tuple[int, int], rows: Sequence[Row], given: Sequence[Row]) -> None:
    from flows.cli.terminal import Page, facts, program_text

    epoch, program = place
    page, language, told = Page(), history.config.instruction_set, acts(rows)
    crossed = [row["crossed"] for row in rows]
    page.print(f"program {program} of state {epoch}", style="bold")
    page.print(program_text(language, bytes(row["char"] for row in rows)))
    facts(
        page,
        [
            ("births", ", ".join(f"{count} {kind}" for kind, count in _kinds(rows, _soup(history)))),
            ("joined", f"in {len(told)} acts, in states {told[0][0]} to {told[-1][0]}"),
            ("copied", f"{min(crossed)} to {max(crossed)} times from program to program"),
        ],
    )
    page.print("how its bytes joined")
    for joined, carrier, source, sites in told:
        if joined == history.first:
            origin = f"stood in program {carrier} of {_soup(history)}"
        elif source is None:
            origin = f"were born in program {carrier}" if len(sites) > 1 else f"was born in program {carrier}"
        elif source == carrier:
            origin = f"of program {carrier} stayed when the others came"
        else:
            origin = f"of program {source} came to program {carrier}"
        page.print(f"  {joined:>6}  {len(sites):>3} {origin}: site{'s' * (len(sites) > 1)} {spans(sites)}")
    page.print("where its bytes were born")
    for row in given[:_SHOWN]:
        page.print(f"  {row['epoch']:>6}  {row['weight']:>3} in program {row['program']}")
    if len(given) > _SHOWN:
        page.print(f"          and in {len(given) - _SHOWN} more places")


def _soup(history: "History") -> str:
    return "the imported soup" if history.config.start else "the initial soup"


def _kinds(rows: Sequence[Row], soup: str) -> list[tuple[str, int]]:
    names = {"initial": f"in {soup}", "mutated": "by mutation", "born": "from nowhere"}
    counts = [(told, sum(row["birth"] == kind for row in rows)) for kind, told in names.items()]
    return [(told, count) for told, count in counts if count]
