"""Thinning: what each policy keeps, and that every reader answers exactly or says what is not there."""

import itertools
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.warehouse.making import CONFIG, SETTINGS, flip, history_bytes, make_run
from warehouse.compaction import compact_now
from warehouse.connection import connect
from warehouse.errors import StoreError, StoreFault, ThinnedError, ThinnedWarning
from warehouse.export import export_tokens
from warehouse.kept import Kept, common, joined, rows_of, told
from warehouse.lineage import walk_back, walk_back_cells
from warehouse.reader import History
from warehouse.results import read_result, write_result
from warehouse.retention import POLICIES, thin
from warehouse.store import RunFiles, Store
from warehouse.verify import verify
from warehouse.writer import RunWriter

ROOT = Path(__file__).parents[2]
FOUNDER: dict[str, Any] = {
    "onset_epoch": 90, "rank": 1, "census_epoch": 95, "program": 3, "epoch": 88, "share": 0.9, "assembled_epoch": 80,
    "assembled_program": 3, "left_program": 1, "right_program": 2, "made_epoch": 85, "score": 0, "text": "x",
    "bytes": b"x", "born": [],
}  # fmt: skip
#: Segments of 64 epochs, keyframes every 32, an onset whose window is 75 to 100, 150 epochs.
STATES = {
    "everything": [(0, 150)],
    "transition": [(0, 0), (32, 32), (64, 64), (75, 100), (128, 128), (149, 150)],
    "keyframes": [(0, 0), (32, 32), (64, 64), (96, 96), (128, 128), (149, 150)],
    "epochs": [],
}
LOGS = {"everything": [(1, 150)], "transition": [(76, 100), (150, 150)], "keyframes": [(150, 150)], "epochs": []}
THINNING = [policy for policy in POLICIES if policy != "everything"]


def analysed(store: Store, run: str, last: int = 150) -> None:
    """Let the run have an onset at state 90 whose founder was assembled at 80, its census at 95."""
    onset = {"rank": 1, "epoch": 90, "ended_epoch": None, "kind": "transition", "peak_complexity": 2.0}
    surge = {"rank": 2, "epoch": 20, "ended_epoch": 30, "kind": "surge", "peak_complexity": 2.0}
    rows = [row | {"founders_sought": True} for row in (onset, surge)]
    inputs = {"last_epoch": last}
    write_result(store, run, "transitions", rows, 1, inputs)
    write_result(store, run, "founders", [FOUNDER, FOUNDER | {"onset_epoch": 20, "assembled_epoch": 3}], 1, inputs)


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("warehouse.retention.MARGIN", 5)


@pytest.fixture
def whole(store: Store, run: str, tmp_path: Path) -> Store:
    """The store before anything is thinned; the run in `store` is analysed too."""
    analysed(store, run)
    copy = Store(tmp_path / "whole")
    shutil.copytree(store.path, copy.path)
    return copy


@pytest.mark.parametrize("policy", POLICIES)
def test_each_policy_keeps_what_it_says(store: Store, run: str, whole: Store, policy: str) -> None:
    done = thin(store, run, policy)
    with History(store, run) as thinned, History(whole, run) as history:
        assert (thinned.kept.states, thinned.kept.logs) == (STATES[policy], LOGS[policy])
        assert thinned.last == 150
        there = [n for first, last in STATES[policy] for n in range(first, last + 1)]
        for (n, replay), (m, expected) in zip(thinned.states(there), history.states(there), strict=True):
            assert n == m
            np.testing.assert_array_equal(replay.tokens().packed(), expected.tokens().packed())
        for first, last in LOGS[policy]:
            for log, same in zip(
                thinned.logs(first, last, with_costs=True), history.logs(first, last, with_costs=True), strict=True
            ):
                assert log.epoch == same.epoch
                for name in ("left", "right", "steps", "operations", "mutated_cells", "mutated_chars"):
                    np.testing.assert_array_equal(getattr(log, name), getattr(same, name))
                np.testing.assert_array_equal(log.mechanisms.ids[log.mechanism], same.mechanisms.ids[same.mechanism])
        for name, column in history.epochs(compacted=False).items():
            np.testing.assert_array_equal(column, thinned.epochs(compacted=False)[name])
        logs = {n for first, last in LOGS[policy] for n in range(first, last + 1)}
        assert {n for first, last in thinned.kept.gone for n in range(first, last + 1)} == set(range(1, 151)) - logs
    assert done.made == (policy != "everything")
    assert (done.bytes_after < done.bytes_before) == done.made
    assert store.record(run).settings.retention == store.stored_record(run).settings.retention == policy
    assert store.record(run).status == "complete"
    assert read_result(store, run, "founders") == read_result(whole, run, "founders")
    assert verify(store, run) == []
    assert list((store.run_folder(run) / "staging").glob("*")) == []


