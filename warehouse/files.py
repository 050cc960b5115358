"""Files that are there whole or not at all, and that stay after a power cut."""

import contextlib
import errno
import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from warehouse.errors import StoreError, fault
from warehouse.mirrors import fetched, refuse_writing


def sync_folder(folder: Path) -> None:
    """Make the folder's entries (creations, renames, removals) lasting."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_file(path: Path) -> None:
    """Make the file's content lasting."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(folder: Path) -> None:
    """Make the folder and its parents, lasting.

    Raises `StoreError` where the file system does not let us, `StoreFault` where it cannot.
    """
    refuse_writing(folder)
    with writing(f"making {folder}"):
        if folder.is_dir():
            return
        folder.mkdir(parents=True, exist_ok=True)
        sync_folder(folder.parent)


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield where to write what becomes the file ``path`` when the block ends without an error.

    The temporary name begins with a dot and ends otherwise than ``path``, so that no glob matches it; what a
    killed process leaves there is overwritten by the next. Callers hold a lock that keeps others from it.
    """
    part = path.with_name(f".{path.name}.part")
    make_folder(path.parent)
    with writing(f"writing {path}"):
        try:
            yield part
            sync_file(part)
            part.replace(path)
            sync_folder(path.parent)
        except BaseException:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
            raise


@contextlib.contextmanager
def writing(doing: str) -> Iterator[None]:
    """Turn the file system's refusals into `StoreError`, its failures into `StoreFault`; naming what was ``doing``."""
    try:
        yield
    except (PermissionError, NotADirectoryError, FileExistsError) as error:
        raise StoreError(f"{doing}: {error.strerror}; choose a folder that can be written") from error
    except OSError as error:
        if error.errno == errno.EROFS:
            raise StoreError(f"{doing}: {error.strerror}; choose a folder that can be written") from error
        raise fault(error, doing) from error


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of the file's content, in hex."""
    with fetched(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def remove_tree(folder: Path) -> None:
    """Remove the folder with all it holds, if it is there."""
    if folder.exists():
        shutil.rmtree(folder)
