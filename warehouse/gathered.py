"""The small relations of all runs in one table each, for a session to read them from one file."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from warehouse.combined import Part, read_combined
from warehouse.errors import StoreFault
from warehouse.kept import rows_of
from warehouse.mirrors import fetched
from warehouse.paper import paper_table
from warehouse.results import made_of
from warehouse.schema import FILES, RELATIONS
from warehouse.sealed import read_sealed
from warehouse.sizes import sizes_of
from warehouse.snapshot import Snapshot
from warehouse.store import RunFiles, Span
from warehouse.sweep_tables import SWEEP_FILES
from warehouse.sweeps import gathered_sweeps, with_sweep

#: Files of sweeps, each gathered over all of them.
OF_SWEEPS = tuple(table.name for table in SWEEP_FILES)

#: Rows of `epochs` up to which a session gathers those of all runs in one file: a thousand runs of 2048 epochs.
GATHERED_ROWS = 2_500_000

#: What is told of the files of each run.
_TOLD = {"kept": rows_of, "results": made_of, "sizes": sizes_of}


def empty(relation: str) -> pa.Table:
    """Return no rows, with the columns of a relation's files."""
    if relation in OF_SWEEPS:
        return with_sweep(FILES[relation].schema.empty_table())
    if relation in FILES and relation != "epochs":
        return FILES[relation].schema.empty_table()
    return RELATIONS[relation].schema.empty_table()


def gathered(snapshot: Snapshot, relation: str, check: Callable[[], None]) -> pa.Table:
    """Return `runs` and its kind, `epochs`, an analysis's rows, a file of all sweeps, or the paper's shares.

    Raises `StoreFault` naming a damaged file. ``check`` is called at every run, to stop by raising.
    """
    if relation == "runs":
        rows = [record.row() for record in snapshot.records()]
        return pa.Table.from_pylist(rows, RELATIONS["runs"].schema)
    if relation in OF_SWEEPS:
        return gathered_sweeps(snapshot.store, relation)
    if relation == "paper_shares":
        return paper_table()
    root, files = snapshot.store.path, snapshot.files
    if relation in _TOLD:
        told: list[dict[str, Any]] = []
        for run, of in files.items():
            check()
            told += ({"run": run} | row for row in _TOLD[relation](of))
        return pa.Table.from_pylist(told, RELATIONS[relation].schema)
    if relation != "epochs":  # results may be taken away, to be made again
        return _placed(relation, *read_combined(root, relation, results_of(files, relation), check))
    parts, table = read_combined(root, "compact", compacted(files), check)
    found = {part.run for part in parts}
    others = [run for run in files if files[run].segments and run not in found]
    tables = []
    for run in others:
        check()
        tables.append(epochs_of(files[run]))
    parts += [Part(run, "", len(rows)) for run, rows in zip(others, tables, strict=True)]
    return _placed("epochs", parts, pa.concat_tables([table, *tables]))


def compacted(files: Mapping[str, RunFiles]) -> dict[str, Path]:
    """Return the one file of all `epochs` of each run that has one."""
    return {run: of.compact.path for run, of in files.items() if of.compact is not None}


def results_of(files: Mapping[str, RunFiles], name: str) -> dict[str, Path]:
    """Return the file of an analysis of each run that has one."""
    return {run: of.results[name] for run, of in files.items() if name in of.results}


def epochs_of(files: RunFiles) -> pa.Table:
    """Return the relation `epochs` of one run, without its column `run`."""
    schema = FILES["compact"].schema
    with contextlib.suppress(FileNotFoundError):  # it is made again when a state was measured since
        if files.compact is not None:
            return read_sealed(files.compact.path, "compact")[0].cast(schema)
    counts = pa.concat_tables([_read(span) for span in files.segments]).cast(FILES["epochs"].schema)
    measures = pa.concat_tables(
        [FILES["measures"].schema.empty_table(), *(read_sealed(span.path, "measures")[0] for span in files.measures)]
    )
    joined = counts.join(measures, keys="epoch", join_type="left outer").sort_by("epoch")
    return joined.select(schema.names).cast(schema)


def _read(span: Span) -> pa.Table:
    path = span.file("epochs")
    try:
        return pq.ParquetFile(fetched(path), page_checksum_verification=True).read(use_threads=False)
    except (OSError, pa.ArrowException) as error:
        raise StoreFault(f"damaged file {path}: {' '.join(str(error).split())}") from error


def _placed(relation: str, parts: Sequence[Part], rows: pa.Table) -> pa.Table:
    """Return a relation of SQL: the rows of files with the column `run` before them."""
    counts = [part.rows for part in parts]
    runs = pa.array([part.run for part in parts], pa.string()).take(pa.array(np.repeat(np.arange(len(counts)), counts)))
    return rows.add_column(0, pa.field("run", pa.string(), False), runs).cast(RELATIONS[relation].schema)
