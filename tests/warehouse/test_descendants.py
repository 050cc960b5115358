"""Descendants and ancestries against their naive twins, on soups of every order of events, and on hand-made logs."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim import SoupConfig
from tests.geometries import SOUPS, settings_of
from tests.naive import descendants as naive
from tests.sim.comparing import config_of
from tests.warehouse.recorded import Twin, make
from warehouse.connection import Connection, connect
from warehouse.record import RunSettings
from warehouse.sql_errors import SQLError

EPOCHS = 40
FIGURE_4 = b"[[{.>]-]" + b" " * 48 + b"]-]>.{[["
#: Soups that copy, compute, mutate before and after, many bytes in an epoch, and are reset.
CONFIGS = {
    "much mutated": SoupConfig(language="bff_noheads_4bit", programs=16, seed=3, mutation=2**23, step_limit=300),
    "replicating": SoupConfig(
        language="bff_noheads",
        programs=16,
        seed=1,
        mutation=2**20,
        plants=((0, b"[[{.>]-]" + bytes(48) + b"]-]>.{[["),),
    ),
    "from nowhere": config_of(settings_of("line", "forthtrivial_reset", 2**24, seed=3, step_limit=200)),
    "lattice": config_of(settings_of("lattice", "bff", None, seed=3, step_limit=200)),
    "lattice, z80": config_of(settings_of("lattice", "z80", 2**28, seed=5, step_limit=60)),
    "reset": config_of(SOUPS["mixed, reset in part"].settings),
    "graph": config_of(settings_of("graph", "bff", 2**24, seed=3, step_limit=200)),
}


class Told(NamedTuple):
    """A run called kept and the same soup's past by the naive tracer."""

    config: SoupConfig
    past: naive.Past
    sql: Connection


