"""The only file system a SQL connection sees: the store and the session's cache, to read.

Paths are ``primordium://store/<path in the store>`` and ``primordium://cache/<name>``. Folders of the form
``key=value`` right after ``store`` are not on the disk: they give the rows hive columns (the program's
length) that the files lack. Everything that would write is refused, whatever DuckDB asks for.
"""

import glob
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fsspec import AbstractFileSystem

from warehouse.errors import StoreFault
from warehouse.sql_errors import SCHEME, SQLError

STORE = f"{SCHEME}://store/"
CACHE = f"{SCHEME}://cache/"


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

    def open(self, path: str, mode: str = "rb", **_options: Any) -> "OpenFile":
        """Open a file to read; `SQLError` for any other mode or a path outside."""
        try:
            if mode != "rb":
                raise SQLError(f"SQL: nothing can be written through this connection, not even {path}")
            return OpenFile(self._real(path))
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
    """A file opened to read, as DuckDB wants it; reading takes a position along and gives the GIL up."""

    mode = "rb"

    def __init__(self, path: Path) -> None:
        self.closed = True  # until it is open
        try:
            self._descriptor = os.open(path, os.O_RDONLY)
        except OSError as error:
            raise StoreFault(f"{error.strerror} while reading {path}") from error
        self.closed = False
        self.size = os.fstat(self._descriptor).st_size
        self._position = 0

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move to ``offset`` from the start (0), here (1) or the end (2); return the new place."""
        self._position = offset + (0, self._position, self.size)[whence]
        return self._position

    def tell(self) -> int:
        """Return the present place."""
        return self._position

    def read(self, length: int = -1) -> bytes:
        """Return ``length`` bytes from here, all that follow if negative."""
        wanted = self.size - self._position if length < 0 else length
        content = os.pread(self._descriptor, wanted, self._position)
        self._position += len(content)
        return content

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