@pytest.mark.usefixtures("whole")
@pytest.mark.parametrize("policy", THINNING)
def test_states_and_logs_that_are_not_there_are_refused_in_one_line(store: Store, run: str, policy: str) -> None:
    thin(store, run, policy)
    with History(store, run) as history:
        for n in range(151):
            there = any(first <= n <= last for first, last in STATES[policy])
            if there:
                history.tokens_at(n)
                continue
            for ask in (lambda n=n: history.tokens_at(n), lambda n=n: list(history.states([n]))):
                with pytest.raises(ThinnedError, match=f"state {n} is not there; whole states: ") as caught:
                    ask()
                assert "\n" not in str(caught.value)
        for n in range(1, 151):
            if not any(first <= n <= last for first, last in LOGS[policy]):
                with pytest.raises(ThinnedError, match=f"the log of epoch {n} is not there; logs: "):
                    next(history.logs(n, n))


@pytest.mark.usefixtures("whole")
def test_logs_come_up_to_the_gap_in_either_direction(store: Store, run: str) -> None:
    thin(store, run, "transition")
    with History(store, run) as history:
        for reverse, expected in ((False, range(80, 101)), (True, range(95, 75, -1))):
            logs = history.logs(3 if reverse else 80, 95 if reverse else 120, reverse=reverse)
            assert [next(logs).epoch for _ in expected] == list(expected)
            with pytest.raises(ThinnedError):
                next(logs)


