"""The stages of a run, without Prefect: what is stored, whatever happens on the way."""

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import warehouse.record
from flows.pipeline import RunInterrupted, drive, opened, run_direct
from flows.progress import Reporter
from flows.request import RunRequest
from flows.stages import Pipeline
from flows.streaming import Segment
from sim import EpochLog, InputError, Soup, SoupConfig
from warehouse.errors import StoreFault
from warehouse.reader import History
from warehouse.record import RunSettings
from warehouse.staging import StagedSegment
from warehouse.store import Store

CONFIG = SoupConfig(language="bff_noheads_4bit", programs=256, seed=5)
#: Passes its transition near state 52.
BORN = SoupConfig(language="bff_noheads_4bit", programs=4096, seed=0)


@pytest.fixture(autouse=True)
def short_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let segments of all soups have 64 epochs, so that small ones have several."""
    monkeypatch.setattr(warehouse.record, "SEGMENT_CELLS", 64)


class Listener(Reporter):
    """Keeps what it is told; calls `at_epoch` at every epoch."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.epochs: list[int] = []
        self.measured: dict[int, float] = {}
        self.at_epoch: Callable[[int], None] = lambda _: None

    def note(self, text: str) -> None:
        self.notes.append(text)

    def advance(self, epoch: int) -> None:
        self.epochs.append(epoch)
        self.at_epoch(epoch)

    def complexity(self, epoch: int, value: float) -> None:
        self.measured[epoch] = value


def ask(store: Path, epochs: int, config: SoupConfig = CONFIG, **more: object) -> RunRequest:
    settings = RunSettings(measure_every=50, keyframe_every=32)
    given = frozenset({"measure_every", "keyframe_every"})
    return RunRequest(config=config, settings=settings, epochs=epochs, store=store, given=given, **more)  # type: ignore[arg-type]


def history(store: Path) -> dict[str, bytes]:
    """Return all of the store that must be the same however it came about."""
    files = {}
    for path in sorted(store.glob("runs/*/*/**/*")):
        if path.is_file() and path.name != ".lock":
            files[path.relative_to(store).as_posix()] = path.read_bytes()
    return files


