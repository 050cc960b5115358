"""What Prefect costs: ``python -m benchmarks.orchestration``, with PREFECT_API_URL naming a server that runs.

The same soup by `primordium run` and by `primordium run --direct`, in turns, each in a new store and a process of its
own. Two lengths of run tell what is paid once, the start-up, from what is paid for each segment.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from benchmarks.commands import CommandFailedError
from benchmarks.report import Figure, machine, table
from sim import LANGUAGES
from warehouse.record import segment_length


class Pair(NamedTuple):
    """Seconds of one run, whole, without Prefect and with it."""

    direct: float
    prefect: float

    @property
    def extra(self) -> float:
        """What Prefect added."""
        return self.prefect - self.direct


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print Markdown, and return the exit code: 2 without a server, 1 if a command failed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.orchestration", description=__doc__)
    parser.add_argument("--language", default="bff_noheads", choices=LANGUAGES, help="(default: %(default)s)")
    parser.add_argument("--programs", type=int, default=131072, help="(default: %(default)s)")
    parser.add_argument("--seed", type=int, default=29, help="(default: %(default)s)")
    parser.add_argument("--segments", type=int, default=5, help="of the long run; the short one has 1 (default: 5)")
    parser.add_argument("--repeats", type=int, default=3, help="of each pair of runs (default: %(default)s)")
    arguments = parser.parse_args(argv)
    if not os.environ.get("PREFECT_API_URL"):
        print("benchmarks.orchestration: set PREFECT_API_URL to a server that runs", file=sys.stderr)
        return 2
    length = segment_length(arguments.programs)
    soup = ["--language", arguments.language, "--programs", str(arguments.programs), "--seed", str(arguments.seed)]
    try:
        _whole([*soup, "--epochs", "1", "--direct"])  # compiles what is not compiled yet
        short = [_pair(soup, length, turn) for turn in range(arguments.repeats)]
        long = [_pair(soup, length * arguments.segments, turn) for turn in range(arguments.repeats)]
    except CommandFailedError as error:
        print(f"benchmarks.orchestration: {error}", file=sys.stderr)
        return 1
    title = f"Prefect: {arguments.language}, {arguments.programs} programs, seed {arguments.seed}"
    print(f"{machine()}\n\n{table(title, figures(short, long, length, arguments.segments))}")
    return 0


def figures(short: Sequence[Pair], long: Sequence[Pair], length: int, segments: int) -> list[Figure]:
    """Return what the pairs of runs of one segment and of ``segments`` say, medians throughout."""
    rows = []
    for name, pairs, count in (("1 segment", short, 1), (f"{segments} segments", long, segments)):
        spread = (
            f"{len(pairs)} times in turns, {min(p.extra for p in pairs):.2f} to {max(p.extra for p in pairs):.2f} s"
        )
        direct, extra = (
            statistics.median(values) for values in zip(*((p.direct, p.extra) for p in pairs), strict=True)
        )
        rows += [
            Figure(f"`run --direct`, {name}", direct, "s", f"{count * length} epochs, its start included"),
            Figure(f"added by Prefect, {name}", extra, "s", spread),
        ]
    whole = statistics.median(pair.direct for pair in long)
    fixed = statistics.median(pair.extra for pair in short)
    each = (statistics.median(pair.extra for pair in long) - fixed) / max(segments - 1, 1)
    per_segment = (whole - statistics.median(pair.direct for pair in short)) / max(segments - 1, 1)
    return [
        *rows,
        Figure("added for each further segment", each, "s", "difference of the two lengths"),
        Figure("a further segment", per_segment, "s", "`--direct`, difference of the two lengths"),
        Figure("added, of a further segment", 100 * each / per_segment, "%", "target: under 2"),
    ]


def _pair(soup: Sequence[str], epochs: int, turn: int) -> Pair:
    """Run both, the one that is first changing from turn to turn."""
    options = [*soup, "--epochs", str(epochs)]
    if turn % 2:
        prefect = _whole(options)
        return Pair(_whole([*options, "--direct"]), prefect)
    direct = _whole([*options, "--direct"])
    return Pair(direct, _whole(options))


def _whole(options: Sequence[str]) -> float:
    """Return the seconds of one ``primordium run`` into a new store, from its start to its end."""
    with TemporaryDirectory(prefix="primordium-orchestration-") as folder:
        command = [sys.executable, "-m", "flows.cli", "--store", str(Path(folder, "store")), "run", *options]
        began = time.perf_counter()
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
        seconds = time.perf_counter() - began
    said = done.stderr.strip().splitlines() or ["no message"]
    if done.returncode:
        raise CommandFailedError(said[-1])
    if lost := [line for line in said if line.startswith("Prefect: ")]:
        raise CommandFailedError(lost[0])  # it went on without: that is no measure
    return seconds


if __name__ == "__main__":
    raise SystemExit(main())
