"""A sweep on a Dask cluster: a worker is killed, and so is the sweep; the files are those of an undisturbed one."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.flows.cli.conftest import call
from tests.flows.slowed import TEXT, python, wait_for
from tests.flows.test_sweep import files, sweep_of, wait_until_gone, workers_of
from warehouse.connection import connect
from warehouse.store import Store

pytest.importorskip("distributed", reason="needs the extra `dask`: pip install 'primordium[dask]'")


def start(folder: Path, where: str) -> "subprocess.Popen[str]":
    (folder / "s.toml").write_text(TEXT, encoding="utf-8")
    words = [
        "--store",
        str(folder / "store"),
        "sweep",
        str(folder / "s.toml"),
        "--direct",
        "--dask",
        where,
    ]
    return python(folder, "-m", "flows.cli", *words)


def writers(store: Path) -> dict[str, int]:
    """Return the processes that write runs of which something is committed, by run."""
    found = {}
    for path in store.glob("runs/run=*/segments"):
        record = Store(store).record(path.parent.name[4:])
        if record.status == "running" and 64 <= record.epochs < 256:
            found[record.run] = int((path.parent / "writer.lock").read_text() or 0)
    return found


@pytest.fixture
def undisturbed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """The files of the sweep, made by this process's own worker threads."""
    monkeypatch.setattr("warehouse.record.SEGMENT_CELLS", 64)
    from flows.pipeline import run_direct
    from flows.progress import Reporter

    store = tmp_path / "undisturbed"
    for member in sweep_of(tmp_path, store, TEXT).members:
        run_direct(member.request, Reporter())
    return files(store)


def test_a_killed_worker_s_run_goes_on_in_another_and_a_killed_sweep_completes(
    tmp_path: Path, undisturbed: dict[str, bytes]
) -> None:
    store = tmp_path / "store"
    with start(tmp_path, "local:2") as process:
        wait_for(lambda: writers(store))
        run, worker = writers(store).popitem()
        assert worker in workers_of(process.pid)
        os.kill(worker, signal.SIGKILL)
        kept = {path: path.stat().st_ino for path in store.glob(f"runs/run={run}/segments/*/*")}
        assert kept
        wait_for(lambda: writers(store).get(run, worker) != worker or Store(store).record(run).status == "complete")
        # now everything dies
        workers = workers_of(process.pid)
        process.kill()
    wait_until_gone(workers)
    assert {path: path.stat().st_ino for path in kept} == kept
    with start(tmp_path, "local:1") as process:
        out, told = process.communicate(timeout=240)
    assert process.returncode == 0, told
    assert "Traceback" not in told
    assert re.search(r"sweep two: 2 runs, \d of them done", told)
    assert "two: conditions" in out
    assert files(store) == undisturbed
    with connect(store) as sql:
        assert sql.sql("SELECT planned, done, failed FROM sweeps").fetchall() == [(2, 2, 0)]


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[str, list["subprocess.Popen[str]"]]]:
    """A cluster of its own: its address, its two workers' processes and, last, its scheduler's."""
    described = str(tmp_path / "scheduler.json")
    dask = ("-m", "dask", "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--no-show")
    scheduler = python(tmp_path, *dask, "--scheduler-file", described)
    dask = ("-m", "dask", "worker", "--scheduler-file", described, "--nthreads", "1", "--no-nanny", "--no-dashboard")
    processes = [*(python(tmp_path, *dask) for _ in range(2)), scheduler]
    try:
        wait_for(lambda: Path(described).exists() and Path(described).read_text().endswith("}"))
        address = json.loads(Path(described).read_text())["address"]
        from distributed import Client

        with Client(address) as client:
            client.wait_for_workers(2)
        yield address, processes
    finally:
        for process in processes:
            process.kill()
            process.communicate()


