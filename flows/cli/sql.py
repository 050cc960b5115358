"""`primordium sql`: a query on the store, or a prompt for queries."""

import argparse
import sys

from flows.cli.parser import UsageError, add_format, store_path

EXAMPLES = (
    'primordium sql "SELECT run, epoch, kind FROM transitions"',
    "primordium sql --format csv \"SELECT * FROM tokens_at('RUN', 100) WHERE program = 7\"",
    "primordium sql  # a prompt: queries end with a semicolon, .help lists the relations",
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "query", metavar="QUERY", nargs="?", help="SQL; without it a prompt, or queries from standard input"
    )
    add_format(parser)


def execute(arguments: argparse.Namespace) -> None:
    """Answer the query, those of standard input, or a person's."""
    if arguments.query is not None and not arguments.query.strip(" \t\r\n;"):
        raise UsageError("query: is empty; give SQL, or nothing for a prompt")
    from flows.cli.prompt import converse, statements
    from flows.cli.query import print_answer
    from warehouse.connection import connect

    with connect(store_path(arguments)) as connection:
        if arguments.query is None and sys.stdin.isatty():
            converse(connection, arguments.format)
            return
        for query in statements(sys.stdin) if arguments.query is None else (arguments.query,):
            print_answer(connection, query, arguments.format)
