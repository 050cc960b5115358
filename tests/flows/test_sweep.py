"""A sweep done in processes of its own: whole, killed, asked again, and with a run that fails."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import sim.config
from flows.pipeline import run_direct
from flows.progress import Reporter
from flows.request import RunRequest, read_request
from flows.stopping import Goal
from flows.sweep import SweepDrive, run_sweep
from flows.sweep_file import Sweep, read_sweep
from flows.sweep_progress import SweepDisplay
from flows.worker import Outcome, attempted
from sim import SoupConfig, language
from warehouse.connection import connect
from warehouse.errors import StoreError
from warehouse.store import Store
from warehouse.sweeps import read_ends

TEXT = """
name = "rates"
seeds = {first = 0, count = 2}
[run]
language = "bff_noheads_4bit"
programs = 512
epochs = 256
[grid]
mutation_rate = [0.000244140625, 0.01]
"""


class Silent(SweepDisplay):
    """Keeps what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def note(self, text: str) -> None:
        self.lines.append(text)


class InProcess:
    """A worker that is this process, which knows what a test changed."""

    alive = True

    def run(self, request: RunRequest, keep: str, advanced: Callable[[int], None]) -> Outcome:
        return attempted(request, keep, advanced)

    def interrupt(self) -> None:
        pytest.fail("nobody asked for it")

    def close(self) -> None:
        pass


def sweep_of(folder: Path, store: Path, text: str = TEXT) -> Sweep:
    (folder / "s.toml").write_text(text, encoding="utf-8")
    return read_sweep(folder / "s.toml", store=store)


def do(folder: Path, store: Path, workers: int, text: str = TEXT) -> tuple[SweepDrive, list[str]]:
    display = Silent()
    drive = SweepDrive(sweep_of(folder, store, text), store, workers, display)
    run_sweep(drive)
    return drive, display.lines


def files(store: Path) -> dict[str, bytes]:
    paths = [path for path in store.glob("runs/*/*/**/*") if path.is_file() and path.name != ".lock"]
    return {path.relative_to(store).as_posix(): path.read_bytes() for path in paths}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store in which the sweep was done at once, its first run by `run`."""
    folder = tmp_path_factory.mktemp("undisturbed")
    options = {"language": "bff_noheads_4bit", "programs": "512", "epochs": "256", "store": str(folder / "store")}
    run_direct(read_request(options), Reporter())
    drive, lines = do(folder, folder / "store", 2)
    assert lines[0] == "sweep rates: 4 runs, 1 of them done"
    assert (len(drive.left), drive.complete, drive.failed) == (3, True, {})
    return folder / "store"


def test_asked_again_nothing_is_done(undisturbed: Path, tmp_path: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in undisturbed.rglob("*.parquet") if "runs" in path.parts}
    drive, lines = do(tmp_path, undisturbed, 2)
    assert (drive.left, lines) == ([], ["sweep rates: 4 runs, 4 of them done"])
    assert {path: path.stat().st_mtime_ns for path in before} == before


def command(folder: Path, store: Path, *words: str) -> "subprocess.Popen[str]":
    (folder / "s.toml").write_text(TEXT, encoding="utf-8")
    line = [sys.executable, "-m", "flows.cli", "--store", str(store), "sweep", str(folder / "s.toml"), "--direct"]
    return subprocess.Popen([*line, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def workers_of(process: int) -> list[int]:
    """Return the ids of a process's children that are workers."""
    found = [each for path in Path(f"/proc/{process}/task").glob("*/children") for each in path.read_text().split()]
    return [int(each) for each in found if "spawn_main" in Path(f"/proc/{each}/cmdline").read_text()]


def wait_until_gone(processes: list[int]) -> None:
    for _ in range(300):
        if not any(Path(f"/proc/{each}").exists() and "spawn" in _command(each) for each in processes):
            return
        time.sleep(0.1)
    pytest.fail("workers outlived their sweep by half a minute")


