"""Runs of every geometry in a store: resumed, verified, and in SQL as the naive tracer has them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest

from sim import Soup, SoupConfig
from tests.geometries import SOUPS, settings_of
from tests.naive import lineage as naive_lineage
from tests.sim.comparing import config_of
from tests.warehouse.making import history_bytes, make_run
from tests.warehouse.recorded import Twin
from warehouse.connection import Connection, connect
from warehouse.plain_views import write_plain_views
from warehouse.reader import History
from warehouse.record import RunSettings
from warehouse.store import Store
from warehouse.verify import verify
from warehouse.writer import RunWriter

EPOCHS = 24  # segments of ten and a tail
SEGMENT = 10
SETTINGS = RunSettings(name="kept", measure_every=8, keyframe_every=8)
CONFIGS = {
    **{
        name: config_of(settings_of(name, language, mutation, seed=3, step_limit=200))
        for name, language, mutation in (
            ("fixed", "bff", 2**22),
            ("cyclic", "bff_noheads", 2**22),
            ("line", "forthtrivial_reset", 2**24),
            ("grid", "bff_noheads", 2**24),
            ("graph", "bff", 2**24),
            ("lattice", "bff", None),
        )
    },
    "z80": config_of(settings_of("lattice", "z80", None, seed=5, step_limit=60)),
    "reset": config_of(SOUPS["mixed, reset in part"].settings),
    "grid, reset": config_of(SOUPS["grid, reset"].settings),
}


class Kept(NamedTuple):
    """A run in a store of its own, and the same soup as the naive tracer has it."""

    store: Store
    run: str
    config: SoupConfig
    twin: Twin
    sql: Connection


@pytest.fixture(autouse=True, scope="module")
def short() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("warehouse.record.segment_length", lambda _programs: SEGMENT)
        yield


@pytest.fixture(scope="module", params=list(CONFIGS), name="kept")
def kept_fixture(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    config = CONFIGS[request.param]
    store = Store.open(tmp_path_factory.mktemp("geometry") / "store", create=True)
    run = make_run(store, EPOCHS, config, SETTINGS)
    with connect(store) as sql:
        yield Kept(store, run, config, Twin.of(config, EPOCHS), sql)


def test_it_is_whole(kept: Kept) -> None:
    assert verify(kept.store, kept.run) == []


@pytest.mark.parametrize("stop", [3, 10, 13, 21])
def test_killed_and_resumed_it_is_byte_for_byte_the_same(kept: Kept, store: Store, stop: int) -> None:
    """Killed with a segment half written; the other process then goes on from what was committed."""
    with RunWriter.open(store, kept.config, SETTINGS) as writer:
        soup = Soup(kept.config, 2)
        for start, end in writer.plan(EPOCHS):
            staged = writer.stage(start, end)
            soup.begin_segment()
            if start == 0:
                staged.initial(soup.unique_origins)
                staged.keyframe(0, soup.tokens())
            while soup.epoch < min(stop, end):
                staged.append(soup.advance())
                if staged.wants_keyframe(soup.epoch, len(soup.chars)):
                    staged.keyframe(soup.epoch, soup.tokens())
            if soup.epoch < end:
                break
            staged.finish()
            staged.commit()
        soup.close()
    assert make_run(store, EPOCHS, kept.config, SETTINGS) == kept.run
    assert history_bytes(store, kept.run) == history_bytes(kept.store, kept.run)


def test_extended_it_is_byte_for_byte_the_same(kept: Kept, store: Store) -> None:
    for epochs in (7, 14, EPOCHS):
        make_run(store, epochs, kept.config, SETTINGS, threads=2)
    extended, at_once = history_bytes(store, kept.run), history_bytes(kept.store, kept.run)
    assert {path for path in extended if "measures" not in path} == {path for path in at_once if "measures" not in path}
    assert all(at_once[path] == digest for path, digest in extended.items() if "measures" not in path)


def test_a_lattices_generator_is_stored(kept: Kept) -> None:
    with History(kept.store, kept.run) as history:
        for epoch in (0, 9, 10, 19, 20, EPOCHS):
            stop = EPOCHS if epoch == EPOCHS else epoch // SEGMENT * SEGMENT
            state = kept.twin.records[stop - 1].generator if stop else None
            assert history.generator(epoch) == (None if state is None else (stop, state))


def asked(kept: Kept, columns: str, relation: str) -> list[Any]:
    return kept.sql.sql(f"SELECT {columns} FROM {relation} ORDER BY ALL").fetchall()


def test_events_are_the_naive_tracers(kept: Kept) -> None:
    length, records = kept.config.program_length, kept.twin.records
    assert asked(kept, "epoch, left_program, right_program, steps, operations", "reactions") == [
        (found.epoch, r.left, r.right, r.steps, r.operations) for found in records for r in found.reactions
    ]
    assert asked(kept, "epoch, program, site, char", "mutations") == [
        (found.epoch, *divmod(cell, length), char) for found in records for cell, char in found.mutations
    ]
    columns = "epoch, program, site, from_program, from_site, delta, kind"
    assert asked(kept, columns, "copies") == [(found.epoch, *copy) for found in records for copy in found.copies]
    assert asked(kept, "epoch, reset_index, programs", "resets") == [
        (found.epoch, found.reset_index, len(found.reset) // length) for found in records if found.reset_index
    ]
    counts = "epoch, reactions, empty_reactions, changed_cells, mutations, unique_origins"
    assert asked(kept, counts, "epochs")[1:] == [
        (
            found.epoch,
            len(found.reactions),
            sum(not r.mechanism for r in found.reactions),
            found.changed_cells,
            len(found.mutations),
            found.unique_origins,
        )
        for found in records
    ]
    for epoch in (1, 12, EPOCHS):
        pairs = [(r.left, r.right) for r in records[epoch - 1].reactions]
        assert asked(kept, "left_program, right_program", f"pairings('kept', {epoch})") == pairs


def test_states_are_the_naive_tracers(kept: Kept) -> None:
    length = kept.config.program_length
    for epoch in (0, 1, 5, 11, 18, EPOCHS):
        expected = [
            (*divmod(cell, length), born_epoch, *divmod(born, length), char)
            for cell, (born_epoch, born, char) in enumerate(kept.twin.states[epoch])
        ]
        columns = "program, site, born_epoch, born_program, born_site, char"
        assert asked(kept, columns, f"tokens_at('kept', {epoch})") == expected


def test_programs_have_their_place(kept: Kept) -> None:
    config = kept.config
    width = config.width or config.programs
    expected = [(program, program % width, program // width) for program in range(config.programs)]
    assert asked(kept, "program, x, y", "programs_at('kept', 7)") == expected


def test_the_run_tells_its_geometry(kept: Kept) -> None:
    config = kept.config
    own = (config.width or None, config.height or None, config.radius or None, config.reset_interval or None)
    columns = "geometry, width, height, radius, reset_interval, mutation_order"
    order = "after" if config.geometry == "lattice" else "before"
    assert asked(kept, columns, "runs") == [(config.geometry, *own, order)]


def test_lineage_is_the_naive_one(kept: Kept) -> None:
    twin, length = kept.twin, kept.config.program_length
    for epoch, step in ((EPOCHS, 61), (13, 229)):
        for cell in range(0, kept.config.cells, step):
            place = divmod(cell, length)
            rows = kept.sql.sql(f"SELECT * FROM lineage('kept', {epoch}, {place[0]}, {place[1]})").fetchall()
            assert rows == naive_lineage.lineage(twin.initial, twin.records, epoch, *place), place


@pytest.mark.parametrize("relation", ["runs", "resets", "reactions", "mutations", "copies", "tokens", "epochs"])
def test_plain_views_have_the_connections_rows(kept: Kept, relation: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = Path(kept.store.path)
    write_plain_views(path)
    monkeypatch.chdir(path)
    with duckdb.connect() as connection:
        connection.execute(Path("views.sql").read_text())
        columns = "run, geometry, width, height, radius, reset_interval" if relation == "runs" else "*"
        rows = connection.execute(f"SELECT {columns} FROM {relation} ORDER BY ALL").fetchall()
    assert rows == asked(kept, columns, relation)


def test_a_byte_made_anew_by_a_reset_is_born(tmp_path: Path) -> None:
    config = SoupConfig(language="bff_noheads", programs=34, seed=1, mutation=0, step_limit=1, reset_interval=5)
    store = Store.open(tmp_path / "store", create=True)
    make_run(store, 9, config, SETTINGS)
    with connect(store) as sql:
        assert sql.sql("SELECT epoch, reset_index, programs FROM resets").fetchall() == [(2, 1, 32), (7, 2, 32)]
        char = Soup(config)
        while char.epoch < 7:
            char.advance()
        born = int(char.chars[31 * 64 + 40])
        assert sql.sql("SELECT * FROM lineage('kept', 9, 31, 40)").fetchall() == [
            (7, 31, 40, born, "born", None, None, None)
        ]
        assert sql.sql("SELECT event FROM lineage('kept', 9, 32, 40)").fetchall() == [("initial",)]
