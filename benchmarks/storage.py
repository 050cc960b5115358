"""How fast a run is simulated, stored and measured, and how many bytes its files take."""

import resource
import sys
import time
from collections import Counter
from pathlib import Path

from benchmarks.report import Figure
from benchmarks.simulation import speeds
from flows.pipeline import run_direct
from flows.progress import Reporter
from flows.request import RunRequest
from sim import InputError, SoupConfig
from warehouse.record import run_id
from warehouse.store import Store

#: All files of a run together, averaged over its epochs (131072 programs).
BUDGET_KB = 450


class Clock(Reporter):
    """Notes when each epoch was reached, and when all was stored and measured."""

    def __init__(self) -> None:
        self.moments = [time.perf_counter()]
        self.ended: float | None = None

    def begin(self, epoch: int, last: int) -> None:  # noqa: ARG002 - the signature is the reporter's
        """Start the clock."""
        self.moments = [time.perf_counter()]

    def advance(self, epoch: int) -> None:  # noqa: ARG002 - same
        """Note the moment."""
        self.moments.append(time.perf_counter())

    def end(self) -> None:
        """Note the first time that this is said: it is said again when the run is closed."""
        self.ended = self.ended or time.perf_counter()

    def whole(self) -> float:
        """Return the seconds from the first state to the end of storing and measuring."""
        assert self.ended is not None
        return self.ended - self.moments[0]

    def seconds(self) -> list[float]:
        """Return the seconds that each epoch took."""
        return [after - before for before, after in zip(self.moments, self.moments[1:], strict=False)]


def store_run(config: SoupConfig, epochs: int, folder: Path) -> tuple[str, float, list[Figure]]:
    """Run the pipeline into the store ``folder``; return the run, its seconds in all, and the figures."""
    clock = Clock()
    if folder.exists() and any(record.run == run_id(config) for record in Store.open(folder).runs()):
        raise InputError(f"--store {folder}: already has this run, so storing it cannot be timed; name another folder")
    request = RunRequest(config=config, epochs=epochs, store=folder, direct=True, force=True)
    began = time.perf_counter()
    run = run_direct(request, clock)
    seconds = time.perf_counter() - began
    figures = speeds("simulated, traced and stored", clock.seconds(), "written and measured meanwhile")
    figures.append(Figure("the whole of `run --direct`", seconds, "s", "analyses included"))
    figures.append(
        Figure(
            "peak memory of this process",
            gigabytes(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss),
            "GB",
            target="under 3" * (config.programs >= 2**17),
        )
    )
    return run, seconds, figures


def sizes(folder: Path, run: str, config: SoupConfig, epochs: int) -> list[Figure]:
    """Return the kB an epoch of each relation's files, and of all files of the run."""
    root = Store.open(folder).path / "runs" / f"run={run}"
    totals: Counter[str] = Counter()
    for path in root.rglob("*"):
        if path.is_file():
            totals[_relation(path.relative_to(root))] += path.stat().st_size
    figures = [Figure(name, size / 1000 / epochs, "kB an epoch") for name, size in totals.most_common()]
    target = f"{BUDGET_KB}" if config.programs == 2**17 else ""
    figures.append(Figure("all files of the run", totals.total() / 1000 / epochs, "kB an epoch", target=target))
    raw = 8 * config.cells / 1000
    figures.append(Figure("raw tokens, for comparison", raw, "kB an epoch", "8 bytes a cell"))
    return figures


def _relation(path: Path) -> str:
    """Return what a run's file belongs to: a relation, an analysis, or what is neither."""
    match path.parts:
        case ("segments", _, _) if path.suffix == ".parquet":
            return path.stem
        case ("analyses", *_) if path.suffix == ".parquet":
            return f"analyses/{path.stem if len(path.parts) == 2 else path.parts[1]}"
        case ("compact", *_):
            return "compact"
    return "record, manifests and locks"


def gigabytes(peak: int) -> float:
    """Return a process's peak memory, as the system tells it (`ru_maxrss`), in GB."""
    return peak / 1e9 if sys.platform == "darwin" else peak * 1024 / 1e9
