"""Files of stores on object storage that were fetched, by their content, kept for other sessions.

    CACHE/objects/<first two digits>/<SHA-256>      a file's content; it never changes
    CACHE/primordium-session-<...>/                 what one session sees

CACHE is $XDG_CACHE_HOME/primordium, ~/.cache/primordium without it. It may be removed at any time.
"""

import contextlib
import os
import shutil
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

from warehouse.errors import StoreFault, fault
from warehouse.files import sha256_of

#: Bytes that fetched files may take: the whole history of two or three large runs.
LIMIT = 20 << 30


def cache_folder() -> Path:
    """Return where fetched files are kept."""
    given = os.environ.get("XDG_CACHE_HOME")
    return (Path(given) if given else Path.home() / ".cache") / "primordium"


class ContentCache:
    """Files by the SHA-256 of their content. The longest unused go when they take more than ``limit`` bytes."""

    def __init__(self, folder: Path, limit: int = LIMIT) -> None:
        self._objects = folder / "objects"
        self._limit = limit
        self._lock = threading.Lock()
        self._bytes: int | None = None  # that all take; unknown until one is added

    def place(self, digest: str, size: int, path: Path, download: Callable[[Path], str]) -> None:
        """Let ``path`` be the file with this digest and size, fetched by ``download`` if it is not here.

        ``download`` returns what it fetched, in words. Raises `StoreFault` naming that if it is another content.
        """
        kept = self._objects / digest[:2] / digest
        try:
            if not _is_whole(kept, size):
                self._add(kept, size, download)
            _link(kept, path)
        except FileNotFoundError:  # dropped meanwhile by another session
            self._add(kept, size, download)
            _link(kept, path)
        except OSError as error:
            raise fault(error, f"writing {path}") from error

    def _add(self, kept: Path, size: int, download: Callable[[Path], str]) -> None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=".", dir=kept.parent)
        os.close(descriptor)
        part = Path(name)
        try:
            what = download(part)
            if sha256_of(part) != kept.name:
                raise StoreFault(f"damaged object {what}: its SHA-256 is not {kept.name}")
            part.replace(kept)
        finally:
            part.unlink(missing_ok=True)
        with self._lock:
            self._bytes = self._measured() if self._bytes is None else self._bytes + size
            if self._bytes > self._limit:
                self._drop(kept)

    def _drop(self, newest: Path) -> None:
        """Remove the longest unused files, and some more, so that this is not done for each."""
        found = sorted((path.stat().st_mtime_ns, path) for path in self._all())
        total = self._measured()
        for _, path in found:
            if total <= self._limit * 9 // 10:
                break
            if path != newest:
                total -= path.stat().st_size
                path.unlink(missing_ok=True)
        self._bytes = total

    def _measured(self) -> int:
        return sum(path.stat().st_size for path in self._all())

    def _all(self) -> list[Path]:
        return [path for path in self._objects.glob("*/*") if not path.name.startswith(".")]


def _is_whole(path: Path, size: int) -> bool:
    try:
        return path.stat().st_size == size
    except FileNotFoundError:
        return False


def _link(kept: Path, path: Path) -> None:
    """Let ``path``, if it is there or not, be the file ``kept``; note that this is used."""
    os.utime(kept)
    part = path.with_name(f".{path.name}.{threading.get_ident()}")
    with contextlib.suppress(FileNotFoundError):
        part.unlink()
    try:
        os.link(kept, part)
    except OSError as error:
        if isinstance(error, FileNotFoundError):
            raise
        shutil.copyfile(kept, part)  # not every file system has links
    part.replace(path)
