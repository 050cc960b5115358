"""What is published: the one object that names all files of a run, or of a sweep, that count.

    PREFIX/format.json                                  as in a folder
    PREFIX/heads/run=<id>.json                          the files of a run that count, and their checksums
    PREFIX/heads/sweep=<name>.json                      those of a sweep
    PREFIX/runs/run=<id>/...                            the files, under the paths that they have in a folder, but
    PREFIX/sweeps/<name>/...                            with 16 digits of their SHA-256 in the name
    PREFIX/names/<name>                                 the run that took this name, and its generation then
    PREFIX/writers/run=<id>                             who writes a run now (see `leases`)

Files are put first, the head last and on the condition that nobody put another meanwhile. No object but a head is ever
replaced by another content: the digest in its name says which it has.

Objects that no head names may be removed, once the head has the next *generation*: a number that only a removal
counts up, and part of the name of every file that is new to a head from the second generation on. So what is removed
then can be named by no later head: one that goes back to the time before is refused its place, one made since gives
its files other names. A run that was removed keeps a head without files, so that this holds for it too.
"""

import json
import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from warehouse.errors import StoreFault
from warehouse.object_client import Objects

HEADS = "heads/"
_DIGITS = 16
_KEY = re.compile(rf".*\.[0-9a-f]{{{_DIGITS}}}(?:\.(\d+))?\.\w+", re.DOTALL)


class Fact(NamedTuple):
    """A file's SHA-256, in hex, and its bytes."""

    sha256: str
    bytes: int


@dataclass(frozen=True)
class Head:
    """All files that count of what lies in the folder ``folder`` (``runs/run=<id>``), by path from there.

    `placed` has the generation of each file's object, 0 if it is not in it; `made` is that in which the run was made
    anew after it had been removed.
    """

    folder: str
    files: dict[str, Fact]
    generation: int = 0
    placed: dict[str, int] = field(default_factory=dict)
    made: int = 0

    @property
    def removed(self) -> bool:
        """Whether it is of a run that was removed."""
        return not self.files

    def key(self, path: str) -> str:
        """Return the key of the object with the content of one of the files."""
        name, generation = PurePosixPath(path), self.placed.get(path, 0)
        digest = f"{self.files[path].sha256[:_DIGITS]}{f'.{generation}' if generation else ''}"
        return f"{self.folder}/{name.with_name(f'{name.stem}.{digest}{name.suffix}')}"

    def following(self, before: "Head | None", *, removal: bool = False) -> "Head":
        """Return the head with these files that may be put in place of ``before``; see the module for ``removal``."""
        if before is None:
            return Head(self.folder, self.files)
        placed = {
            path: before.placed.get(path, 0) if before.files.get(path) == fact else before.generation
            for path, fact in self.files.items()
        }
        return Head(
            self.folder,
            self.files,
            before.generation + removal,
            {path: generation for path, generation in placed.items() if generation},
            before.generation if before.removed else before.made,
        )


def generation_of(key: str) -> int | None:
    """Return the generation of the object of a file; None if it is none."""
    match = _KEY.fullmatch(key)
    return int(match[1] or 0) if match else None


def head_key(folder: str) -> str:
    """Return the key of the head of the folder ``runs/run=<id>`` or ``sweeps/<name>``."""
    kind, name = folder.split("/")
    return f"{HEADS}{name if kind == 'runs' else f'sweep={name}'}.json"


def head_bytes(head: Head) -> bytes:
    """Return a head as it is stored; same files, same bytes."""
    placed = {path: [head.placed[path]] if path in head.placed else [] for path in head.files}
    files = {path: [*fact, *placed[path]] for path, fact in sorted(head.files.items())}
    told: dict[str, Any] = {"folder": head.folder, "files": files}
    told |= {name: number for name in ("generation", "made") if (number := getattr(head, name))}
    return (json.dumps(told, indent=0) + "\n").encode()


def parse_head(content: bytes, key: str) -> Head:
    """Return the head stored as ``content``; `StoreFault` naming it if it is damaged."""
    try:
        told = json.loads(content)
        files = {path: Fact(str(fact[0]), int(fact[1])) for path, fact in told["files"].items()}
        placed = {path: int(fact[2]) for path, fact in told["files"].items() if len(fact) > 2}
        if head_key(told["folder"]) != key or any(".." in path.split("/") or path[:1] == "/" for path in files):
            raise ValueError("it names other files than its own")
        return Head(told["folder"], files, int(told.get("generation", 0)), placed, int(told.get("made", 0)))
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise StoreFault(f"damaged object {key}: {' '.join(str(error).split())}") from error


def read_head(objects: Objects, folder: str) -> tuple[Head, str] | None:
    """Return the head of a folder and its tag; None if nothing of it is published."""
    key = head_key(folder)
    found = objects.get(key)
    return None if found is None else (parse_head(found[0], key), found[1])
