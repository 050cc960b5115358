"""Rows on standard output: as a table, as CSV or as JSON.

CSV and JSON are exact: floats in full, bytes as hex digits, lists and structs as JSON, null as an empty
field or null. A table is for reading: numbers to ten digits, control characters made visible. Rows are
printed as they come, so a relation of millions of rows needs no memory.
"""

import csv
import json
import math
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any, TextIO

Row = Sequence[Any]

_FIRST = 1000  # rows that decide a table's column widths


def print_rows(columns: Sequence[str], rows: Iterable[Row], style: str, out: TextIO | None = None) -> int:
    """Print ``rows`` under the names ``columns`` as ``style`` (table, csv or json); return how many there were."""
    stream = sys.stdout if out is None else out
    counted = _Counted(rows)
    if style == "json":
        _print_json(columns, counted, stream)
    elif style == "csv":
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([_csv_field(value) for value in row] for row in counted)
    else:
        _print_table(columns, counted, stream)
    return counted.count


def print_records(records: Iterable[dict[str, Any]], style: str, columns: Sequence[str]) -> int:
    """Print dictionaries as rows of ``columns``; a missing key is null."""
    return print_rows(columns, ([record.get(name) for name in columns] for record in records), style)


def print_json(value: Any) -> None:
    """Print one JSON document."""
    print(json.dumps(_plain(value), ensure_ascii=False, indent=2))


class _Counted:
    """Rows that count themselves as they pass."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self.count = 0
        self._rows = rows

    def __iter__(self) -> Iterator[Row]:
        for row in self._rows:
            self.count += 1
            yield row


def _print_json(columns: Sequence[str], rows: Iterable[Row], stream: TextIO) -> None:
    separator = "[\n"
    for row in rows:
        record = dict(zip(columns, map(_plain, row), strict=True))
        stream.write(f"{separator}  {json.dumps(record, ensure_ascii=False)}")
        separator = ",\n"
    stream.write("[]\n" if separator == "[\n" else "\n]\n")


def _print_table(columns: Sequence[str], rows: Iterable[Row], stream: TextIO) -> None:
    """Print aligned columns, numbers to the right; widths follow the first rows, later wider cells push."""
    remaining = iter(rows)
    first = list(islice(remaining, _FIRST))
    numeric = [_is_numeric(row[index] for row in first) for index in range(len(columns))]
    cells = [[_cell(value) for value in row] for row in first]
    widths = [max(map(len, (name, *(row[index] for row in cells)))) for index, name in enumerate(columns)]

    def line(fields: Sequence[str]) -> str:
        padded = (
            field.rjust(width) if right else field.ljust(width)
            for field, width, right in zip(fields, widths, numeric, strict=True)
        )
        return "  ".join(padded).rstrip()

    stream.write(f"{line(columns)}\n{'  '.join('─' * width for width in widths)}\n")
    stream.writelines(
        f"{line(fields)}\n" for fields in chain(cells, ([_cell(value) for value in row] for row in remaining))
    )


def _is_numeric(values: Iterable[Any]) -> bool:
    kinds = {type(value) for value in values if value is not None}
    return bool(kinds) and all(issubclass(kind, (int, float)) and kind is not bool for kind in kinds)


def _cell(value: Any) -> str:
    """Return what a table shows for ``value``."""
    match value:
        case None:
            return ""
        case float():
            return f"{value:.10g}"
        case str():
            return "".join(character if character.isprintable() else _visible(character) for character in value)
        case bytes() | list() | dict() | tuple():
            return str(_csv_field(value))
        case _:
            return str(value)


def _visible(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def _csv_field(value: Any) -> Any:
    match value:
        case None:
            return ""
        case bytes():
            return value.hex()
        case list() | dict() | tuple():
            return json.dumps(_plain(value), ensure_ascii=False)
        case _:
            return value


def _plain(value: Any) -> Any:
    """Return ``value`` in JSON's own types; what JSON has no word for becomes text, NaN and infinity null."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else None
        case bytes():
            return value.hex()
        case dict():
            return {str(key): _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case _:
            return str(value)
