"""A store on object storage, read like one in a folder.

Its heads (see `heads`) say which files count; a folder of the session's stands for it (see `mirrors`), in which every
such file lies under its own path with its size, and gets its content when somebody is about to read it. So whatever
reads a folder reads this. A session sees the heads of when it was opened or refreshed; what they name is never
replaced.
"""

import contextlib
import os
import threading
import weakref
from collections import OrderedDict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NoReturn

from warehouse import locks
from warehouse.content_cache import LIMIT, ContentCache, cache_folder
from warehouse.errors import StoreError, StoreFault, fault
from warehouse.files import remove_tree
from warehouse.heads import HEADS, Head, parse_head, read_head
from warehouse.mirrors import stand_for
from warehouse.object_client import THREADS, Objects
from warehouse.session_cache import SessionCache
from warehouse.store import Store, check_format

FORMAT_KEY = "format.json"


def open_published(url: str | Path, *, create: bool = False) -> "ObjectStore":
    """Return the store at a URL s3://bucket/prefix.

    Raises `StoreError` if there is none, or one is to be made: publishing a run makes it.
    """
    objects = Objects(str(url))
    if create:
        raise StoreError(
            f"a store on object storage is made by what writes to it ({objects.url}): `primordium run` or `sweep`,"
            f" or `primordium copy RUN --to {objects.url}`"
        )
    return ObjectStore(objects)


class ObjectStore(Store):
    """See the module. Made by `open_published`, or `Store.open`; nothing is written through it (see `published`)."""

    def __init__(self, objects: Objects) -> None:
        self.objects = objects
        described = objects.get(FORMAT_KEY)
        if described is None:
            raise StoreError(f"no store at {objects.url}; `primordium copy RUN --to {objects.url}` makes one")
        kept = cache_folder()
        try:
            kept.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise fault(error, f"making {kept}") from error
        session = SessionCache(place=kept)
        self._end = weakref.finalize(self, session.close)
        super().__init__(session.folder / "store")
        self._cache = ContentCache(kept)
        self._heads: dict[str, tuple[str, Head]] = {}
        self._wanted: dict[str, tuple[Head, str]] = {}
        self._there: OrderedDict[str, int] = OrderedDict()
        self._lock = threading.RLock()
        (self.path / "runs").mkdir(parents=True)
        (self.path / FORMAT_KEY).write_bytes(described[0])
        check_format(self.path)
        self.renew()
        stand_for(self.path, self)

    @property
    def place(self) -> str:
        """The store's URL."""
        return self.objects.url

    def hold(self) -> locks.Lock | None:
        """Take the present heads; there are no locks: who still has those of before is told if objects are gone."""
        self.renew()
        return None

    def renew(self) -> None:
        """See what was published since."""
        with self._lock:
            tags = {entry.key: entry.tag for entry in self.objects.list(HEADS)}
            changed = [key for key, tag in tags.items() if self._heads.get(key, ("", None))[0] != tag]
            with ThreadPoolExecutor(THREADS, "heads") as pool:
                contents = list(pool.map(self.objects.get, changed))
            for key, content in zip(changed, contents, strict=True):
                if content is not None:
                    head = parse_head(content[0], key)
                    if (key in self._heads and self._heads[key][1].made != head.made) or head.removed:
                        self._take_away(head.folder)
                    self._lay(head)
                    self._heads[key] = content[1], head
            for key in self._heads.keys() - tags.keys():
                self._take_away(self._heads.pop(key)[1].folder)

    def fetch(self, paths: Iterable[Path]) -> None:
        """Let these files of the folder have their content; what is no file of the store is left as it is."""
        with self._lock:
            missing = [name for name in map(str, paths) if name in self._wanted and not self._is_there(name)]
        if len(missing) == 1:
            self._fetch(missing[0])
        elif missing:
            with ThreadPoolExecutor(THREADS, "fetching") as pool:
                list(pool.map(self._fetch, missing))

    def _is_there(self, name: str) -> bool:
        if name in self._there:
            self._there.move_to_end(name)
            return True
        return False

    def _fetch(self, name: str) -> None:
        head, path = self._wanted.get(name) or _gone(name)
        fact = head.files[path]

        def download(part: Path) -> str:
            try:
                self.objects.download(head.key(path), part)
            except StoreFault as error:
                now = read_head(self.objects, head.folder)
                if now is None or path not in now[0].files or now[0].key(path) != head.key(path):
                    raise StoreFault(
                        f"{head.folder} was thinned, removed or made anew at {self.objects.url} while it was being"
                        " read; open the store again"
                    ) from error
                raise
            return f"{self.objects.url}/{head.key(path)}"

        self._cache.place(fact.sha256, fact.bytes, Path(name), download)
        with self._lock:
            self._there[name] = fact.bytes
            while sum(self._there.values()) > LIMIT and len(self._there) > 1:
                oldest, size = self._there.popitem(last=False)
                _stand_in(Path(oldest), size)

    def _take_away(self, folder: str) -> None:
        """Let what was removed be seen no more."""
        place = self.path / folder
        for name in [name for name in self._wanted if name.startswith(f"{place}{os.sep}")]:
            del self._wanted[name]
            self._there.pop(name, None)
        remove_tree(place)

    def _lay(self, head: Head) -> None:
        """Let the files that count be seen, without their content if that is not here."""
        folder = self.path / head.folder
        for path, fact in head.files.items():
            name = f"{folder}/{path}"
            before = self._wanted.get(name)
            self._wanted[name] = head, path
            if before is None or before[0].files[path] != fact:
                self._there.pop(name, None)
                try:
                    _stand_in(Path(name), fact.bytes)
                except OSError as error:
                    raise fault(error, f"writing {name}") from error


def _gone(name: str) -> NoReturn:
    raise StoreFault(f"{name} was removed while it was being read; open the store again")


def _stand_in(path: Path, size: int) -> None:
    """Make a file of this size without content; it may replace one, which others may have open."""
    part = path.with_name(f".{path.name}.part")
    for _ in range(2):
        with contextlib.suppress(FileNotFoundError):
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            try:
                os.truncate(descriptor, size)
            finally:
                os.close(descriptor)
            part.replace(path)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
