"""A store of many runs, and sweeps: ``python -m benchmarks.fleet``.

Makes a store of small runs through the real writer and measures how long it takes to open it and to ask questions
over all of them; then how many runs an hour a sweep does with one worker and with more. With ``--cost MS KB`` it only
reckons what the paper's 1000 runs of 16,000 epochs cost where an epoch takes so many milliseconds of one core and kB.
"""

import argparse
import io
import math
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from analysis.measures import measure
from benchmarks.report import Figure, machine, middle, table
from flows.sweep import SweepDrive, run_sweep
from flows.sweep_file import read_sweep
from flows.sweep_progress import SweepDisplay
from sim import Soup, SoupConfig
from warehouse.connection import connect
from warehouse.record import RunSettings
from warehouse.store import Store
from warehouse.writer import RunWriter

LANGUAGE = "bff_noheads_4bit"
PROGRAMS, EPOCHS = 256, 64
PAPER_RUNS, PAPER_EPOCHS = 1000, 16000
MACHINES, CORES = (1, 4, 16, 64), 8
QUERIES = {
    "`epochs`: rows and sums": "SELECT count(*), sum(operations), max(complexity) FROM epochs",
    "`epochs`: means by epoch": "SELECT epoch, avg(changed_cells) FROM epochs GROUP BY epoch ORDER BY epoch",
    "`runs`": "SELECT language, status, count(*) FROM runs GROUP BY ALL",
    "`kept`": "SELECT count(*), sum(last_epoch - first_epoch) FROM kept",
    "`sizes`": "SELECT relation, sum(bytes) FROM sizes GROUP BY relation",
}
SWEEP = """
name = "fleet"
seeds = {{first = 0, count = {soups}}}
[run]
language = "{language}"
programs = {programs}
epochs = {epochs}
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Measure what ``argv`` asks for and print it as Markdown."""
    arguments = _parser().parse_args(argv)
    if arguments.cost:
        print(cost_table(arguments.cost[0], arguments.cost[1], arguments.cpu_hour, arguments.gb_month))
        return 0
    print(f"Measured on {machine()}.\n")
    with tempfile.TemporaryDirectory(prefix="primordium-fleet-") as temporary:
        folder = arguments.store or Path(temporary, "store")
        seconds = make_store(folder, arguments.runs)
        print(table(f"A store of {arguments.runs} runs", asked(folder, arguments.repeats, seconds)))
        figures = [
            swept(Path(temporary, f"sweep-{workers}"), workers, arguments.soups, arguments.programs, arguments.epochs)
            for workers in arguments.workers
        ]
        print(table(f"Sweeps of soups of {arguments.programs} programs", figures))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fleet", description=__doc__)
    parser.add_argument("--runs", type=int, default=1000, help="of the store (default: %(default)s)")
    parser.add_argument("--repeats", type=int, default=3, help="of each question (default: %(default)s)")
    parser.add_argument("--store", type=Path, help="folder to keep that store in (default: one that is removed)")
    parser.add_argument("--soups", type=int, default=8, help="of each sweep (default: %(default)s)")
    parser.add_argument("--programs", type=int, default=4096, help="of a sweep's soup (default: %(default)s)")
    parser.add_argument("--epochs", type=int, default=1024, help="of a sweep's soup (default: %(default)s)")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2], help="a sweep each (default: 1 2)")
    parser.add_argument("--cost", type=float, nargs=2, metavar=("MS", "KB"), help="of a full-size epoch: core-ms, kB")
    parser.add_argument("--cpu-hour", type=float, default=0.04, help="euros (default: %(default)s)")
    parser.add_argument("--gb-month", type=float, default=0.02, help="euros (default: %(default)s)")
    return parser


