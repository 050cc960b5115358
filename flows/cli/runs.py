"""`primordium runs`: what is in the store."""

import argparse

from flows.cli.output import print_rows
from flows.cli.parser import add_format, store_path

EXAMPLES = ("primordium runs", "primordium runs --store /data/soups --format json")

# Which runs are there, and when did each first pass an onset? Grain: one row a run.
QUERY = """
SELECT run, name, language, programs, seed, mutation_rate, epochs, status,
       (SELECT min(t.epoch) FROM transitions t WHERE t.run = runs.run) AS first_onset
FROM runs ORDER BY created_at, run
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add_format(parser)


def execute(arguments: argparse.Namespace) -> None:
    """List the runs, oldest first."""
    from warehouse.connection import connect

    with connect(store_path(arguments)) as connection:
        result = connection.execute(QUERY)
        print_rows(result.columns, result, arguments.format)