def run_stopped_at(request: RunRequest, epoch: int) -> None:
    reporter = Listener()
    with opened(request, reporter) as pipeline:
        reporter.at_epoch = lambda n: pipeline.stop() if n == epoch else None
        drive(pipeline)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The history of 200 epochs in one go."""
    store = tmp_path_factory.mktemp("undisturbed") / "store"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(warehouse.record, "SEGMENT_CELLS", 64)
        run_direct(ask(store, 200), Reporter())
    return history(store)


def test_a_run_stores_every_state_and_what_is_measured_of_it(tmp_path: Path) -> None:
    reporter = Listener()
    run = run_direct(ask(tmp_path / "store", 130), reporter)
    store = Store.open(tmp_path / "store")
    with History(store, run) as stored:
        assert [(span.start, span.stop) for span in stored.segments] == [(0, 64), (64, 128), (128, 130)]
        columns = stored.epochs()
        assert columns["epoch"].tolist() == list(range(131))
        measured = columns["epoch"][~np.isnan(columns["complexity"])].tolist()
        assert measured == [0, 50, 100, 130]
        assert {0, 32, 64, 96, 128} <= set(stored.keyframe_epochs)
        soup = Soup(CONFIG)
        for _ in range(130):
            soup.advance()
        assert np.array_equal(stored.tokens_at(130).chars, soup.chars)
    assert store.record(run).status == "complete"
    assert reporter.epochs == list(range(1, 131))
    assert sorted(reporter.measured) == measured


def test_no_epochs_store_the_initial_soup(tmp_path: Path) -> None:
    run = run_direct(ask(tmp_path / "store", 0), Reporter())
    record = Store.open(tmp_path / "store").record(run)
    assert (record.epochs, record.status) == (0, "complete")
    run_direct(ask(tmp_path / "store", 3), Reporter())
    assert Store.open(tmp_path / "store").record(run).epochs == 3


@pytest.mark.parametrize("first", [1, 64, 100, 128])
def test_a_run_that_is_extended_has_the_files_of_one_that_was_not(
    tmp_path: Path, undisturbed: dict[str, bytes], first: int
) -> None:
    run_direct(ask(tmp_path / "store", first), Reporter())
    run_direct(ask(tmp_path / "store", 200, threads=1), Reporter())
    assert history(tmp_path / "store") == undisturbed


@pytest.mark.parametrize("epoch", [1, 64, 100, 199])
def test_an_interrupted_run_ends_at_that_epoch_and_continues_as_if_nothing_had_been(
    tmp_path: Path, undisturbed: dict[str, bytes], epoch: int
) -> None:
    request = ask(tmp_path / "store", 200)
    with pytest.raises(RunInterrupted) as interruption:
        run_stopped_at(request, epoch)
    assert str(interruption.value) == f"stopped at epoch {epoch} of 200; the same command continues it"
    [record] = Store.open(tmp_path / "store").runs()
    assert (record.epochs, record.status) == (epoch, "interrupted")
    run_direct(request, Reporter())
    assert history(tmp_path / "store") == undisturbed


def test_a_simulation_that_fails_begins_again_from_the_last_commit(
    tmp_path: Path, undisturbed: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    advance, failed = Soup.advance, [False]

    def fail_once(soup: Soup) -> EpochLog:
        log = advance(soup)
        if soup.epoch == 100 and not failed[0]:
            failed[0] = True
            raise MemoryError("half way")
        return log

    monkeypatch.setattr(Soup, "advance", fail_once)
    with opened(ask(tmp_path / "store", 200), Reporter()) as pipeline:
        for segment in pipeline.segments():
            if segment.start == 64:
                with pytest.raises(MemoryError):
                    pipeline.simulate(pipeline.run, segment)
                assert list(pipeline.failures) == ["simulate 64-128"]
            pipeline.simulate(pipeline.run, segment)
            assert not pipeline.failures
            pipeline.snapshot(pipeline.run, segment)
            pipeline.measure(pipeline.run, segment)
        pipeline.analyse(pipeline.run)
    assert failed == [True]
    assert history(tmp_path / "store") == undisturbed


def test_a_simulation_begun_again_waits_for_the_commit_before_it(tmp_path: Path, undisturbed: dict[str, bytes]) -> None:
    with opened(ask(tmp_path / "store", 200), Reporter()) as pipeline:
        segments = pipeline.segments()
        first, second = next(segments), next(segments)
        pipeline.simulate(pipeline.run, first)
        pipeline._soup = None  # as a failure leaves it
        again = threading.Thread(target=pipeline.simulate, args=(pipeline.run, second))
        again.start()
        again.join(0.2)
        assert again.is_alive()
        pipeline.snapshot(pipeline.run, first)
        again.join(60)
        assert not again.is_alive()
        pipeline.flush()
        drive(pipeline)
    assert history(tmp_path / "store") == undisturbed


def test_what_was_simulated_is_not_lost_when_the_driver_changes(tmp_path: Path, undisturbed: dict[str, bytes]) -> None:
    reporter = Listener()
    with opened(ask(tmp_path / "store", 200), reporter) as pipeline:
        segment = next(pipeline.segments())
        pipeline.simulate(pipeline.run, segment)
        pipeline.flush()
        drive(pipeline)
    assert reporter.epochs == list(range(1, 201))
    assert history(tmp_path / "store") == undisturbed


def test_a_commit_that_fails_fails_the_run_which_then_continues(
    tmp_path: Path, undisturbed: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = StagedSegment.commit

    def full(staged: StagedSegment) -> None:
        if staged.start == 64:
            raise StoreFault("no space left")
        commit(staged)

    with monkeypatch.context() as patch:
        patch.setattr(StagedSegment, "commit", full)
        with pytest.raises(StoreFault, match="no space left"):
            run_direct(ask(tmp_path / "store", 200), Reporter())
    store = Store.open(tmp_path / "store")
    assert [(record.epochs, record.status) for record in store.runs()] == [(64, "failed")]
    run_direct(ask(tmp_path / "store", 200), Reporter())
    assert history(tmp_path / "store") == undisturbed


def test_a_run_that_is_stored_is_not_simulated_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_direct(ask(tmp_path / "store", 70), Reporter())
    before = history(tmp_path / "store")
    monkeypatch.setattr(Soup, "advance", lambda _: pytest.fail("simulated"))
    for epochs in (70, 30):
        reporter = Listener()
        assert run_direct(ask(tmp_path / "store", epochs), reporter) == run
        assert reporter.notes == ["states 0 to 70 are stored already"]
    assert history(tmp_path / "store") == before


def test_other_settings_are_kept_as_they_were_and_said_in_one_line(tmp_path: Path) -> None:
    run_direct(ask(tmp_path / "store", 10), Reporter())
    reporter = Listener()
    request = ask(tmp_path / "store", 10)
    other = RunSettings(measure_every=7, keyframe_every=9)
    asked = RunRequest(
        config=CONFIG, settings=other, epochs=10, store=request.store, given=frozenset({"measure_every"})
    )
    run_direct(asked, reporter)
    assert len(reporter.notes) == 2
    assert "measure_every 50 (asked: 7)" in reporter.notes[0]
    assert "keyframe_every" not in reporter.notes[0]  # not asked for, only a default


def test_missing_measures_are_made_when_the_run_is_asked_for_again(tmp_path: Path) -> None:
    run_direct(ask(tmp_path / "store", 130), Reporter())
    before = history(tmp_path / "store")
    for path in tmp_path.glob("store/runs/*/analyses/measures/*.parquet"):
        path.unlink()
    for path in tmp_path.glob("store/runs/*/compact/*.parquet"):
        path.unlink()
    run_direct(ask(tmp_path / "store", 130), Reporter())
    assert history(tmp_path / "store") == before


@pytest.mark.parametrize("interrupted", [None, 70])
def test_a_run_until_its_transition_stops_at_the_same_state_however_it_got_there(
    tmp_path: Path, interrupted: int | None
) -> None:
    request = ask(tmp_path / "store", 500, BORN, until_transition=True, then=16)
    if interrupted is not None:
        run_direct(ask(tmp_path / "store", interrupted, BORN), Reporter())
    run = run_direct(request, Reporter())
    store = Store.open(tmp_path / "store")
    assert store.record(run).epochs == 80
    with History(store, run) as stored:
        columns = stored.epochs()
        assert not np.isnan(columns["complexity"][80])
        assert columns["complexity"][80] >= 1
    reporter = Listener()
    run_direct(request, reporter)
    assert reporter.notes[-1] == "states 0 to 80 are stored already"


def test_without_a_transition_such_a_run_goes_to_its_last_epoch(tmp_path: Path) -> None:
    run = run_direct(ask(tmp_path / "store", 70, until_transition=True), Reporter())
    assert Store.open(tmp_path / "store").record(run).epochs == 70


def test_a_disk_too_small_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no room for 134217727 epochs"):
        run_direct(ask(tmp_path / "store", 2**27 - 1, SoupConfig()), Reporter())
    assert not (tmp_path / "store").exists()


def test_force_runs_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flows.estimate._REACTION", 1e15)
    with pytest.raises(InputError):
        run_direct(ask(tmp_path / "store", 1), Reporter())
    run_direct(ask(tmp_path / "store", 1, force=True), Reporter())


def test_a_pipeline_serves_its_own_run_only(tmp_path: Path) -> None:
    with Pipeline(ask(tmp_path / "store", 1), Reporter()) as pipeline, pytest.raises(ValueError, match="not other"):
        pipeline.simulate("other", Segment(0, 1))


def test_what_cannot_be_a_store_is_refused_before_anything_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    run_direct(ask(tmp_path / "store", 1), Reporter())
    taken = RunSettings(name="first")
    run_direct(RunRequest(config=CONFIG, settings=taken, store=tmp_path / "named", epochs=1), Reporter())
    other = RunRequest(config=BORN, settings=taken, store=tmp_path / "named", epochs=1, given=frozenset({"name"}))
    before = history(tmp_path / "named")
    for request in (ask(tmp_path / "file", 1), other):
        reporter = Listener()
        with pytest.raises(InputError):
            run_direct(request, reporter)
        assert reporter.notes == []
    assert history(tmp_path / "named") == before
    assert len(Store.open(tmp_path / "named").runs()) == 1