@pytest.fixture(scope="module", params=list(CONFIGS), name="told")
def told_fixture(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    config = CONFIGS[request.param]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("warehouse.record.segment_length", lambda _programs: 16)
        store = make(tmp_path_factory.mktemp("told") / "store", config, EPOCHS, RunSettings("kept", keyframe_every=16))
        twin = Twin.of(config, EPOCHS)
        with connect(store) as sql:
            yield Told(config, naive.Past.of(twin.states, twin.records), sql)


def rows(told: Told, relation: str, *arguments: int | None) -> list[Any]:
    return told.sql.sql(f"SELECT * FROM {relation}('kept'{', ?' * len(arguments)})", list(arguments)).fetchall()


def places(config: SoupConfig) -> st.SearchStrategy[tuple[int, int, int]]:
    """(epoch, program, site): mostly early, so that there is something to come."""
    epochs = st.one_of(st.integers(0, 3), st.integers(0, EPOCHS))
    return st.tuples(epochs, st.integers(0, config.programs - 1), st.integers(0, config.program_length - 1))


@settings(max_examples=12)
@given(data=st.data())
def test_descendants_are_the_naive_ones(told: Told, data: st.DataObject) -> None:
    epoch, program, site = data.draw(places(told.config))
    until = data.draw(st.integers(epoch, EPOCHS))
    length = told.config.program_length
    whole = data.draw(st.booleans())
    cells = range(length) if whole else range(site, site + 1)
    events, counts = naive.descendants(told.past, epoch, [program * length + at for at in cells], until)
    asked = epoch, program, None if whole else site, until
    assert rows(told, "descendants", *asked) == events
    assert rows(told, "descendant_counts", *asked) == [tuple(row.values()) for row in counts]


@settings(max_examples=8)
@given(data=st.data())
def test_ancestries_are_the_naive_ones(told: Told, data: st.DataObject) -> None:
    epoch, program = data.draw(st.integers(0, EPOCHS)), data.draw(st.integers(0, told.config.programs - 1))
    state = data.draw(st.integers(0, epoch))
    expected = [tuple(row.values()) for row in naive.ancestry(told.past, epoch, program)]
    assert rows(told, "ancestry", epoch, program) == expected
    assert rows(told, "parents", epoch, program) == naive.parents(told.past, epoch, program)
    assert rows(told, "contributors", epoch, program, state) == naive.contributors(told.past, epoch, program, state)


def test_the_soups_tried_show_every_event(told: Told) -> None:
    """What the twins agree on would be little if nothing happened."""
    length, past = told.config.program_length, told.past
    gone = [
        (record.epoch - 1, copy.from_program * length + copy.from_site)
        for record in past.records
        for copy in record.copies
        if copy.from_program is not None and copy.from_site is not None and copy.from_program != copy.program
    ]
    seen = set()
    for epoch, cell in [*gone[:: len(gone) // 8 + 1], (0, 0)]:
        seen |= {(row.event, row.by) for row in naive.descendants(past, epoch, [cell], EPOCHS)[0]}
    assert {("copied", "reaction"), ("lost", "reaction")} <= seen
    assert ("lost", "reset") in seen or not told.config.reset_interval


@settings(max_examples=8)
@given(data=st.data())
def test_a_byte_descends_from_those_on_its_lineage_and_no_others(told: Told, data: st.DataObject) -> None:
    epoch, program, site = data.draw(places(told.config))
    length = told.config.program_length
    born = {(program, site)}
    for row in rows(told, "descendants", epoch, program, site, EPOCHS):
        place = row[1], row[2]
        if row[4] == "lost":
            born.discard(place)
        elif row[4] == "copied":
            born.add(place)
    for x in data.draw(st.lists(st.integers(0, told.config.cells - 1), max_size=6)) + [
        a * length + b for a, b in sorted(born)[:3]
    ]:
        events = rows(told, "lineage", EPOCHS, *divmod(x, length))
        stood = next(((event[1], event[2]) for event in events if event[0] <= epoch), None)
        assert (divmod(x, length) in born) == (stood == (program, site)), (x, epoch, program, site)


PLANTED = 5


@pytest.fixture(scope="module", name="planted")
def planted_fixture(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """A soup taken over by the paper's replicator of figure 4, planted at program 5."""
    config = SoupConfig(language="bff_noheads", programs=128, seed=2, mutation=0, plants=((PLANTED * 64, FIGURE_4),))
    store = make(tmp_path_factory.mktemp("planted") / "store", config, 48, RunSettings("kept"))
    with connect(store) as sql:
        yield sql


def test_a_planted_replicator_gave_every_byte(planted: Connection) -> None:
    found = planted.sql("SELECT program FROM programs_at('kept', 48) WHERE bytes = ? ORDER BY program", [FIGURE_4])
    taken = [program for (program,) in found.fetchall()]
    assert len(taken) > 3
    for program in taken[:3]:
        assert planted.sql(f"SELECT * FROM contributors('kept', 48, {program}, 0)").fetchall() == [(0, PLANTED, 64, 64)]
        columns = "joined_epoch, joined_program, met_epoch"
        joined = planted.sql(f"SELECT DISTINCT {columns} FROM ancestry('kept', 48, {program})")
        assert joined.fetchall() == [(0, PLANTED, 0)]
        edges = planted.sql(f"SELECT epoch, program, weight FROM parents('kept', 48, {program})").fetchall()
        assert {weight for _, _, weight in edges} == {64}
        assert edges[-1] == (0, PLANTED, 64)


def test_a_planted_replicators_byte_spreads_to_every_copy(planted: Connection) -> None:
    last = planted.sql(f"SELECT * FROM descendant_counts('kept', 0, {PLANTED}, 3, 48)").fetchall()[-1]
    exact = planted.sql("SELECT count(*) FROM programs_at('kept', 48) WHERE bytes = ?", [FIGURE_4]).fetchall()
    assert last[1] >= exact[0][0]


def test_too_many_events_are_refused_with_how_far_one_can_ask(
    planted: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("warehouse.descendants.EVENTS", 100)
    with pytest.raises(SQLError, match=r"more than 100 rows; ask until epoch (\d+) at most") as caught:
        planted.sql(f"SELECT * FROM descendants('kept', 0, {PLANTED}, 4, 48)")
    assert not list(planted._functions.cache.folder.rglob("*.part"))
    until = int(str(caught.value).partition("epoch ")[2].partition(" ")[0])
    rows = planted.sql(f"SELECT count(*) FROM descendants('kept', 0, {PLANTED}, 4, {until})").fetchall()
    assert 0 < rows[0][0] <= 100


def test_row_groups_do_not_show(planted: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    at_once = planted.sql(f"SELECT * FROM descendants('kept', 0, {PLANTED}, 5, 40)").fetchall()
    monkeypatch.setattr("warehouse.descendants._ROWS", 7)
    again = planted.sql(f"SELECT * FROM descendants('kept', 0, {PLANTED}, 5, 41)").fetchall()
    assert again[: len(at_once)] == at_once
    assert len(at_once) > 7
