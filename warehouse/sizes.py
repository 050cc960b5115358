"""What the files of runs take on the disk, by relation."""

import os
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from warehouse.decoding import open_parquet, read_manifest, reading
from warehouse.schema import SEGMENT_FILES
from warehouse.store import RunFiles

#: What is no relation: manifests, locks, and what no longer counts and is to be removed.
OTHER = "other"


def sizes_of(files: RunFiles) -> list[dict[str, Any]]:
    """Return the rows of the relation `sizes` of a run, without `run`."""
    rows: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    everything = [0, 0]
    for relation, path, count in _files(files):
        _add(rows[relation], path, count)
    for size in _all_sizes(str(files.folder)):
        everything[0] += 1
        everything[1] += size
    found: list[dict[str, Any]] = [
        {"relation": relation, "files": count, "rows": entries, "bytes": size}
        for relation, (count, entries, size) in rows.items()
    ]
    rest = everything[0] - sum(row["files"] for row in found), everything[1] - sum(row["bytes"] for row in found)
    return [*found, {"relation": OTHER, "files": rest[0], "rows": None, "bytes": rest[1]}]


def bytes_of_run(files: RunFiles) -> int:
    """Return the bytes of all files of a run that count; manifests are not among them."""
    spans = [span.file(name) for span in files.segments for name in SEGMENT_FILES]
    return sum(path.stat().st_size for path in (*spans, *(path for _, path in _sealed(files))))


def _files(files: RunFiles) -> Iterator[tuple[str, Path, int]]:
    """Yield relation, path and number of rows of each file that counts."""
    for segment in files.segments:
        described = read_manifest(segment)["files"]
        for relation in SEGMENT_FILES:
            path = segment.file(relation)
            with reading(segment.path / "manifest.json"):
                yield relation, path, int(described[path.name]["rows"])
    known = {"runs": 1, "compact": files.states}  # a store of 1000 runs need not open these
    for relation, path in _sealed(files):
        with reading(path):
            yield relation, path, known.get(relation) or open_parquet(path).metadata.num_rows


def _all_sizes(folder: str) -> Iterator[int]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _all_sizes(entry.path)
            elif entry.is_file():
                yield entry.stat().st_size


def _sealed(files: RunFiles) -> list[tuple[str, Path]]:
    return [
        ("runs", files.folder / "runs.parquet"),
        *(("measures", span.path) for span in files.measures),
        *([("compact", files.compact.path)] if files.compact else []),
        *files.results.items(),
    ]


def _add(row: list[int], path: Path, rows: int) -> None:
    with reading(path):
        size = path.stat().st_size
    row[0], row[1], row[2] = row[0] + 1, row[1] + rows, row[2] + size
