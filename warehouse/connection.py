"""A store's SQL connection: DuckDB in memory, to which nothing can be written.

Any number may be open at once, beside writers. Views and macros lie in a small database attached
read-only, so that nothing in it can be changed; DuckDB's own access to disks is switched off, settings are
locked, and `readonly.ReadOnlyFiles` is the only file system. Temporary tables, SET VARIABLE, PREPARE,
DESCRIBE and PIVOT work.
"""

import warnings
import weakref
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import duckdb
from duckdb.func import ARROW, SPECIAL

from warehouse.errors import ThinnedWarning
from warehouse.functions import Functions
from warehouse.interruptible import InterruptibleCalls
from warehouse.readonly import ReadOnlyFiles
from warehouse.relations import statements
from warehouse.session_cache import SessionCache
from warehouse.snapshot import Snapshot
from warehouse.sql_errors import SQLError, translated
from warehouse.store import Store

_CATALOG = "primordium"
_WRITES = "STRUCT(target INTEGER, source INTEGER, delta INTEGER)[]"
#: What closes the doors, in this order: after the last no other can be set.
_LOCKS = (
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
    "SET allow_community_extensions = false",
    "SET allow_persistent_secrets = false",
    "SET temp_directory = ''",
    "SET python_enable_replacements = false",
    "SET disabled_filesystems = 'LocalFileSystem'",
    "SET lock_configuration = true",
)

Row = tuple[Any, ...]
T = TypeVar("T")


def connect(store: str | Path | Store = "store") -> "Connection":
    """Return a connection to the store in this folder (or to an open store).

    Raises `StoreError` if there is none.
    """
    return Connection(store if isinstance(store, Store) else Store.open(store))


class Connection:
    """A session: SQL over what was committed when it was opened, or last refreshed.

    Not for several threads at once, `interrupt` excepted. Close it, or use it in a ``with`` block.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        cache = SessionCache()
        try:
            self._functions = Functions(Snapshot.take(store), cache)
            self._duckdb = duckdb.connect(":memory:")
        except BaseException:
            cache.close()
            raise
        self._calls = InterruptibleCalls()
        self._close = weakref.finalize(self, _close, self._duckdb, self._functions, cache, self._calls)
        try:
            self._calls.call(lambda: self._prepare(cache), self.interrupt)
        except BaseException:
            self._close()
            raise

    def sql(self, query: str, parameters: Sequence[Any] | dict[str, Any] | None = None) -> "Result":
        """Run a query (or several, parted by ``;``) and return the rows of the last.

        Rows are fetched as they are asked for; the next query ends this one's. Raises `SQLError` for what is
        wrong with the query, `StoreFault` for damaged files, `KeyboardInterrupt` on Ctrl-C, which ends the query
        and leaves the connection to the next. Warns (`ThinnedWarning`) if a relation has lost rows by thinning.
        """
        self._functions.stop.clear()
        self._functions.asked.clear()
        if not query.strip(" ;\t\r\n"):
            raise SQLError("SQL: the query is empty")
        self._ask(lambda: self._duckdb.execute(query, parameters))
        told = self._functions.partly_there()
        if told is not None:
            warnings.warn(told, ThinnedWarning, stacklevel=2)
        return Result(self)

    execute = sql

    def df(self, query: str, parameters: Sequence[Any] | dict[str, Any] | None = None) -> Any:
        """Return a query's rows as a pandas data frame."""
        return self.sql(query, parameters).df()

    def interrupt(self) -> None:
        """Stop the query that runs in another thread; it raises `QueryInterrupted`."""
        self._functions.stop.set()
        self._duckdb.interrupt()

    def refresh(self) -> None:
        """See what has been committed since."""
        self._functions.replace(Snapshot.take(self.store))

    def close(self) -> None:
        """End the session and remove its files; again does nothing."""
        self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ask(self, question: Callable[[], T]) -> T:
        """Ask DuckDB, raising the error of ours behind its own, or its own as one of ours."""

        def work() -> T:
            self._functions.failure = None
            self._functions.check()  # an interruption may come between two calls of DuckDB
            try:
                return question()
            except (duckdb.Error, RuntimeError) as error:
                raise self._cause() or translated(error, str(self.store.path)) from None

        if not self._close.alive:
            raise SQLError("SQL: the connection is closed; connect again")
        return self._calls.call(work, self.interrupt)

    def _cause(self) -> BaseException | None:
        """Return the error of a function of ours that ended the query, if one did."""
        return self._functions.failure

    def _prepare(self, cache: SessionCache) -> None:
        functions, connection = self._functions, self._duckdb
        connection.register_filesystem(ReadOnlyFiles(self.store.path, functions.cached, functions.note))
        self._register()
        path = str(cache.folder / "relations.duckdb").replace("'", "''")
        connection.execute(f"ATTACH '{path}' AS {_CATALOG}; USE {_CATALOG}")
        with functions.installing():
            for statement in statements():
                connection.execute(statement)
        connection.execute(f"USE memory; DETACH {_CATALOG}; ATTACH '{path}' AS {_CATALOG} (READ_ONLY); USE {_CATALOG}")
        for statement in _LOCKS:
            connection.execute(statement)

    def _register(self) -> None:
        """Make the functions known that `relations` calls."""
        functions, text, number = self._functions, "VARCHAR", "BIGINT"
        # Those that name files see nulls, to say what is missing; the others answer null with null.
        of_files: tuple[tuple[str, Any, list[Any], str], ...] = (
            ("_files", functions.files, [text], "VARCHAR[]"),
            ("_state", functions.state, [text, text, text], "VARCHAR[]"),
            ("_lineage", functions.lineage, [text, number, number, number], text),
            ("_ancestry", functions.ancestry, [text, text, number, number, number], text),
            ("_descent", functions.descent, [text, text, number, number, number, number], text),
        )
        of_rows: tuple[tuple[str, Any, list[Any], str], ...] = (
            ("_writes", functions.writes, [text, "INTEGER", number], _WRITES),
            ("_program_text", functions.program_text, [text, number, number], text),
        )
        for name, function, arguments, result in of_files:
            self._duckdb.create_function(name, functions.guarded(function), arguments, result, null_handling=SPECIAL)
        for name, function, arguments, result in of_rows:
            self._duckdb.create_function(name, functions.guarded(function), arguments, result, type=ARROW)


