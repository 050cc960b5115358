"""Files of the store compared with what was recorded when they were written, once a session.

DuckDB does not compare the checksums of Parquet's pages: an altered byte would be a silently wrong answer.
"""

import zlib
from pathlib import Path

from warehouse.decoding import read_manifest, reading
from warehouse.errors import StoreFault
from warehouse.mirrors import fetched
from warehouse.sealed import read_sealed
from warehouse.store import Span

_CHUNK = 1 << 22


class Integrity:
    """The files found whole so far."""

    def __init__(self) -> None:
        self._whole: set[Path] = set()

    def check(self, path: Path) -> None:
        """Raise `StoreFault` naming the file if its bytes are not those that were written."""
        if path in self._whole:
            return
        if path.parent.name == "compact":
            read_sealed(path, "compact")
        elif path.parent.parent.name.startswith("segments"):
            _check_segment_file(path)
        self._whole.add(path)


def _check_segment_file(path: Path) -> None:
    start, _, stop = path.parent.name.partition("-")
    manifest = read_manifest(Span(int(start), int(stop), path.parent))
    with reading(path.with_name("manifest.json")):
        facts = manifest["files"][path.name]
        size, crc32 = facts["bytes"], facts["crc32"]
    if path.stat().st_size != size:
        raise StoreFault(f"damaged file {path}: {path.stat().st_size} bytes, {size} were written")
    if _crc32(path) != crc32:
        raise StoreFault(f"damaged file {path}: its bytes are not those that were written")


def _crc32(path: Path) -> int:
    found = 0
    with fetched(path).open("rb", buffering=0) as file:
        while chunk := file.read(_CHUNK):
            found = zlib.crc32(chunk, found)
    return found
