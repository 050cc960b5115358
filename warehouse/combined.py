"""The small files of many runs, read at once: most of them from one copy of them all.

    STORE/compact/<relation>.parquet    the rows of that file of many runs, one run after another

A store of a thousand runs has a thousand files of each kind, and Parquet takes a millisecond or two to open
each. `compaction.compact_store` copies those of finished runs into one. The copy notes the SHA-256 of each file
that is in it and counts for a file only while that has these bytes: a run that was extended, renamed, analysed
again or removed is never answered from a stale copy, and a crash leaves the copy old, never wrong.
"""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from warehouse.errors import StoreFault
from warehouse.mirrors import fetch_all
from warehouse.schema import FILES
from warehouse.sealed import parse_sealed, read_sealed, sealed_bytes, write_sealed

#: Files up to which each is read by itself.
FEW = 32


class Part(NamedTuple):
    """What of combined rows is one run's: how many, and the SHA-256 of the file that they are from."""

    run: str
    sha256: str
    rows: int


def copy_path(store: Path, relation: str) -> Path:
    """Return where the copy of the files of a relation of many runs lies in the store's folder ``store``."""
    return store / "compact" / f"{relation}.parquet"


def read_combined(
    store: Path, relation: str, paths: Mapping[str, Path], check: Callable[[], None] = lambda: None
) -> tuple[list[Part], pa.Table]:
    """Return the rows of the files ``paths`` (by run) of a file relation, run after run in the order given.

    A file that is not there has no part. ``check`` is called at each, to stop by raising. Raises `StoreFault`
    naming a damaged file.
    """
    known = _copied(store, relation) if len(paths) > FEW else {}
    fetch_all(paths.values())
    parts: list[Part] = []
    pieces: list[_Piece] = []
    for run, path in paths.items():
        check()
        try:
            content = sealed_bytes(path)
        except FileNotFoundError:
            continue
        digest = hashlib.sha256(content).hexdigest()
        part, piece = known.get(run, (None, None))
        if part is None or piece is None or part.sha256 != digest:
            rows, _ = parse_sealed(content, path, relation)
            part, piece = Part(run, digest, len(rows)), _Piece(rows, 0, len(rows))
        parts.append(part)
        if pieces and pieces[-1].table is piece.table and pieces[-1].stop == piece.start:
            piece = piece._replace(start=pieces.pop().start)
        pieces.append(piece)
    tables = [piece.table.slice(piece.start, piece.stop - piece.start) for piece in pieces]
    return parts, pa.concat_tables([FILES[relation].schema.empty_table(), *tables])


def write_copy(store: Path, relation: str, paths: Mapping[str, Path]) -> None:
    """Copy the files ``paths`` (by run) of a file relation into one; same files, same bytes.

    The caller holds the store's lock. Raises `StoreFault` naming a damaged file.
    """
    parts, rows = read_combined(store, relation, dict(sorted(paths.items())))
    write_sealed(copy_path(store, relation), relation, rows, {"files": parts})


class _Piece(NamedTuple):
    table: pa.Table
    start: int
    stop: int


def _copied(store: Path, relation: str) -> dict[str, tuple[Part, _Piece]]:
    """Return the copy's parts by run with the rows of each; none if there is no copy, or it is damaged."""
    try:
        rows, notes = read_sealed(copy_path(store, relation), relation)
    except (FileNotFoundError, StoreFault):
        return {}
    known, start = {}, 0
    for part in map(Part._make, notes["files"]):
        known[part.run] = part, _Piece(rows, start, start + part.rows)
        start += part.rows
    return known
