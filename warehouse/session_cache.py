"""Files that a session made to answer its questions, in a folder of its own, dropped when there are too many."""

import shutil
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

from warehouse import locks
from warehouse.errors import fault

#: Bytes that a session's files may take: some fifty states of 131072 programs.
LIMIT = 5 << 30
_PREFIX = "primordium-session-"
_ALIVE = "alive.lock"


class SessionCache:
    """Files by name, made when asked for. The longest unused go when they take more than ``limit`` bytes.

    A dropped file is made again by whoever makes files of that name; `close` removes all. The folder lies in ``place``,
    where temporary files belong by default.
    """

    def __init__(self, limit: int = LIMIT, place: Path | None = None) -> None:
        self._limit = limit
        self._sizes: OrderedDict[str, int] = OrderedDict()
        self._lock = threading.RLock()
        place = place or Path(tempfile.gettempdir())
        _clear_away(place)
        try:
            self.folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=place))
            self._alive = locks.exclusive(self.folder / _ALIVE)
        except OSError as error:
            raise fault(error, f"making the session's folder in {place}") from error

    def path(self, name: str) -> Path | None:
        """Return the file called ``name`` (it may have folders), None if there is none now."""
        with self._lock:
            if name not in self._sizes:
                return None
            self._sizes.move_to_end(name)
            return self.folder / name

    def make(self, name: str, write: Callable[[Path], None]) -> Path:
        """Return the file called ``name``, written by ``write`` if there is none."""
        with self._lock:
            found = self.path(name)
            if found is not None:
                return found
            path = self.folder / name
            part = path.with_name(f".{path.name}.part")
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                write(part)
                part.replace(path)
            except OSError as error:
                raise fault(error, f"writing the session's file {path}") from error
            finally:
                part.unlink(missing_ok=True)  # what was given up: it may be large
            self._sizes[name] = path.stat().st_size
            self._drop(keep=name)
            return path

    def forget(self, kept: Callable[[str], bool]) -> None:
        """Drop all files but those whose name ``kept`` accepts."""
        with self._lock:
            for name in [name for name in self._sizes if not kept(name)]:
                self._remove(name)

    def close(self) -> None:
        """Remove the folder with all files; again does nothing."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self._alive.release()

    def _drop(self, keep: str) -> None:
        while sum(self._sizes.values()) > self._limit and len(self._sizes) > 1:
            oldest = next(name for name in self._sizes if name != keep)
            self._remove(oldest)

    def _remove(self, name: str) -> None:
        # An open file keeps its content until it is closed.
        (self.folder / name).unlink(missing_ok=True)
        del self._sizes[name]


def _clear_away(place: Path) -> None:
    """Remove the folders of sessions whose process was killed: nobody holds their lock."""
    for lock in place.glob(f"{_PREFIX}*/{_ALIVE}"):
        held = locks.try_exclusive(lock)
        if held is not None:
            shutil.rmtree(lock.parent, ignore_errors=True)
            held.release()
