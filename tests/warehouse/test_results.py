"""Results of analyses: rows, versions, inputs, and the same bytes for the same rows."""

from dataclasses import replace
from typing import Any

import pytest

from tests.warehouse.making import measured
from warehouse.columns import BIGINT
from warehouse.connection import connect
from warehouse.errors import StoreFault
from warehouse.results import (
    is_stale,
    read_measures,
    read_result,
    remove_result,
    table_of,
    write_measures,
    write_result,
)
from warehouse.schema import FILES
from warehouse.sealed import check_sealed, read_sealed, write_sealed
from warehouse.store import Store

ROW: dict[str, Any] = {
    "epoch": 5,
    "program": 3,
    "score": 64,
    "text": "[[{.>]-]Ā",
    "copies": 2,
    "bytes": bytes(range(64)),
}
INPUTS = {"last": 150, "founders": 1}


def test_rows_come_back_in_their_order(store: Store, run: str) -> None:
    rows = [ROW, ROW | {"epoch": 1, "text": ""}]
    assert read_result(store, run, "replicators") is None
    write_result(store, run, "replicators", rows, 1, INPUTS)
    assert read_result(store, run, "replicators") == rows
    assert store.files(run).results["replicators"].name == "replicators.parquet"


def test_sql_tells_of_what_history_a_result_was_made(store: Store, run: str) -> None:
    write_result(store, run, "founders", [], 2, {"last_epoch": 150})
    write_result(store, run, "replicators", [ROW, ROW], 1, {"last_epoch": 120}, retention="keyframes")
    assert not is_stale(store, run, "replicators", 1, {"last_epoch": 120})
    with connect(store) as sql:
        assert sql.sql("SELECT * FROM results ORDER BY analysis").fetchall() == [
            (run, "founders", 2, 0, 150, "everything"),
            (run, "replicators", 1, 2, 120, "keyframes"),
        ]


def test_no_rows_are_a_result_too(store: Store, run: str) -> None:
    write_result(store, run, "founders", [], 1, INPUTS)
    assert read_result(store, run, "founders") == []
    assert not is_stale(store, run, "founders", 1, INPUTS)


def test_nested_columns_and_nulls_come_back(store: Store, run: str) -> None:
    born = [{"site": 0, "char": 7, "born_epoch": 3, "born_program": 1, "born_site": 2}]
    row = dict.fromkeys(("onset_epoch", "rank", "census_epoch", "program", "epoch"), 1)
    row |= dict.fromkeys(("assembled_epoch", "assembled_program", "made_epoch", "score"), 2)
    row |= {"share": 0.5, "left_program": None, "right_program": None, "text": "x", "bytes": b"x", "born": born}  # type: ignore[dict-item]
    write_result(store, run, "founders", [row], 1, INPUTS)
    assert read_result(store, run, "founders") == [row]
    check_sealed(store.files(run).results["founders"], "founders")


def test_a_result_is_stale_if_its_version_or_its_inputs_changed(store: Store, run: str) -> None:
    assert is_stale(store, run, "replicators", 1, INPUTS)
    path = write_result(store, run, "replicators", [ROW], 1, INPUTS)
    assert not is_stale(store, run, "replicators", 1, dict(reversed(INPUTS.items())))
    assert is_stale(store, run, "replicators", 2, INPUTS)
    assert is_stale(store, run, "replicators", 1, INPUTS | {"last": 151})
    path.write_bytes(path.read_bytes()[:-9])
    assert is_stale(store, run, "replicators", 1, INPUTS)
    with pytest.raises(StoreFault, match=r"replicators\.parquet"):
        read_result(store, run, "replicators")
    remove_result(store, run, "replicators")
    assert read_result(store, run, "replicators") is None


@pytest.mark.parametrize("relation", ["replicators", "measures"])
def test_a_file_with_the_columns_of_another_version_is_not_called_damaged(
    store: Store, run: str, monkeypatch: pytest.MonkeyPatch, relation: str
) -> None:
    path = write_result(store, run, "replicators", [ROW], 1, INPUTS)
    if relation == "measures":
        path = store.files(run).measures[0].path
    now = FILES[relation]
    for columns in (now.columns[:-1], (replace(now.columns[0], type=BIGINT), *now.columns[1:])):
        with monkeypatch.context() as patch:
            patch.setitem(FILES, relation, replace(now, columns=columns))
            with pytest.raises(StoreFault, match="is of another version") as told:
                read_sealed(path, relation)
            assert "damaged" not in str(told.value)
            assert (f"`primordium analyze {run} --rebuild` makes it again" in str(told.value)) == (
                relation == "replicators"
            )
            if relation == "replicators":
                assert is_stale(store, run, relation, 1, INPUTS)
    read_sealed(path, relation)


def test_same_rows_same_bytes(store: Store, run: str) -> None:
    path = write_result(store, run, "replicators", [ROW], 1, INPUTS)
    first = path.read_bytes()
    path.unlink()
    assert write_result(store, run, "replicators", [ROW], 1, INPUTS).read_bytes() == first
    assert [entry.name for entry in path.parent.iterdir() if entry.name.endswith(".part")] == []


@pytest.mark.parametrize("row", [{"epoch": 1}, ROW | {"colour": "red"}])
def test_columns_are_those_of_the_schema(store: Store, run: str, row: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="columns missing or unknown"):
        write_result(store, run, "replicators", [row], 1, INPUTS)


def test_an_unknown_analysis_is_refused(store: Store, run: str) -> None:
    with pytest.raises(ValueError, match="no analysis 'gossip'"):
        read_result(store, run, "gossip")


def test_measures_are_kept_by_segment_with_their_version(store: Store, run: str) -> None:
    rows = [measured(32), measured(16)]
    write_measures(store, run, 0, 64, rows, 3)
    assert read_measures(store, run, 0, 64) == (rows[::-1], 3)
    assert read_measures(store, run, 0, 65) is None


def test_a_digest_notices_every_value(store: Store) -> None:
    path = store.path / "some.parquet"
    seen = set()
    for change in ({}, {"epoch": 6}, {"text": "y"}, {"bytes": b"y"}, {"score": 63}):
        write_sealed(path, "replicators", table_of("replicators", [ROW | change]))
        content, _ = read_sealed(path, "replicators")
        seen.add((content.schema.metadata or {}).get(b"x", path.read_bytes()))
    assert len(seen) == 5