@pytest.mark.slow
def test_a_cluster_of_its_own_stops_loses_a_worker_and_loses_its_scheduler(
    tmp_path: Path, undisturbed: dict[str, bytes], cluster: tuple[str, list["subprocess.Popen[str]"]]
) -> None:
    # One test: a cluster takes seconds to come up.
    (address, processes), store = cluster, tmp_path / "store"
    # Ctrl-C: what the workers were at is stored, not whole segments alone, and nobody goes on with it
    with start(tmp_path, address) as process:
        wait_for(lambda: len(writers(store)) == 2)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
    assert (process.returncode, told.splitlines()[-1][:26]) == (1, "primordium: stopped after ")
    records = Store.open(store).runs()
    assert [record.status for record in records] == ["interrupted"] * 2
    assert any(record.epochs % 64 for record in records)
    assert all(64 <= record.epochs < 300 for record in records)

    # a worker dies: the other one takes its run, and nobody else notices
    with start(tmp_path, address) as process:
        wait_for(lambda: len(writers(store)) == 2)
        run, worker = writers(store).popitem()
        [killed] = [each for each in processes if each.pid == worker]
        killed.kill()
        _, told = process.communicate(timeout=120)
    assert process.returncode == 0, told
    assert "failed" not in told
    assert Store.open(store).record(run).status == "complete"
    assert files(store) == undisturbed

    # the scheduler dies: a line for each run that was out; asked again, all is done
    shutil.rmtree(store)
    with start(tmp_path, address) as process:
        wait_for(lambda: writers(store))
        processes[-1].kill()
        _, told = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "Traceback" not in told
    failed = [line for line in told.splitlines() if line.startswith("failed: run ")]
    assert len(failed) == 2
    assert all(f"not done by the Dask cluster at {address}: " in line for line in failed)
    with start(tmp_path, "local:1") as process:
        _, told = process.communicate(timeout=120)
    assert process.returncode == 0, told
    assert files(store) == undisturbed


def test_a_bar_moves_by_what_is_committed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import flows.dask_workers
    from flows.pipeline import run_direct
    from flows.progress import Reporter

    monkeypatch.setattr("warehouse.record.SEGMENT_CELLS", 64)
    store = tmp_path / "store"
    [member, *_] = sweep_of(tmp_path, store, TEXT).members
    committed = flows.dask_workers._Committed(member.request)
    assert committed.more() == 0
    run_direct(replace(member.request, epochs=100), Reporter())
    assert committed.more() == 0  # too soon
    monkeypatch.setattr(flows.dask_workers, "_TELL", 0.0)
    assert [committed.more(), committed.more()] == [100, 0]
    run_direct(replace(member.request, epochs=128), Reporter())
    assert committed.more() == 28


def test_a_worker_that_does_not_see_the_store_makes_none(tmp_path: Path) -> None:
    from flows.dask_workers import _done_there

    [member, *_] = sweep_of(tmp_path, tmp_path / "store", TEXT).members
    outcome, simulated = _done_there(member.request, "everything", "two", "stop")
    assert outcome.error.startswith("the Dask worker on ")
    assert f"does not see the store {tmp_path / 'store'}" in outcome.error
    assert simulated == 0
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize(
    ("where", "complaint"),
    [
        ("local:0", "allowed: local:1 to local:1024"),
        ("local:x", "allowed: local:1"),
        ("nothing://here", "no scheduler"),
    ],
)
def test_a_cluster_that_is_none_is_one_line(tmp_path: Path, where: str, complaint: str) -> None:
    (tmp_path / "s.toml").write_text(TEXT, encoding="utf-8")
    answer = call("sweep", tmp_path / "s.toml", "--store", tmp_path / "store", "--direct", "--dask", where)
    assert (answer.code, answer.out) == (2, "")
    assert complaint in answer.err
    assert len(answer.err.splitlines()) == 1


def test_without_dask_the_way_out_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    (tmp_path / "s.toml").write_text(TEXT, encoding="utf-8")
    answer = call("sweep", tmp_path / "s.toml", "--store", tmp_path / "store", "--direct", "--dask", "local:1")
    assert answer.code == 2
    assert "Dask is not installed; `pip install 'primordium[dask]'`" in answer.err
