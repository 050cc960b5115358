"""`primordium descendants`: what became of a byte, or of a whole program's."""

import argparse

from flows.cli.output import print_rows
from flows.cli.parser import UsageError, add_format, add_place, add_run, whole
from flows.cli.reading import check_epoch, check_programs, check_site, open_history

EXAMPLES = (
    "primordium descendants RUN --epoch 40 --program 3162 --site 8 --until 60",
    "primordium descendants RUN --epoch 40 --program 3162 --counts",
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add_run(parser)
    add_place(parser, site=True)
    parser.add_argument("--until", type=whole("epoch"), metavar="U", help="state to stop at (default: the last)")
    parser.add_argument("--counts", action="store_true", help="a row for each state instead of one for each event")
    add_format(parser)


def execute(arguments: argparse.Namespace) -> None:
    """Print a row for each event in the life of the descendants, or for each state; of all bytes without --site."""
    from warehouse import connect

    relation = "descendant_counts" if arguments.counts else "descendants"
    with open_history(arguments) as history:
        check_epoch(history, arguments.epoch)
        check_programs(history, (arguments.program,))
        if arguments.site is not None:
            check_site(history, arguments.site)
        until = history.last if arguments.until is None else arguments.until
        if not arguments.epoch <= until <= history.last:
            raise UsageError(f"until: {until}; allowed: {arguments.epoch} to {history.last}")
        place = [history.run, arguments.epoch, arguments.program, arguments.site, until]
        with connect(history.store) as sql:
            rows = sql.sql(f"SELECT * FROM {relation}(?, ?, ?, ?, ?)", place)
            print_rows(rows.columns, rows, arguments.format)
