"""The command meets every fault at every stage of a run, says so in one line, and completes when asked again.

The table of stages and faults, with the test of each cell, is in docs/faults.md.
"""

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

import warehouse.record
from tests.flows.cli.conftest import call
from warehouse.connection import connect
from warehouse.store import Store
from warehouse.verify import verify

SOUP = ("--language", "bff_noheads_4bit", "--programs", "128", "--seed", "3", "--measure-every", "16")
RUN = ("run", "--direct", *SOUP, "--keyframe-every", "32", "--threads", "1", "--epochs", "140")


@pytest.fixture(autouse=True)
def short_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the soup have three segments, and nobody wait for a disk."""
    monkeypatch.setattr(warehouse.record, "SEGMENT_CELLS", 64)
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)


def files(store: Path) -> dict[str, bytes]:
    paths = [path for path in store.glob("runs/*/*/**/*") if path.is_file() and path.name != ".lock"]
    return {path.relative_to(store).as_posix(): path.read_bytes() for path in paths}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the run, made undisturbed."""
    store = tmp_path_factory.mktemp("whole") / "store"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(warehouse.record, "SEGMENT_CELLS", 64)
        assert call(*RUN, "--store", store).code == 0
    return store


def committed(store: Path) -> dict[str, tuple[int, int]]:
    """Return what tells whether a file was written again, for all of the segments that are stored."""
    return {
        f"{folder.name}/{path.name}": (path.stat().st_ino, path.stat().st_mtime_ns)
        for folder in store.glob("runs/*/segments/*")
        for path in folder.iterdir()
    }


def die(command: Sequence[str], jobs: Sequence[tuple[Path, str]]) -> list[tuple[int, str]]:
    """Give the command to a process for each store, which meets its moment; return exit codes and last lines."""
    words = [str(word) for job in jobs for word in job]
    line = [sys.executable, "-m", "tests.flows.dying_command", *words, "--", *command]
    done = subprocess.run(line, capture_output=True, text=True, check=True, timeout=300)
    lines = [each.partition(" ") for each in done.stdout.splitlines()]
    return [(int(code), told) for code, _, told in lines]


def completes(store: Path, whole: Path, moment: object = "") -> None:
    """The same command completes the run: the same bytes, no committed segment written again, no row twice."""
    before = committed(store)
    answer = call(*RUN, "--store", store)
    assert answer.code == 0, (moment, answer.err)
    assert files(store) == files(whole), moment
    assert before.items() <= committed(store).items(), moment
    assert list(store.glob("runs/*/staging/*")) == [], moment
    with connect(store) as sql:
        assert sql.sql("SELECT count(*), count(DISTINCT epoch) FROM epochs").fetchall() == [(141, 141)], moment
        assert sql.sql("SELECT status, epochs FROM runs").fetchall() == [("complete", 140)], moment


#: Moment -> the last state stored when it comes; None where not even the record is there.
KILLS = {
    "warehouse.record:write_sealed@1": None,
    "warehouse.writer:clear_staging@1": -1,
    "warehouse.staging:StagedSegment.append@1": -1,
    "warehouse.encoding:RelationFile.close@2": -1,
    "warehouse.staging:StagedSegment.seal@1": -1,
    "warehouse.staging:sync_folder@2": 64,  # sealed, not yet visible
    "warehouse.writer:sync_folder@2": 128,  # visible, not yet recorded
    "warehouse.writer:RunWriter._put@4": 140,
    "warehouse.results:write_sealed@2": 128,  # some measures are not there
    "warehouse.results:write_sealed@5": 140,  # some analyses are not there
    "warehouse.writer:compact@1": 140,
    "warehouse.compaction:write_sealed@1": 140,
    "warehouse.writer:compact_store@1": 140,
}


def test_a_run_killed_at_every_stage_is_interrupted_and_then_completes(whole: Path, tmp_path: Path) -> None:
    stores = {moment: tmp_path / str(number) for number, moment in enumerate(KILLS)}
    ended = die(RUN, [(store, moment) for moment, store in stores.items()])
    assert [code for code, _ in ended] == [9] * len(KILLS), list(zip(ended, KILLS, strict=True))
    for moment, store in stores.items():
        records, last = Store.open(store).runs(), KILLS[moment]
        if last is None:
            assert records == []
        else:
            [record] = records
            at_the_end = moment == "warehouse.writer:compact_store@1"
            assert record.status == ("complete" if at_the_end else "interrupted"), moment
            assert Store.open(store).files(record.run).last == last, moment
        completes(store, whole, moment)