class Result:
    """The rows of a query, fetched as they are asked for, in the manner of a database cursor."""

    def __init__(self, connection: Connection) -> None:
        self._ask = connection._ask  # noqa: SLF001 -- two halves of one
        self._duckdb = connection._duckdb  # noqa: SLF001
        self.description: list[Row] = list(self._duckdb.description or [])

    @property
    def columns(self) -> list[str]:
        """The columns' names."""
        return [str(column[0]) for column in self.description]

    @property
    def types(self) -> list[str]:
        """The columns' types, as SQL writes them."""
        return [str(column[1]) for column in self.description]

    def fetchone(self) -> Row | None:
        """Return the next row, None after the last. For many rows, iterating is quicker."""
        return self._ask(self._duckdb.fetchone)

    def fetchmany(self, size: int = 1000) -> list[Row]:
        """Return the next rows, at most ``size``."""
        return self._ask(lambda: self._duckdb.fetchmany(size))

    def fetchall(self) -> list[Row]:
        """Return all rows that are left."""
        return self._ask(self._duckdb.fetchall)

    def __iter__(self) -> Iterator[Row]:
        while rows := self.fetchmany():
            yield from rows

    def df(self) -> Any:
        """Return the rows as a pandas data frame."""
        try:
            return self._ask(self._duckdb.df)
        except ImportError:
            raise SQLError("a data frame needs pandas; `pip install pandas`, or take fetchall()") from None

    def arrow(self) -> Any:
        """Return the rows as a pyarrow table."""
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Arrow output on a DB-API result")  # it copies: rows may be half fetched
            return self._ask(self._duckdb.to_arrow_table)

    def numpy(self) -> dict[str, Any]:
        """Return the rows as arrays, by column."""
        return self._ask(self._duckdb.fetchnumpy)


def _close(
    connection: duckdb.DuckDBPyConnection, functions: Functions, cache: SessionCache, calls: InterruptibleCalls
) -> None:
    connection.close()
    functions.close()
    cache.close()
    calls.end()
