"""DuckDB's complaints as one clear line of ours.

StoreError (errors)
└── SQLError           a question that cannot be answered as asked: malformed, writing, out of range
    └── QueryInterrupted   somebody stopped it
"""

import re

import duckdb

from warehouse.errors import StoreError, StoreFault

SCHEME = "primordium"

_ARGUMENTS = (
    "; arguments of tokens_at, lineage and their kind are constants, prepared parameters or getvariable('...'),"
    " neither subqueries nor columns of other tables; for many epochs give a list"
)
_WRITES = ("LocalFileSystem has been disabled", "attached in read-only mode", "configuration has been locked")
_DAMAGED = re.compile(r"magic bytes|thrift|corrupt|too small to be a Parquet|decompress|snappy|zstd|footer|page|EOF")


class SQLError(StoreError):
    """SQL that cannot be answered: malformed, asking for what is not there, or trying to write."""


class QueryInterrupted(SQLError):  # noqa: N818 -- nothing is wrong with the query
    """The query was stopped by `Connection.interrupt`."""


def translated(error: Exception, root: str) -> BaseException:
    """Return what to raise for an error that DuckDB raised; ``root`` is the store's folder.

    `StoreFault` for damaged files and lack of memory, else `SQLError`.
    """
    message, where = _split(str(error))
    path = re.search(rf"{SCHEME}://store/(?:\w+=[^/]*/)*(runs/[^'\"\s]+)", message)
    if path:
        message = message.replace(path[0], f"{root}/{path[1]}")
    if isinstance(error, duckdb.OutOfMemoryException):
        return StoreFault(f"not enough memory for this query, and nothing is written to disk: {message}")
    if isinstance(error, duckdb.FatalException | duckdb.InternalException):
        return StoreFault(f"DuckDB failed: {message}")
    if path and _DAMAGED.search(message):
        return StoreFault(f"damaged file {root}/{path[1]}: {message}")
    return _refusal(error, message, where)


def _refusal(error: Exception, message: str, where: str) -> SQLError:
    if isinstance(error, duckdb.InterruptException):
        return QueryInterrupted("the query was interrupted")
    if any(sign in message for sign in _WRITES):
        return SQLError(
            f"SQL: nothing can be written or set through this connection, only the store be read ({message}){where}"
        )
    if "cannot contain subqueries" in message or "lateral join column" in message:
        message += _ARGUMENTS
    return SQLError(f"SQL: {message}{where}")


def _split(text: str) -> tuple[str, str]:
    """Return DuckDB's message as one line, and where in the query it points to ("" if it does not)."""
    head, _, tail = text.partition("\n\nLINE ")
    where = ""
    if tail:
        number, _, rest = tail.partition(": ")
        caret = rest.rfind("\n")
        column = len(rest[caret + 1 :].rstrip()) - len(f"LINE {number}: ")
        pointed = rest[caret + 1 :].count("^")
        where = f"; at line {number}, column {max(column - pointed + 1, 1)}" if pointed else f"; at line {number}"
    return " ".join(head.split()), where
