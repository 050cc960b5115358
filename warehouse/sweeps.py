"""What the store keeps of a sweep: its definition, the runs that belong to it, and how each of them ended.

    STORE/sweeps/<name>/sweep_definitions.parquet   one row
    STORE/sweeps/<name>/sweep_plans.parquet         a row for each run, in its condition
    STORE/sweeps/<name>/sweep_ends.parquet          a row for each run that was taken to its end, or failed

The runs themselves lie where all runs do. What is here can be made again by asking for the sweep again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from warehouse import locks
from warehouse.errors import StoreError
from warehouse.files import make_folder
from warehouse.plain_views import renew_plain_views
from warehouse.record import NAME
from warehouse.schema import FILES
from warehouse.sealed import read_sealed, write_sealed
from warehouse.store import Store

Row = dict[str, Any]


@dataclass(frozen=True)
class PlannedRun:
    """A row of a sweep's plan; `condition_rank` counts from 1, `grid` is JSON."""

    run: str
    condition: str
    condition_rank: int
    seed: int
    grid: str
    planned_epochs: int


@dataclass(frozen=True)
class RunEnd:
    """How the sweep's work on a run ended: at the state `epochs` by `ended_by`, or by an `error`."""

    run: str
    epochs: int
    ended_by: str | None = None
    error: str | None = None


def sweep_names(store: Store) -> list[str]:
    """Return the names of the store's sweeps, sorted."""
    found = (store.path / "sweeps").glob("*/sweep_definitions.parquet")
    return sorted(path.parent.name for path in found if NAME.fullmatch(path.parent.name))


def write_plan(store: Store, sweep: str, definition: str, paper: str | None, plan: Sequence[PlannedRun]) -> None:
    """Store a sweep's definition (JSON) and plan; a larger plan replaces a smaller one.

    What is known of runs' ends is forgotten if the definition changed: it is found out again. Raises `StoreError` if
    the sweep is stored with runs that ``plan`` lacks.
    """
    folder = _folder(store, sweep)
    make_folder(folder)
    with locks.exclusive(store.path / ".lock"):
        renew_plain_views(store.path)
    with locks.exclusive(folder / ".lock"):
        before = read_definition(store, sweep)
        kept = {(row.run, row.condition) for row in plan}
        lacking = [row for row in read_plan(store, sweep) if (row.run, row.condition) not in kept]
        if before is not None and lacking:
            raise StoreError(
                f"name: the sweep {sweep!r} is in {store.place} with another plan: {len(lacking)} of its runs are not"
                " in this one; choose another name, or keep what it has and add to it"
            )
        if before is not None and before["definition"] == definition:
            created = before["created_at"]
        else:
            created = datetime.now(UTC) if before is None else before["created_at"]
            (folder / "sweep_ends.parquet").unlink(missing_ok=True)
        _write(folder, "sweep_plans", [asdict(row) for row in plan])
        # last: a sweep is there when its definition is
        _write(folder, "sweep_definitions", [{"paper": paper, "definition": definition, "created_at": created}])


def read_definition(store: Store, sweep: str) -> Row | None:
    """Return a sweep's row of `sweep_definitions`, None if there is no such sweep."""
    rows = _read(store, sweep, "sweep_definitions")
    return rows[0] if rows else None


def read_plan(store: Store, sweep: str) -> list[PlannedRun]:
    """Return a sweep's plan; empty if there is no such sweep."""
    return [PlannedRun(**row) for row in _read(store, sweep, "sweep_plans")]


def read_ends(store: Store, sweep: str) -> dict[str, RunEnd]:
    """Return by run how the sweep's work on it ended."""
    return {row["run"]: RunEnd(**row) for row in _read(store, sweep, "sweep_ends")}


def write_ends(store: Store, sweep: str, ends: Iterable[RunEnd]) -> None:
    """Note how the work on some runs ended, in place of what was known of these."""
    folder = _folder(store, sweep)
    with locks.exclusive(folder / ".lock"):
        known = read_ends(store, sweep) | {end.run: end for end in ends}
        _write(folder, "sweep_ends", [asdict(known[run]) for run in sorted(known)])


def copy_sweep(store: Store, sweep: str, target: Store) -> None:
    """Let another store have a sweep's plan and what is known of its runs' ends, with what it has of it already.

    Of two plans the larger stays, of two ends of a run the later. Raises `StoreError` if ``store`` has no such sweep,
    ``target`` one with other runs.
    """
    definition, there = read_definition(store, sweep), read_definition(target, sweep)
    if definition is None:
        raise StoreError(f"no sweep {sweep!r} in {store.place}")
    plan, known = read_plan(store, sweep), read_ends(target, sweep)
    if there is None or not {(row.run, row.condition) for row in plan} <= {
        (row.run, row.condition) for row in read_plan(target, sweep)
    }:
        write_plan(target, sweep, definition["definition"], definition["paper"], plan)
    ends = [*known.values(), *read_ends(store, sweep).values()]
    latest = {end.run: end for end in sorted(ends, key=lambda end: (end.error is None, end.epochs))}
    if latest != read_ends(target, sweep):
        write_ends(target, sweep, latest.values())


def sweeps_of(store: Store, runs: Iterable[str]) -> list[str]:
    """Return the names of the sweeps that some of these runs (ids) belong to."""
    wanted = set(runs)
    return [sweep for sweep in sweep_names(store) if wanted & {row.run for row in read_plan(store, sweep)}]


def gathered_sweeps(store: Store, relation: str) -> pa.Table:
    """Return the rows of one of the files of all sweeps, with the column `sweep` before them."""
    tables = [with_sweep(FILES[relation].schema.empty_table())]
    for sweep in sweep_names(store):
        try:
            rows, _ = read_sealed(_folder(store, sweep) / f"{relation}.parquet", relation)
        except FileNotFoundError:
            continue
        tables.append(with_sweep(rows, sweep))
    return pa.concat_tables(tables)


def with_sweep(rows: pa.Table, sweep: str = "") -> pa.Table:
    """Return rows of a sweep's file with the column `sweep` before them."""
    return rows.add_column(0, pa.field("sweep", pa.string(), nullable=False), pa.repeat(sweep, len(rows)))


def _folder(store: Store, sweep: str) -> Path:
    return store.path / "sweeps" / sweep


def _read(store: Store, sweep: str, relation: str) -> list[Row]:
    try:
        return read_sealed(_folder(store, sweep) / f"{relation}.parquet", relation)[0].to_pylist()  # type: ignore[no-any-return]
    except FileNotFoundError:
        return []


def _write(folder: Path, relation: str, rows: Sequence[Mapping[str, Any]]) -> None:
    table = pa.Table.from_pylist([dict(row) for row in rows], FILES[relation].schema)
    write_sealed(folder / f"{relation}.parquet", relation, table)
