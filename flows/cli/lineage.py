"""`primordium lineage`: the history of one byte, or where every byte of a program comes from."""

import argparse
from typing import Any

from flows.cli.output import print_records
from flows.cli.parser import add_format, add_place, add_run
from flows.cli.reading import check_epoch, check_programs, check_site, open_history

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
    from warehouse.lineage import walk_back

    history = open_history(arguments)
    check_epoch(history, arguments.epoch)
    check_programs(history, (arguments.program,))
    if arguments.site is not None:
        check_site(history, arguments.site)
        events = walk_back(history, arguments.epoch, arguments.program, arguments.site)
        print_records(events, arguments.format, COLUMNS)
        return
    language = history.config.instruction_set
    rows = []
    for site in range(history.config.program_length):
        row = summarised(site, walk_back(history, arguments.epoch, arguments.program, site))
        rows.append({**row, "text": language.format(bytes((row["char"],)))})
    print_records(rows, arguments.format, PROGRAM_COLUMNS)


def summarised(site: int, events: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a byte's history in one row: what it is, where and how it was born, how often copied and changed."""
    newest, birth = events[0], events[-1]
    kinds = [event["event"] for event in events]
    return {
        "site": site,
        "char": newest["char"],
        "born_epoch": birth["epoch"],
        "born_program": birth["program"],
        "born_site": birth["site"],
        "born_char": birth["char"],
        "birth": birth["event"],
        "copied": kinds.count("copied"),
        "incremented": kinds.count("incremented"),
        "last_changed": newest["epoch"],
    }
