"""Results of analyses: one relation an analysis and run, with its version and what it was made from."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa

from warehouse import locks
from warehouse.errors import StoreFault
from warehouse.files import make_folder
from warehouse.schema import FILES, RESULTS
from warehouse.sealed import read_sealed, write_sealed
from warehouse.store import EVERYTHING, RunFiles, Store, span_name


def write_result(
    store: Store,
    run: str,
    name: str,
    rows: Sequence[Mapping[str, Any]],
    version: int,
    inputs: Mapping[str, Any],
    *,
    retention: str = EVERYTHING,
) -> Path:
    """Store the rows of analysis ``name`` of a run, in the order given, in place of those before; return the file.

    ``version`` is the analysis's own, ``inputs`` whatever it depends on besides the run (anything JSON can
    hold): the last state it saw, its inputs' versions. ``retention``: what was kept of the run's history as it was
    made. Same rows, same bytes. Columns: `schema.FILES[name]`.
    """
    path = _path(store, run, name)
    table = table_of(name, rows)
    make_folder(path.parent)
    with locks.exclusive(path.parent / ".lock"):
        thinned = {} if retention == EVERYTHING else {"retention": retention}
        write_sealed(path, name, table, {"version": version, "inputs": dict(inputs)} | thinned)
    return path


def made_of(files: RunFiles) -> list[dict[str, Any]]:
    """Return the rows of the relation `results` of a run, without `run`; `StoreFault` naming a damaged file."""
    found = []
    for name, path in files.results.items():
        with suppress(FileNotFoundError):  # taken away meanwhile, to be made again
            rows, notes = read_sealed(path, name)
            found.append(
                {
                    "analysis": name,
                    "version": notes["version"],
                    "rows": len(rows),
                    "last_epoch": notes["inputs"].get("last_epoch"),
                    "retention": notes.get("retention", EVERYTHING),
                }
            )
    return found


def read_result(store: Store, run: str, name: str) -> list[dict[str, Any]] | None:
    """Return the stored rows of analysis ``name`` of a run, None if there are none; `StoreFault` if damaged."""
    try:
        return read_sealed(_path(store, run, name), name)[0].to_pylist()  # type: ignore[no-any-return]
    except FileNotFoundError:
        return None


def is_stale(store: Store, run: str, name: str, version: int, inputs: Mapping[str, Any]) -> bool:
    """Tell whether analysis ``name`` must be made: there is no result, a damaged one, or one of other inputs."""
    try:
        notes = read_sealed(_path(store, run, name), name)[1]
    except (FileNotFoundError, StoreFault):
        return True
    return (notes["version"], notes["inputs"]) != (version, dict(inputs))


def result_notes(store: Store, run: str, name: str) -> dict[str, Any] | None:
    """Return what stands beside the rows of a result: `version`, `inputs`, `retention` if that was not everything.

    None if there is no such result; raises `StoreFault` if it is damaged.
    """
    try:
        return read_sealed(_path(store, run, name), name)[1]
    except FileNotFoundError:
        return None


def remove_result(store: Store, run: str, name: str) -> None:
    """Remove the stored result of analysis ``name`` of a run, if there is one."""
    _path(store, run, name).unlink(missing_ok=True)


def write_measures(
    store: Store, run: str, start: int, stop: int, rows: Sequence[Mapping[str, Any]], version: int
) -> Path:
    """Store the measured columns of states of the segment ``start``-``stop``, by epoch; return the file.

    ``version`` is that of the measures' definition.
    """
    path = _measures_path(store, run, start, stop)
    table = table_of("measures", sorted(rows, key=lambda row: int(row["epoch"])))
    make_folder(path.parent)
    with locks.exclusive(path.parent.parent / ".lock"):
        write_sealed(path, "measures", table, {"version": version})
    return path


def read_measures(store: Store, run: str, start: int, stop: int) -> tuple[list[dict[str, Any]], int] | None:
    """Return the stored measures of a segment and their version, None if there are none or they are damaged."""
    try:
        rows, notes = read_sealed(_measures_path(store, run, start, stop), "measures")
    except (FileNotFoundError, StoreFault):
        return None
    return rows.to_pylist(), int(notes["version"])


def table_of(relation: str, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Return rows as an Arrow table of a file relation; `ValueError` naming columns too many or missing."""
    table = FILES[relation]
    needed = {column.name for column in table.columns if not column.nullable}
    for row in rows:
        if wrong := (needed - set(row)) | (set(row) - set(table.names)):
            raise ValueError(f"{relation}: columns missing or unknown: {', '.join(sorted(wrong))}")
    return pa.Table.from_pylist([dict(row) for row in rows], table.schema)


def _measures_path(store: Store, run: str, start: int, stop: int) -> Path:
    return store.run_folder(run) / "analyses" / "measures" / f"{span_name(start, stop)}.parquet"


def _path(store: Store, run: str, name: str) -> Path:
    if name not in RESULTS:
        raise ValueError(f"no analysis {name!r}; known: {', '.join(RESULTS)}")
    return store.run_folder(run) / "analyses" / f"{name}.parquet"
