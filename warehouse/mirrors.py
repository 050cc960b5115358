"""Folders that stand for a store on object storage: files there are fetched when somebody is about to read them.

Such a folder has every file of the store with its size; those not fetched yet have no content. Whoever opens a file of
a store calls `fetched` first: for a store on the disk that is nothing.
"""

import os
import weakref
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from warehouse.errors import StoreError


class Mirror(Protocol):
    """What stands behind such a folder."""

    @property
    def place(self) -> str:
        """The store's URL."""

    def fetch(self, paths: list[Path]) -> None:
        """Let these files of the folder have their content."""


_MIRRORS: weakref.WeakValueDictionary[str, Mirror] = weakref.WeakValueDictionary()


def stand_for(folder: Path, mirror: Mirror) -> None:
    """Let ``folder`` be the mirror's for as long as that lives."""
    _MIRRORS[f"{folder}{os.sep}"] = mirror


def fetched(path: Path) -> Path:
    """Return ``path``, whose content is there now if its store has such a file."""
    mirror = _of(path)
    if mirror is not None:
        mirror.fetch([path])
    return path


def fetch_all(paths: Iterable[Path]) -> None:
    """Fetch files of one store that are about to be read one after another, several at once."""
    several = list(paths) if _MIRRORS else []
    mirror = _of(several[0]) if several else None
    if mirror is not None:
        mirror.fetch(several)


def refuse_writing(path: Path) -> None:
    """Raise `StoreError` if ``path`` lies in a folder that stands for a store elsewhere."""
    mirror = _of(path)
    if mirror is not None:
        raise StoreError(
            f"this is not done on object storage ({mirror.place}); copy the run to a local store, and back when it"
            f" has changed: `primordium copy RUN --to {mirror.place}`"
        )


def _of(path: Path) -> Mirror | None:
    if not _MIRRORS:
        return None
    text = str(path)
    return next((mirror for folder, mirror in _MIRRORS.items() if text.startswith(folder)), None)
