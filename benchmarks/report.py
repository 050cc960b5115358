"""Figures and how they are printed: Markdown tables under a line that says on what machine and when."""

import os
import platform
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

LIBRARIES = ("numpy", "numba", "pyarrow", "duckdb", "brotli")


@dataclass(frozen=True)
class Figure:
    """One measured number; `how` says what was done, `target` what it should be ("" if nothing is asked of it)."""

    what: str
    value: float
    unit: str
    how: str = ""
    target: str = ""


@dataclass(frozen=True)
class Ratio:
    """How many times as fast we are as a program that does the same: measurements of runs that took turns.

    - `theirs`, `ours`: one for each round, in `unit`; `native`: theirs when built for this very processor, if measured
    - `target`: the ratio asked for (None if none is); `missing`: why nothing was measured, if so
    """

    what: str
    target: float | None
    theirs: Sequence[float] = ()
    ours: Sequence[float] = ()
    native: Sequence[float] = ()
    unit: str = "ms an epoch"
    how: str = ""
    missing: str = ""

    def of(self, theirs: Sequence[float]) -> str:
        """Return the ratio of the medians and, in brackets, the least and the greatest of a round; "" for no runs."""
        if not theirs:
            return ""
        each = [there / here for there, here in zip(theirs, self.ours, strict=True)]
        return f"{rounded(middle(theirs) / middle(self.ours))} ({rounded(min(each))} to {rounded(max(each))})"

    def __str__(self) -> str:
        native = f", native {self.of(self.native)}" if self.native else ""
        return f"{self.what}: {self.missing or self.of(self.theirs) + native}"


def ratios(title: str, rows: Iterable[Ratio]) -> str:
    """Return a Markdown table of ``rows`` under a heading."""
    lines = [
        f"### {title}",
        "",
        "| what | times as fast (range) | target | against `-march=native` | reference | here | unit | how |",
        "|---|---:|---:|---:|---:|---:|---|---|",
    ]
    for row in rows:
        target = "" if row.target is None else f"{row.target:g}"
        medians = [rounded(middle(values)) if values else "" for values in (row.theirs, row.ours)]
        cells = (row.what, row.of(row.theirs) or row.missing, target, row.of(row.native), *medians, row.unit, row.how)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def table(title: str, figures: Iterable[Figure]) -> str:
    """Return a Markdown table of ``figures`` under a heading."""
    lines = [f"### {title}", "", "| what | value | unit | target | how |", "|---|---:|---|---|---|"]
    lines += [f"| {f.what} | {rounded(f.value)} | {f.unit} | {f.target} | {f.how} |" for f in figures]
    return "\n".join(lines) + "\n"


def rounded(value: float) -> str:
    """Return ``value`` with about three significant digits: whole from 100 on, never more than four decimals."""
    decimals = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 4
    return f"{value:,.{decimals}f}"


def machine() -> str:
    """Return what was measured on: processor, cores, memory, system, versions, commit and date."""
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return (
        f"{_processor()}, {os.cpu_count()} cores, {_memory_gib():.0f} GiB; {platform.system()} {platform.release()}; "
        f"Python {platform.python_version()}, {libraries}; primordium {version('primordium')} ({_commit()}); "
        f"{datetime.now(UTC):%Y-%m-%d}"
    )


def middle(values: Sequence[float]) -> float:
    """Return the median (the upper one of an even number)."""
    return sorted(values)[len(values) // 2]


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _memory_gib() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def _commit() -> str:
    """Return the checked-out commit, with a plus if files were changed since."""
    root = Path(__file__).parent.parent
    try:
        done = subprocess.run(
            ["git", "describe", "--always", "--dirty=+", "--exclude=*"],  # noqa: S607 - whichever git the user has
            cwd=root,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return "no git checkout"
    return done.stdout.strip()
