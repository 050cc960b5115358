"""The analyses of stored runs: what is made when, that it is the same each time, and that nothing is simulated."""

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis import catalogue
from analysis.catalogue import ANALYSES, NAMES, analyze, measured_epochs
from analysis.curves import curves_of, filled_in
from analysis.figures import draw_run
from analysis.measures import COLUMNS, measure
from analysis.replicators import replicators_of
from sim import InputError, Soup, SoupConfig, language
from tests.naive import measures as naive_measures
from tests.naive import onsets as naive
from warehouse.reader import History
from warehouse.record import RunSettings
from warehouse.results import read_result
from warehouse.store import Store
from warehouse.writer import RunWriter

# The paper's replicator among noise: it has the soup from state 13 on.
AFTER_MEASURES = [analysis.name for analysis in ANALYSES]
REPLICATOR = language("bff_noheads").parse("[[{.>]-]" + "Ġ" * 48 + "]-]>.{[[")
PLANTED = SoupConfig(programs=128, plants=((5 * 64, REPLICATOR),))
EPOCHS = 320


def store_run(store: Store, config: SoupConfig, epochs: int, settings: RunSettings, *, measured: bool = True) -> str:
    """Simulate a run into the store as the pipeline does, and return its id."""
    with RunWriter.open(store, config, settings) as writer:
        for start, stop in writer.plan(epochs):
            soup = (
                Soup(config) if start == 0 else Soup.resume(config, History(store, writer.run).tokens_at(start), start)
            )
            soup.begin_segment()
            staged = writer.stage(start, stop)
            rows: list[dict[str, Any]] = []
            if start == 0:
                staged.initial(soup.unique_origins)
                rows.append(row_of(soup))
                staged.keyframe(0, soup.tokens())
            while soup.epoch < stop:
                staged.append(soup.advance())
                if soup.epoch % settings.measure_every == 0 or soup.epoch == epochs:
                    rows.append(row_of(soup))
                if soup.epoch % settings.keyframe_every == 0:
                    staged.keyframe(soup.epoch, soup.tokens())
            staged.finish()
            staged.commit()
            if measured:
                writer.write_measures(start, stop, rows)
            soup.close()
        writer.finish(epochs, "complete")
        return writer.run


def row_of(soup: Soup) -> dict[str, Any]:
    return {"epoch": soup.epoch} | measure(soup.chars, *soup.token_counts())


def made(report: Sequence[dict[str, Any]]) -> list[str]:
    return [line["analysis"] for line in report if line["made"]]


def contents(store: Store, run: str) -> dict[str, bytes]:
    """The bytes of every file of a run's analyses."""
    folder = store.run_folder(run) / "analyses"
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*.parquet"))
    }  # fmt: skip


def measures_of(store: Store, run: str) -> dict[str, list[Any]]:
    """The measured rows of the relation `epochs`, all columns."""
    columns = History(store, run).epochs()
    kept = ~np.isnan(columns["complexity"])
    return {name: columns[name][kept].tolist() for name in ("epoch", *COLUMNS)}