def test_one_pass_over_states_never_replays_across_a_gap(
    store: Store, run: str, whole: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    thin(store, run, "transition")
    monkeypatch.setattr("warehouse.reader.LOADING", 1 << 40)  # a keyframe is never worth its loading
    there = [0, 32, 64, 75, 80, 96, 100, 128, 149, 150]
    with History(store, run) as thinned, History(whole, run) as history:
        for (_, replay), (_, expected) in zip(thinned.states(there), history.states(there), strict=True):
            np.testing.assert_array_equal(replay.chars, expected.chars)


def test_a_lineage_ends_where_the_log_was_thinned_away(store: Store, run: str, whole: Store) -> None:
    thin(store, run, "transition")
    ended = 0
    with History(store, run) as thinned, History(whole, run) as history:
        for site, program in itertools.product((0, 9, 40), (0, 7, 33)):
            expected = walk_back(history, 99, program, site)
            events = walk_back(thinned, 99, program, site)
            known = [event for event in expected if event.epoch > 75]
            if known and known[-1].event in {"mutated", "born"}:
                assert events == expected
                continue
            ended += 1
            assert events[:-1] == known
            last, older = events[-1], expected[len(known)]
            assert (last.epoch, last.event) == (75, "thinned")
            assert (last.program, last.site, last.char) == (older.program, older.site, older.char)
            with pytest.raises(ThinnedError, match="the log of epoch 75 is not there"):
                walk_back_cells(thinned, 99, [program * 64 + site])
        with pytest.raises(ThinnedError, match="state 120 is not there"):
            walk_back(thinned, 120, 0, 0)
        [event] = walk_back(thinned, 128, 5, 5)  # a keyframe alone: where it stands, and no more
        assert (event.epoch, event.program, event.site, event.event) == (128, 5, 5, "thinned")
        assert event.char == history.tokens_at(128).chars[5 * 64 + 5]
        assert [e.event for e in walk_back(thinned, 0, 5, 5)] == ["initial"]
    assert ended


def test_sql_has_what_is_kept_and_says_what_is_not(store: Store, run: str, whole: Store, tmp_path: Path) -> None:
    thin(store, run, "transition")
    questions = [
        f"SELECT * FROM tokens_at('{run}', [64, 90]) ORDER BY ALL",
        f"SELECT * FROM programs_at('{run}', 100) ORDER BY ALL",
        f"SELECT * FROM scores_at('{run}', 75) ORDER BY ALL",
        f"SELECT * FROM pairings('{run}', 76) ORDER BY ALL",
        f"SELECT * FROM descendants('{run}', 80, 3, 4, 100) ORDER BY ALL",
        "SELECT * FROM reactions WHERE epoch BETWEEN 76 AND 100 ORDER BY ALL",
        "SELECT * FROM copies WHERE epoch BETWEEN 76 AND 100 ORDER BY ALL",
        "SELECT * FROM mutations WHERE epoch = 150 ORDER BY ALL",
        "SELECT * FROM epochs ORDER BY ALL",
    ]
    with connect(store) as thinned, connect(whole) as sql:
        for question in questions:
            partial = any(f"FROM {name} " in question for name in ("reactions", "copies", "mutations"))
            if partial:
                with pytest.warns(ThinnedWarning, match="relation kept has what is there") as warned:
                    rows = thinned.sql(question).fetchall()
                assert len(warned) == 1
            else:
                rows = thinned.sql(question).fetchall()
            assert rows == sql.sql(question).fetchall(), question
        for question in (
            f"SELECT * FROM tokens_at('{run}', 110)",
            f"SELECT * FROM programs_at('{run}', [64, 110])",
            f"SELECT * FROM scores_at('{run}', 110)",
            f"SELECT * FROM pairings('{run}', 110)",
            f"SELECT * FROM lineage('{run}', 110, 3, 4)",
            f"SELECT * FROM ancestry('{run}', 99, 3)",
            f"SELECT program_text('{run}', 110, 4)",
        ):
            with pytest.raises(ThinnedError, match="was thinned") as caught:
                thinned.sql(question)
            assert "\n" not in str(caught.value)
        assert thinned.sql("SELECT * FROM kept ORDER BY what, first_epoch").fetchall() == [
            (run, first, last, what)
            for what, stretches in (
                ("counts", [(0, 150)]),
                ("logs", LOGS["transition"]),
                ("states", STATES["transition"]),
            )
            for first, last in stretches
        ]
        assert thinned.sql("SELECT retention FROM runs").fetchone() == ("transition",)
        assert sql.sql("SELECT what, first_epoch, last_epoch FROM kept ORDER BY what").fetchall() == [
            ("counts", 0, 150), ("logs", 1, 150), ("states", 0, 150),
        ]  # fmt: skip
    with History(store, run) as history, pytest.raises(ThinnedError, match="state 101 is not there"):
        list(export_tokens(history, range(98, 103), tmp_path / "exported"))
    assert list((tmp_path / "exported").glob("*")) == []


@pytest.mark.usefixtures("whole")
def test_plain_views_show_what_is_kept(store: Store, run: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (store.path / "views.sql").write_text("-- of an older version\n")
    with History(store, run):  # what was thinned away lies there still
        thin(store, run, "transition")
    assert (store.run_folder(run) / "segments").exists()
    monkeypatch.chdir(store.path)
    plain = duckdb.connect()
    plain.execute((store.path / "views.sql").read_text())
    with connect(store) as sql:
        for relation in ("epochs", "tokens"):
            rows = f"SELECT count(*) FROM {relation}"
            assert plain.execute(rows).fetchall() == sql.sql(rows).fetchall()
    assert plain.execute("SELECT DISTINCT epoch FROM reactions ORDER BY epoch").fetchall() == [
        (n,) for first, last in LOGS["transition"] for n in range(first, last + 1)
    ]


@pytest.mark.usefixtures("whole")
@pytest.mark.parametrize("policy", THINNING)
def test_thinning_again_changes_nothing(store: Store, run: str, policy: str) -> None:
    thin(store, run, policy)
    before = history_bytes(store, run)
    again = thin(store, run, policy)
    assert not again.made
    assert history_bytes(store, run) == before


@pytest.mark.parametrize(("first", "then"), [*itertools.combinations(THINNING, 2)])
def test_thinning_step_by_step_gives_the_files_of_thinning_at_once(
    store: Store, run: str, whole: Store, first: str, then: str
) -> None:
    thin(store, run, first)
    thin(store, run, then)
    thin(whole, run, then)
    assert segment_bytes(store, run) == segment_bytes(whole, run)
    with pytest.raises(StoreError, match=f"was thinned to {then}: what {first} keeps besides does not come back"):
        thin(store, run, first)


def segment_bytes(store: Store, run: str) -> dict[str, str]:
    """Return digests of the segments' files that count, by path within their folder."""
    folder = store.segments_folder(run).name
    return {
        name.removeprefix(folder): digest
        for name, digest in history_bytes(store, run).items()
        if name.startswith(f"{folder}/")
    }


@pytest.mark.parametrize("policy", ["transition", "keyframes"])
def test_a_thinned_run_goes_on_to_the_history_that_it_would_have_had(
    store: Store, run: str, whole: Store, policy: str
) -> None:
    thin(store, run, policy)
    make_run(store, 200)
    make_run(whole, 200)
    with History(store, run) as thinned, History(whole, run) as history:
        assert thinned.last == 200
        assert thinned.kept.logs[-1] == (129, 200)
        np.testing.assert_array_equal(thinned.tokens_at(177).packed(), history.tokens_at(177).packed())
    assert verify(store, run) == []
    again = thin(store, run, policy)  # what was added since
    assert again.made
    with History(store, run) as thinned:
        assert thinned.kept.logs[-1] == ((151, 200) if policy == "transition" else (200, 200))
    assert verify(store, run) == []


def test_a_tail_begins_at_a_state_that_is_kept_though_it_was_no_keyframe(store: Store, short_segments: None) -> None:
    assert short_segments is None
    settings = type(SETTINGS)(measure_every=16, keyframe_every=1000)
    run = make_run(store, 150, settings=settings)
    thin(store, run, "keyframes")
    with History(store, run) as history:
        assert history.keyframe_epochs == [0, 128, 149]
    make_run(store, 170, settings=settings)
    assert verify(store, run) == []


@pytest.mark.usefixtures("whole")
def test_a_run_of_which_only_counts_are_kept_does_not_go_on(store: Store, run: str) -> None:
    thin(store, run, "epochs")
    with pytest.raises(ThinnedError, match="its last epoch, 150, is not there to go on from; `primordium rm"):
        make_run(store, 200)
    assert store.record(run).status == "complete"
    assert verify(store, run) == []


def test_what_cannot_be_thinned_is_refused(store: Store, run: str) -> None:
    with pytest.raises(StoreError, match="policy 'no'; allowed: everything, transition, keyframes, epochs"):
        thin(store, run, "no")
    with pytest.raises(StoreError, match="no run 'nobody'"):
        thin(store, "nobody", "epochs")
    with pytest.raises(StoreError, match="its founders are not known up to state 150: `primordium analyze"):
        thin(store, run, "transition")
    analysed(store, run, last=100)
    with pytest.raises(StoreError, match="its founders are not known up to state 150"):
        thin(store, run, "transition")
    with RunWriter.open(store, CONFIG, SETTINGS), pytest.raises(StoreError, match="is being written by process"):
        thin(store, run, "epochs")
    assert store.record(run).settings.retention == "everything"


def test_readers_keep_what_they_saw_and_the_next_compaction_clears_it_away(
    store: Store, run: str, whole: Store
) -> None:
    with History(store, run) as reader, connect(store) as sql, History(whole, run) as history:
        done = thin(store, run, "epochs")
        assert not done.cleared
        np.testing.assert_array_equal(reader.tokens_at(110).packed(), history.tokens_at(110).packed())
        assert sql.sql(f"SELECT count(*) FROM tokens_at('{run}', 110)").fetchone() == (4096,)
        sql.refresh()
        with pytest.raises(ThinnedError):
            sql.sql(f"SELECT count(*) FROM tokens_at('{run}', 111)")
    assert (store.run_folder(run) / "segments").exists()
    assert list(compact_now(store, [run])) == [(run, True)]
    assert not (store.run_folder(run) / "segments").exists()


def test_damage_is_found_in_a_thinned_run_too(store: Store, run: str, whole: Store) -> None:
    thin(store, run, "transition")
    path = store.files(run).segments[1].file("reactions")
    os.unlink(path.with_name("epochs.parquet"))  # noqa: PTH108 -- as an accident would
    assert verify(store, run) == [f"missing file {path.with_name('epochs.parquet')}"]
    shutil.copy(whole.files(run).segments[1].file("epochs"), path.with_name("epochs.parquet"))
    flip(path, 0.5)
    [line] = verify(store, run)
    assert str(path) in line


MOMENTS: list[tuple[str, int]] = [
    ("warehouse.thinning:RelationFile.close", 1),
    ("warehouse.thinning:sync_folder", 1),
    ("warehouse.thinning:sync_folder", 4),
    ("warehouse.thinning:sync_folder", 5),
    ("warehouse.retention:updated", 1),
    ("warehouse.retention:remove_superseded", 1),
    ("warehouse.removal:sync_folder", 1),
    ("warehouse.removal:remove_tree", 4),
]


def kill(what: str, how: str, moments: list[tuple[Store, tuple[str, int]]]) -> None:
    """Let a process for each store die at its moment."""
    jobs = [str(part) for store, moment in moments for part in (store.path, *moment)]
    command = [sys.executable, "-m", "tests.warehouse.writing_process", how, what, *jobs]
    done = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, check=True)
    assert done.stdout.split() == ["9"] * len(moments), f"a moment that never came: {done.stdout} {done.stderr}"


def test_a_kill_leaves_the_old_or_the_new_and_the_same_command_completes(
    store: Store, run: str, whole: Store, tmp_path: Path
) -> None:
    stores = [Store(tmp_path / f"killed-{n}") for n in range(len(MOMENTS))]
    for killed in stores:
        shutil.copytree(store.path, killed.path)
    kill(run, "die-thinning", list(zip(stores, MOMENTS, strict=True)))
    thin(whole, run, "transition")
    left = set()
    for killed, moment in zip(stores, MOMENTS, strict=True):
        with History(killed, run) as history:
            left.add(history.retention)
            assert history.kept.states == STATES[history.retention], moment
            history.tokens_at(90)
            assert killed.record(run).settings.retention == history.retention
        assert killed.record(run).status == "complete"
        assert verify(killed, run) == []
        thin(killed, run, "transition")
        assert history_bytes(killed, run) == history_bytes(whole, run), moment
        assert killed.stored_record(run).settings.retention == "transition"
        assert list((killed.run_folder(run) / "staging").glob("*")) == []
    assert left == {"everything", "transition"}


def test_a_full_disk_leaves_the_run_as_it_was(
    store: Store, run: str, whole: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = history_bytes(store, run)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("warehouse.thinning.RelationFile.close", full)
        with pytest.raises(StoreFault, match="no space left while thinning"):
            thin(store, run, "keyframes")
    assert history_bytes(store, run) == before == history_bytes(whole, run)


STRETCHES = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 8)).map(lambda s: (s[0], s[0] + s[1])), max_size=6)


