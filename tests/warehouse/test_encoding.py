"""Encoding: rows of epochs of any size come back in row groups of whole epochs, and bytes follow from rows alone."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from sim import EpochLog, MechanismTable
from warehouse.encoding import EventFile, enter_reactions

IDS = np.array([0, 77, 11, 55], np.int64)
#: Reactions of each epoch: groups of 10 rows are overrun by little and by much, and an epoch may be empty.
SIZES = (3, 8, 0, 25, 4, 4)


def log(epoch: int, rows: int, order: list[int]) -> EpochLog:
    """Return an epoch whose rows depend on its number alone, and its table on the order of the mechanisms too."""
    random = np.random.default_rng(epoch)
    left, right, steps, operations = (random.integers(0, 2**31, rows).astype(np.int32) for _ in range(4))
    place = np.argsort(order).astype(np.int32)
    return EpochLog(
        epoch=epoch,
        left=left,
        right=right,
        mechanism=place[random.integers(0, 4, rows)],
        mechanisms=MechanismTable(IDS[order], np.zeros(5, np.int64), np.empty(0, np.uint32)),
        mutated_cells=np.empty(0, np.int32),
        mutated_chars=np.empty(0, np.uint8),
        steps=steps,
        operations=operations,
    )


def written(path: Path, order: list[int]) -> list[EpochLog]:
    file, used = EventFile(path, "reactions"), np.zeros(4, np.bool_)
    logs = [log(epoch, rows, order) for epoch, rows in enumerate(SIZES, 1)]
    for each in logs:
        totals = enter_reactions(each, used, file.room(each.epoch, each.reactions))
        assert totals == (each.total_steps, each.total_operations, each.empty_reactions)
    assert used.tolist() == [np.any([np.any(each.mechanism == index) for each in logs]) for index in range(4)]
    assert file.close().rows == sum(SIZES)
    return logs


def test_epochs_come_back_in_row_groups_of_whole_epochs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("warehouse.encoding.GROUP_ROWS", 10)
    logs = written(tmp_path / "reactions.parquet", [0, 1, 2, 3])
    file = pq.ParquetFile(tmp_path / "reactions.parquet")
    assert [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)] == [11, 25, 8]
    rows = {name: column.to_numpy() for name, column in zip(file.schema_arrow.names, file.read().columns, strict=True)}
    assert rows["epoch"].tolist() == [each.epoch for each in logs for _ in range(each.reactions)]
    assert rows["mechanism"].tolist() == [i for each in logs for i in each.mechanisms.ids[each.mechanism].tolist()]
    for column, name in (("left_program", "left"), ("right_program", "right"), ("steps", "steps")):
        assert rows[column].tolist() == np.concatenate([getattr(each, name) for each in logs]).tolist()


def test_the_order_of_the_table_of_mechanisms_leaves_no_trace(tmp_path: Path) -> None:
    paths = [tmp_path / "one.parquet", tmp_path / "other.parquet"]
    for path, order in zip(paths, ([0, 1, 2, 3], [0, 3, 1, 2]), strict=True):
        written(path, order)
    one, other = (path.read_bytes() for path in paths)
    assert one == other
