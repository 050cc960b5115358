"""Stages that go ahead, and those who follow: without Prefect, as its tasks do."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import warehouse.record
from flows.ahead import Ahead
from flows.pipeline import RunInterrupted, Segment, opened, run_direct
from flows.progress import Reporter
from flows.request import RunRequest
from sim import EpochLog, Soup, SoupConfig
from warehouse.record import RunSettings
from warehouse.store import Store

CONFIG = SoupConfig(language="bff_noheads_4bit", programs=256, seed=5)
SEGMENTS = [Segment(0, 64), Segment(64, 128), Segment(128, 130)]


@pytest.fixture(autouse=True)
def short_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let segments have 64 epochs, so that a small soup has several."""
    monkeypatch.setattr(warehouse.record, "SEGMENT_CELLS", 64)


@pytest.fixture
def ahead(tmp_path: Path) -> Iterator[Ahead]:
    """A run of 130 states that is let go by the test."""
    with opened(ask(tmp_path / "store"), Reporter()) as pipeline:
        pipeline.prepare()
        going = Ahead(pipeline)
        yield going
        going.leave()


def ask(store: Path) -> RunRequest:
    return RunRequest(config=CONFIG, settings=RunSettings(), epochs=130, store=store)


def history(store: Path) -> dict[str, bytes]:
    paths = [path for path in store.glob("runs/*/*/**/*") if path.is_file() and path.name != ".lock"]
    return {path.relative_to(store).as_posix(): path.read_bytes() for path in paths}


def follow(ahead: Ahead) -> list[Segment]:
    """Ask for all stages as the flow does, trying twice; return the segments."""
    seen = []
    for segment in ahead.segments():
        seen.append(segment)
        for stage in (ahead.simulate, ahead.snapshot, ahead.measure):
            insist(lambda stage=stage, segment=segment: stage(segment))  # type: ignore[misc]
    ahead.analyse()
    return seen


def insist(work: Callable[[], None]) -> None:
    try:
        work()
    except OSError:
        work()


def executed(monkeypatch: pytest.MonkeyPatch, fail_at: int = 0) -> list[str]:
    """Return a list that takes the thread of each epoch executed; the first time that ``fail_at`` is, it fails."""
    threads: list[str] = []
    advance, failing = Soup.advance, {fail_at}

    def watched(soup: Soup) -> EpochLog:
        log = advance(soup)
        threads.append(threading.current_thread().name)
        if soup.epoch in failing:
            failing.remove(soup.epoch)
            raise OSError("a trouble that passes")
        return log

    monkeypatch.setattr(Soup, "advance", watched)
    return threads


def test_nobody_has_to_follow(ahead: Ahead) -> None:
    ahead.start()
    ahead.join()
    assert ahead.complete
    assert not ahead.busy


def test_who_comes_late_is_told_of_all_and_does_nothing(ahead: Ahead, monkeypatch: pytest.MonkeyPatch) -> None:
    threads = executed(monkeypatch)
    ahead.start()
    ahead.join()
    assert follow(ahead) == SEGMENTS
    assert threads.count("ahead") == 130
    assert threading.current_thread().name not in threads


def test_who_follows_waits_for_each_stage(ahead: Ahead) -> None:
    follower = threading.Thread(target=ahead.snapshot, args=(SEGMENTS[0],), daemon=True)
    follower.start()
    follower.join(0.2)
    assert follower.is_alive()
    ahead.start()
    follower.join(60)
    assert not follower.is_alive()
    assert ahead.pipeline.reached >= 64


def test_a_failure_is_told_once_and_then_the_one_who_asks_goes_on(
    ahead: Ahead, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_direct(ask(tmp_path / "direct"), Reporter())
    threads = executed(monkeypatch, fail_at=100)
    ahead.start()
    first, second, _ = SEGMENTS
    ahead.simulate(first)
    with pytest.raises(OSError, match="a trouble that passes"):
        ahead.simulate(second)
    ahead.join()
    assert list(ahead.pipeline.failures) == ["simulate 64-128"]
    assert threads == ["ahead"] * 100
    assert follow(ahead) == SEGMENTS
    assert ahead.complete
    assert not ahead.pipeline.failures
    assert history(tmp_path / "store") == history(tmp_path / "direct")


def test_who_follows_what_was_left_is_not_kept_waiting(ahead: Ahead) -> None:
    raised: list[BaseException] = []

    def wait() -> None:
        try:
            ahead.simulate(SEGMENTS[0])
        except RunInterrupted as error:
            raised.append(error)

    follower = threading.Thread(target=wait, daemon=True)
    follower.start()
    ahead.leave()
    follower.join(60)
    assert len(raised) == 1


def test_a_run_that_stops_stores_what_it_has(ahead: Ahead, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    advance = Soup.advance

    def stopping_at_100(soup: Soup) -> EpochLog:
        if soup.epoch == 99:
            ahead.pipeline.stop()
        return advance(soup)

    monkeypatch.setattr(Soup, "advance", stopping_at_100)
    ahead.start()
    ahead.join()
    assert not ahead.complete
    assert list(ahead.segments()) == []
    assert ahead.pipeline.reached == 100
    [run] = Store.open(tmp_path / "store").run_ids()
    assert run == ahead.pipeline.run
