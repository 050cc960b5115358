"""Every relation and macro of SQL against the naive tracer, cell by cell."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from sim import SoupConfig
from tests.naive import lineage as naive_lineage
from tests.naive import populations as naive_populations
from tests.naive import text as naive_text
from tests.naive.bff import L
from tests.naive.tracer import mechanism_id
from tests.warehouse.recorded import Twin, make, record
from warehouse import record as records_module
from warehouse.columns import sql_type
from warehouse.connection import Connection, connect
from warehouse.record import RunSettings, run_id
from warehouse.results import write_result
from warehouse.schema import RELATIONS
from warehouse.store import Store

EPOCHS = 150  # three segments of 64, the last one a tail
FIRST = SoupConfig(language="bff_noheads_4bit", programs=16, seed=3, mutation=2**23, step_limit=300)
SECOND = SoupConfig(language="bff", programs=8, seed=4, mutation=0, step_limit=200)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records_module, "SEGMENT_CELLS", 64)
        settings = RunSettings(name="first soup", measure_every=50, keyframe_every=40)
        store = make(tmp_path_factory.mktemp("sql") / "it's a store", FIRST, EPOCHS, settings)
        record(store, SECOND, 70)
        yield store


@pytest.fixture(scope="module")
def twin() -> Twin:
    return Twin.of(FIRST, EPOCHS)


@pytest.fixture
def sql(store: Store) -> Iterator[Connection]:
    with connect(store) as connection:
        yield connection


def test_relations_have_the_columns_and_types_of_the_schema(sql: Connection) -> None:
    for table in RELATIONS.values():
        arguments = {"run": "'first soup'", "epoch": "3", "program": "1", "site": "2", "until": "5", "state": "2"}
        arguments |= {"of_sweep": "'none'", "stretch": "64", "measure": "'complexity'"}
        call = f"({', '.join(arguments[name] for name in table.arguments)})" if table.arguments else ""
        found = sql.sql(f"SELECT * FROM {table.name}{call} LIMIT 0")
        expected = [(column.name, sql_type(column).replace('"', "")) for column in table.columns]
        columns = list(zip(found.columns, (kind.replace('"', "") for kind in found.types), strict=True))
        assert columns[: len(expected)] == expected, table.name
        # Relations of single states say besides which state a row is of, for lists of epochs.
        assert columns[len(expected) :] in ([], [("epoch", "INTEGER")]), table.name


def test_runs_are_those_of_the_store(sql: Connection) -> None:
    rows = sql.sql("SELECT run, name, language, programs, seed, epochs, status, mutation_rate FROM runs").fetchall()
    assert rows == [
        (run_id(FIRST), "first soup", "bff_noheads_4bit", 16, 3, EPOCHS, "complete", 2**-7),
        (run_id(SECOND), None, "bff", 8, 4, 70, "complete", 0.0),
    ]


def test_epochs_count_what_happened_and_begin_with_state_0(sql: Connection, twin: Twin) -> None:
    rows = sql.sql(
        "SELECT epoch, operations, steps, reactions, empty_reactions, changed_cells, mutations, unique_origins"
        f" FROM epochs WHERE run = '{run_id(FIRST)}' ORDER BY epoch"
    ).fetchall()
    assert rows[0] == (0, 0, 0, 0, 0, 0, 0, FIRST.cells)
    assert rows[1:] == [
        (
            found.epoch,
            sum(reaction.operations for reaction in found.reactions),
            sum(reaction.steps for reaction in found.reactions),
            len(found.reactions),
            sum(not reaction.mechanism for reaction in found.reactions),
            found.changed_cells,
            len(found.mutations),
            found.unique_origins,
        )
        for found in twin.records
    ]


def test_reactions_name_their_mechanisms(sql: Connection, twin: Twin) -> None:
    rows = sql.sql(
        "SELECT epoch, left_program, right_program, mechanism, steps, operations FROM reactions"
        " WHERE run = ? ORDER BY epoch, left_program",
        [run_id(FIRST)],
    ).fetchall()
    assert rows == [
        (found.epoch, *reaction[:2], mechanism_id(reaction.mechanism), *reaction[3:])
        for found in twin.records
        for reaction in found.reactions
    ]


def test_each_mechanism_of_a_run_stands_there_once(sql: Connection, twin: Twin) -> None:
    rows = sql.sql("SELECT mechanism, writes FROM mechanisms WHERE run = ?", [run_id(FIRST)]).fetchall()
    found = {number: tuple(tuple(write.values()) for write in writes) for number, writes in rows}
    expected = {r.mechanism for found in twin.records for r in found.reactions}
    assert len(rows) == len(found)
    assert found == {mechanism_id(writes): tuple(map(tuple, writes)) for writes in expected}


def test_mutations_are_kept_though_overwritten(sql: Connection, twin: Twin) -> None:
    rows = sql.sql("SELECT epoch, program, site, char FROM mutations ORDER BY epoch, program, site").fetchall()
    assert rows == [(r.epoch, *divmod(cell, L), char) for r in twin.records for cell, char in r.mutations]
    copied = {(r.epoch, c.program * L + c.site) for r in twin.records for c in r.copies}
    assert any((r.epoch, cell) in copied for r in twin.records for cell, _ in r.mutations)


def test_copies_have_one_row_for_each_changed_cell(sql: Connection, twin: Twin) -> None:
    columns = "epoch, program, site, from_program, from_site, delta, kind"
    query = f"SELECT {columns} FROM copies WHERE run = '{run_id(FIRST)}'"
    rows = sql.sql(f"{query} ORDER BY ALL").fetchall()
    assert rows == [(r.epoch, *copy) for r in twin.records for copy in r.copies]
    assert {row[-1] for row in rows} == {"copied", "incremented"}
    # the same where only some epochs and columns are asked for
    few = sql.sql(
        f"SELECT site, epoch FROM copies WHERE run = '{run_id(FIRST)}' AND epoch BETWEEN 63 AND 66"
    ).fetchall()
    assert Counter(few) == Counter((row[2], row[0]) for row in rows if 63 <= row[0] <= 66)


def test_tokens_are_those_of_the_keyframes(sql: Connection, twin: Twin) -> None:
    query = (
        f"SELECT * EXCLUDE (run, epoch) FROM tokens WHERE run = '{run_id(FIRST)}' AND epoch = ? ORDER BY program, site"
    )
    for epoch in (0, 40, 80, 120):
        assert sql.sql(query, [epoch]).fetchall() == expected_tokens(twin, epoch)
    assert sql.sql(query, [41]).fetchall() == []


def expected_tokens(twin: Twin, epoch: int) -> list[tuple[int, ...]]:
    return [
        (*divmod(cell, L), born << 36 | place << 8 | char, born, *divmod(place, L), char)
        for cell, (born, place, char) in enumerate(twin.states[epoch])
    ]


@pytest.mark.parametrize("epoch", [0, 1, 39, 40, 64, 65, 129, EPOCHS])
def test_tokens_at_any_epoch(sql: Connection, twin: Twin, epoch: int) -> None:
    rows = sql.sql("SELECT * EXCLUDE epoch FROM tokens_at('first soup', ?)", [epoch]).fetchall()
    assert rows == expected_tokens(twin, epoch)


def test_a_list_of_epochs_gives_each_row_its_epoch(sql: Connection, twin: Twin) -> None:
    rows = sql.sql(
        "SELECT epoch, site, token FROM tokens_at('first soup', [130, 7, 7, 65]) ORDER BY epoch, program, site"
    )
    expected = [(n, row[1], row[2]) for n in (7, 65, 130) for row in expected_tokens(twin, n)]
    assert rows.fetchall() == expected
    counts = sql.sql("SELECT epoch, count(*) FROM pairings('first soup', range(0, 4)) GROUP BY epoch ORDER BY epoch")
    assert counts.fetchall() == [(1, 8), (2, 8), (3, 8)]


def test_arguments_may_be_parameters_and_variables(sql: Connection, twin: Twin) -> None:
    expected = expected_tokens(twin, 9)[0][2]
    query = "SELECT token FROM tokens_at({}, {}) WHERE program = 0 AND site = 0"
    assert sql.sql(query.format("?", "?"), [run_id(FIRST), 9]).fetchall() == [(expected,)]
    sql.sql("SET VARIABLE n = 9")
    assert sql.sql(query.format("'first soup'", "getvariable('n')")).fetchall() == [(expected,)]
    sql.sql("PREPARE asked AS " + query.format("$1", "$2"))
    assert sql.sql("EXECUTE asked('first soup', 9)").fetchall() == [(expected,)]
    assert len(sql.sql("EXECUTE asked('first soup', [8, 9])").fetchall()) == 2


def test_token_macros_take_a_token_apart(sql: Connection) -> None:
    query = """SELECT count(*) FROM tokens_at('first soup', 90)
        WHERE token_epoch(token) <> born_epoch OR token_char(token) <> char
           OR token_cell(token) <> born_program * 64 + born_site"""
    assert sql.sql(query).fetchall() == [(0,)]
    assert sql.sql("SELECT token_epoch(t), token_cell(t), token_char(t) FROM (SELECT ((5 << 36) | (7 << 8) | 3) t)"
                   .replace("5 <<", "5::BIGINT <<")).fetchall() == [(5, 7, 3)]  # fmt: skip


def test_programs_have_bytes_text_and_place(sql: Connection, twin: Twin) -> None:
    rows = sql.sql("SELECT program, bytes, text, x, y FROM programs_at('first soup', 77)").fetchall()
    for program, content, line, x, y in rows:
        chars = bytes(char for _, _, char in twin.states[77][program * L : program * L + L])
        assert (bytes(content), x, y) == (chars, program, 0)
        low = bytes(byte & 15 for byte in naive_text.parse("bff_noheads_4bit", line))
        assert low == bytes(byte & 15 for byte in chars)
        assert sql.sql("SELECT program_text(?, 77, ?)", ["first soup", program]).fetchall() == [(line,)]
    assert len(rows) == 16


def test_species_are_the_programs_that_share_their_commands(sql: Connection, twin: Twin) -> None:
    columns = "species, abundance, variants, program, share, text"
    for n in (0, 77, EPOCHS):
        chars = bytes(char for _, _, char in twin.states[n])
        programs = [chars[start : start + L] for start in range(0, len(chars), L)]
        expected = naive_populations.population(
            programs, lambda program: naive_populations.commands_of("bff_noheads_4bit", program)
        )
        rows = sql.sql(
            f"SELECT {columns} FROM species_at('first soup', {n}) ORDER BY abundance DESC, program"
        ).fetchall()
        assert [row[:4] for row in rows] == [species[:4] for species in expected]
        assert [row[4] for row in rows] == [species.abundance / 16 for species in expected]
        texts: dict[int, str] = dict(sql.sql(f"SELECT program, text FROM programs_at('first soup', {n})").fetchall())
        assert [row[5] for row in rows] == [texts[species.commonest] for species in expected]
        shown = sql.sql(f"SELECT species FROM programs_at('first soup', {n}) ORDER BY program").fetchall()
        assert shown == [(naive_populations.commands_of("bff_noheads_4bit", program),) for program in programs]
    both = "SELECT epoch, sum(abundance) FROM species_at('first soup', [0, 77]) GROUP BY epoch ORDER BY epoch"
    assert sql.sql(both).fetchall() == [(0, 16), (77, 16)]


def test_program_text_takes_columns(sql: Connection) -> None:
    query = "SELECT program_text(run, e, 2) FROM runs, unnest([3, 70, 2]) AS u(e) WHERE run = ? ORDER BY e"
    expected = [
        sql.sql("SELECT text FROM programs_at(?, ?) WHERE program = 2", [run_id(SECOND), n]).fetchone()
        for n in (2, 3, 70)
    ]
    assert sql.sql(query, [run_id(SECOND)]).fetchall() == expected


def test_pairings_are_the_reactions_of_the_epoch(sql: Connection, twin: Twin) -> None:
    rows = sql.sql("SELECT left_program, right_program FROM pairings('first soup', 65)").fetchall()
    assert rows == [reaction[:2] for reaction in twin.records[64].reactions]


def test_scores_are_those_of_single_programs(sql: Connection) -> None:
    rows = sql.sql("SELECT program, score FROM scores_at('first soup', 20)").fetchall()
    assert [program for program, _ in rows] == list(range(16))
    assert all(0 <= score <= L for _, score in rows)


def test_lineage_follows_every_byte_as_the_twin_does(sql: Connection, twin: Twin) -> None:
    events = set()
    for epoch, cells in (
        (EPOCHS, range(0, FIRST.cells, 29)),
        (64, range(5, FIRST.cells, 117)),
        (1, (0, 700)),
        (0, (9,)),
    ):
        for program, site in (divmod(cell, L) for cell in cells):
            rows = sql.sql(f"SELECT * FROM lineage('first soup', {epoch}, {program}, {site})").fetchall()
            assert rows == naive_lineage.lineage(twin.initial, twin.records, epoch, program, site)
            events |= {row[4] for row in rows}
    assert events == {"copied", "incremented", "mutated", "initial"}


def test_lineage_of_a_byte_mutated_and_then_copied_in_one_epoch(sql: Connection, twin: Twin) -> None:
    """The copy comes from the mutated cell, the mutation follows in the same epoch (design, section 3)."""
    found = next(
        (r.epoch, copy, char)
        for r in twin.records
        for cell, char in r.mutations
        for copy in r.copies
        if copy.kind == "copied" and (copy.from_program, copy.from_site) == divmod(cell, L) and copy.delta == 0
    )
    epoch, copy, char = found
    assert sql.sql(f"SELECT * FROM lineage('first soup', {epoch}, {copy.program}, {copy.site})").fetchall() == [
        (epoch, copy.program, copy.site, char, "copied", copy.from_program, copy.from_site, 0),
        (epoch, copy.from_program, copy.from_site, char, "mutated", None, None, None),
    ]


def test_results_of_analyses_are_relations(store: Store, sql: Connection) -> None:
    rows = [{"epoch": 7, "program": 3, "score": 9, "text": "[]", "copies": 2, "bytes": b"[]"}]
    write_result(store, run_id(SECOND), "replicators", rows, 1, {})
    assert sql.sql("SELECT count(*) FROM replicators").fetchall() == [(0,)]  # as when the connection was opened
    sql.refresh()
    assert sql.sql("SELECT run, epoch, program, score, text, copies FROM replicators").fetchall() == [
        (run_id(SECOND), 7, 3, 9, "[]", 2)
    ]


def test_an_empty_store_has_typed_empty_relations(tmp_path: Path) -> None:
    with connect(Store.open(tmp_path / "new", create=True)) as sql:
        for table in RELATIONS.values():
            if not table.arguments and table.name != "paper_shares":  # that is of no store
                found = sql.sql(f"SELECT * FROM {table.name}")
                assert (found.columns, found.fetchall()) == (list(table.names), [])


def test_a_connection_sees_what_was_committed_when_it_was_opened(tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records_module, "SEGMENT_CELLS", 64)
        store = make(tmp_path / "store", SECOND, 70)
        with connect(store) as early:
            assert early.sql("SELECT max(epoch) FROM reactions").fetchall() == [(70,)]
            record(store, SECOND, 100)
            for relation in ("epochs", "reactions", "copies"):
                assert early.sql(f"SELECT max(epoch) FROM {relation}").fetchall() == [(70,)]
            assert early.sql("SELECT epochs FROM runs").fetchall() == [(70,)]
            early.refresh()
            for relation in ("epochs", "reactions", "copies"):
                assert early.sql(f"SELECT max(epoch) FROM {relation}").fetchall() == [(100,)]
