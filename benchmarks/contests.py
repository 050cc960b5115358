"""We and the reference in turn from the same state over the same epochs, and the soups compared at the end.

Both compress the soup after every 64 epochs. Ours is timed in one of two ways: `traced`, every byte's origin followed
and nothing stored, or `stored` as `primordium run --direct` stores.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from analysis.measures import complexity
from benchmarks import published, reference
from benchmarks.reference import INTERVAL, REPLICATOR, Finished
from benchmarks.report import Ratio
from benchmarks.states import State, Window
from benchmarks.storing import store
from sim import self_replication_scores
from warehouse.record import segment_length


class SoupsDifferError(Exception):
    """The reference and we come from one state to different ones; the message says where."""


@dataclass(frozen=True)
class Rivals:
    """Programs to compare with, by path; None for one that is not given.

    `reference` as its own Makefile builds it, `native` the same built for this very processor, `grid` the folder of
    the published grid's libraries (see `benchmarks.published`).
    """

    reference: Path | None = None
    native: Path | None = None
    grid: Path | None = None


def traced(state: State, epochs: int, threads: int | None = None) -> Finished:
    """Advance ``state`` by ``epochs`` and trace every byte; nothing is stored."""
    soup = state.soup(threads)
    try:
        soup.begin_segment()
        began = time.perf_counter()
        for done in range(1, epochs + 1):
            if soup.epoch % segment_length(state.config.programs) == 0:
                soup.begin_segment()
            soup.advance()
            if done % INTERVAL == 0:
                complexity(soup.chars)
        return Finished(time.perf_counter() - began, soup.chars.tobytes())
    finally:
        soup.close()


def stored(state: State, epochs: int) -> Finished:
    """Advance ``state`` by ``epochs``, trace, store and measure; into a new store each time, removed afterwards."""
    with TemporaryDirectory(prefix="primordium-window-") as folder:
        return Finished(*store(state, state.epoch + epochs, Path(folder, "store")))


WAYS: dict[str, Callable[[State, int], Finished]] = {"traced": traced, "stored": stored}


@dataclass(frozen=True)
class Contest:
    """A window in which a rival and we run in turn.

    - `targets`: the ratio asked for of each of the `WAYS` we are to be timed in (None: nothing is asked)
    - `once`: there is one round, whatever is asked, for the reference takes many minutes
    """

    what: str
    window: Window
    targets: Mapping[str, float | None]
    once: bool = False

    def rows(self, rivals: Rivals, state: Callable[[], State], rounds: int) -> list[Ratio]:
        """Return a ratio for each way; ``state`` gives the window's first state. Raises `SoupsDifferError`."""
        if rivals.reference is None:
            return [self._row(way, missing="not given") for way in self.targets]
        begun, epochs = state(), self.window.epochs
        theirs = partial(_reference, begun, epochs)
        turns = _against(rivals.reference, rivals.native, theirs)
        turns |= {way: partial(WAYS[way], begun, epochs) for way in self.targets}
        for way in self.targets:
            turns[way]()  # compiles, and does not count
        runs = _run(turns, 1 if self.once else rounds, f"{self.what}: {self.window}")
        each = {name: [1000 * seconds / epochs for seconds in those] for name, those in runs.items()}
        native = each.get("native", ())
        return [self._row(way, theirs=each["reference"], ours=each[way], native=native) for way in self.targets]

    def _row(self, way: str, **values: Any) -> Ratio:
        return Ratio(f"{self.what}, {way}", self.targets[way], how=f"{self.window}{'; one run' * self.once}", **values)


@dataclass(frozen=True)
class GridContest:
    """A window of a Z80 lattice against the published grid's own loop, traced."""

    what: str
    window: Window
    target: float | None

    def rows(self, rivals: Rivals, state: Callable[[], State], rounds: int) -> list[Ratio]:
        """Return the ratio. Raises `SoupsDifferError`."""
        what, how, epochs = f"{self.what}, traced", str(self.window), self.window.epochs
        if rivals.grid is None:
            return [Ratio(what, self.target, how=how, missing="not given")]
        begun = state()
        theirs, ours = partial(published.advance, rivals.grid, begun, epochs), partial(traced, begun, epochs)
        ours()
        runs = _run({"theirs": theirs, "ours": ours}, rounds, f"{what}: {how}")
        each = {name: [1000 * seconds / epochs for seconds in those] for name, those in runs.items()}
        return [Ratio(what, self.target, each["theirs"], each["ours"], unit="ms a batch", how=how)]


@dataclass(frozen=True)
class ScoreContest:
    """Scoring every program of the state after the window's first.

    The reference scores as part of an epoch: its time is that of an epoch with scores less that of one without.
    It tells how many programs are replicators: that is compared, and the state.
    """

    what: str
    window: Window
    target: float | None

    def rows(self, rivals: Rivals, state: Callable[[], State], rounds: int) -> list[Ratio]:
        """Return the ratio. Raises `SoupsDifferError`."""
        how = f"seed {self.window.config.seed}, state {self.window.start + 1}"
        if rivals.reference is None:
            return [Ratio(self.what, self.target, unit="s", how=how, missing="not given")]
        begun = state()
        turns = _against(rivals.reference, rivals.native, partial(_reference_scores, begun))
        turns["ours"] = partial(_scores, begun)
        turns["ours"]()
        runs = _run(turns, rounds, f"{self.what}: {how}")
        native = runs.get("native", ())
        return [Ratio(self.what, self.target, runs["reference"], runs["ours"], native, unit="s", how=how)]


Turn = Callable[[], Finished]


def _reference(state: State, epochs: int, binary: Path) -> Finished:
    return reference.advance(binary, state.config, state.epoch, state.tokens.chars, epochs)


def _reference_scores(state: State, binary: Path) -> Finished:
    seconds, end, replicators = reference.score(binary, state.config, state.epoch, state.tokens.chars)
    return Finished(seconds, end + str(replicators).encode())


def _scores(state: State) -> Finished:
    soup = state.soup()
    soup.advance()
    soup.close()
    began = time.perf_counter()
    scores = self_replication_scores(state.config, soup.chars, state.epoch)
    seconds = time.perf_counter() - began
    return Finished(seconds, soup.chars.tobytes() + str(np.count_nonzero(scores >= REPLICATOR)).encode())


def _against(plain: Path, native: Path | None, run: Callable[[Path], Finished]) -> dict[str, Turn]:
    """Return what each build of the reference does in its turn."""
    builds = {"reference": plain} | ({"native": native} if native else {})
    return {name: partial(run, binary) for name, binary in builds.items()}


def _run(turns: Mapping[str, Turn], rounds: int, where: str) -> dict[str, list[float]]:
    """Let every program have its turn in every round; return the seconds of each.

    Raises `SoupsDifferError` unless all runs of all programs end with the same.
    """
    seconds: dict[str, list[float]] = {name: [] for name in turns}
    ends: dict[bytes, str] = {}
    for _ in range(rounds):
        for name, turn in turns.items():
            run = turn()
            seconds[name].append(run.seconds)
            ends.setdefault(run.end, name)
    if len(ends) > 1:
        raise SoupsDifferError(f"{where}: {' and '.join(ends.values())} do not end with the same soup")
    return seconds
