"""Finished runs' small files copied into few: the same answers, and never stale ones, whatever changes after."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sim import SoupConfig
from tests.warehouse.making import CONFIG, SETTINGS, flip, make_run
from warehouse import combined, compaction, connect, sealed
from warehouse.combined import copy_path
from warehouse.compaction import compact_store
from warehouse.results import remove_result, write_measures, write_result
from warehouse.store import Store

RELATIONS = ("runs", "epochs", "transitions", "founders", "replicators", "distillations")
COPIES = ("runs", "compact", "transitions", "founders", "replicators", "distillations")
RUNS = 4


def onset(epoch: int) -> dict[str, Any]:
    return {
        "rank": 1,
        "epoch": epoch,
        "ended_epoch": None,
        "kind": "transition",
        "peak_complexity": 2.5,
        "founders_sought": True,
    }


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with finished runs, of which one has no result."""
    store = Store.open(tmp_path_factory.mktemp("made") / "store", create=True)
    for seed in range(RUNS):
        make_run(store, 20, configured(seed))
    for run in store.run_ids()[1:]:
        write_result(store, run, "transitions", [onset(5)], 1, {})
    return store.path


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a few runs be many."""
    for module in (combined, compaction):
        monkeypatch.setattr(module, "FEW", 1)


@pytest.fixture
def many(store: Store, made: Path) -> Store:
    """That store, all its runs copied."""
    shutil.copytree(made, store.path, dirs_exist_ok=True)
    compact_store(store)
    assert copy_path(store.path, "runs").exists()
    return store


def configured(seed: int) -> SoupConfig:
    return replace(CONFIG, programs=4, seed=seed)


def answers(store: Store) -> dict[str, list[Any]]:
    with connect(store) as connection:
        return {name: sorted(connection.sql(f"SELECT * FROM {name}").fetchall(), key=str) for name in RELATIONS}


def plain_answers(store: Store) -> dict[str, list[Any]]:
    """Return the answers from the runs' own files alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(combined, "FEW", 1000)
        return answers(store)


def files_parsed(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    parsed: list[Path] = []

    def parse(content: bytes, path: Path, relation: str) -> Any:
        parsed.append(path)
        return original(content, path, relation)

    original = sealed.parse_sealed
    for module in (combined, sealed):
        monkeypatch.setattr(module, "parse_sealed", parse)
    return parsed


def test_copied_runs_are_answered_from_the_copies_alone(many: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = plain_answers(many)
    assert len(expected["epochs"]) == 21 * RUNS
    assert len(expected["transitions"]) == RUNS - 1
    parsed = files_parsed(monkeypatch)
    assert answers(many) == expected
    assert {path.parent for path in parsed} == {many.path / "compact"}


def extend(store: Store) -> None:
    make_run(store, 30, configured(1))


def rename(store: Store) -> None:
    store.rename(store.run_ids()[1], "another")


def measure_again(store: Store) -> None:
    run = store.run_ids()[1]
    write_measures(store, run, 0, 20, [], 2)
    compaction.compact(store, run)


def analyse_again(store: Store) -> None:
    write_result(store, store.run_ids()[1], "transitions", [onset(6), onset(7) | {"rank": 2}], 1, {})


def analyse_another(store: Store) -> None:
    write_result(store, store.run_ids()[0], "transitions", [onset(9)], 1, {})


def take_a_result_away(store: Store) -> None:
    remove_result(store, store.run_ids()[2], "transitions")


def remove_a_run(store: Store) -> None:
    store.run_folder(store.run_ids()[1]).rename(store.path / "aside")


def add_a_run(store: Store) -> None:
    make_run(store, 10, configured(RUNS))


def leave_a_run_unfinished(store: Store) -> None:
    make_run(store, 10, configured(RUNS), finish=False)


CHANGES = [
    extend,
    rename,
    measure_again,
    analyse_again,
    analyse_another,
    take_a_result_away,
    remove_a_run,
    add_a_run,
    leave_a_run_unfinished,
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_shows_before_and_after_it_is_copied(
    many: Store, change: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = answers(many)
    monkeypatch.setattr(compaction, "_is_due", lambda _store: False)
    change(many)
    after = plain_answers(many)
    assert after != before
    assert answers(many) == after
    monkeypatch.setattr(compaction, "_is_due", lambda _store: True)
    compact_store(many)
    assert answers(many) == after


@pytest.mark.parametrize("name", COPIES)
def test_a_damaged_copy_is_not_used(many: Store, name: str) -> None:
    expected = plain_answers(many)
    flip(copy_path(many.path, name), 0.3)
    assert answers(many) == expected


@pytest.mark.parametrize("writes", range(len(COPIES)))
def test_copying_cut_short_leaves_every_row_once(many: Store, writes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """As by a kill after so many of the copies; each is replaced whole (`files.replacing`)."""
    for change in (extend, rename, analyse_again, add_a_run):
        change(many)
    expected = plain_answers(many)
    done: list[None] = []

    def write(*arguments: Any) -> None:
        if len(done) == writes:
            raise KeyboardInterrupt
        done.append(None)
        original(*arguments)

    original = combined.write_copy
    monkeypatch.setattr(compaction, "write_copy", write)
    monkeypatch.setattr(compaction, "_is_due", lambda _store: True)
    with pytest.raises(KeyboardInterrupt):
        compact_store(many)
    assert answers(many) == expected


def test_a_copy_has_the_same_bytes_whenever_it_is_made(many: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compaction, "_is_due", lambda _store: True)
    add_a_run(many)
    compact_store(many)
    first = {name: copy_path(many.path, name).read_bytes() for name in COPIES}
    for name in COPIES:
        copy_path(many.path, name).unlink()
    compact_store(many)
    assert {name: copy_path(many.path, name).read_bytes() for name in COPIES} == first


def test_runs_are_copied_as_they_are_finished_but_not_at_every_one(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (combined, compaction):
        monkeypatch.setattr(module, "FEW", 2)
    seen = []
    for seed in range(6):
        make_run(store, 2, configured(seed), SETTINGS)
        path = copy_path(store.path, "runs")
        seen.append(path.stat().st_ino if path.exists() else None)
    assert [seen[n] != seen[n - 1] for n in range(1, 6)] == [False, True, False, False, True]


def test_a_damaged_run_does_not_fail_another_that_finishes(many: Store) -> None:
    flip(many.run_folder(many.run_ids()[0]) / "runs.parquet", 0.5)
    for seed in (RUNS, RUNS + 1):
        make_run(many, 2, configured(seed))
