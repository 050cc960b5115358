"""`primordium du`: what runs take on the disk."""

import argparse

from flows.cli.output import print_rows
from flows.cli.parser import add_format, store_path

EXAMPLES = ("primordium du", "primordium du RUN")

# How much does each run take? Grain: one row a run.
RUNS = """
SELECT s.run, r.name, r.retention, r.epochs, sum(s.files)::BIGINT AS files, sum(s.bytes)::BIGINT AS bytes
FROM sizes s JOIN runs r USING (run) GROUP BY ALL ORDER BY bytes DESC, run
"""
# How much does each relation of a run take? Grain: one row a relation.
RELATIONS = "SELECT relation, files, rows, bytes FROM sizes WHERE run = ? ORDER BY bytes DESC, relation"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("run", metavar="RUN", nargs="?", help="a run's id or name: its relations (default: all runs)")
    add_format(parser)


def execute(arguments: argparse.Namespace) -> None:
    """Print a row for each run, or for each relation of one; in all, on standard error."""
    from flows.cli.show import megabytes
    from flows.cli.terminal import note
    from warehouse.connection import connect

    with connect(store_path(arguments)) as connection:
        if arguments.run is None:
            result = connection.execute(RUNS)
        else:
            result = connection.execute(RELATIONS, [connection.store.find(arguments.run).run])
        rows = result.fetchall()
        print_rows(result.columns, rows, arguments.format)
    note(f"in all {megabytes(sum(row[-1] for row in rows))}")
