"""Verify finds what checksums cannot: a store whose files are whole and contradict one another."""

import json
import re
import zlib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from warehouse.errors import StoreError
from warehouse.files import sha256_of
from warehouse.schema import FILES
from warehouse.store import Store
from warehouse.verify import verify


def test_a_whole_store_has_no_findings(store: Store, run: str) -> None:
    told: list[str] = []
    assert verify(store, run, told.append) == []
    assert told[-1] == "replayed to keyframe 128"


def test_an_unknown_run_cannot_be_verified(store: Store) -> None:
    with pytest.raises(StoreError, match="no run"):
        verify(store, "nobody")


def rewrite(store: Store, run: str, relation: str, column: str, row: int, value: int) -> Path:
    """Change one value and put the file's new checksum into the manifest, as a forger or a bug would."""
    path = store.files(run).segments[1].file(relation)
    rows = pq.read_table(path, partitioning=None)
    values = np.array(rows[column].to_numpy())
    values[row] = value
    place = rows.column_names.index(column)
    rows = rows.set_column(place, FILES[relation].schema.field(column), pa.array(values, rows[column].type))
    pq.write_table(rows, path, row_group_size=4096)  # a keyframe's cells
    manifest = path.with_name("manifest.json")
    described = json.loads(manifest.read_text())
    described["files"][path.name] |= {
        "sha256": sha256_of(path),
        "crc32": zlib.crc32(path.read_bytes()),
        "bytes": path.stat().st_size,
    }
    manifest.write_text(json.dumps(described))
    return path


@pytest.mark.parametrize(
    ("relation", "column", "value", "told"),
    [
        ("epochs", "steps", 1, "epochs: steps of epoch 70 is 1, its rows give"),
        ("epochs", "empty_reactions", 0, "epochs: empty_reactions of epoch 70 is 0"),
        ("epochs", "changed_cells", 5000, "epochs: changed_cells of epoch 70 is 5000"),
        ("reactions", "operations", 77777, "epochs: operations of epoch"),
        ("mutations", "char", -1, "keyframe 96 in .*keyframes.parquet is not what the log gives"),
        ("keyframes", "born_epoch", 1, "keyframe 96 in .*keyframes.parquet is not what the log gives"),
    ],
)
def test_whole_files_that_contradict_one_another_are_told(
    store: Store, run: str, relation: str, column: str, value: int, told: str
) -> None:
    row = 5
    if relation == "mutations":  # of the keyframe's own epoch, another char than is there
        rows = pq.read_table(store.files(run).segments[1].file(relation), partitioning=None)
        row = rows["epoch"].to_pylist().index(96)
        value = rows[column][row].as_py() ^ 1
    rewrite(store, run, relation, column, row, value)
    findings = verify(store, run)
    assert findings
    assert any(re.search(told, line) for line in findings), findings
    assert all("\n" not in line for line in findings)
