"""Writing: same rows same bytes, extending, superseded tails, settings that stay, and histories that differ."""

from pathlib import Path

import numpy as np
import pytest

from sim import Soup
from tests.warehouse.making import CONFIG, SEGMENT, SETTINGS, history_bytes, make_run
from warehouse.errors import StoreFault
from warehouse.reader import History
from warehouse.record import RunSettings
from warehouse.staging import BUSY_CHANGES
from warehouse.store import Store
from warehouse.writer import RunWriter

pytestmark = pytest.mark.usefixtures("short_segments")


def another(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "other", create=True)


def segment_names(store: Store, run: str) -> list[str]:
    return sorted(path.name for path in (store.run_folder(run) / "segments").iterdir())


def test_extending_gives_the_same_files_as_asking_at_once(store: Store, tmp_path: Path) -> None:
    straight = make_run(store, 200)
    steps = another(tmp_path)
    for epochs in (0, 1, 100, 128, 200):
        assert make_run(steps, epochs) == straight
        assert steps.record(straight).epochs == epochs
    assert history_bytes(steps, straight) == history_bytes(store, straight)
    assert len(history_bytes(store, straight)) == 4 * 8 + 1


def test_the_same_files_whatever_the_threads(store: Store, tmp_path: Path) -> None:
    run = make_run(store, 70)
    make_run(another(tmp_path), 70, threads=2)
    assert history_bytes(another(tmp_path), run) == history_bytes(store, run)


def test_asking_for_what_is_there_changes_nothing(store: Store, run: str) -> None:
    before = history_bytes(store, run)
    make_run(store, 100)
    make_run(store, 150)
    assert history_bytes(store, run) == before
    assert store.record(run).status == "complete"


def test_a_plan_begins_with_the_tail_and_ends_at_the_last_epoch(store: Store, run: str) -> None:
    with RunWriter.open(store, CONFIG, SETTINGS) as writer:
        assert writer.plan(150) == []
        assert writer.plan(151) == [(128, 151)]
        assert writer.plan(300) == [(128, 192), (192, 256), (256, 300)]
        assert writer.run == run
        assert writer.committed == 150
        assert writer.segment_length == SEGMENT


def test_a_plan_of_a_new_run_holds_state_0_even_for_no_epochs(store: Store) -> None:
    with RunWriter.open(store, CONFIG, SETTINGS) as writer:
        assert writer.committed == -1
        assert writer.plan(0) == [(0, 0)]
        assert writer.plan(64) == [(0, 64)]


def test_a_replaced_tail_is_kept_while_somebody_reads_it(store: Store, run: str) -> None:
    with History(store, run) as reader:
        make_run(store, 180)
        assert segment_names(store, run)[-2:] == ["0000000128-0000000150", "0000000128-0000000180"]
        assert reader.last == 150
        assert sum(1 for _ in reader.logs(140, 150)) == 10 + 1
        assert len(reader.epochs()["epoch"]) == 151
        with History(store, run) as late:
            assert late.last == 180
            assert [segment.stop for segment in late.segments] == [64, 128, 180]
    make_run(store, 180)
    assert segment_names(store, run)[-1:] == ["0000000128-0000000180"]
    assert len(segment_names(store, run)) == 3


def test_a_tail_replaced_while_nobody_reads_is_gone_at_once(store: Store, run: str) -> None:
    make_run(store, 180, finish=False)
    folder = store.run_folder(run)
    assert segment_names(store, run) == ["0000000000-0000000064", "0000000064-0000000128", "0000000128-0000000180"]
    assert len(list((folder / "analyses" / "measures").iterdir())) == 3
    assert list((folder / "compact").iterdir()) == []
    assert list((folder / "staging").iterdir()) == []


def test_settings_stay_as_they_were_and_one_line_says_so(store: Store, run: str) -> None:
    asked = RunSettings(name="soup", measure_every=1, keyframe_every=32)
    with RunWriter.open(store, CONFIG, asked) as writer:
        assert writer.record.settings == SETTINGS
        [note] = writer.notes
        assert note == f"run {run} exists and keeps its name None (asked: soup), measure_every 16 (asked: 1)"
    with RunWriter.open(store, CONFIG, SETTINGS) as writer:
        assert writer.notes == []


def test_a_name_given_meanwhile_is_kept(store: Store) -> None:
    with RunWriter.open(store, CONFIG, SETTINGS) as writer:
        store.rename(writer.run, "soup")
        writer.plan(10)
        writer.finish(0)
    assert store.find("soup").run == writer.run


def test_an_abandoned_segment_leaves_nothing(store: Store, run: str) -> None:
    before = history_bytes(store, run)
    with RunWriter.open(store, CONFIG, SETTINGS) as writer:
        staged = writer.stage(128, 192)
        with History(store, run) as history:
            for log in history.logs(129, 150, with_costs=True):
                staged.append(log)
        staged.abandon()
        writer.stage(128, 160)
    assert history_bytes(store, run) == before
    assert list((store.run_folder(run) / "staging").iterdir()) == []


