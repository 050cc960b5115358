"""How fast a run is simulated, stored and measured, and how many bytes its files take."""

import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from analysis.measures import measure
from benchmarks.report import Figure
from benchmarks.simulation import speeds
from flows.pipeline import run_direct
from flows.progress import Reporter
from flows.request import RunRequest
from sim import EpochLog, InputError, Soup, SoupConfig, Tokens
from warehouse.encoding import (
    EventFile,
    RelationFile,
    enter_mutations,
    enter_reactions,
    keyframe_groups,
    mechanism_groups,
    mechanism_rows,
)
from warehouse.record import run_id
from warehouse.store import Store

#: All files of a run together, averaged over its epochs (131072 programs).
BUDGET_KB = 450
#: Epochs whose storing is timed: two row groups of reactions at 131072 programs.
COSTED = 32


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


def costs(config: SoupConfig, tokens: Tokens, epoch: int, repeats: int) -> list[Figure]:
    """Return the processor time (least of the repeats) that the epochs from a state on take to encode and measure."""
    soup = Soup.resume(config, tokens, epoch)
    soup.begin_segment()
    logs = [soup.advance() for _ in range(COSTED)]
    last, length = soup.tokens(), config.program_length
    with tempfile.TemporaryDirectory(prefix="primordium-costs-") as folder:
        path = Path(folder, "file.parquet")
        figures = [
            Figure(name, _least(work, repeats) / per, unit, f"states {epoch + 1} to {soup.epoch}, one thread")
            for name, work, per, unit in (
                ("storing reactions", lambda: _reactions(path, logs), COSTED, "ms an epoch"),
                ("storing mutations", lambda: _mutations(path, logs, length), COSTED, "ms an epoch"),
                ("storing mechanisms", lambda: _mechanisms(path, logs), COSTED, "ms an epoch"),
                ("storing a keyframe", lambda: _whole(path, "keyframes", keyframe_groups(0, last, length)), 1, "ms"),
                ("measuring a state", lambda: measure(last.chars, *soup.token_counts()), 1, "ms"),
            )
        ]
    soup.close()
    return figures


def _least(work: Callable[[], Any], repeats: int) -> float:
    """Return the milliseconds of this thread that ``work`` takes, once it has been done before."""
    found = []
    for _ in range(repeats + 1):
        began = time.thread_time()
        work()
        found.append(1000 * (time.thread_time() - began))
    return min(found[1:])


def _reactions(path: Path, logs: Sequence[EpochLog]) -> None:
    file, used = EventFile(path, "reactions"), np.zeros(len(logs[-1].mechanisms), np.bool_)
    for log in logs:
        enter_reactions(log, used, file.room(log.epoch, log.reactions))
    file.close()


def _mutations(path: Path, logs: Sequence[EpochLog], program_length: int) -> None:
    file = EventFile(path, "mutations")
    for log in logs:
        enter_mutations(log, program_length, file.room(log.epoch, log.mutations))
    file.close()


def _mechanisms(path: Path, logs: Sequence[EpochLog]) -> None:
    table = logs[-1].mechanisms
    _whole(path, "mechanisms", mechanism_groups(*mechanism_rows(table, np.arange(len(table)))))


def _whole(path: Path, relation: str, groups: Iterable[dict[str, Any]]) -> None:
    file = RelationFile(path, relation)
    for columns in groups:
        file.write_group(columns)
    file.close()


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
