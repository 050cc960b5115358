"""Every way to fail, as one line on standard error and an exit code.

2 is bad input: usage, and `sim.InputError` with its subclasses in the other packages, SQL that cannot be
answered among them. 1 is failure: everything else. PRIMORDIUM_DEBUG=1 shows the traceback as well.
"""

import os
import sys
import traceback

from flows.cli.parser import UsageError, one_line

DONE, FAILURE, BAD_INPUT = 0, 1, 2


def report(error: BaseException) -> int:
    """Print what went wrong in one line; return the exit code."""
    if os.environ.get("PRIMORDIUM_DEBUG"):
        traceback.print_exception(error)
    code, message = describe(error)
    print(f"primordium: {one_line(message)}", file=sys.stderr)
    return code


def describe(error: BaseException) -> tuple[int, str]:
    """Return the exit code of ``error`` and what to say about it."""
    if isinstance(error, UsageError):  # told at once, without importing the packages
        return BAD_INPUT, str(error)
    if isinstance(error, KeyboardInterrupt):
        return FAILURE, str(error) or "interrupted"

    from sim import InputError, MechanismIdCollisionError
    from warehouse.errors import StoreFault

    text = str(error)
    if isinstance(error, InputError):
        return BAD_INPUT, text
    if isinstance(error, StoreFault | MechanismIdCollisionError | OSError):
        return FAILURE, text
    if isinstance(error, MemoryError):
        return FAILURE, text or "out of memory"
    return FAILURE, f"unexpected {type(error).__name__}: {text} (PRIMORDIUM_DEBUG=1 shows where)"
