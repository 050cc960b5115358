"""Runs made with a store on object storage: published as they grow, taken up elsewhere, never made by two at once."""

from collections.abc import Callable
from pathlib import Path

import pytest

from flows.pipeline import drive, opened, run_direct
from flows.request import RunRequest
from tests.flows.test_stages import Listener, ask, history, short_segments
from tests.objects import bucket, server
from warehouse.errors import StoreError
from warehouse.object_client import Objects
from warehouse.store import Store
from warehouse.transfer import copy_run
from warehouse.verify import verify

__all__ = ["bucket", "server", "short_segments"]


class Killed(BaseException):
    """Stands for the death of the machine."""


@pytest.fixture
def url(bucket: str) -> str:
    return f"s3://{bucket}/soups"


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], Path]:
    """Let what follows happen on the machine of this name, which has a disk of its own; return where it keeps files."""

    def on(name: str) -> Path:
        for module in ("object_store", "working"):
            monkeypatch.setattr(f"warehouse.{module}.cache_folder", lambda: tmp_path / name)
        return tmp_path / name

    return on


def make(url: str, epochs: int = 200) -> RunRequest:
    return ask(Path(url), epochs)  # as the command line has it


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The history of 200 epochs in one go, in a folder."""
    store = tmp_path_factory.mktemp("undisturbed") / "store"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("warehouse.record.SEGMENT_CELLS", 64)
        run_direct(ask(store, 200), Listener())
    return history(store)


def fetched(url: str, folder: Path) -> dict[str, bytes]:
    """Return the history as it is published."""
    there, back = Store.open(url), Store.open(folder, create=True)
    for run in there.run_ids():
        assert verify(there, run) == []
        copy_run(there, run, back)
    return history(back.path)


@pytest.mark.parametrize("puts", [3, 11, 25])
def test_a_killed_machine_s_run_is_taken_up_by_another(
    url: str, machine: Callable[[str], Path], undisturbed: dict[str, bytes], tmp_path: Path, puts: int
) -> None:
    machine("first")
    left, upload = [puts], Objects.upload

    def dying(self: Objects, path: Path, key: str) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise Killed
        upload(self, path, key)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Objects, "upload", dying)
        with pytest.raises(Killed):
            run_direct(make(url), Listener())
    published = Store.open(url)
    reached = [published.record(run).epochs for run in published.run_ids()]
    assert reached == ([] if puts < 7 else [64 if puts < 20 else 128]), reached
    machine("second")
    reporter = Listener()
    run = run_direct(make(url), reporter)
    assert min(reporter.epochs) == (reached[0] if reached else 0) + 1  # nothing committed is simulated again
    assert fetched(url, tmp_path / "back") == undisturbed
    assert Store.open(url).record(run).status == "complete"


def test_what_is_published_is_seen_while_the_run_goes_on(url: str, machine: Callable[[str], Path]) -> None:
    machine("first")
    reporter, seen = Listener(), {}
    reporter.at_epoch = lambda n: seen.update({n: [r.epochs for r in Store.open(url).runs()]}) if n == 190 else None
    run_direct(make(url), reporter)
    assert seen[190] in ([64], [128])
    assert [record.epochs for record in Store.open(url).runs()] == [200]


def test_of_two_machines_that_make_one_run_the_second_to_publish_stops(
    url: str,
    machine: Callable[[str], Path],
    undisturbed: dict[str, bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    machine("first")
    reporter = Listener()
    monkeypatch.setattr("warehouse.leases.PATIENCE", 0)  # who writes is taken for dead

    def meanwhile(epoch: int) -> None:
        if epoch == 150:
            reporter.at_epoch = lambda _: None
            machine("second")
            run_direct(make(url), Listener())
            machine("first")

    reporter.at_epoch = meanwhile
    with (
        pytest.raises(StoreError, match=rf"is being written by another machine too: it was published to {url} mean"),
        opened(make(url), reporter) as pipeline,
    ):
        drive(pipeline)
    assert fetched(url, tmp_path / "back") == undisturbed
    run_direct(make(url), Listener())  # now it goes on from there: nothing is left
    assert fetched(url, tmp_path / "again") == undisturbed


def test_a_run_is_extended_from_another_machine(
    url: str, machine: Callable[[str], Path], undisturbed: dict[str, bytes], tmp_path: Path
) -> None:
    machine("first")
    run_direct(make(url, 100), Listener())
    machine("second")
    run_direct(make(url), Listener())
    published = fetched(url, tmp_path / "back")
    assert published == undisturbed
    working = machine("first")
    run_direct(make(url), Listener())  # what it had is less than what is published
    [store] = (working / "working").iterdir()
    assert history(store) == undisturbed