@given(STRETCHES, STRETCHES)
def test_stretches_are_sets_of_numbers(some: list[tuple[int, int]], others: list[tuple[int, int]]) -> None:
    def numbers(stretches: list[tuple[int, int]]) -> list[int]:
        return sorted({n for first, last in stretches for n in range(first, last + 1)})

    assert numbers(joined(some)) == numbers(some)
    assert all(one[1] + 1 < other[0] for one, other in itertools.pairwise(joined(some)))
    both = common(joined(some), joined(others))
    assert numbers(both) == sorted({*numbers(some)} & {*numbers(others)})


@pytest.mark.parametrize(
    ("stretches", "words"),
    [
        ([], "none"),
        ([(3, 3)], "3"),
        ([(0, 4), (9, 9)], "0 to 4, 9"),
        ([(2 * n, 2 * n) for n in range(9)], "0, 2, 4, 6, 8, 10, 3 more up to 16"),
    ],
)
def test_stretches_in_words(stretches: list[tuple[int, int]], words: str) -> None:
    assert told(stretches) == words


def test_nothing_is_kept_of_a_run_without_segments(tmp_path: Path) -> None:
    files = RunFiles("0" * 16, tmp_path, "everything", (), (), None, {})
    assert (Kept(files).states, Kept(files).logs, Kept(files).gone, rows_of(files)) == ([], [], [], [])