@pytest.fixture(scope="module")
def analysed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A store with the planted run, analysed; tests that change it take a copy."""
    store = Store.open(tmp_path_factory.mktemp("stored") / "store", create=True)
    run = store_run(store, PLANTED, EPOCHS, RunSettings())
    assert made(analyze(store, run)) == AFTER_MEASURES
    return store.path, run


@pytest.fixture
def copied(analysed: tuple[Path, str], tmp_path: Path) -> tuple[Store, str]:
    path, run = analysed
    shutil.copytree(path, tmp_path / "store")
    return Store.open(tmp_path / "store"), run


@pytest.fixture
def no_simulation(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("an analysis simulates")

    monkeypatch.setattr(Soup, "__init__", refuse)
    monkeypatch.setattr(Soup, "resume", refuse)
    monkeypatch.setattr(Soup, "advance", refuse)


def test_onsets_are_those_of_the_complexity_of_every_state(analysed: tuple[Path, str]) -> None:
    path, run = analysed
    soup = Soup(PLANTED)
    every = [naive_measures.complexity(soup.chars.tobytes())]
    for _ in range(EPOCHS):
        soup.advance()
        every.append(naive_measures.complexity(soup.chars.tobytes()))
    soup.close()
    rows = read_result(Store.open(path), run, "transitions")
    assert rows is not None
    assert [(row["epoch"], row["ended_epoch"], row["kind"]) for row in rows] == [tuple(o) for o in naive.onsets(every)]
    assert [(row["epoch"], row["kind"]) for row in rows] == [(13, "transition")]
    assert rows[0]["peak_complexity"] == pytest.approx(max(every[n] for n in (13, 64, 128, 192, 256, 320)), rel=1e-12)


def test_small_demonstration_passes_its_transition_at_state_52(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "store", create=True)
    run = store_run(store, SoupConfig(language="bff_noheads_4bit", programs=4096), 128, RunSettings())
    analyze(store, run)
    [onset] = read_result(store, run, "transitions") or []
    assert (onset["epoch"], onset["ended_epoch"], onset["kind"]) == (52, None, "open")
    replicators = read_result(store, run, "replicators") or []
    assert max(row["score"] for row in replicators if row["epoch"] == 128) >= 48


def test_replicators_are_of_the_census_and_of_the_last_state(analysed: tuple[Path, str]) -> None:
    path, run = analysed
    store = Store.open(path)
    censuses = {row["census_epoch"] for row in read_result(store, run, "founders") or []}
    assert censuses
    history = History(store, run)
    assert read_result(store, run, "replicators") == [
        row
        for epoch in sorted({*censuses, EPOCHS})
        for row in replicators_of(PLANTED, history.tokens_at(epoch).chars, epoch)
    ]


@pytest.mark.usefixtures("no_simulation")
def test_nothing_is_made_twice(copied: tuple[Store, str]) -> None:
    store, run = copied
    before = contents(store, run)
    report = analyze(store, run)
    assert [line["analysis"] for line in report] == list(NAMES)
    assert made(report) == []
    assert [line["rows"] for line in report][:2] == [EPOCHS // 64 + 1, 1]
    assert contents(store, run) == before


@pytest.mark.usefixtures("no_simulation")
def test_rebuilt_analyses_are_the_same_bytes(copied: tuple[Store, str]) -> None:
    store, run = copied
    before = contents(store, run)
    assert made(analyze(store, run, rebuild=True)) == list(NAMES)
    assert contents(store, run) == before


@pytest.mark.usefixtures("no_simulation")
def test_deleted_analyses_come_back_as_the_same_bytes(copied: tuple[Store, str]) -> None:
    store, run = copied
    before, measures = contents(store, run), measures_of(store, run)
    shutil.rmtree(store.run_folder(run) / "analyses")
    assert made(analyze(store, run)) == list(NAMES)
    assert contents(store, run) == before
    assert measures_of(store, run) == measures


@pytest.mark.usefixtures("no_simulation")
def test_damaged_results_are_made_again(copied: tuple[Store, str]) -> None:
    store, run = copied
    before = contents(store, run)
    for path in (store.run_folder(run) / "analyses").rglob("*.parquet"):
        path.write_bytes(path.read_bytes()[:-9])
    assert made(analyze(store, run)) == list(NAMES)
    assert contents(store, run) == before


def test_a_run_s_end_makes_the_first_and_renews_what_was_made_before(copied: tuple[Store, str]) -> None:
    store, run = copied
    analyses = store.run_folder(run) / "analyses"
    for path in analyses.glob("*.parquet"):
        path.unlink()
    assert made(analyze(store, run, at_end=True)) == ["transitions", "founders", "replicators"]
    analyze(store, run, only="phases")
    (analyses / "trends.parquet").unlink()
    looked_at = [line["analysis"] for line in analyze(store, run, at_end=True)]
    assert looked_at == ["measures", "transitions", "founders", "replicators", "trends", "phases"]
    assert (analyses / "trends.parquet").exists()


def test_one_analysis_makes_those_it_needs_and_no_other(copied: tuple[Store, str]) -> None:
    store, run = copied
    (store.run_folder(run) / "analyses" / "transitions.parquet").unlink()
    (store.run_folder(run) / "analyses" / "replicators.parquet").unlink()
    assert made(analyze(store, run, only="founders")) == ["transitions"]
    assert read_result(store, run, "replicators") is None
    assert made(analyze(store, run, only="founders", rebuild=True)) == ["founders"]


#: What each analysis is made from.
USES = {
    "transitions": {"measures"},
    "founders": {"transitions"},
    "replicators": {"founders"},
    "trends": set(),
    "phases": {"transitions", "trends"},
    "species": {"transitions", "founders"},
    "diversity": {"transitions", "founders"},
    "species_lives": {"species"},
    "families": {"species"},
    "succession": {"families"},
    "parasites": {"transitions", "replicators"},
    "distillations": {"founders", "replicators"},
    "founder_shares": {"transitions", "founders"},
    "founder_censuses": {"transitions", "founders"},
    "founder_confidence": {"founders", "founder_shares", "founder_censuses"},
    "emergence": {"transitions", "founders"},
    "spawn_rates": {"founders"},
}


def builds_on(name: str, changed: str) -> bool:
    return name == changed or any(builds_on(needed, changed) for needed in USES.get(name, set()))


@pytest.mark.parametrize("changed", ["measures", *USES])
def test_new_version_makes_what_builds_on_it_again(
    copied: tuple[Store, str], monkeypatch: pytest.MonkeyPatch, changed: str
) -> None:
    assert {"measures", *USES} == set(NAMES)
    expected = [name for name in NAMES if builds_on(name, changed)]
    store, run = copied
    if changed == "measures":
        monkeypatch.setattr(catalogue, "MEASURES_VERSION", 2)
    else:
        newer = {a.name: replace(a, version=a.version + (a.name == changed)) for a in ANALYSES}
        monkeypatch.setattr(catalogue, "_BY_NAME", newer)
    assert made(analyze(store, run)) == expected
    assert made(analyze(store, run)) == []


@pytest.mark.parametrize("every", [1, 100, 8192])
def test_onsets_do_not_depend_on_what_was_measured(analysed: tuple[Path, str], tmp_path: Path, every: int) -> None:
    path, run = analysed
    store = Store.open(tmp_path / "store", create=True)
    again = store_run(store, PLANTED, EPOCHS, RunSettings(measure_every=every))
    assert again == run
    analyze(store, run)
    for name in AFTER_MEASURES:
        assert read_result(store, run, name) == read_result(Store.open(path), run, name)


def test_extended_run_is_analysed_as_one_made_at_once(tmp_path: Path) -> None:
    """Its last state of before was measured for being the last; afterwards that is nobody's business."""
    config, settings = SoupConfig(programs=16, seed=3), RunSettings(measure_every=60, keyframe_every=32)
    stores = [Store.open(tmp_path / name, create=True) for name in ("steps", "once")]
    for epochs in (100, 250, 400):
        run = store_run(stores[0], config, epochs, settings)
        report = analyze(stores[0], run)
        assert set(AFTER_MEASURES) <= set(made(report))
    store_run(stores[1], config, 400, settings)
    analyze(stores[1], run)
    assert contents(stores[0], run) == contents(stores[1], run)
    assert measures_of(stores[0], run)["epoch"] == [*range(0, 400, 60), 400]
    assert measures_of(stores[0], run) == measures_of(stores[1], run)


