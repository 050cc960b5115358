"""What all tests share: the option ``--run-slow`` and how hypothesis runs."""

import atexit
import os
import signal
import sys

import hypothesis
import pytest

# Started in the background by a shell without job control, this process ignores SIGINT, and so would every process
# that a test starts to interrupt it: one that is handled here starts with the default there.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Deterministic: a failure met once is met by everyone. No deadline: the first example pays for compiling a kernel.
hypothesis.settings.register_profile("primordium", derandomize=True, deadline=None, database=None, print_blob=True)
hypothesis.settings.load_profile("primordium")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--run-slow", action="store_true", help="also run tests marked slow")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--run-slow"):
        return
    skip = pytest.mark.skip(reason="slow: run with --run-slow")
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(skip)


_status = 0


def pytest_sessionfinish(exitstatus: int) -> None:
    global _status  # noqa: PLW0603 -- pytest tells it to one hook, and the next needs it
    _status = int(exitstatus)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """End at once: pytest's closing line is the last.

    DuckDB's threads that have called Python keep some state of it to the end, and its binding library would
    list, after that line, what the interpreter therefore cannot take down.
    """
    if hasattr(config, "workerinput"):  # a process of several: its report goes out as it ends by itself
        return
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(_status)
