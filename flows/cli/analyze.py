"""`primordium analyze`: analyses of a run from the store alone."""

import argparse

from flows.cli.output import print_records
from flows.cli.parser import add_format, add_run
from flows.cli.reading import open_store

EXAMPLES = ("primordium analyze RUN", "primordium analyze RUN --only founders --rebuild")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add_run(parser)
    parser.add_argument("--only", metavar="NAME", help="one analysis, with those that it needs")
    parser.add_argument("--rebuild", action="store_true", help="make it again although it is there and current")
    add_format(parser)


def execute(arguments: argparse.Namespace) -> None:
    """Analyse, and print what was made."""
    from analysis.catalogue import analyze, check_analysis
    from flows.cli.terminal import note
    from warehouse.housekeeping import writable

    check_analysis(arguments.only)  # before a run is fetched from object storage for it
    with writable(open_store(arguments), arguments.run, note) as store:
        made = analyze(store, arguments.run, only=arguments.only, rebuild=arguments.rebuild, progress=note)
    columns = ("analysis", "rows", "made")
    print_records(made, arguments.format, (*columns, "note") if any("note" in row for row in made) else columns)
