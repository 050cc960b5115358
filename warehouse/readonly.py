"""The only file system a SQL connection sees: the store and the session's cache, to read.

Paths are ``primordium://store/<path in the store>`` and ``primordium://cache/<name>``. Folders of the form
``key=value`` right after ``store`` are not on the disk: they give the rows hive columns (the program's
length) that the files lack. Everything that would write is refused, whatever DuckDB asks for.
"""

import glob
import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from fsspec import AbstractFileSystem

from warehouse.errors import StoreFault
from warehouse.integrity import Integrity
from warehouse.mirrors import fetched
from warehouse.sql_errors import SCHEME, SQLError

STORE = f"{SCHEME}://store/"
CACHE = f"{SCHEME}://cache/"
#: Bytes at a file's end that DuckDB reads to find the footer.
_FOOTER = 1 << 17


class ReadOnlyFiles(AbstractFileSystem):  # type: ignore[misc]
    """See the module. ``cached`` returns the file of a name in the cache, made again if it was dropped.

    ``note`` is told every error, for DuckDB passes on only its text.
    """

    protocol = SCHEME
    cachable = False

    def __init__(self, root: Path, cached: Callable[[str], Path], note: Callable[[BaseException], None]) -> None:
        super().__init__()
        self._root = root
        self._cached = cached
        self._note = note
        self._integrity = Integrity()

    def open(self, path: str, mode: str = "rb", **_options: Any) -> "OpenFile":
        """Open a file to read; `SQLError` for any other mode or a path outside."""
        try:
            if mode != "rb":
                raise SQLError(f"SQL: nothing can be written through this connection, not even {path}")
            real = self._real(path)
            return OpenFile(fetched(real), partial(self._checked, real) if path.startswith(STORE) else None)
        except BaseException as error:
            self._note(error)
            raise

    def info(self, path: str, **_options: Any) -> dict[str, Any]:
        """Return name, size and kind of a file."""
        return {"name": path, "size": self._real(path).stat().st_size, "type": "file"}

    def modified(self, path: str) -> datetime:
        """Return when the file last changed."""
        return datetime.fromtimestamp(self._real(path).stat().st_mtime, UTC)

    def exists(self, path: str, **_options: Any) -> bool:
        """Tell whether there is such a file."""
        return self._real(path).exists()

    def isfile(self, path: str) -> bool:
        """Tell whether there is such a file, no folder."""
        return self._real(path).is_file()

    def isdir(self, path: str) -> bool:
        """Tell whether there is such a folder."""
        return self._real(path).is_dir()

    def glob(self, path: str, **_options: Any) -> list[str]:
        """Return the store's paths that match; a plain path is returned unseen: opening it tells if it is there."""
        if not glob.has_magic(path) or not path.startswith(STORE):
            return [path]
        found = glob.glob(path.removeprefix(STORE), root_dir=self._root, recursive=True)  # noqa: PTH207 -- relative, sorted, any pattern
        return sorted(STORE + name for name in found)

    def _checked(self, path: Path) -> None:
        try:
            self._integrity.check(path)
        except BaseException as error:
            self._note(error)
            raise

    def _real(self, path: str) -> Path:
        place = path.removeprefix(f"{SCHEME}://")
        kind, _, name = place.partition("/")
        parts = name.split("/")
        if kind not in {"store", "cache"} or ".." in parts:
            raise SQLError(f"SQL: {path} lies outside the store")
        if kind == "cache":
            return self._cached(name)
        while parts and "=" in parts[0]:
            del parts[0]
        return self._root.joinpath(*parts)


class OpenFile:
    """A file opened to read, as DuckDB wants it.

    ``check`` is called before rows are read for the first time: what does not lie in the file's end, where DuckDB
    looks for the footer of every file of a relation. A small file is checked when it is opened.
    """

    mode = "rb"

    def __init__(self, path: Path, check: Callable[[], None] | None = None) -> None:
        self._check = check
        self.closed = True  # until it is open
        try:
            self._descriptor = os.open(path, os.O_RDONLY)
        except OSError as error:
            raise StoreFault(f"{error.strerror} while reading {path}") from error
        self.closed = False
        self.size = os.fstat(self._descriptor).st_size
        self._position = 0
        self._sought: dict[int, int] = {}
        if self.size <= 2 * _FOOTER:
            self._be_checked()

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move to ``offset`` from the start (0), here (1) or the end (2); return the new place.

        Several threads of DuckDB seek and read in one file at once: a thread's seek counts for its own next read.
        """
        place = offset + (0, self._position, self.size)[whence]
        self._position = self._sought[threading.get_ident()] = place
        return place

    def tell(self) -> int:
        """Return the present place."""
        return self._position

    def read(self, length: int = -1) -> bytes:
        """Return ``length`` bytes from here, all that follow if negative."""
        start = self._sought.pop(threading.get_ident(), self._position)
        wanted = max(self.size - start if length < 0 else min(length, self.size - start), 0)
        self._position = start + wanted
        if start < self.size - _FOOTER:
            self._be_checked()
        return os.pread(self._descriptor, wanted, start)

    def _be_checked(self) -> None:
        if self._check is not None:
            self._check()
            self._check = None

    def close(self) -> None:
        """Close the file; again does nothing."""
        if not self.closed:
            self.closed = True
            os.close(self._descriptor)

    def __del__(self) -> None:
        self.close()

    def readable(self) -> bool:
        """Say yes."""
        return True

    def seekable(self) -> bool:
        """Say yes."""
        return True

    def writable(self) -> bool:
        """Say no."""
        return False
