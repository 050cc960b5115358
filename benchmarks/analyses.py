"""What the analyses and the questions of lineage cost: ``python -m benchmarks.analyses RUN --store DIR``.

Each in a process of its own, its start included, from the store alone. Analyses are made again whatever is there;
their results are the same bytes as before.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from analysis.catalogue import NAMES
from benchmarks.commands import CommandFailedError
from benchmarks.report import Figure, machine, table
from benchmarks.storage import gigabytes
from sim import InputError
from warehouse.errors import StoreError
from warehouse.reader import History
from warehouse.store import Store

#: Questions about one program, one byte or one state; a founder's, where the run has one.
QUESTIONS = (
    "SELECT count(*) FROM tokens_at('{run}', {epoch})",
    "SELECT count(*) FROM lineage('{run}', {epoch}, {program}, 0)",
    "SELECT count(*) FROM ancestry('{run}', {epoch}, {program})",
    "SELECT count(*) FROM parents('{run}', {epoch}, {program})",
    "SELECT max(descendants) FROM descendant_counts('{run}', {before}, {program}, 0, {epoch})",
    "SELECT count(*) FROM species_at('{run}', {epoch})",
)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print Markdown, and return the exit code: 2 for bad input, 1 if a command failed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.analyses", description=__doc__)
    parser.add_argument("run", metavar="RUN", help="a run's id or name")
    parser.add_argument("--store", type=Path, default=Path("store"), help="(default: %(default)s)")
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES, metavar="NAME", help="these analyses")
    arguments = parser.parse_args(argv)
    try:
        with History(Store.open(arguments.store), arguments.run) as history:
            last, run, programs = history.last, history.run, history.config.programs
        figures = [_analysis(arguments.store, run, name) for name in arguments.only]
        place = {"run": run, "epoch": last, "before": max(0, last - 256), "program": programs // 2}
        figures += [_question(arguments.store, text.format(**place)) for text in QUESTIONS]
    except (InputError, StoreError) as error:
        print(f"benchmarks.analyses: {error}", file=sys.stderr)
        return 2
    except CommandFailedError as error:
        print(f"benchmarks.analyses: {error}", file=sys.stderr)
        return 1
    print(f"{machine()}\n\n{table(f'Analyses of {programs} programs, {last} epochs', figures)}")
    return 0


def _analysis(store: Path, run: str, name: str) -> Figure:
    seconds, peak = _timed(store, "analyze", run, "--only", name, "--rebuild")
    return Figure(f"`{name}`", seconds, "s", f"`analyze --only {name} --rebuild`, at most {peak:.2f} GB")


def _question(store: Path, query: str) -> Figure:
    seconds, peak = _timed(store, "sql", query)
    return Figure(f"`{query}`", seconds, "s", f"at most {peak:.2f} GB")


def _timed(store: Path, *words: str) -> tuple[float, float]:
    """Run a command of ours; return its seconds and its peak memory in GB."""
    began = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-m", "flows.cli", "--store", str(store), *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        said = process.stderr.read()
        # Not the process's own `wait`: only this one tells the memory of this one child.
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise CommandFailedError((said.strip().splitlines() or ["no message"])[-1])
    return time.perf_counter() - began, gigabytes(used.ru_maxrss)


if __name__ == "__main__":
    raise SystemExit(main())
