"""`primordium lineage`: the history of one byte, or where every byte of a program comes from."""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from flows.cli.output import print_records
from flows.cli.parser import add_format, add_place, add_run
from flows.cli.reading import check_epoch, check_programs, check_site, open_history

if TYPE_CHECKING:
    from warehouse.lineage import Event

EXAMPLES = (
    "primordium lineage RUN --epoch 512 --program 77 --site 0",
    "primordium lineage RUN --epoch 512 --program 77",
)
COLUMNS = ("epoch", "program", "site", "char", "event", "from_program", "from_site", "delta")
PROGRAM_COLUMNS = (
    "site", "char", "text", "born_epoch", "born_program", "born_site", "born_char", "birth", "copied", "incremented",
    "last_changed",
)  # fmt: skip


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add_run(parser)
    add_place(parser, site=True)
    add_format(parser)


def execute(arguments: argparse.Namespace) -> None:
    """Print a byte's events, newest first; without --site, a row for each byte of the program."""
    from flows.cli.terminal import passing
    from warehouse.lineage import walk_back, walk_back_cells

    with open_history(arguments) as history:
        epoch, program, site = arguments.epoch, arguments.program, arguments.site
        check_epoch(history, epoch)
        check_programs(history, (program,))
        if site is not None:
            check_site(history, site)
            print_records(
                map(vars, walk_back(history, epoch, program, site, passing(epoch))), arguments.format, COLUMNS
            )
            return
        length, language = history.config.program_length, history.config.instruction_set
        walks = walk_back_cells(history, epoch, range(program * length, (program + 1) * length), passing(epoch))
        rows = [summarised(site, events) for site, events in enumerate(walks)]
        texts = [{"text": language.format(bytes((row["char"],)))} for row in rows]
        print_records((row | text for row, text in zip(rows, texts, strict=True)), arguments.format, PROGRAM_COLUMNS)


def summarised(site: int, events: Sequence["Event"]) -> dict[str, Any]:
    """Return a byte's history in one row: what it is, where and how it was born, how often copied and changed."""
    newest, birth = events[0], events[-1]
    kinds = [event.event for event in events]
    return {
        "site": site,
        "char": newest.char,
        "born_epoch": birth.epoch,
        "born_program": birth.program,
        "born_site": birth.site,
        "born_char": birth.char,
        "birth": birth.event,
        "copied": kinds.count("copied"),
        "incremented": kinds.count("incremented"),
        "last_changed": newest.epoch,
    }
