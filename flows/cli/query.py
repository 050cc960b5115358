"""Asking the store in SQL from the command line: rows as they come, Ctrl-C interrupts."""

from itertools import islice

from flows.cli.output import print_rows
from warehouse.connection import Connection


def print_answer(connection: Connection, query: str, style: str, most: int | None = None) -> bool:
    """Print a query's rows, at most ``most``; tell whether that was all of them.

    Ctrl-C ends the query and raises `KeyboardInterrupt`.
    """
    result = connection.sql(query)
    rows = iter(result)
    count = print_rows(result.columns, islice(rows, most), style)
    return count != most or next(rows, None) is None
