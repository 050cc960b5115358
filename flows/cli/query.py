"""Asking the store in SQL from the command line: rows as they come, Ctrl-C interrupts."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from warehouse.connection import Connection

T = TypeVar("T")
_BATCH = 2048


def rows_of(connection: Connection, query: str, parameters: Sequence[Any] = ()) -> tuple[list[str], Iterator[Any]]:
    """Return the names of a query's columns and its rows, fetched as they are taken."""
    cursor = connection.execute(query, list(parameters))
    columns = [column[0] for column in cursor.description or ()]

    def rows() -> Iterator[Any]:
        while batch := cursor.fetchmany(_BATCH):
            yield from batch

    return columns, rows()


def records_of(connection: Connection, query: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
    """Return a query's rows as dictionaries."""
    columns, rows = rows_of(connection, query, parameters)
    return [dict(zip(columns, row, strict=True)) for row in rows]


def interruptible(connection: Connection, work: Callable[[], T]) -> T:
    """Do ``work``, which asks ``connection``; Ctrl-C interrupts the query and raises `KeyboardInterrupt`.

    DuckDB sees signals only between Python calls of its own, and a query that replays a log makes none for
    seconds: so the work runs in a thread and this one waits for the signal.
    """
    with ThreadPoolExecutor(1, "query") as pool:
        future = pool.submit(work)
        try:
            return future.result()
        except KeyboardInterrupt:
            connection.interrupt()
            future.exception()
            raise
