"""`primordium sweep`: many runs over a grid and seeds, and what they tell together."""

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.cli.output import print_json, print_rows
from flows.cli.parser import UsageError, add_format, store_path, whole

if TYPE_CHECKING:
    from flows.sweep_file import Sweep
    from warehouse.store import Store

EXAMPLES = (
    "primordium sweep rates.toml --direct",
    "primordium sweep figure-6 --workers 2",
    "primordium sweep figure-6 --dask tcp://scheduler:8786 --store s3://bucket/soups",
    "primordium sweep figure-6 --show --figure figure-6.png",
)

# The tables of --show; each query takes the sweep's name.
# How far have the runs come, and how many had an onset?
_CONDITIONS = """
    SELECT condition, count(*) AS planned, count(*) FILTER (s.done) AS done,
        count(*) FILTER (s.status = 'running') AS running, count(*) FILTER (s.error IS NOT NULL) AS failed,
        count(s.onset_epoch) AS onsets, count(s.onset_epoch) / nullif(count(*) FILTER (s.done), 0) AS share,
        wilson_low(count(s.onset_epoch), count(*) FILTER (s.done)) AS low,
        wilson_high(count(s.onset_epoch), count(*) FILTER (s.done)) AS high,
        quantile_disc(s.onset_epoch, 0.5) AS median_onset, max(s.planned_epochs) AS epochs
    FROM sweep_runs AS s WHERE s.sweep = ? GROUP BY s.condition, s.condition_rank ORDER BY s.condition_rank"""
# What is left?
_RUNS_LEFT = """SELECT status, count(*) AS runs, min(error) AS error FROM sweep_runs
    WHERE sweep = ? AND NOT done GROUP BY status, error IS NULL ORDER BY ALL"""
# Does it agree with the paper?
_COMPARISONS = """SELECT condition, counts, after_epoch, until_epoch, paper_share, runs, found, share, low, high,
        programs, agrees
    FROM sweep_comparisons WHERE sweep = ? ORDER BY condition, counts DESC, after_epoch"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("sweep", metavar="SWEEP", help="a TOML file, or the name of a ready or stored sweep")
    parser.add_argument("--full", action="store_true", help="in the full size of the file's table [full]")
    parser.add_argument(
        "--workers", type=whole("number of workers", 1, 1024), metavar="N", help="runs at once (default: all cores)"
    )
    parser.add_argument(
        "--dask", metavar="ADDRESS", help="let a Dask cluster do the runs: a scheduler's address, or local:2"
    )
    parser.add_argument("--direct", action="store_true", help="without Prefect")
    parser.add_argument("--force", action="store_true", help="even if the disk looks too small")
    parser.add_argument("--show", action="store_true", help="only tell what the store has of the sweep")
    parser.add_argument(
        "--figure", metavar="FILE", type=Path, help="draw survival curves and complexity there, .png or .svg"
    )
    add_format(parser)


def execute(arguments: argparse.Namespace) -> None:
    """Complete the sweep, then tell what it came to."""
    from flows.sweep_file import find_sweep, read_sweep, ready_sweeps, sweep_name

    path, place = find_sweep(arguments.sweep), store_path(arguments)
    if arguments.figure is not None:
        from analysis.figures import checked_path

        checked_path(arguments.figure)  # before hours of work
    if arguments.show:
        _show(arguments, arguments.sweep if path is None else sweep_name(path, full=arguments.full))
        return
    if path is None:
        raise UsageError(
            f"sweep {arguments.sweep!r}: no such file, nor a ready sweep; ready ones: {', '.join(ready_sweeps())};"
            " --show tells of stored ones"
        )
    sweep = read_sweep(path, store=place, full=arguments.full, force=arguments.force)
    failed = _do(arguments, sweep, place)
    _show(arguments, sweep.name)
    if failed:
        from warehouse.errors import StoreFault

        first = next(iter(failed.values()))
        raise StoreFault(f"{len(failed)} runs of sweep {sweep.name} failed, told above; the first: {first}")


def _do(arguments: argparse.Namespace, sweep: "Sweep", place: Path) -> dict[str, str]:
    from flows.estimate import cores
    from flows.sweep import SweepDrive

    if arguments.direct:
        from flows.sweep import run_sweep as start
    else:
        from flows.sweep_flow import sweep_with_prefect as start
    if arguments.dask is None:
        drive = SweepDrive(sweep, place, arguments.workers or cores(), force=arguments.force)
        start(drive)
        return drive.failed

    from flows.dask_workers import DaskCluster

    with DaskCluster(arguments.dask) as cluster:
        workers = arguments.workers or cluster.size
        make = partial(cluster.worker, sweep.name, place)
        drive = SweepDrive(sweep, place, workers, force=arguments.force, make_worker=make)
        start(drive)
    return drive.failed


def _show(arguments: argparse.Namespace, sweep: str) -> None:
    """Print a sweep's conditions, what is left, and the comparison with the paper; draw its figure."""
    from warehouse.connection import connect
    from warehouse.store import Store

    store = Store.open(store_path(arguments))
    _check_stored(store, sweep)
    with connect(store) as connection:
        found = [
            (title, result.columns, result.fetchall())
            for title, query in (
                ("conditions", _CONDITIONS), ("not done", _RUNS_LEFT), ("beside the paper", _COMPARISONS)
            )
            for result in (connection.execute(query, [sweep]),)
        ]  # fmt: skip
    if arguments.figure is not None:
        from analysis.figure_sweep import draw_sweep
        from flows.cli.terminal import note

        note(f"figure: {draw_sweep(store, sweep, arguments.figure)}")
    _print(arguments.format, sweep, found)


def _check_stored(store: "Store", sweep: str) -> None:
    from warehouse.sweeps import sweep_names

    names = sweep_names(store)
    if sweep not in names:
        there = f"it has {', '.join(names)}" if names else "it has none"
        raise UsageError(f"sweep {sweep!r}: {store.place} has no such sweep; {there}")


def _print(style: str, sweep: str, found: list[tuple[str, list[str], list[tuple[Any, ...]]]]) -> None:
    if style == "json":
        tables = {title.replace(" ", "_"): [dict(zip(names, row, strict=True)) for row in rows]
                  for title, names, rows in found}  # fmt: skip
        print_json({"sweep": sweep, **tables})
    elif style == "csv":  # one table: the conditions; SQL has the others
        _, names, rows = found[0]
        print_rows(names, rows, "csv")
    else:
        for title, names, rows in found:
            if rows:
                print(f"sweep {sweep}: {title}")
                print_rows(names, [[_rounded(value) for value in row] for row in rows], "table")
                print()


def _rounded(value: Any) -> Any:
    return round(value, 3) if isinstance(value, float) and not value.is_integer() and abs(value) > 1e-3 else value
