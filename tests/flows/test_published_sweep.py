"""Sweeps made in a store on object storage: whole, killed and asked again, two at once, thinned, over Dask."""

import json
import os
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest

from flows.sweep import SweepDrive, run_sweep
from flows.sweep_file import Sweep
from flows.worker import Outcome, attempted
from sim import EpochLog, Soup
from sim.jit import CACHE_FOLDER
from tests.flows.cli.conftest import call
from tests.flows.slowed import TEXT, python, wait_for
from tests.flows.test_sweep import Silent, files, sweep_of, wait_until_gone, workers_of
from tests.objects import bucket, server
from warehouse.connection import connect
from warehouse.errors import StoreError
from warehouse.leases import Leases
from warehouse.object_client import Objects
from warehouse.publication import make_published
from warehouse.store import Store
from warehouse.sweeps import read_ends
from warehouse.transfer import copy_run
from warehouse.verify import verify

__all__ = ["bucket", "server"]


@pytest.fixture
def url(bucket: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))  # for worker processes
    monkeypatch.setenv("PRIMORDIUM_CACHE", str(CACHE_FOLDER.parent))  # machine code stays where it is
    monkeypatch.setattr("warehouse.working.cache_folder", lambda: tmp_path / "cache" / "primordium")
    monkeypatch.setattr("warehouse.record.SEGMENT_CELLS", 64)
    monkeypatch.setattr("warehouse.leases.LOOK", 0.1)
    return f"s3://{bucket}/soups"


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of the sweep in a folder."""
    folder = tmp_path_factory.mktemp("undisturbed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("warehouse.record.SEGMENT_CELLS", 64)
        for member in sweep_of(folder, folder / "store", TEXT).members:
            assert attempted(member.request, "everything", lambda _: None).error == ""
    return files(folder / "store")


class Here:
    """Does runs in this process."""

    alive = True

    def __init__(self) -> None:
        self.done: list[int] = []

    def run(self, request: object, keep: str, advanced: object) -> Outcome:
        assert request.direct  # type: ignore[attr-defined]
        self.done.append(request.config.seed)  # type: ignore[attr-defined]
        return attempted(request, keep, advanced)  # type: ignore[arg-type]

    def interrupt(self) -> None:
        """Nothing stops it."""

    def close(self) -> None:
        """Nothing is held."""


def drive(folder: Path, url: str, text: str = TEXT) -> tuple[SweepDrive, Here, list[str]]:
    display, worker = Silent(), Here()
    sweep: Sweep = sweep_of(folder, Path(url), text)
    return SweepDrive(sweep, Path(url), 1, display, make_worker=lambda: worker), worker, display.lines


def fetched(url: str, folder: Path) -> dict[str, bytes]:
    there, back = Store.open(url), Store.open(folder, create=True)
    for run in there.run_ids():
        assert verify(there, run) == []
        copy_run(there, run, back)
    return files(back.path)


def test_a_sweep_there_is_the_same_as_in_a_folder_and_is_asked_in_sql(
    url: str, undisturbed: dict[str, bytes], tmp_path: Path
) -> None:
    first, worker, lines = drive(tmp_path, url, TEXT.replace("count = 2", "count = 1"))
    run_sweep(first)
    assert (first.failed, first.complete, worker.done) == ({}, True, [0])
    second, worker, lines = drive(tmp_path, url)
    assert lines == []
    run_sweep(second)
    assert (second.failed, worker.done, lines[0]) == ({}, [1], "sweep two: 2 runs, 1 of them done")
    assert fetched(url, tmp_path / "back") == undisturbed
    assert drive(tmp_path, url)[0].left == []
    with connect(url) as sql:
        assert sql.sql("SELECT planned, done, failed FROM sweeps").fetchall() == [(2, 2, 0)]
        assert sql.sql("SELECT count(*) FROM survival('two')").fetchall() != [(0,)]
        assert sql.sql("SELECT max(epoch), max(runs) FROM fan('two', 'complexity')").fetchall() == [(300, 2)]
    answer = call("sweep", "two", "--store", url, "--show", "--format", "json")
    assert (answer.code, json.loads(answer.out)["conditions"][0]["done"]) == (0, 2)
    assert list((tmp_path / "cache" / "primordium" / "working").iterdir()) == []  # a sweep may be larger than the disk
    with pytest.raises(StoreError, match=rf"the sweep 'two' is in {url} with another plan"):
        drive(tmp_path, url, TEXT.replace("first = 0", "first = 5"))


def test_runs_there_are_thinned_to_what_the_sweep_keeps(url: str, tmp_path: Path) -> None:
    run_sweep(drive(tmp_path, url, TEXT.replace("count = 2", "count = 1"))[0])
    text = TEXT.replace("seeds", 'keep = "epochs"\nseeds', 1)
    again, worker, _ = drive(tmp_path, url, text)
    run_sweep(again)
    assert (worker.done, again.failed) == ([0, 1], {})
    assert {record.settings.retention for record in Store.open(url).runs()} == {"epochs"}
    assert drive(tmp_path, url, text)[0].left == []
    assert [verify(Store.open(url), run) for run in Store.open(url).run_ids()] == [[], []]


def test_two_sweeps_at_once_do_each_run_once(
    url: str, undisturbed: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulated: list[tuple[int, int]] = []
    advance = Soup.advance

    def advancing(soup: Soup) -> EpochLog:
        if soup.config.programs > 2:  # not that which makes the machine code
            simulated.append((soup.config.seed, soup.epoch))
        return advance(soup)

    monkeypatch.setattr(Soup, "advance", advancing)
    drives = [drive(tmp_path, url) for _ in range(2)]
    for each, _, _ in drives:
        each.start()
    for each, _, _ in drives:
        each.join()
        each.check()
        assert (each.failed, each.complete) == ({}, True)
    assert sorted(simulated) == [(seed, epoch) for seed in range(2) for epoch in range(300)]
    assert fetched(url, tmp_path / "back") == undisturbed
    assert len(read_ends(Store.open(url), "two")) == 2
    assert list(Objects(url).list("writers/")) == []


def test_a_run_that_another_machine_writes_is_waited_for(url: str, tmp_path: Path) -> None:
    text = TEXT.replace("count = 2", "count = 1")
    ours, worker, lines = drive(tmp_path, url, text)
    lease = Leases(make_published(url)).take(ours.left[0].planned.run)
    ours.start()
    wait_for(lambda: lines[1:] and "is being written by another process; waiting for it" in lines[-1])
    assert worker.done == []
    lease.release()
    ours.join()
    assert (worker.done, ours.failed) == ([0], {})


def start(folder: Path, url: str, *words: str) -> "subprocess.Popen[str]":
    (folder / "s.toml").write_text(TEXT, encoding="utf-8")
    words = ("--store", url, "sweep", str(folder / "s.toml"), "--direct", *words)
    return python(folder, "-m", "flows.cli", *words)


@pytest.mark.parametrize("how", [("--workers", "1"), pytest.param(("--dask", "local:2"), marks=pytest.mark.slow)])
def test_killed_workers_and_sweeps_are_completed_by_asking_again(
    url: str, undisturbed: dict[str, bytes], tmp_path: Path, how: tuple[str, str]
) -> None:
    if how[0] == "--dask":
        pytest.importorskip("distributed", reason="needs the extra `dask`: pip install 'primordium[dask]'")
    objects = make_published(url)
    with start(tmp_path, url, *how) as process:
        while not list(objects.list("heads/run=")):  # until a segment is published
            assert process.poll() is None
            time.sleep(0.3)
        [entry, *_] = objects.list("writers/")
        found = objects.get(entry.key)
        assert found is not None
        worker = json.loads(found[0])["process"]
        workers = workers_of(process.pid)
        assert worker in workers
        os.kill(worker, signal.SIGKILL)
        time.sleep(0.5)
        workers += workers_of(process.pid)
        process.kill()
    wait_until_gone(workers)
    published = {record.run: record.epochs for record in Store.open(url).runs()}
    assert published
    again, worker_here, lines = drive(tmp_path, url)
    run_sweep(again)
    assert (again.failed, again.complete) == ({}, True), lines
    assert worker_here.done
    assert fetched(url, tmp_path / "back") == undisturbed
    with connect(url) as sql:
        assert sql.sql("SELECT planned, done, failed FROM sweeps").fetchall() == [(2, 2, 0)]


def test_two_processes_that_make_one_run_at_once_double_nothing(
    url: str, undisturbed: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("warehouse.leases.PATIENCE", 0)  # neither sees that the other is at it
    member = sweep_of(tmp_path, Path(url), TEXT.replace("count = 2", "count = 1")).members[0]
    folder = threading.local()
    monkeypatch.setattr("warehouse.working.cache_folder", lambda: folder.path)
    outcomes: list[Outcome] = []
    both = threading.Barrier(2)

    def make(number: int) -> None:
        folder.path = tmp_path / f"machine-{number}"
        both.wait()
        outcomes.append(attempted(member.request, "everything", lambda _: None))

    threads = [threading.Thread(target=make, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(bool(outcome.error) for outcome in outcomes) == [False, True], outcomes
    [told] = [outcome.error for outcome in outcomes if outcome.error]
    assert "is being written by another machine too" in told
    run = member.planned.run
    back = fetched(url, tmp_path / "back")
    assert back == {path: content for path, content in undisturbed.items() if run in path}
    with connect(url) as sql:
        for relation, keys in (("epochs", "epoch"), ("reactions", "epoch, left_program")):
            query = f"SELECT count(*) = count(DISTINCT ({keys})) FROM {relation}"
            assert sql.sql(query).fetchall() == [(True,)]


def test_a_dask_worker_that_sees_no_such_sweep_says_so(url: str, tmp_path: Path) -> None:
    pytest.importorskip("distributed", reason="needs the extra `dask`: pip install 'primordium[dask]'")
    from flows.dask_workers import _done_there

    [member, *_] = sweep_of(tmp_path, Path(url), TEXT).members
    make_published(url)
    outcome, _ = _done_there(member.request, "everything", "two", "stop")
    assert "does not see the store" in outcome.error
