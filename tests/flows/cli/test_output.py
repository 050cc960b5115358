"""Rows as tables, CSV and JSON."""

import csv
import io
import json
import math
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from flows.cli.output import print_rows

COLUMNS = ("name", "number", "share", "blob", "writes", "none")
ROWS = [
    ("a", 1, 0.1, b"\x00\xff", [{"target": 1, "source": None}], None),
    ('say "b", c', 2**63, 1 / 3, b"", [], None),
]


def printed(columns: tuple[str, ...], rows: object, style: str) -> str:
    out = io.StringIO()
    print_rows(columns, rows, style, out)  # type: ignore[arg-type]
    return out.getvalue()


def test_json_is_a_list_of_objects_with_exact_values() -> None:
    assert json.loads(printed(COLUMNS, ROWS, "json")) == [
        {
            "name": "a",
            "number": 1,
            "share": 0.1,
            "blob": "00ff",
            "writes": [{"target": 1, "source": None}],
            "none": None,
        },
        {"name": 'say "b", c', "number": 2**63, "share": 1 / 3, "blob": "", "writes": [], "none": None},
    ]


def test_csv_reads_back() -> None:
    read = list(csv.reader(io.StringIO(printed(COLUMNS, ROWS, "csv"))))
    assert read[0] == list(COLUMNS)
    assert read[1] == ["a", "1", "0.1", "00ff", '[{"target": 1, "source": null}]', ""]
    assert read[2][0] == 'say "b", c'
    assert float(read[2][2]) == 1 / 3


@pytest.mark.parametrize(("style", "text"), [("json", "[]\n"), ("csv", "a,b\n"), ("table", "a  b\n─  ─\n")])
def test_no_rows_still_print_what_would_hold_them(style: str, text: str) -> None:
    assert printed(("a", "b"), [], style) == text


def test_a_table_puts_numbers_to_the_right_and_text_to_the_left() -> None:
    rows = [("x", 5), ("longer", 12345), (None, None)]
    assert printed(("who", "count"), rows, "table").splitlines() == [
        "who     count",
        "──────  ─────",
        "x           5",
        "longer  12345",
        "",
    ]


def test_a_table_shows_control_characters_instead_of_sending_them() -> None:
    assert "\x1b" not in printed(("name",), [("a\x1b[31mb\n",)], "table")
    assert "a\\x1b[31mb\\n" in printed(("name",), [("a\x1b[31mb\n",)], "table")


def test_values_that_json_has_no_word_for() -> None:
    rows = [(math.nan, math.inf, datetime(2026, 1, 2, tzinfo=UTC), Decimal("1.5"))]
    assert json.loads(printed(("a", "b", "c", "d"), rows, "json")) == [
        {"a": None, "b": None, "c": "2026-01-02 00:00:00+00:00", "d": "1.5"}
    ]


@pytest.mark.parametrize("style", ["table", "csv", "json"])
def test_rows_are_printed_as_they_come_and_counted(style: str) -> None:
    out = io.StringIO()
    seen = 0

    def rows() -> Iterator[tuple[int]]:
        nonlocal seen
        for number in range(5000):
            if number == 4000:
                seen = out.getvalue().count("\n")
            yield (number,)

    assert print_rows(("n",), rows(), style, out) == 5000
    assert seen > 2000, "nothing was printed before most rows had come"
