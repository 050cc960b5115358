"""Who writes a run on object storage now, so that others wait for it: an object that its writer renews.

    PREFIX/writers/run=<id>     process and machine, and a number that every renewal changes

One that is renewed no longer is void: others measure that on clocks of their own, and at once where they can see
that the process has ended. No safety rests on this, only that work is not done twice: a writer that was taken for dead
is told when it publishes, for a head is put on condition (see `publication`).
"""

import contextlib
import json
import os
import platform
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from warehouse.errors import StoreError, StoreFault
from warehouse.object_client import Objects

#: Seconds between two renewals, between two looks at another's, and after which one that is not renewed is void.
BEAT = 5.0
LOOK = 1.0
PATIENCE = 30.0

_END = 10.0  # seconds for a renewal that is under way

Wait = Callable[[str], None]


class Leases:
    """The leases of a store's runs, as this process has seen them. For several threads at once."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._seen: dict[str, tuple[str, float]] = {}

    def is_held(self, run: str) -> bool:
        """Tell whether somebody writes the run (its id), as far as one can see."""
        found = self._objects.get(_key(run))
        return found is not None and not self._is_void(run, *found)

    def take(self, run: str, wait: Wait | None = None) -> "Lease":
        """Become the one who writes the run, once nobody else does; ``wait`` is called with a line before waiting."""
        me = {"process": os.getpid(), "host": platform.node(), "kernel": _kernel(), "lease": uuid.uuid4().hex}
        while True:
            found = self._objects.get(_key(run))
            if found is None or self._is_void(run, *found):
                tag = self._objects.put(_key(run), _content(me, 0), None if found is None else found[1])
                if tag is not None:
                    return Lease(self._objects, run, me, tag)
                continue
            if wait is not None:
                other = _read(found[0])
                by = f"process {other['process']} on {other['host']}" if "process" in other else "another process"
                wait(f"run {run} is being written by {by}; waiting for it to end")
                wait = None
            time.sleep(LOOK)

    def _is_void(self, run: str, content: bytes, tag: str) -> bool:
        now = time.monotonic()
        if self._seen.get(run, ("", now))[0] != tag:
            self._seen[run] = tag, now
        return now - self._seen[run][1] >= PATIENCE or _has_ended(_read(content))


class Lease:
    """The right to write a run; a context manager, at whose end others may. `lost`: another has it by now."""

    def __init__(self, objects: Objects, run: str, me: dict[str, Any], tag: str) -> None:
        self.lost = False
        self._objects, self._run, self._me, self._tag = objects, run, me, tag
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._renew, name="lease", daemon=True)
        self._thread.start()

    def release(self) -> None:
        """Give it up; again does nothing."""
        if self._ending.is_set():
            return
        self._ending.set()
        self._thread.join(_END)
        with contextlib.suppress(StoreError, StoreFault):  # it is void soon in any case
            found = self._objects.get(_key(self._run))
            if found is not None and found[1] == self._tag:
                self._objects.delete([_key(self._run)])

    def _renew(self) -> None:
        beat = 1
        while not self._ending.wait(BEAT):
            # a renewal that was not answered is asked for again as it was: it may have been made
            with contextlib.suppress(StoreError, StoreFault):
                tag = self._objects.put(_key(self._run), _content(self._me, beat), self._tag)
                if tag is None:
                    self.lost = True
                    return
                self._tag, beat = tag, beat + 1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def _key(run: str) -> str:
    return f"writers/run={run}"


def _content(who: dict[str, Any], beat: int) -> bytes:
    return (json.dumps(who | {"beat": beat}) + "\n").encode()


def _read(content: bytes) -> dict[str, Any]:
    with contextlib.suppress(ValueError):
        told = json.loads(content)
        if isinstance(told, dict):
            return told
    return {}


def _has_ended(who: dict[str, Any]) -> bool:
    """Tell whether it is a process of this machine that is no more; False where that cannot be seen."""
    if who.get("kernel") != _kernel() or not isinstance(who.get("process"), int):
        return False
    try:
        os.kill(who["process"], 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def _kernel() -> str:
    """Return what processes have in common that can see each other by their numbers."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:
        return platform.node()