def _command(process: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{process}/cmdline").read_text()
    return ""


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGINT])
def test_a_killed_sweep_completes_with_the_files_of_an_undisturbed_one(
    undisturbed: Path, tmp_path: Path, sign: signal.Signals
) -> None:
    store = tmp_path / "store"
    with command(tmp_path, store, "--workers", "1") as process:
        assert process.stderr is not None
        assert any(line.startswith("1/4 run") for line in process.stderr)
        workers = workers_of(process.pid)
        time.sleep(0.3)
        os.kill(process.pid, sign)
        rest = process.stderr.read()
        process.wait()
    assert len(workers) == 1
    wait_until_gone(workers)
    if sign == signal.SIGINT:
        assert process.returncode == 1
        assert rest.splitlines()[-1].startswith("primordium: stopped after ")
    with connect(store) as sql:
        [(planned, done)] = sql.sql("SELECT planned, done FROM sweeps").fetchall()
    assert planned == 4
    assert 1 <= done < 4
    drive, lines = do(tmp_path, store, 2)
    assert lines[0] == f"sweep rates: 4 runs, {done} of them done"
    assert drive.complete
    assert files(store) == files(undisturbed)


def test_runs_are_thinned_to_what_the_sweep_keeps(undisturbed: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    text = TEXT.replace("seeds", 'keep = "keyframes"\nseeds', 1)
    do(tmp_path, store, 2, TEXT.replace("count = 2", "count = 1"))  # two of the runs, not thinned
    drive, _ = do(tmp_path, store, 1, text)
    assert (len(drive.left), drive.failed) == (4, {})
    assert {record.settings.retention for record in Store.open(store).runs()} == {"keyframes"}
    counts = "SELECT run, epoch, operations, complexity FROM epochs ORDER BY ALL"
    with connect(undisturbed) as whole, connect(store) as thinned:
        assert thinned.execute(counts).fetchall() == whole.execute(counts).fetchall()
    assert do(tmp_path, store, 1, text)[0].left == []


def test_a_run_that_fails_stops_no_other(undisturbed: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    sweep = sweep_of(tmp_path, store)
    broken = sweep.members[1].planned.run
    Store.open(store, create=True)
    (store / "runs" / f"run={broken}").mkdir()
    (store / "runs" / f"run={broken}" / "runs.parquet").write_bytes(b"no record")
    with pytest.raises(Exception, match="damaged"):
        Store.open(store).stored_records()
    # what cannot even be listed stops all: it is damage of the store
    (store / "runs" / f"run={broken}" / "runs.parquet").unlink()
    (store / "runs" / f"run={broken}" / "segments").write_bytes(b"no folder")
    drive, lines = do(tmp_path, store, 2)
    assert set(drive.failed) == {broken}
    assert drive.complete
    assert any(line.startswith(f"failed: run {broken} (mutation_rate=0.01, seed 0): ") for line in lines)
    with connect(store) as sql:
        assert sql.sql("SELECT done, failed FROM sweeps").fetchall() == [(3, 1)]
        assert sql.sql("SELECT run FROM sweep_runs WHERE error IS NOT NULL").fetchall() == [(broken,)]
    (store / "runs" / f"run={broken}" / "segments").unlink()
    drive, _ = do(tmp_path, store, 1)
    assert (len(drive.left), drive.failed) == (1, {})
    assert files(store) == files(undisturbed)


def test_runs_stop_when_they_are_asked_to_and_are_done_then(tmp_path: Path) -> None:
    text = TEXT.replace("[0.000244140625, 0.01]", "[0.01]") + '[stop_when]\nreplicators = 1\nwall_time = "1 h"\n'
    text += '[[condition]]\nname = "planted"\nepochs = 4096\ninitial_program = "[[{.>]-]Ġ]-]>.{[["\n'
    drive, lines = do(tmp_path, tmp_path / "store", 2, text.replace("Ġ", "Ġ" * 48))
    ends = read_ends(drive.store, "rates").values()
    assert {end.ended_by for end in ends} == {"replicators"}
    assert all(end.epochs % 64 == 0 and end.epochs < 4096 for end in ends), lines
    assert do(tmp_path, tmp_path / "store", 2, text.replace("Ġ", "Ġ" * 48))[0].left == []


def test_a_sweep_of_changed_semantics_is_refused_with_the_reason_and_goes_on_under_another_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = tmp_path / "store"
    old = SweepDrive(sweep_of(tmp_path, store), store, 1, Silent())
    made = old.left[0]
    run_direct(made.request, Reporter())
    newer = replace(language("bff_noheads_4bit"), version=2)
    monkeypatch.setattr(sim.config, "language", lambda name: newer if name == newer.name else language(name))
    plan = (store / "sweeps" / "rates" / "sweep_plans.parquet").read_bytes()
    with pytest.raises(StoreError) as refused:
        SweepDrive(sweep_of(tmp_path, store), store, 1, Silent())
    assert str(refused.value) == (
        f"name: the sweep 'rates' is in {store} with 4 runs by semantics version 1; bff_noheads_4bit has semantics"
        " version 2 now, by which they are other runs; they stay as they are: choose another name in the sweep's file"
        " for new ones, or another store"
    )
    assert (store / "sweeps" / "rates" / "sweep_plans.parquet").read_bytes() == plan
    renamed = sweep_of(tmp_path, store, TEXT.replace('"rates"', '"rates-2"'))
    drive = SweepDrive(renamed, store, 1, Silent(), make_worker=InProcess)
    run_sweep(drive)
    assert isinstance(drive.display, Silent)
    assert drive.display.lines[0] == "sweep rates-2: 4 runs, 0 of them done"
    assert drive.display.lines[1] == (
        "bff_noheads_4bit has semantics version 2 now: these are new runs; those of the same configurations by earlier"
        " versions (1) stay as they are"
    )
    assert (drive.complete, drive.failed) == (True, {})
    versions = sorted(record.semantics_version for record in Store.open(store).runs())
    assert versions == [1, 2, 2, 2, 2]
    assert made.planned.run in Store.open(store).run_ids()


def test_runs_whose_time_is_over_are_done_and_say_so(tmp_path: Path) -> None:
    store, text = (
        tmp_path / "store",
        TEXT.replace("epochs = 256", "epochs = 100000") + '[stop_when]\nwall_time = "0.3 s"',
    )
    sweep = sweep_of(tmp_path, store, text.replace("count = 2", "count = 1"))
    drive = SweepDrive(sweep, store, 1, Silent(), force=True, make_worker=InProcess)
    run_sweep(drive)
    assert (drive.complete, drive.failed) == (True, {})
    with connect(store) as sql:
        rows = sql.sql("SELECT ended_by, done, status, epochs, planned_epochs, error FROM sweep_runs").fetchall()
        assert sql.sql("SELECT planned, done FROM sweeps").fetchall() == [(2, 2)]
    for ended_by, done, status, epochs, planned, error in rows:
        assert (ended_by, done, status, planned, error) == ("wall_time", True, "complete", 100000, None)
        assert 0 < epochs < 100000
    assert SweepDrive(sweep, store, 1, Silent()).left == []


def test_time_over_ends_a_run_at_the_state_it_has_reached() -> None:
    goal = Goal(1000, None, seconds=0.0)
    assert (goal.epoch, goal.ended_by) == (1000, "epochs")
    goal.tick(17)
    goal.tick(18)
    assert (goal.epoch, goal.ended_by) == (17, "wall_time")


def test_the_first_state_with_replicators_enough_is_the_goal() -> None:
    config = SoupConfig(language="bff_noheads_4bit", programs=64, seed=1)
    replicator = config.instruction_set.parse("[[{.>]-]" + "Ġ" * 48 + "]-]>.{[[")
    import numpy as np

    none = np.zeros(config.cells, np.uint8)
    half = np.frombuffer(replicator * 32 + bytes(32 * 64), np.uint8)
    goal = Goal(1000, None, replicators=32)
    assert [epoch for epoch in range(200) if goal.wants_programs(epoch)] == [64, 128, 192]
    goal.see_programs(config, 64, none)
    assert goal.epoch == 1000
    goal.see_programs(config, 128, half)
    assert (goal.epoch, goal.ended_by, goal.wants_programs(192)) == (128, "replicators", False)
    goal.forget_after(64)
    assert goal.epoch == 1000
