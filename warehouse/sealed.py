"""Small Parquet files that carry a digest of their own rows, so that they need no manifest.

The record, measures, analysis results and compacted epochs are of this kind. Same rows, same bytes under
the same library versions.
"""

import hashlib
import io
import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from warehouse.errors import StoreFault
from warehouse.files import replacing
from warehouse.mirrors import fetched
from warehouse.schema import FILES, RESULTS

_DIGEST = b"primordium:sha256"
_NOTES = b"primordium:notes"
_FEW = 8


def write_sealed(path: Path, relation: str, rows: pa.Table, notes: Mapping[str, Any] | None = None) -> None:
    """Write ``rows`` of a file relation to ``path``, replacing it atomically.

    ``notes`` (anything JSON can hold) is kept in the file's metadata. The caller holds the lock that keeps
    others from writing ``path``.
    """
    content = _encoded(relation, rows, json.dumps(dict(notes or {}), sort_keys=True))
    with replacing(path) as part:
        part.write_bytes(content)


def read_sealed(path: Path, relation: str) -> tuple[pa.Table, dict[str, Any]]:
    """Return the rows and the notes of a file that `write_sealed` wrote.

    Raises `FileNotFoundError` if there is none, `StoreFault` naming it if its rows are not those
    written, or it is whole and has the columns of another version.
    """
    return parse_sealed(sealed_bytes(path), path, relation)


def sealed_bytes(path: Path) -> bytes:
    """Return the bytes of a file; `FileNotFoundError` if there is none, `StoreFault` if it cannot be read."""
    try:
        return fetched(path).read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise _damaged(path, error) from error


def parse_sealed(content: bytes, path: Path, relation: str) -> tuple[pa.Table, dict[str, Any]]:
    """Return the rows and the notes in ``content``, the bytes of the file ``path``; errors as of `read_sealed`."""
    try:
        file = pq.ParquetFile(pa.BufferReader(content), page_checksum_verification=True)
        rows = file.read(use_threads=False)
        metadata = rows.schema.metadata or {}
        rows = rows.replace_schema_metadata(None)
        if metadata[_DIGEST].decode() != _digest(rows, metadata[_NOTES].decode()):
            raise ValueError("its rows do not match its digest")
        now = FILES[relation].schema
        if (rows.schema.names, rows.schema.types) != (now.names, now.types):
            raise StoreFault(_of_another_version(path, relation))
        return rows if rows.schema.equals(now) else rows.cast(now), json.loads(metadata[_NOTES])
    except (OSError, ValueError, KeyError, pa.ArrowException) as error:
        raise _damaged(path, error) from error


def check_sealed(path: Path, relation: str) -> None:
    """Raise `StoreFault` naming the file if it is damaged anywhere, its footer's statistics included."""
    rows, notes = read_sealed(path, relation)
    content = _encoded(relation, rows, json.dumps(notes, sort_keys=True))
    # another library version encodes the same rows in other bytes; then the digest of the rows has to do
    ours = pq.ParquetFile(io.BytesIO(content)).metadata.created_by
    if pq.ParquetFile(path, memory_map=False).metadata.created_by == ours and path.read_bytes() != content:
        raise StoreFault(f"damaged file {path}: its bytes are not those its rows are written as")


def _encoded(relation: str, rows: pa.Table, notes: str) -> bytes:
    schema = FILES[relation].schema.with_metadata({_DIGEST: _digest(rows, notes), _NOTES: notes})
    sink = io.BytesIO()
    pq.write_table(
        rows.cast(schema).replace_schema_metadata(schema.metadata), sink, compression="zstd", write_page_checksum=True
    )
    return sink.getvalue()


def _digest(rows: pa.Table, notes: str) -> str:
    """Return the SHA-256 of all values, column by column, whatever the layout of the arrays in memory."""
    digest = hashlib.sha256(notes.encode())
    for name, column in zip(rows.column_names, rows.columns, strict=True):
        digest.update(f"{name} {column.type} {len(column)}\n".encode())
        # written out where there are nested values or texts, and where calling Arrow would take longer
        if len(rows) < _FEW or not pa.types.is_primitive(column.type):
            digest.update(json.dumps(column.to_pylist(), default=_written).encode())
        else:
            digest.update(column.is_valid().to_numpy().tobytes())
            digest.update(column.drop_null().to_numpy().tobytes())
    return digest.hexdigest()


def _damaged(path: Path, error: Exception) -> StoreFault:
    return StoreFault(f"damaged file {path}: {' '.join(str(error).split())}")


def _of_another_version(path: Path, relation: str) -> str:
    told = f"file {path} is of another version: its columns are not those of {relation} now"
    if relation in RESULTS:
        run = path.parents[1].name.removeprefix("run=")
        return f"{told}; `primordium analyze {run} --rebuild` makes it again"
    return f"{told}; use the version of primordium that wrote it"


def _written(value: bytes | datetime) -> str:
    return value.hex() if isinstance(value, bytes) else value.isoformat()
