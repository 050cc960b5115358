"""The prompt of `primordium sql`: history, several lines to a query, Ctrl-C interrupts, Ctrl-D ends."""

import contextlib
import os
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from flows.cli.failures import describe
from flows.cli.parser import one_line
from flows.cli.query import print_answer
from warehouse.connection import Connection
from warehouse.schema import MACROS, RELATIONS

_PROMPT, _MORE = "primordium> ", "       ...> "
_SHOWN = 200  # rows of a table on a screen; files get all of them by way of --format
_HISTORY_LENGTH = 2000


def statements(lines: Iterable[str]) -> Iterator[str]:
    """Yield the queries in ``lines``: a semicolon at a line's end closes one, the last needs none."""
    gathered: list[str] = []
    for line in lines:
        gathered.append(line)
        if line.rstrip().endswith(";"):
            yield from _unless_empty(gathered)
            gathered = []
    yield from _unless_empty(gathered)


def _unless_empty(lines: list[str]) -> Iterator[str]:
    query = "".join(lines)
    if query.strip(" \t\r\n;"):
        yield query


def converse(connection: Connection, style: str) -> None:
    """Ask for queries and answer them until Ctrl-D or .quit."""
    history = _open_history()
    print(
        f"{len(RELATIONS)} relations: .help lists them, .refresh looks for new epochs, .quit or Ctrl-D ends",
        file=sys.stderr,
    )
    try:
        while (query := _read_query()) is not None:
            if query:
                _answer(connection, query, style)
    finally:
        _close_history(history)


def _read_query() -> str | None:
    """Return the next query or dotted command; "" after Ctrl-C, None at the end."""
    lines: list[str] = []
    while True:
        try:
            line = input(_MORE if lines else _PROMPT)
        except EOFError:
            print()
            return None
        except KeyboardInterrupt:
            print()
            return ""
        if not lines and line.strip() in {".quit", ".exit", "exit", "quit"}:
            return None
        if not lines and line.strip().startswith("."):
            return line.strip()
        lines.append(line)
        if not line.strip() and len(lines) == 1:
            return ""
        if line.rstrip().endswith(";"):
            return "\n".join(lines)


def _answer(connection: Connection, query: str, style: str) -> None:
    """Answer one query; what goes wrong is told and the prompt comes back."""
    try:
        if query.startswith("."):
            _command(connection, query)
        elif not print_answer(connection, query, style, _SHOWN if style == "table" else None):
            print(f"the first {_SHOWN} rows; `primordium sql --format csv QUERY` prints all", file=sys.stderr)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
    except Exception as error:  # noqa: BLE001 - told, and the person goes on
        print(one_line(describe(error)[1]), file=sys.stderr)


def _command(connection: Connection, name: str) -> None:
    """Obey a dotted command."""
    if name == ".help":
        for table in RELATIONS.values():
            call = f"({', '.join(table.arguments)})" if table.arguments else ""
            print(f"{table.name}{call}: {', '.join(table.names)}")
        for call, meaning in MACROS.items():
            print(f"{call}: {meaning}")
    elif name == ".refresh":
        connection.refresh()
    else:
        print(f"no command {name}; there are .help, .refresh and .quit", file=sys.stderr)


def _open_history() -> Path | None:
    """Let readline complete relations' names and remember earlier queries; None where there is no readline."""
    try:
        import readline
    except ImportError:
        return None
    words = sorted({*RELATIONS, *(name for table in RELATIONS.values() for name in table.names)})

    def complete(text: str, index: int) -> str | None:
        return next(islice((word for word in words if text and word.startswith(text)), index, None), None)

    readline.set_completer(complete)
    readline.parse_and_bind("tab: complete")
    readline.set_history_length(_HISTORY_LENGTH)
    state = os.environ.get("XDG_STATE_HOME")
    path = (Path(state) if state else Path.home() / ".local" / "state") / "primordium" / "sql_history"
    with contextlib.suppress(OSError):  # the first time there is none
        readline.read_history_file(path)
    return path


def _close_history(path: Path | None) -> None:
    """Keep the queries for the next time, if the place can be written."""
    if path is None:
        return
    import readline

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        readline.write_history_file(path)
    except OSError as error:
        print(f"the queries were not kept: {one_line(str(error))}", file=sys.stderr)
