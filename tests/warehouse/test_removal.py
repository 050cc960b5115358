"""Removing runs and left-overs, compaction by hand, and what runs take on the disk."""

import shutil
from pathlib import Path

import pytest

from sim import SoupConfig
from tests.warehouse.making import CONFIG, SETTINGS, make_run
from warehouse.compaction import compact_now
from warehouse.connection import connect
from warehouse.errors import StoreError
from warehouse.reader import History
from warehouse.removal import remove_run
from warehouse.schema import SEGMENT_FILES
from warehouse.store import Store
from warehouse.writer import RunWriter

OTHER = SoupConfig(language="bff_noheads", programs=64, seed=1)


def test_a_run_is_removed_and_can_be_run_again(store: Store, run: str) -> None:
    other = make_run(store, 10, OTHER)
    store.rename(run, "first")
    remove_run(store, run)
    assert store.run_ids() == [other]
    assert not store.run_folder(run).exists()
    assert list((store.path / ".removed").iterdir()) == []
    with connect(store) as sql:
        assert sql.sql("SELECT run FROM runs").fetchall() == [(other,)]
        assert sql.sql("SELECT DISTINCT run FROM epochs").fetchall() == [(other,)]
    store.rename(other, "first")
    assert make_run(store, 150) == run


def test_a_run_that_is_written_or_read_is_not_removed(store: Store, run: str) -> None:
    with RunWriter.open(store, CONFIG, SETTINGS), pytest.raises(StoreError, match="is being written by process"):
        remove_run(store, run)
    with History(store, run) as history:
        with pytest.raises(StoreError, match="another process reads"):
            remove_run(store, run)
        history.tokens_at(99)
    with pytest.raises(StoreError, match="no run 'nobody'"):
        remove_run(store, "nobody")
    assert store.run_ids() == [run]


def test_a_removal_that_was_cut_short_is_out_of_sight_and_finished_later(
    store: Store, run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_run(store, 10, OTHER)
    with monkeypatch.context() as patch:
        patch.setattr("warehouse.removal.clear_removed", lambda _store: None)
        remove_run(store, run)
    assert store.run_ids() == [other]
    [left] = (store.path / ".removed").iterdir()
    assert any(left.rglob("reactions.parquet"))
    assert list(compact_now(store, [other])) == [(other, True)]
    assert list((store.path / ".removed").iterdir()) == []


def test_compaction_by_hand_clears_what_dead_processes_left(store: Store, run: str) -> None:
    staging = store.run_folder(run) / "staging" / "0000000128-0000000192"
    staging.mkdir(parents=True)
    (staging / "reactions.parquet").write_bytes(b"half")
    tail = store.files(run).segments[-1].path
    shutil.copytree(tail, tail.with_name("0000000128-0000000140"))
    shutil.rmtree(store.run_folder(run) / "compact")
    assert list(compact_now(store, [run])) == [(run, True)]
    assert not staging.parent.exists()
    assert len(list(tail.parent.iterdir())) == 3
    assert store.files(run).compact is not None
    assert (store.path / "compact" / "runs.parquet").exists()
    with RunWriter.open(store, CONFIG, SETTINGS), pytest.raises(StoreError, match="is being written"):
        list(compact_now(store, [run]))


def test_sizes_are_those_of_the_files(store: Store, run: str) -> None:
    folder = store.run_folder(run)
    with connect(store) as sql:
        rows = {row[0]: row[1:] for row in sql.sql("SELECT relation, files, rows, bytes FROM sizes").fetchall()}
    total = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    assert (sum(row[0] for row in rows.values()), sum(row[2] for row in rows.values())) == (len(total), sum(total))
    for relation in SEGMENT_FILES:
        sizes = [path.stat().st_size for path in folder.rglob(f"segments/*/{relation}.parquet")]
        assert (rows[relation][0], rows[relation][2]) == (len(sizes), sum(sizes))
    assert rows["epochs"][1] == rows["compact"][1] == 151
    assert rows["runs"][:2] == (1, 1)
    assert rows["other"][1] is None


def test_a_store_without_runs_has_no_sizes(tmp_path: Path) -> None:
    with connect(Store.open(tmp_path / "empty", create=True)) as sql:
        assert sql.sql("SELECT * FROM sizes").fetchall() == sql.sql("SELECT * FROM kept").fetchall() == []
