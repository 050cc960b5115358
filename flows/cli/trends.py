"""`primordium trends`: a run's replicators, turnover and copies over time."""

import argparse

from flows.cli.output import print_records
from flows.cli.parser import add_format, add_run
from flows.cli.reading import open_history

EXAMPLES = ("primordium trends RUN", "primordium trends RUN --all --format csv")
_TOLD = (
    "epoch", "sample", "replicators", "replicating_share", "mean_score", "distinct_programs", "largest_clone",
    "turnover", "copied_cells", "copied_right", "copied_left", "mean_distance", "forward_cells", "reversed_cells",
)  # fmt: skip


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add_run(parser)
    parser.add_argument("--all", action="store_true", help="score all programs of each state, not a sample of 128")
    add_format(parser)


def execute(arguments: argparse.Namespace) -> None:
    """Print the rows of `trends`: a table shows the main columns, CSV and JSON all of them."""
    from analysis.catalogue import analyze, is_current
    from analysis.trends import find_trends
    from flows.cli.terminal import note
    from warehouse.housekeeping import writable
    from warehouse.results import read_result
    from warehouse.schema import FILES

    with open_history(arguments) as history:
        if arguments.all:
            rows = find_trends(history, note, history.config.programs)
        else:
            if not is_current(history, "trends"):
                with writable(history.store, history.run, note) as store:
                    analyze(store, history.run, only="trends", progress=note)
            rows = read_result(history.store, history.run, "trends") or []
    print_records(rows, arguments.format, _TOLD if arguments.format == "table" else FILES["trends"].names)