def test_run_that_was_not_measured_is_measured_by_replay(tmp_path: Path) -> None:
    config, settings = SoupConfig(programs=32, seed=9), RunSettings(measure_every=16, keyframe_every=64)
    stores = [Store.open(tmp_path / name, create=True) for name in ("measured", "not")]
    run = store_run(stores[0], config, 150, settings)
    store_run(stores[1], config, 150, settings, measured=False)
    assert made(analyze(stores[0], run)) == AFTER_MEASURES
    assert made(analyze(stores[1], run)) == list(NAMES)
    assert contents(stores[0], run) == contents(stores[1], run)
    assert measures_of(stores[0], run) == measures_of(stores[1], run)


def test_run_is_found_by_name_and_drawn(copied: tuple[Store, str], tmp_path: Path) -> None:
    store, run = copied
    store.rename(run, "small")
    assert made(analyze(store, "small")) == []
    drawn = [draw_run(store, name, tmp_path / f"{name}.png").read_bytes() for name in (run, "small")]
    assert drawn[0] == drawn[1]


def test_curves_of_a_figure_are_filled_in_with_states_as_they_were(analysed: tuple[Path, str]) -> None:
    path, run = analysed
    with History(Store.open(path), run) as history:
        stored = curves_of(history.epochs(), PLANTED.cells)
        drawn = filled_in(stored, history, [{"epoch": 13}])
    assert drawn.epochs.tolist() == [*range(EPOCHS + 1)]
    soup, expected = Soup(PLANTED), []
    for epoch in range(EPOCHS + 1):
        row = row_of(soup)
        expected.append((epoch, row["unique_tokens"], row["top32_share"] * PLANTED.cells, row["complexity"]))
        soup.advance()
    soup.close()
    found = zip(drawn.epochs, drawn.unique_tokens, drawn.frequent_tokens, drawn.complexity, strict=True)
    assert [tuple(point) for point in found] == expected


