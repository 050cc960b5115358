"""The tables of what figures are drawn from, one a file, their columns named as in SQL."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from warehouse.columns import (
    CHAR,
    EPOCH,
    FROM_PROGRAM,
    FROM_SITE,
    INTEGER,
    LEFT,
    PROGRAM,
    RIGHT,
    RUN,
    SITE,
    Column,
    Table,
)
from warehouse.files import replacing
from warehouse.schema import RELATIONS

FORMATS = ("parquet", "csv")


def _like(relation: str, *names: str) -> tuple[Column, ...]:
    return tuple(RELATIONS[relation].column(name) for name in ("run", *names))


#: Figure 1 of `show --figure` and its marks, figure 3 of `replicator --figure`.
FIGURES: dict[str, Table] = {
    table.name: table
    for table in (
        Table(
            "figure_1",
            "a state that is drawn",
            ("run", "epoch"),
            _like("epochs", "epoch", "unique_tokens", "top32_share", "complexity"),
        ),
        Table(
            "figure_1_onsets",
            "an onset",
            ("run", "rank"),
            _like("transitions", "rank", "epoch", "ended_epoch", "kind", "peak_complexity"),
        ),
        Table(
            "figure_1_founders",
            "a founder",
            ("run", "onset_epoch", "rank"),
            _like("founders", "onset_epoch", "rank", "program", "epoch", "share"),
        ),
        Table(
            "figure_3",
            "a byte of the tape that is drawn",
            ("run", "step", "program", "site"),
            (
                RUN,
                EPOCH,
                LEFT,
                RIGHT,
                Column("step", INTEGER, "steps", "steps executed before the tape was so; 0 before the first"),
                PROGRAM,
                SITE,
                CHAR,
                FROM_PROGRAM,
                FROM_SITE,
            ),
        ),
    )
}


def write_figure_table(name: str, rows: Sequence[Mapping[str, Any]], folder: Path, form: str) -> Path:
    """Write the rows of one of `FIGURES` into ``folder`` as ``form`` (of `FORMATS`), replacing; return the file."""
    path = folder / f"{name}.{form}"
    table = pa.Table.from_pylist([dict(row) for row in rows], FIGURES[name].schema)
    with replacing(path) as part:
        if form == "csv":
            pyarrow.csv.write_csv(table, part, pyarrow.csv.WriteOptions(quoting_style="needed"))
        else:
            pq.write_table(table, part, compression="zstd")
    return path
