"""What happens when a process dies, the disk fills up, files are damaged, or two want the same run."""

import errno
import itertools
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sim import EpochLog, SoupConfig, Tokens
from tests.warehouse.making import CONFIG, SETTINGS, flip, history_bytes, make_run
from warehouse.connection import connect
from warehouse.errors import StoreFault
from warehouse.reader import History
from warehouse.store import Store
from warehouse.verify import verify
from warehouse.writer import RunWriter

ROOT = Path(__file__).parents[2]


def process(store: Store, epochs: int, *how: object) -> "subprocess.Popen[str]":
    return started(store.path, epochs, *how)


def started(*arguments: object) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.warehouse.writing_process", *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def finished(process: "subprocess.Popen[str]") -> tuple[int, str]:
    out, _ = process.communicate(timeout=300)
    return process.returncode, out


def kill(epochs: int, moments: list[tuple[Store, tuple[str, int]]]) -> None:
    """Let a process for each store die at its moment."""
    jobs = [(store.path, *moment) for store, moment in moments]
    code, out = finished(started("die", epochs, *itertools.chain(*jobs)))
    assert code == 0
    assert out.split() == ["9"] * len(jobs), "a moment that never came"


MOMENTS = [
    ("warehouse.staging:StagedSegment.append", 1),
    ("warehouse.staging:StagedSegment.append", 100),
    ("warehouse.encoding:RelationFile.close", 4),
    ("warehouse.staging:sync_file", 9),
    ("warehouse.writer:sync_folder", 1),
    ("warehouse.writer:RunWriter._remove_superseded", 3),
    ("warehouse.files:sync_folder", 2),
    ("warehouse.writer:write_measures", 2),
    ("warehouse.writer:compact", 1),
    ("warehouse.record:write_sealed", 3),
]


def test_a_run_killed_at_any_moment_goes_on_to_the_same_files(store: Store, run: str, tmp_path: Path) -> None:
    stores = [Store.open(tmp_path / f"killed-{n}", create=True) for n in range(len(MOMENTS))]
    kill(150, list(zip(stores, MOMENTS, strict=True)))
    for killed, moment in zip(stores, MOMENTS, strict=True):
        readable(killed, run)
        assert make_run(killed, 150) == run
        assert history_bytes(killed, run) == history_bytes(store, run), moment
        assert killed.record(run).status == "complete"
        assert list((killed.run_folder(run) / "staging").glob("*")) == []
    assert verify(stores[4], run) == []


def readable(store: Store, run: str) -> None:
    """A reader sees whole segments and nothing else, whatever happened to the writer."""
    if run in store.run_ids():
        assert store.record(run).status == "interrupted"
        with History(store, run) as history:
            assert history.last in {-1, 64, 128, 150}
            assert sum(1 for _ in history.logs(1, history.last)) == max(history.last, 0)


def test_a_run_killed_while_it_replaces_a_tail_keeps_one_of_both(store: Store, run: str, tmp_path: Path) -> None:
    whole = Store.open(tmp_path / "whole", create=True)
    make_run(whole, 200)
    stores = [Store(tmp_path / f"killed-{n}") for n in (1, 2)]
    for killed in stores:
        shutil.copytree(store.path, killed.path)
    moments = ("warehouse.writer:sync_folder", 1), ("warehouse.removal:sync_folder", 1)
    kill(200, list(zip(stores, moments, strict=True)))
    for killed in stores:
        with History(killed, run) as history:
            assert history.last == 192
        make_run(killed, 200)
        assert history_bytes(killed, run) == history_bytes(whole, run)


def test_a_full_disk_is_one_clear_line_and_the_run_goes_on_later(store: Store, run: str, tmp_path: Path) -> None:
    starved = Store.open(tmp_path / "starved", create=True)
    code, out = finished(process(starved, 150, "starve", 20000))
    assert code == 1
    [line] = out.splitlines()
    assert line.startswith("no space left while writing ")
    assert "give the same command again" in line
    assert starved.record(run).status == "failed"
    assert starved.files(run).last == -1
    make_run(starved, 150)
    assert history_bytes(starved, run) == history_bytes(store, run)


def test_two_processes_on_one_run_take_turns_and_say_so(store: Store, run: str, tmp_path: Path) -> None:
    shared = Store.open(tmp_path / "shared", create=True)
    first = process(shared, 0, "hold")
    assert first.stdout is not None
    assert first.stdout.readline() == "open\n"
    second = process(shared, 150)
    assert second.stdout is not None
    assert second.stdout.readline() == (f"run {run} is being written by process {first.pid}; waiting for it to end\n")
    assert shared.record(run).status == "running"
    assert finished(first)[0] == 0
    assert finished(second) == (0, f"{run}\n")
    assert history_bytes(shared, run) == history_bytes(store, run)


def test_two_runs_in_one_store_at_once_are_both_whole(store: Store, run: str, tmp_path: Path) -> None:
    shared = Store.open(tmp_path / "shared", create=True)
    one = process(shared, 150)
    other = make_run(shared, 100, SoupConfig(language="bff_noheads", programs=64, seed=1))
    assert finished(one) == (0, f"{run}\n")
    assert verify(shared, other) == []
    assert history_bytes(shared, run) == history_bytes(store, run)


FILES = ["epochs", "reactions", "mechanisms", "mutations", "keyframes"]


def damaged(store: Store, run: str, relation: str) -> Path:
    return store.run_folder(run) / "segments" / "0000000064-0000000128" / f"{relation}.parquet"


