"""Every way to fail, as one line on standard error and an exit code.

2 is bad input: usage, `sim.InputError` with its subclasses in the other packages, and SQL that DuckDB
refuses. 1 is failure: everything else. PRIMORDIUM_DEBUG=1 shows the traceback as well.
"""

import os
import sys
import traceback

from flows.cli.parser import UsageError, one_line

DONE, FAILURE, BAD_INPUT = 0, 1, 2

#: DuckDB's errors that are not the query's fault, by class name: the command line does not import duckdb.
_NOT_THE_QUERYS_FAULT = {
    "IOException",
    "InternalException",
    "FatalException",
    "OutOfMemoryException",
    "InterruptException",
}


def report(error: BaseException) -> int:
    """Print what went wrong in one line; return the exit code."""
    if os.environ.get("PRIMORDIUM_DEBUG"):
        traceback.print_exception(error)
    code, message = describe(error)
    print(f"primordium: {one_line(message)}", file=sys.stderr)
    return code


def describe(error: BaseException) -> tuple[int, str]:
    """Return the exit code of ``error`` and what to say about it."""
    text = str(error)
    if isinstance(error, KeyboardInterrupt):
        return FAILURE, text or "interrupted"
    if isinstance(error, UsageError) or _is_bad_input(error):
        return BAD_INPUT, text
    if isinstance(error, MemoryError):
        return FAILURE, text or "out of memory"
    if _is_expected(error):
        return FAILURE, text
    return FAILURE, f"unexpected {type(error).__name__}: {text} (PRIMORDIUM_DEBUG=1 shows where)"


def _is_bad_input(error: BaseException) -> bool:
    from sim.errors import InputError

    return isinstance(error, InputError) or (_is_duckdb(error) and type(error).__name__ not in _NOT_THE_QUERYS_FAULT)


def _is_expected(error: BaseException) -> bool:
    from warehouse.errors import StoreFault

    return isinstance(error, (OSError, StoreFault)) or _is_duckdb(error)


def _is_duckdb(error: BaseException) -> bool:
    return any(base.__name__ == "Error" and base.__module__.endswith("duckdb") for base in type(error).__mro__)
