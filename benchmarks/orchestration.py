"""What Prefect costs: ``python -m benchmarks.orchestration``, with PREFECT_API_URL naming a server that runs.

The same soup by `primordium run` and by `primordium run --direct`, in turns, each in a new store and a process of its
own. Two lengths of run tell what is paid once, the start-up, from what is paid for each segment.

What is at work beside it on the machine adds to either: so what a segment costs is told by the least time of each kind
of run, and processor time is given beside the clock's. Where others used much of the machine in one of those least runs
too, the figures say that they are no measure.
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

_QUIET = 0.15  # processors that others may use in a run that counts; an idle server uses 0.03


class Taken(NamedTuple):
    """What one run took, from its start to its end: seconds.

    `processor`: those of its processes on all processors; `others`: the same of all else on the machine, Prefect's
    server among it (0 where the system does not tell).
    """

    seconds: float
    processor: float
    others: float


class Pair(NamedTuple):
    """One run, without Prefect and with it."""

    direct: Taken
    prefect: Taken

    @property
    def extra(self) -> float:
        """Seconds that Prefect added."""
        return self.prefect.seconds - self.direct.seconds


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
    """Return what the pairs of runs of one segment and of ``segments`` say."""
    rows = []
    for name, pairs, count in (("1 segment", short, 1), (f"{segments} segments", long, segments)):
        median = statistics.median(pair.direct.seconds for pair in pairs)
        how = f"median of {len(pairs)}, {count * length} epochs, its start included"
        extras = [pair.extra for pair in pairs]
        spread = f"median of {len(pairs)} pairs in turns, {min(extras):.2f} to {max(extras):.2f} s"
        rows += [
            Figure(f"`run --direct`, {name}", median, "s", how),
            Figure(f"added by Prefect, {name}", statistics.median(extras), "s", spread),
        ]
    taken = [run for pair in (*short, *long) for run in pair]
    shares = [run.others / run.seconds for run in taken]
    each, fixed, segment = _each(short, long, segments, "seconds")
    work, fixed_work, segment_work = _each(short, long, segments, "processor")
    least = [
        min((getattr(pair, kind) for pair in pairs), key=lambda run: run.seconds)
        for pairs in (short, long)
        for kind in Pair._fields
    ]
    disturbed = max(run.others / run.seconds for run in least)
    how = "least times" + (f"; NO MEASURE: others used {disturbed:.2f} processors" if disturbed > _QUIET else "")
    return [
        *rows,
        Figure(
            "processors that others used meanwhile",
            statistics.median(shares),
            "",
            f"median of all runs, {min(shares):.2f} to {max(shares):.2f}, Prefect's server among them",
        ),
        Figure("processor time added once", fixed_work, "s", "of our process; least times, 1 segment"),
        Figure("processor time added, of a further segment", 100 * work / segment_work, "%", how),
        Figure("added once", fixed, "s", "least times, 1 segment"),
        Figure("a further segment", segment, "s", "`--direct`, least times, difference of the two lengths"),
        Figure("added for each further segment", each, "s", "least times, difference of the two lengths"),
        Figure("added, of a further segment", 100 * each / segment, "%", how, "under 2"),
    ]


def _each(short: Sequence[Pair], long: Sequence[Pair], segments: int, field: str) -> tuple[float, float, float]:
    """Return what Prefect adds to each further segment, what it adds once, and what a segment takes without it."""
    (one, one_more), (all_of, all_more) = (
        (
            min(getattr(pair.direct, field) for pair in pairs),
            min(getattr(pair.prefect, field) for pair in pairs),
        )
        for pairs in (short, long)
    )
    further = max(segments - 1, 1)
    return (all_more - all_of - (one_more - one)) / further, one_more - one, (all_of - one) / further


def _pair(soup: Sequence[str], epochs: int, turn: int) -> Pair:
    """Run both, the one that is first changing from turn to turn."""
    options = [*soup, "--epochs", str(epochs)]
    if turn % 2:
        prefect = _whole(options)
        return Pair(_whole([*options, "--direct"]), prefect)
    direct = _whole([*options, "--direct"])
    return Pair(direct, _whole(options))


def _whole(options: Sequence[str]) -> Taken:
    """Return what one ``primordium run`` into a new store took."""
    with TemporaryDirectory(prefix="primordium-orchestration-") as folder, Path(folder, "said").open("w+") as said:
        command = [sys.executable, "-m", "flows.cli", "--store", str(Path(folder, "store")), "run", *options]
        busy, began = _busy(), time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said)
        _, status, used = os.wait4(process.pid, 0)  # with what the processes that it started have used
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds, busy = time.perf_counter() - began, _busy() - busy
        said.seek(0)
        lines = said.read().strip().splitlines() or ["no message"]
    if process.returncode:
        raise CommandFailedError(lines[-1])
    if lost := [line for line in lines if line.startswith("Prefect: ")]:
        raise CommandFailedError(lost[0])  # it went on without: that is no measure
    processor = used.ru_utime + used.ru_stime
    return Taken(seconds, processor, max(busy - processor, 0.0))


def _busy() -> float:
    """Return the seconds that the machine's processors have been at work, or taken from it; 0 where it is not told."""
    try:
        user, nice, system, _, _, *taken = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    except OSError:
        return 0.0
    return sum(map(int, (user, nice, system, *taken))) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    raise SystemExit(main())
