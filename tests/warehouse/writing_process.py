"""A process that stores a run and is killed, starved or watched while it does.

    python -m tests.warehouse.writing_process STORE EPOCHS [starve BYTES | hold]
    python -m tests.warehouse.writing_process die EPOCHS STORE FUNCTION CALL [STORE FUNCTION CALL ...]
    python -m tests.warehouse.writing_process die-thinning RUN STORE FUNCTION CALL [STORE FUNCTION CALL ...]
    python -m tests.warehouse.writing_process die-copying TARGET STORE FUNCTION CALL [STORE FUNCTION CALL ...]

``die``: for each store, a process that ends at once, without any clean-up, at the CALL-th call of FUNCTION
(``module:name`` or ``module:Class.name``); they are forked, for importing takes longer than dying.
``die-thinning``: while thinning the run to `transition`; ``die-copying``: while copying all runs to the store TARGET.
``starve``: no file may grow beyond BYTES. ``hold``: says "open" when it has the run and waits for a line.
"""

import importlib
import os
import resource
import sys
from collections.abc import Callable
from typing import Any

import warehouse.retention
from tests.warehouse.making import CONFIG, SETTINGS, make_run, shorten_segments
from warehouse.errors import StoreFault
from warehouse.store import Store
from warehouse.transfer import copy_run
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


def thin_run(path: str, run: str) -> int:
    warehouse.retention.MARGIN = 5
    warehouse.retention.thin(Store.open(path), run, "transition")
    return 0


def copy_runs(path: str, target: str) -> int:
    store = Store.open(path)
    for run in store.run_ids():
        copy_run(store, run, Store.open(target, create=True))
    return 0


WORKS: dict[str, Callable[[str, str], int]] = {
    "die": lambda path, epochs: store_run(path, int(epochs)),
    "die-thinning": thin_run,
    "die-copying": copy_runs,
}


def die_everywhere(work: Callable[[str, str], int], what: str, jobs: list[str]) -> int:
    for path, function, call in zip(jobs[0::3], jobs[1::3], jobs[2::3], strict=True):
        child = os.fork()
        if child == 0:
            die_at(function, int(call))
            os._exit(work(path, what))
        _, status = os.waitpid(child, 0)
        tell(os.waitstatus_to_exitcode(status))
    return 0


def main() -> int:
    path, epochs, *how = sys.argv[1:]
    shorten_segments()
    os.fsync = lambda fd: None  # noqa: ARG005 -- no power cut is tried
    match how:
        case jobs if path in WORKS:
            return die_everywhere(WORKS[path], epochs, jobs)
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
