"""Asking the store in SQL from the command line: rows as they come, Ctrl-C interrupts."""

import warnings
from itertools import islice

from flows.cli.output import print_rows
from flows.cli.terminal import note
from warehouse.connection import Connection
from warehouse.errors import ThinnedWarning


def print_answer(connection: Connection, query: str, style: str, most: int | None = None) -> bool:
    """Print a query's rows, at most ``most``; tell whether that was all of them.

    Ctrl-C ends the query and raises `KeyboardInterrupt`.
    """
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", ThinnedWarning)
        result = connection.sql(query)
    for warning in told:
        if warning.category is ThinnedWarning:
            note(str(warning.message))
    rows = iter(result)
    count = print_rows(result.columns, islice(rows, most), style)
    return count != most or next(rows, None) is None
