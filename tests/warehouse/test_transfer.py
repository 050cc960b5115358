"""Copying runs to another store."""

import hashlib
import shutil
from pathlib import Path

import pytest

from sim import SoupConfig
from tests.warehouse.making import SETTINGS, flip, history_bytes, make_run
from tests.warehouse.test_retention import analysed, kill
from warehouse.errors import StoreError, StoreFault
from warehouse.reader import History
from warehouse.retention import thin
from warehouse.store import Store
from warehouse.transfer import copy_run
from warehouse.verify import verify


@pytest.fixture
def target(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "target", create=True)


def record_bytes(store: Store, run: str) -> str:
    return hashlib.sha256((store.run_folder(run) / "runs.parquet").read_bytes()).hexdigest()


@pytest.mark.parametrize("policy", [None, "keyframes"])
def test_a_copy_has_the_same_bytes(store: Store, run: str, target: Store, policy: str | None) -> None:
    store.rename(run, "first")
    analysed(store, run)
    if policy is not None:
        thin(store, run, policy)
    done = copy_run(store, "first", target)
    assert (done.run, done.made, done.name_taken) == (run, True, None)
    assert history_bytes(target, run) == history_bytes(store, run)
    assert record_bytes(target, run) == record_bytes(store, run)
    assert target.find("first") == store.find("first")
    assert verify(target, run) == []
    assert list((target.path / ".incoming").glob("run=*")) == []
    again = copy_run(store, run, target)
    assert (again.made, again.bytes) == (False, 0)


def test_a_name_that_is_taken_is_left_away(store: Store, run: str, target: Store) -> None:
    store.rename(run, "first")
    other = make_run(target, 10, SoupConfig(language="bff_noheads", programs=64, seed=1))
    target.rename(other, "first")
    assert copy_run(store, run, target).name_taken == "first"
    assert target.record(run).name is None
    assert target.find("first").run == other
    assert history_bytes(target, run) == history_bytes(store, run)


def test_what_no_longer_counts_is_not_copied(store: Store, run: str, target: Store) -> None:
    with History(store, run):  # holds the old tail
        make_run(store, 200)
        thin(store, run, "keyframes")
        copy_run(store, run, target)
    assert [path.name for path in target.run_folder(run).glob("segments*")] == ["segments-1-keyframes"]
    assert verify(target, run) == []


def test_another_history_or_other_states_are_refused(store: Store, run: str, target: Store, tmp_path: Path) -> None:
    copy_run(store, run, target)
    with pytest.raises(StoreError, match="is the store that is copied from"):
        copy_run(store, run, Store(tmp_path / "." / "store"))
    make_run(store, 200)
    with pytest.raises(StoreError, match=r"states 0 to 200, kept: everything; there states 0 to 150.* rm .* first"):
        copy_run(store, run, target)
    forged = Store.open(tmp_path / "forged", create=True)
    make_run(forged, 200, settings=type(SETTINGS)(measure_every=16, keyframe_every=16))
    with pytest.raises(StoreError, match=r"another history in .*: its states 0 to 64 differ"):
        copy_run(store, run, forged)


@pytest.mark.parametrize("relation", ["reactions", "keyframes"])
def test_a_damaged_file_is_not_copied(store: Store, run: str, target: Store, relation: str) -> None:
    path = store.files(run).segments[1].file(relation)
    flip(path, 0.5)
    with pytest.raises(StoreFault, match=f"damaged file {path}"):
        copy_run(store, run, target)
    assert target.run_ids() == []


def test_a_killed_copy_goes_on_with_what_is_there(store: Store, run: str, tmp_path: Path) -> None:
    moments = [
        ("warehouse.files:sync_folder", 12),
        ("warehouse.transfer:_copied", 7),
        ("warehouse.transfer:_publish", 1),
    ]
    target = Store.open(tmp_path / "target", create=True)
    for moment in moments:
        kill(str(target.path), "die-copying", [(store, moment)])
        assert target.run_ids() == []
    staged = target.path / ".incoming" / f"run={run}"
    (staged / "segments" / "stray").mkdir(parents=True)
    (staged / "segments" / "stray" / "epochs.parquet").write_bytes(b"of before")
    whole = next(staged.rglob("reactions.parquet"))
    flip(whole, 0.5)  # as a power cut may leave it
    done = copy_run(store, run, target)
    assert done.made
    assert 0 < done.bytes < sum(path.stat().st_size for path in staged.parent.parent.rglob("*.parquet"))
    assert history_bytes(target, run) == history_bytes(store, run)
    assert verify(target, run) == []


def test_a_copy_takes_the_place_of_a_run_that_never_got_its_record(store: Store, run: str, target: Store) -> None:
    shutil.copytree(store.run_folder(run) / "segments", target.run_folder(run) / "segments")
    copy_run(store, run, target)
    assert verify(target, run) == []
