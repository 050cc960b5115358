"""A process that stores a run and is killed, starved or watched while it does.

    python -m tests.warehouse.writing_process STORE EPOCHS [starve BYTES | hold]
    python -m tests.warehouse.writing_process die EPOCHS STORE FUNCTION CALL [STORE FUNCTION CALL ...]

``die``: for each store, a process that ends at once, without any clean-up, at the CALL-th call of FUNCTION
(``module:name`` or ``module:Class.name``); they are forked, for importing takes longer than dying.
``starve``: no file may grow beyond BYTES. ``hold``: says "open" when it has the run and waits for a line.
"""

import importlib
import os
import resource
import sys
from collections.abc import Callable
from typing import Any

from tests.warehouse.making import CONFIG, SETTINGS, make_run, shorten_segments
from warehouse.errors import StoreFault
from warehouse.store import Store
from warehouse.writer import RunWriter


def die_at(function: str, call: int) -> None:
    """Let this process die at a call of the function."""
    module, _, path = function.partition(":")
    *owners, name = path.split(".")
    owner: Any = importlib.import_module(module)
    for part in owners:
        owner = getattr(owner, part)
    original: Callable[..., Any] = getattr(owner, name)
    calls = 0

    def counted(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == call:
            os._exit(9)
        return original(*arguments, **named)

    setattr(owner, name, counted)


def tell(line: object) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def store_run(path: str, epochs: int) -> int:
    try:
        tell(make_run(Store.open(path, create=True), epochs, wait=tell))
    except StoreFault as error:
        tell(error)
        return 1
    return 0


def die_everywhere(epochs: int, jobs: list[str]) -> int:
    for path, function, call in zip(jobs[0::3], jobs[1::3], jobs[2::3], strict=True):
        child = os.fork()
        if child == 0:
            die_at(function, int(call))
            os._exit(store_run(path, epochs))
        _, status = os.waitpid(child, 0)
        tell(os.waitstatus_to_exitcode(status))
    return 0


def main() -> int:
    path, epochs, *how = sys.argv[1:]
    shorten_segments()
    os.fsync = lambda fd: None  # noqa: ARG005 -- no power cut is tried
    match how:
        case jobs if path == "die":
            return die_everywhere(int(epochs), jobs)
        case ["starve", size]:
            resource.setrlimit(resource.RLIMIT_FSIZE, (int(size), resource.RLIM_INFINITY))
        case ["hold"]:
            with RunWriter.open(Store.open(path, create=True), CONFIG, SETTINGS):
                tell("open")
                sys.stdin.readline()
            return 0
    return store_run(path, int(epochs))


if __name__ == "__main__":
    sys.exit(main())
