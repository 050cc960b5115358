"""What is simulated once and never again, and what makes it be: semantics, kernels, analyses."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import sim.languages
import warehouse.record
from analysis import catalogue
from flows.pipeline import run_direct
from flows.progress import Reporter
from flows.request import RunRequest
from sim import Soup, SoupConfig, language
from warehouse.connection import connect
from warehouse.errors import StoreError, StoreFault
from warehouse.record import RunSettings, run_id
from warehouse.retention import thin
from warehouse.store import Store
from warehouse.verify import verify
from warehouse.writer import RunWriter

CONFIG = SoupConfig(language="bff_noheads_4bit", programs=256, seed=5)


class Listener(Reporter):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.epochs: list[int] = []

    def note(self, text: str) -> None:
        self.notes.append(text)

    def advance(self, epoch: int) -> None:
        self.epochs.append(epoch)


@pytest.fixture(autouse=True)
def short_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warehouse.record, "SEGMENT_CELLS", 64)


@pytest.fixture
def change_semantics(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Let the language have another version from then on."""

    def change() -> None:
        newer = replace(language(CONFIG.language), version=language(CONFIG.language).version + 1)
        monkeypatch.setattr(sim.config, "language", lambda name: newer if name == CONFIG.language else language(name))

    return change


def do(store: Path, epochs: int, name: str | None = None) -> tuple[str, Listener]:
    listener = Listener()
    given = frozenset({"name"} if name else set())
    settings = RunSettings(name=name, measure_every=32, keyframe_every=32)
    request = RunRequest(config=CONFIG, settings=settings, epochs=epochs, store=store, given=given)
    return run_direct(request, listener), listener


def identities(folder: Path) -> dict[str, tuple[int, int]]:
    """Return what tells whether a file was written again, for all files of a run's committed segments."""
    paths = [path for path in folder.glob("segments/*/*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): (path.stat().st_ino, path.stat().st_mtime_ns) for path in paths}


def test_more_epochs_write_no_whole_segment_again(tmp_path: Path) -> None:
    run, _ = do(tmp_path, 130)
    store = Store.open(tmp_path)
    before = identities(store.run_folder(run))
    again, listener = do(tmp_path, 200)
    after = identities(store.run_folder(run))
    assert again == run
    assert listener.epochs == list(range(129, 201))  # the tail 128-130 is replaced whole
    whole = {name: each for name, each in before.items() if "0000000128" not in name.split("-")[0]}
    assert len(whole) == 14
    assert whole.items() <= after.items()
    with connect(store) as sql:
        counts = "SELECT count(*), count(DISTINCT epoch), max(epoch) FROM epochs"
        assert sql.execute(counts).fetchall() == [(201, 201, 200)]


def test_changed_semantics_make_a_new_run_and_one_line_names_the_older(
    tmp_path: Path, change_semantics: Callable[[], None]
) -> None:
    older, first = do(tmp_path, 70)
    store = Store.open(tmp_path)
    assert not any("semantics" in line for line in first.notes)
    before = identities(store.run_folder(older))
    change_semantics()
    newer, second = do(tmp_path, 70)
    assert newer != older
    assert newer == run_id(CONFIG)
    assert second.epochs == list(range(1, 71))
    [line] = [line for line in second.notes if "semantics" in line]
    assert line == (
        f"bff_noheads_4bit has semantics version 2 now: this is a new run, {newer}; run {older} of the same"
        " configuration was made by version 1 and stays as it is"
    )
    assert identities(store.run_folder(older)) == before
    assert [record.semantics_version for record in store.runs()] == [1, 2]
    _, third = do(tmp_path, 80)  # it is no news any more
    assert not any("semantics" in line for line in third.notes)
    assert len(store.run_ids()) == 2


def test_a_run_of_older_semantics_stays_whole_whatever_is_done_to_its_record(
    tmp_path: Path, change_semantics: Callable[[], None]
) -> None:
    """Its record is written again; its id must stay the hash of the configuration that stands in it."""
    older, _ = do(tmp_path, 70, name="first")
    store = Store.open(tmp_path)
    change_semantics()
    with pytest.raises(StoreError, match=f"'first' is already that of run {older}"):
        do(tmp_path, 70, name="first")
    store.rename(older, "version-1")
    thin(store, older, "keyframes")
    assert store.record(older).settings == replace(
        RunSettings(name="version-1", measure_every=32, keyframe_every=32), retention="keyframes"
    )
    assert verify(store, older) == []
    newer, _ = do(tmp_path, 70, name="first")
    assert {record.name: record.run for record in store.runs()} == {"version-1": older, "first": newer}


def digests(folder: Path) -> dict[str, str]:
    manifests = sorted(folder.glob("segments/*/manifest.json"))
    return {path.parent.name: json.loads(path.read_text())["kernel_digest"] for path in manifests}


def test_a_changed_kernel_alone_goes_on_after_the_check_and_is_named_by_what_it_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, _ = do(tmp_path, 128)
    store = Store.open(tmp_path)
    before, old = identities(store.run_folder(run)), digests(store.run_folder(run))
    monkeypatch.setattr("warehouse.writer.kernel_digest", lambda: "0123456789abcdef")
    checked: list[int] = []
    check = RunWriter.check_last

    def noted(writer: RunWriter, threads: int | None) -> None:
        checked.append(1)
        check(writer, threads)

    monkeypatch.setattr(RunWriter, "check_last", noted)
    again, listener = do(tmp_path, 200)
    assert (again, listener.epochs, checked) == (run, list(range(129, 201)), [1])
    assert not any("semantics" in line for line in listener.notes)
    new = dict.fromkeys(("0000000128-0000000192", "0000000192-0000000200"), "0123456789abcdef")
    assert digests(store.run_folder(run)) == old | new
    assert before.items() <= identities(store.run_folder(run)).items()
    assert verify(store, run) == []


def test_a_kernel_that_gives_other_results_mixes_nothing_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run, _ = do(tmp_path, 128)
    store = Store.open(tmp_path)
    before = identities(store.run_folder(run))
    advance = Soup.advance

    def otherwise(soup: Soup) -> object:
        log = advance(soup)
        assert log.steps is not None
        log.steps = log.steps + 1
        return log

    with monkeypatch.context() as patch:
        patch.setattr(Soup, "advance", otherwise)
        with pytest.raises(StoreFault, match="executing epoch 128 again gives other steps"):
            do(tmp_path, 200)
    assert identities(store.run_folder(run)) == before
    assert do(tmp_path, 200)[0] == run
    assert verify(store, run) == []


def test_analyses_of_an_older_version_are_renewed_without_simulating(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, _ = do(tmp_path, 128)
    store = Store.open(tmp_path)
    results = store.files(run).results
    before = {name: path.stat().st_mtime_ns for name, path in results.items()}
    newer = {each.name: replace(each, version=each.version + (each.name == "founders")) for each in catalogue.ANALYSES}
    monkeypatch.setattr(catalogue, "_BY_NAME", newer)
    monkeypatch.setattr(Soup, "advance", lambda _: pytest.fail("simulated"))
    do(tmp_path, 128)
    renewed = {name for name, path in results.items() if path.stat().st_mtime_ns != before[name]}
    assert renewed == {"founders", "replicators"}
    assert store.record(run).status == "complete"