def test_run_of_its_initial_state_alone_has_no_onset(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "store", create=True)
    run = store_run(store, SoupConfig(programs=32), 0, RunSettings())
    report = analyze(store, run)
    made = {line["analysis"]: line["rows"] for line in report if line["rows"]}
    assert made.keys() >= {"measures", "trends", "phases"}
    assert made["measures"] == made["trends"] == made["phases"] == 1
    assert made.keys().isdisjoint({"transitions", "founders", "replicators"})
    draw_run(store, run, tmp_path / "a.svg")


def test_run_of_which_nothing_is_stored_is_refused(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "store", create=True)
    with RunWriter.open(store, SoupConfig(programs=32), RunSettings()) as writer:
        run = writer.run
    with pytest.raises(InputError, match="nothing of it is stored yet"):
        analyze(store, run)
    with pytest.raises(InputError, match="nothing of it is stored yet"):
        draw_run(store, run, tmp_path / "a.png")
    assert not (tmp_path / "a.png").exists()


def test_unknown_analysis_and_run_are_refused(copied: tuple[Store, str]) -> None:
    store, run = copied
    with pytest.raises(InputError, match=r"no analysis 'lineage'; known: measures, transitions, founders"):
        analyze(store, run, only="lineage")
    with pytest.raises(InputError, match="no run"):
        analyze(store, "0" * 16)


@pytest.mark.parametrize(
    ("span", "every", "last", "states"),
    [
        ((0, 128), 64, 300, [0, 64, 128]),
        ((128, 256), 64, 300, [192, 256]),
        ((256, 300), 64, 300, [300]),
        ((0, 128), 100, 128, [0, 100, 128]),
        ((0, 128), 1000, 128, [0, 128]),
        ((0, 0), 64, 0, [0]),
    ],
)
def test_measured_states_of_a_segment(span: tuple[int, int], every: int, last: int, states: list[int]) -> None:
    assert measured_epochs(*span, every, last) == states


def test_every_result_relation_is_made_by_an_analysis_and_its_inputs_come_before_it() -> None:
    assert [analysis.name for analysis in ANALYSES] == AFTER_MEASURES
    for index, analysis in enumerate(ANALYSES, 1):
        assert set(analysis.inputs) <= set(NAMES[:index])