def cost_table(ms: float, kb: float, cpu_hour: float, gb_month: float) -> str:
    """Return what the paper's experiment takes on so many machines of 8 cores, as Markdown."""
    hours, size = PAPER_RUNS * PAPER_EPOCHS * ms / 3.6e6, PAPER_RUNS * PAPER_EPOCHS * kb / 1e6
    figures = [
        Figure("simulated and stored", hours, "CPU-hours", f"{ms:g} ms an epoch of one core"),
        Figure("computing", hours * cpu_hour, "euros", f"{cpu_hour:g} euros a CPU-hour"),
        Figure("on the disk, everything kept", size, "GB", f"{kb:g} kB an epoch"),
        Figure("keeping it", size * gb_month, "euros a month", f"{gb_month:g} euros a GB-month"),
    ]
    for machines in MACHINES:
        at_once = min(machines * CORES, PAPER_RUNS)
        rounds = math.ceil(PAPER_RUNS / at_once)
        days = rounds * hours / PAPER_RUNS / 24
        name = f"{machines} machine{'s' if machines > 1 else ''} of {CORES} cores"
        figures.append(Figure(name, days, "days", f"{at_once} runs at once, {rounds} one after another"))
    return table(f"{PAPER_RUNS} runs of {PAPER_EPOCHS} epochs", figures)


def make_store(folder: Path, runs: int) -> float:
    """Make a store of so many runs, those that are missing in ``folder``; return the seconds it took."""
    store, began = Store.open(folder, create=True), time.monotonic()
    for seed in range(runs):
        config = SoupConfig(language=LANGUAGE, programs=PROGRAMS, seed=seed)
        with RunWriter.open(store, config, RunSettings()) as writer:
            if writer.committed < EPOCHS:
                _write(writer, config)
    return time.monotonic() - began


def _write(writer: RunWriter, config: SoupConfig) -> None:
    soup = Soup(config, threads=1)
    try:
        for start, stop in writer.plan(EPOCHS):
            soup.begin_segment()
            staged = writer.stage(start, stop)
            staged.initial(soup.unique_origins)
            staged.keyframe(0, soup.tokens())
            rows = [{"epoch": 0} | measure(soup.chars, *soup.token_counts())]
            while soup.epoch < stop:
                staged.append(soup.advance())
            rows.append({"epoch": stop} | measure(soup.chars, *soup.token_counts()))
            staged.commit()
            writer.write_measures(start, stop, rows)
    finally:
        soup.close()
    writer.finish(EPOCHS)


def asked(folder: Path, repeats: int, made: float) -> list[Figure]:
    """Return how long the store takes to open and to answer, each in a session of its own."""

    def answer(query: str) -> Callable[[], float]:
        def measured() -> float:
            with connect(folder) as sql:
                return _seconds(lambda: sql.execute(query).fetchall())

        return measured

    def opening() -> float:
        began = time.monotonic()
        with connect(folder):
            return time.monotonic() - began

    files = sum(1 for path in folder.rglob("*") if path.is_file())
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    figures = [
        Figure("making what was missing", made, "s", f"{files:,} files, {size / 1e6:,.0f} MB"),
        Figure("opening", middle([opening() for _ in range(repeats)]), "s", "a connection, all views", "< 1"),
    ]
    return figures + [
        Figure(what, middle([answer(query)() for _ in range(repeats)]), "s", f"`{query}`", "< 1")
        for what, query in QUERIES.items()
    ]


def swept(folder: Path, workers: int, soups: int, programs: int, epochs: int) -> Figure:
    """Return how many runs an hour a sweep with so many workers does, its start included."""
    folder.mkdir()
    path, told = folder / "fleet.toml", io.StringIO()
    path.write_text(SWEEP.format(soups=soups, language=LANGUAGE, programs=programs, epochs=epochs), encoding="utf-8")
    sweep = read_sweep(path, store=folder / "store")
    drive = SweepDrive(sweep, folder / "store", workers, SweepDisplay(told))
    seconds = _seconds(lambda: run_sweep(drive))
    if drive.failed:
        raise RuntimeError(told.getvalue())
    shutil.rmtree(folder)
    what = f"{workers} worker{'s' if workers > 1 else ''}"
    return Figure(what, soups / seconds * 3600, "runs an hour", f"{soups} runs of {epochs} epochs in {seconds:.1f} s")


def _seconds(act: Callable[[], object]) -> float:
    began = time.monotonic()
    act()
    return time.monotonic() - began


if __name__ == "__main__":
    sys.exit(main())