def need(store: Store, run: str) -> None:
    """Read all that the run's log holds."""
    with History(store, run) as history:
        for _ in history.states(range(64, 128)):
            pass
        list(history.logs(1, 150, with_costs=True))
        history.tokens_at(128)


@pytest.mark.parametrize("relation", FILES)
@pytest.mark.parametrize("how", ["removed", "emptied", "cut", "altered"])
def test_a_damaged_file_is_named_by_verify_and_by_whoever_needs_it(
    store: Store, run: str, relation: str, how: str
) -> None:
    path = damaged(store, run, relation)
    match how:
        case "removed":
            path.unlink()
        case "emptied":
            path.write_bytes(b"")
        case "cut":
            os.truncate(path, path.stat().st_size // 2)
        case "altered":
            flip(path, 0.6)
    findings = verify(store, run)
    assert len(findings) == 1
    assert str(path) in findings[0]
    with pytest.raises(StoreFault, match=str(path)) as caught:
        need(store, run)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("place", [0.02, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.99])
@pytest.mark.parametrize("relation", ["reactions", "keyframes", "mechanisms"])
def test_an_altered_byte_is_never_taken_for_history(store: Store, run: str, relation: str, place: float) -> None:
    """It is either told or lies in what reading does not use; wrong events and crashes are not on offer."""
    with History(store, run) as history:
        logs, tokens = list(history.logs(65, 128, with_costs=True)), history.tokens_at(128)
    path = damaged(store, run, relation)
    flip(path, place)
    assert any(str(path) in line for line in verify(store, run))
    again = unless_told(store, run, path)
    if again is not None:
        assert (tokens.origins == again[1].origins).all()
        for log, other in zip(logs, again[0], strict=True):
            assert (log.left == other.left).all()
            assert (log.mechanisms.ids[log.mechanism] == other.mechanisms.ids[other.mechanism]).all()


def unless_told(store: Store, run: str, path: Path) -> tuple[list[EpochLog], Tokens] | None:
    """Return what is read, None if reading tells that the file is damaged."""
    try:
        with History(store, run) as history:
            return list(history.logs(65, 128, with_costs=True)), history.tokens_at(128)
    except StoreFault as error:
        if str(path) not in str(error):
            raise
        return None


@pytest.mark.parametrize(
    "name",
    ["runs.parquet", "analyses/measures/0000000064-0000000128.parquet", "compact/0000000000-0000000150.parquet"],
)
@pytest.mark.parametrize("place", [0.1, 0.5, 0.9])
def test_small_files_are_checked_too(store: Store, run: str, name: str, place: float) -> None:
    path = store.run_folder(run) / name
    flip(path, place)
    findings = verify(store, run)
    assert len(findings) == 1
    assert str(path) in findings[0]


def test_a_missing_segment_is_told(store: Store, run: str) -> None:
    shutil.rmtree(damaged(store, run, "epochs").parent)
    with pytest.raises(StoreFault, match=r"missing segment .*from state 64 to 128"):
        History(store, run)
    [finding] = verify(store, run)
    assert "from state 64 to 128" in finding


def test_a_damaged_manifest_is_told(store: Store, run: str) -> None:
    path = damaged(store, run, "epochs").with_name("manifest.json")
    path.write_text(path.read_text().replace('"start": 64', '"start": 65'))
    [finding] = verify(store, run)
    assert f"damaged file {path}" in finding


def test_a_manifest_that_lacks_a_checksum_is_told_to_who_asks_in_sql(store: Store, run: str) -> None:
    path = damaged(store, run, "reactions").with_name("manifest.json")
    path.write_text(path.read_text().replace("crc32", "crc"))
    with connect(store.path) as connection, pytest.raises(StoreFault, match=f"damaged file {path}: 'crc32'"):
        connection.execute("SELECT count(*) FROM reactions WHERE steps > 0").fetchall()


def test_what_a_killed_writer_left_is_cleared(store: Store, run: str) -> None:
    left = store.run_folder(run) / "staging" / "0000000128-0000000192"
    left.mkdir(parents=True, exist_ok=True)
    (left / "reactions.parquet").write_bytes(b"half")
    with RunWriter.open(store, CONFIG, SETTINGS):
        assert not left.exists()


def test_a_failed_segment_is_never_committed(store: Store, run: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The encoder's failure is told at the next call, and again at every attempt to commit."""

    def full(_file: object, _data: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    before = history_bytes(store, run)
    with RunWriter.open(store, CONFIG, SETTINGS) as writer, History(store, run) as history:
        staged = writer.stage(128, 150)
        for log in history.logs(129, 150, with_costs=True):
            staged.append(log)
        monkeypatch.setattr("warehouse.encoding._Hashed.write", full)
        for _ in range(2):
            with pytest.raises(StoreFault, match="no space left while writing"):
                staged.finish()
            with pytest.raises(StoreFault, match="no space left while writing"):
                staged.commit()
    assert history_bytes(store, run) == before


def test_a_commit_that_could_not_be_recorded_is_recorded_when_tried_again(
    store: Store, run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RunWriter.open(store, CONFIG, SETTINGS) as writer:
        with History(store, run) as history:
            staged = writer.stage(128, 140)
            for log in history.logs(129, 140, with_costs=True):
                staged.append(log)
        shutil.rmtree(store.files(run).segments[-1].path)

        def full(*_: object) -> None:
            raise StoreFault("no space left")

        with monkeypatch.context() as patch:
            patch.setattr(store, "put_record", full)
            with pytest.raises(StoreFault, match="no space left"):
                staged.commit()
        assert writer.committed == 140
        staged.commit()
        assert store.stored_record(run).epochs == 140
