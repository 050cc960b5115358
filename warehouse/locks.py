"""Locks between processes: the kernel's own, which end with the process that holds them, however it ends."""

import contextlib
import fcntl
import os
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from warehouse.files import writing
from warehouse.mirrors import refuse_writing


class Lock:
    """A held lock on a file; released by `release`, at the end of a ``with`` block, with the object or the process."""

    def __init__(self, descriptor: int) -> None:
        # no `__del__`: as the interpreter ends it may be called when `os` is gone already
        self._close = weakref.finalize(self, os.close, descriptor)

    def release(self) -> None:
        """Give the lock up; again does nothing."""
        self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def exclusive(path: Path, wait: Callable[[int | None], None] | None = None) -> Lock:
    """Take the lock ``path`` for this process alone, waiting until others have released it.

    If another holds it, ``wait`` is called once with the holder's process id (None if it cannot be told).
    """
    refuse_writing(path)
    with writing(f"locking {path}"):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        if not _soon(descriptor):
            if wait is not None:
                wait(_holder(descriptor))
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        with writing(f"locking {path}"):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, str(os.getpid()).encode(), 0)
    except BaseException:
        os.close(descriptor)
        raise
    return Lock(descriptor)


def _soon(descriptor: int) -> bool:
    """Try for the lock a few times: `is_held` of a reader takes it for an instant, and that is no holder."""
    for _ in range(5):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.01)
        else:
            return True
    return False


def _holder(descriptor: int) -> int | None:
    text = os.pread(descriptor, 32, 0)
    return int(text) if text.isdigit() else None


def try_exclusive(path: Path) -> Lock | None:
    """Take the lock ``path`` alone if nobody holds it, shared or alone; else return None at once."""
    return _attempt(path, fcntl.LOCK_EX | fcntl.LOCK_NB)


def shared(path: Path) -> Lock | None:
    """Take the lock ``path`` together with other readers; None where the store is read-only and has no such file.

    Waits only while another process removes files.
    """
    return _attempt(path, fcntl.LOCK_SH)


def is_held(path: Path) -> bool:
    """Tell whether some process holds the lock ``path`` alone."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _attempt(path: Path, how: int) -> Lock | None:
    descriptor = _opened(path)
    if descriptor is None:
        return None
    try:
        fcntl.flock(descriptor, how)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except BaseException:
        os.close(descriptor)
        raise
    return Lock(descriptor)


def _opened(path: Path) -> int | None:
    for flags in (os.O_RDWR | os.O_CREAT, os.O_RDONLY):  # a read-only store's lock can still be shared
        with contextlib.suppress(OSError):
            return os.open(path, flags, 0o666)
    return None
