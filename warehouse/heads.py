"""What is published: the one object that names all files of a run, or of a sweep, that count.

    PREFIX/format.json                                  as in a folder
    PREFIX/heads/run=<id>.json                          the files of a run that count, and their checksums
    PREFIX/heads/sweep=<name>.json                      those of a sweep
    PREFIX/runs/run=<id>/...                            the files, under the paths that they have in a folder, but
    PREFIX/sweeps/<name>/...                            with 16 digits of their SHA-256 in the name
    PREFIX/names/<name>                                 the run that took this name

Files are put first, the head last and on the condition that nobody put another meanwhile. No object but a head is ever
replaced by another content: the digest in its name says which it has.
"""

import json
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import NamedTuple

from warehouse.errors import StoreFault
from warehouse.object_client import Objects

HEADS = "heads/"
_DIGITS = 16


class Fact(NamedTuple):
    """A file's SHA-256, in hex, and its bytes."""

    sha256: str
    bytes: int


@dataclass(frozen=True)
class Head:
    """All files that count of what lies in the folder ``folder`` (``runs/run=<id>``), by path from there."""

    folder: str
    files: dict[str, Fact]

    def key(self, path: str) -> str:
        """Return the key of the object with the content of one of the files."""
        name = PurePosixPath(path)
        return f"{self.folder}/{name.with_name(f'{name.stem}.{self.files[path].sha256[:_DIGITS]}{name.suffix}')}"


def head_key(folder: str) -> str:
    """Return the key of the head of the folder ``runs/run=<id>`` or ``sweeps/<name>``."""
    kind, name = folder.split("/")
    return f"{HEADS}{name if kind == 'runs' else f'sweep={name}'}.json"


def head_bytes(head: Head) -> bytes:
    """Return a head as it is stored; same files, same bytes."""
    files = {path: list(fact) for path, fact in sorted(head.files.items())}
    return (json.dumps({"folder": head.folder, "files": files}, indent=0) + "\n").encode()


def parse_head(content: bytes, key: str) -> Head:
    """Return the head stored as ``content``; `StoreFault` naming it if it is damaged."""
    try:
        told = json.loads(content)
        files = {path: Fact(str(sha256), int(size)) for path, (sha256, size) in told["files"].items()}
        if head_key(told["folder"]) != key or any(".." in path.split("/") or path[:1] == "/" for path in files):
            raise ValueError("it names other files than its own")
        return Head(told["folder"], files)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreFault(f"damaged object {key}: {' '.join(str(error).split())}") from error


def read_head(objects: Objects, folder: str) -> tuple[Head, str] | None:
    """Return the head of a folder and its tag; None if nothing of it is published."""
    key = head_key(folder)
    found = objects.get(key)
    return None if found is None else (parse_head(found[0], key), found[1])