def test_a_segment_can_end_before_its_planned_end(store: Store, run: str, tmp_path: Path) -> None:
    other = another(tmp_path)
    soup = Soup(CONFIG, 1)
    with RunWriter.open(other, CONFIG, SETTINGS) as writer:
        staged = writer.stage(0, 64)
        soup.begin_segment()
        staged.initial(soup.unique_origins)
        staged.keyframe(0, soup.tokens())
        for _ in range(20):
            staged.append(soup.advance())
        staged.finish(20)
        staged.commit()
        assert writer.committed == 20
    soup.close()
    make_run(other, 150)
    assert history_bytes(other, run) == history_bytes(store, run)


def test_epochs_are_taken_in_order_only(store: Store, run: str) -> None:
    with RunWriter.open(store, CONFIG, SETTINGS) as writer, History(store, run) as history:
        staged = writer.stage(128, 130)
        first, second, third = history.logs(129, 131, with_costs=True)
        with pytest.raises(ValueError, match="129 expected"):
            staged.append(second)
        staged.append(first)
        with pytest.raises(ValueError, match="the segment ends at 130"):
            staged.finish()
        with pytest.raises(ValueError, match="keyframe"):
            staged.keyframe(130, history.tokens_at(130))
        staged.append(second)
        with pytest.raises(ValueError, match="130 the last"):
            staged.append(third)
        with pytest.raises(ValueError, match="state 0"):
            staged.initial(1)


def test_a_log_without_costs_is_refused(store: Store, run: str) -> None:
    with RunWriter.open(store, CONFIG, SETTINGS) as writer, History(store, run) as history:
        staged = writer.stage(128, 129)
        staged.append(next(history.logs(129, 129)))
        with pytest.raises(ValueError, match="no steps and operations"):
            staged.finish()


def test_a_history_that_would_go_on_otherwise_is_not_extended(
    store: Store, run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RunWriter.open(store, CONFIG, SETTINGS) as writer:
        writer.check_last(1)
        advance = Soup.advance

        def otherwise(soup: Soup) -> object:
            log = advance(soup)
            assert log.steps is not None
            log.steps = np.array(log.steps)
            log.steps[5] += 1
            return log

        monkeypatch.setattr(Soup, "advance", otherwise)
        with pytest.raises(StoreFault, match=f"run {run}: executing epoch 150 again gives other steps") as caught:
            writer.check_last(1)
        assert "\n" not in str(caught.value)


def test_missing_measures_are_named(store: Store, run: str) -> None:
    (store.run_folder(run) / "analyses" / "measures" / "0000000064-0000000128.parquet").unlink()
    with RunWriter.open(store, CONFIG, SETTINGS) as writer:
        assert writer.missing_measures() == [(64, 128)]


def test_busy_stretches_get_more_keyframes(store: Store) -> None:
    settings = RunSettings(keyframe_every=8192)
    with RunWriter.open(store, CONFIG, settings) as writer:
        staged = writer.stage(0, 512)
        assert staged.wants_keyframe(0, 100)
        staged._changed = BUSY_CHANGES * 100
        assert [n for n in range(1, 257) if staged.wants_keyframe(n, 100)] == [64, 128, 192, 256]
        assert not any(staged.wants_keyframe(n, 101) for n in range(1, 257))


def test_a_record_tells_where_results_come_from(store: Store, run: str) -> None:
    make_run(store, 200)
    first, second = store.record(run).provenance
    assert (first["first_state"], first["last_state"]) == (0, 150)
    assert (second["first_state"], second["last_state"]) == (151, 200)
    for entry in (first, second):
        assert {"python", "primordium", "numpy", "numba", "pyarrow", "duckdb"} <= set(entry["software"])
        assert len(entry["kernel_digest"]) == 16
        assert entry["environment"]["processors"] > 0
        assert entry["resources"]["peak_memory_bytes"] > 1 << 20
        assert entry["resources"]["elapsed_s"] > 0
        assert entry["began_at"] <= entry["ended_at"]


def test_a_stored_record_makes_the_same_run_again(store: Store, run: str, tmp_path: Path) -> None:
    record = store.record(run)
    again = make_run(another(tmp_path), record.epochs, record.config, record.settings)
    assert again == run
    assert history_bytes(another(tmp_path), run) == history_bytes(store, run)


def test_files_are_lasting_before_they_are_visible(store: Store, run: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A power cut after the rename must find whole files: each is synced first, then the folders."""
    events: list[str] = []
    rename = Path.rename

    def synced(descriptor: int) -> None:
        events.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)

    def renamed(path: Path, target: Path) -> Path:
        events.append(f"{path.parent.name} -> {Path(target).parent.name}")
        return rename(path, target)

    monkeypatch.setattr("os.fsync", synced)
    monkeypatch.setattr(Path, "rename", renamed)
    make_run(store, 192, finish=False)
    moved = events.index("staging -> segments")
    files = {f"{name}.parquet" for name in ("epochs", "reactions", "mechanisms", "mutations", "keyframes")}
    assert files | {"manifest.json", "0000000128-0000000192"} <= set(events[:moved])
    assert events[moved + 1] == "segments"
    assert store.record(run).epochs == 192
