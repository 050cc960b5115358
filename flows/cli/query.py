"""Asking the store in SQL from the command line: rows as they come, Ctrl-C interrupts."""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait

from flows.cli.output import Row, print_rows
from warehouse.connection import Connection

_BATCH = 2048
_PATIENCE = 0.2  # seconds between interruptions, for one that comes between two calls of DuckDB is lost


def print_answer(connection: Connection, query: str, style: str, most: int | None = None) -> bool:
    """Print a query's rows, at most ``most``; tell whether that was all of them.

    Ctrl-C interrupts the query and raises `KeyboardInterrupt`. DuckDB sees signals only when it returns to
    Python, and a query that replays a log does not for seconds: so the work is done in a thread, and this one
    waits for the signal.
    """
    stop = threading.Event()

    def answer() -> bool:
        result = connection.execute(query)
        rows = _rows(iter(lambda: result.fetchmany(_BATCH), []), stop)
        shown = rows if most is None else (row for _, row in zip(range(most), rows, strict=False))
        count = print_rows(result.columns, shown, style)
        return count != most or next(rows, None) is None

    with ThreadPoolExecutor(1, "query") as pool:
        future = pool.submit(answer)
        try:
            return future.result()
        except KeyboardInterrupt:
            stop.set()
            _interrupt(connection, future)
            raise


def _rows(batches: Iterator[Sequence[Row]], stop: threading.Event) -> Iterator[Row]:
    for batch in batches:
        for row in batch:
            if stop.is_set():
                return
            yield row


def _interrupt(connection: Connection, future: "Future[bool]") -> None:
    while not future.done():
        connection.interrupt()
        wait([future], timeout=_PATIENCE)
