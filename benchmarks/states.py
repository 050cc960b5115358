"""States to begin at: simulated once, and kept in a folder for the next time."""

import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from sim import InputError, Soup, SoupConfig, Tokens
from warehouse.record import run_id, segment_length


@dataclass(frozen=True)
class State:
    """State ``epoch`` of a soup: its tokens, and the state of a lattice's generator (None elsewhere)."""

    config: SoupConfig
    epoch: int
    tokens: Tokens
    generator: int | None = None

    def soup(self, threads: int | None = None) -> Soup:
        """Return the soup in this state."""
        known = None if self.generator is None else (self.epoch, self.generator)
        return Soup.resume(self.config, self.tokens, self.epoch, threads, generator=known)


@dataclass(frozen=True)
class Window:
    """A stretch of a soup's history: states ``start`` to ``start`` + ``epochs``.

    ``tiles``: the state it begins at is that of a soup of so many times fewer programs, so many times over: a natural
    population at full size, where a full-size soup would take long to get one.
    """

    config: SoupConfig
    start: int
    epochs: int = 64
    tiles: int = 1

    def state(self, states: "States") -> State:
        """Return the state it begins at."""
        if self.tiles == 1:
            return states.state(self.config, self.start)
        small = states.state(replace(self.config, programs=self.config.programs // self.tiles), self.start)
        # A token's lowest bits are its cell of birth: each tile's are its own.
        origins = [small.tokens.origins + k * small.config.cells for k in range(self.tiles)]
        return State(self.config, self.start, Tokens(np.concatenate(origins), np.tile(small.tokens.chars, self.tiles)))

    def __str__(self) -> str:
        size = f", {self.config.programs // self.tiles} programs {self.tiles} times over" if self.tiles > 1 else ""
        return f"seed {self.config.seed}{size}, states {self.start} to {self.start + self.epochs}"


def initial_state(config: SoupConfig) -> State:
    """Return state 0 of a soup."""
    soup = Soup(config, 1)
    soup.close()
    return State(config, 0, soup.tokens())


class States:
    """The kept states, files of a folder; `told` is given a line before a simulation."""

    def __init__(self, folder: Path, told: Callable[[str], None]) -> None:
        self._folder, self._told = folder, told
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"--states {folder}: cannot be made: {error.strerror}") from None

    def state(self, config: SoupConfig, epoch: int) -> State:
        """Return state ``epoch`` of the soup of ``config``, simulated from the nearest kept one if it is not kept."""
        path = self._path(config, epoch)
        if not path.exists():
            self._told(
                f"{config.language}, {config.programs} programs, seed {config.seed}: simulating to state {epoch}"
            )
            _keep(_simulated(config, self._nearest(config, epoch), epoch), path)
        return _read(config, epoch, path)

    def _nearest(self, config: SoupConfig, epoch: int) -> State | None:
        """Return the last kept state before ``epoch``."""
        start = str(self._path(config, 0)).removesuffix("0.npz")
        numbers = [str(path).removeprefix(start).removesuffix(".npz") for path in self._folder.glob("*.npz")]
        earlier = [int(number) for number in numbers if number.isdecimal() and int(number) < epoch]
        return _read(config, max(earlier), self._path(config, max(earlier))) if earlier else None

    def _path(self, config: SoupConfig, epoch: int) -> Path:
        return self._folder / f"{config.language}-{run_id(config)}-{epoch}.npz"


def _simulated(config: SoupConfig, start: State | None, epoch: int) -> State:
    soup = Soup(config) if start is None else start.soup()
    generator = None if start is None else start.generator
    try:
        while soup.epoch < epoch:
            if soup.epoch % segment_length(config.programs) == 0:
                soup.begin_segment()
            generator = soup.advance().generator
        return State(config, epoch, soup.tokens(), generator)
    finally:
        soup.close()


def _read(config: SoupConfig, epoch: int, path: Path) -> State:
    try:
        with np.load(path) as kept:
            tokens = Tokens(kept["origins"], kept["chars"])
            generators = kept["generator"].tolist() if "generator" in kept else []
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile):
        raise InputError(f"--states {path}: is damaged; remove it, and it is made again") from None
    if len(tokens.chars) != config.cells:
        raise InputError(f"--states {path}: is of another soup; remove it, and it is made again")
    return State(config, epoch, tokens, generators[0] if generators else None)


def _keep(state: State, path: Path) -> None:
    part = path.with_suffix(".part")
    try:
        with part.open("wb") as file:
            generator = np.array([] if state.generator is None else [state.generator], np.uint64)
            np.savez(file, origins=state.tokens.origins, chars=state.tokens.chars, generator=generator)
        part.replace(path)
    except OSError as error:
        raise InputError(f"--states {path}: cannot be written: {error.strerror}") from None