def test_a_full_disk_is_one_line_whatever_did_not_fit(whole: Path, tmp_path: Path) -> None:
    sizes = (0, 1000, 4000, 8000, 16000)
    stores = {f"full@{size}": tmp_path / str(size) for size in sizes}
    ended = die(RUN, [(store, moment) for moment, store in stores.items()])
    for (code, line), (moment, store) in zip(ended, stores.items(), strict=True):
        assert (code, "no space left while " in line, "same command again: it continues" in line) == (1, True, True), (
            moment,
            line,
        )
        if (store / "format.json").exists():
            assert [record.status for record in Store.open(store).runs()] in ([], ["failed"], ["interrupted"]), moment
        completes(store, whole, moment)


#: What cannot be written -> a command that writes it, given in a store with the whole run.
FULL = {
    "warehouse.encoding._Hashed.write": ("run", "--direct", *SOUP, "--threads", "1", "--epochs", "160"),
    "warehouse.staging.sync_file": ("run", "--direct", *SOUP, "--threads", "1", "--epochs", "160"),
    "warehouse.results.write_sealed": ("analyze", "RUN", "--only", "founders", "--rebuild"),
    "warehouse.thinning.RelationFile.close": ("thin", "RUN", "--keep", "keyframes"),
    "warehouse.transfer._copied": ("copy", "RUN", "--to", "OTHER"),
    "warehouse.compaction.write_sealed": ("compact", "RUN"),
}


@pytest.mark.parametrize("place", FULL)
def test_a_disk_that_fills_up_leaves_what_is_stored_as_it_was(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    store = tmp_path / "store"
    shutil.copytree(whole, store)
    run = Store.open(store).run_ids()[0]
    for path in store.glob("runs/*/compact/*.parquet"):
        if place == "warehouse.compaction.write_sealed":
            path.unlink()
    before = files(store)
    words = [{"RUN": run, "OTHER": str(tmp_path / "other")}.get(word, word) for word in FULL[place]]

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(place, full)
        answer = call(*words, "--store", store)
    assert answer.code == 1
    assert answer.out == ""
    assert "o space left" in answer.err.splitlines()[-1]
    assert files(store) == before
    assert verify(Store.open(store), run) == []
    assert call(*words, "--store", store).code == 0


@pytest.mark.parametrize("place", ["staging", "segments", "analyses", "compact"])
def test_what_lies_in_a_folder_s_place_is_named_and_the_run_completes_without_it(
    whole: Path, tmp_path: Path, place: str
) -> None:
    store = tmp_path / "store"
    run = Store.open(whole).run_ids()[0]
    obstacle = Store.open(store, create=True).run_folder(run) / place
    obstacle.parent.mkdir()
    obstacle.write_bytes(b"a file")
    answer = call(*RUN, "--store", store)
    assert answer.code in {1, 2}
    assert str(obstacle) in answer.err.splitlines()[-1]
    assert not any(line.startswith("Traceback") for line in answer.err.splitlines())
    obstacle.unlink()
    completes(store, whole, place)


def test_without_permission_nothing_is_touched_and_one_line_says_so(whole: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    shutil.copytree(whole, store)
    before = files(store)
    run = Store.open(store).run_ids()[0]
    paths = [store, *store.rglob("*")]
    for path in paths:
        path.chmod(path.stat().st_mode & ~0o222)
    for command in ((*RUN[:-1], "160"), ("thin", run, "--keep", "keyframes"), ("rename", run, "other")):
        [(code, line)] = die(command, [(store, "powerless")])
        assert (code, "Permission denied; choose a folder that can be written" in line) == (2, True), line
    [(code, line)] = die(("verify", run), [(store, "powerless")])
    assert code == 0, line
    for path in paths:
        path.chmod(path.stat().st_mode | 0o200)
    assert files(store) == before


def test_two_commands_at_once_make_one_run(whole: Path, tmp_path: Path) -> None:
    line = [sys.executable, "-m", "tests.flows.dying_command", str(tmp_path / "store"), "undisturbed", "--", *RUN]
    both = [subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate(timeout=300)[0] for process in both]
    assert all(each.startswith("0 ") for each in said), said
    completes(tmp_path / "store", whole)
