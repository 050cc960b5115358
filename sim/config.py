"""The configuration of a soup: all that its history depends on, and nothing else."""

import re
from dataclasses import dataclass
from typing import Any

from sim.errors import InputError
from sim.language import Language
from sim.languages import language

RATE_UNIT = 1 << 30
MAX_CELLS = 1 << 28  # a token's cell has 28 bits (design: int64 = epoch 27 bits, cell 28, char 8)
MAX_EPOCH = (1 << 27) - 1
INITIAL_SOUPS = ("uniform", "zero")
GEOMETRIES = ("mixed", "fixed", "cyclic", "line", "grid", "graph", "lattice")
#: Which fields a geometry has besides those of all.
OWN_FIELDS: dict[str, tuple[str, ...]] = {
    "line": ("radius",),
    "grid": ("width", "height", "radius"),
    "graph": ("interactions",),
    "lattice": ("width", "height"),
}
_RESET_BLOCK = 32
#: A number that was not given; no field allows it.
UNSET = -(1 << 62)

Plants = tuple[tuple[int, bytes], ...]
Interactions = tuple[tuple[int, int], ...]


@dataclass(frozen=True, kw_only=True)
class Start:
    """The state that an imported soup begins with, as the reference's checkpoint has it.

    - `epoch`: n of the state, 0 to 2^27 - 1
    - `reset_index`: the number of the next reset, from 1
    - `sha256`: of the soup's bytes in program order, 64 hex digits: they are kept elsewhere

    Raises `InputError` naming the field and what is allowed.
    """

    epoch: int
    reset_index: int
    sha256: str

    def __post_init__(self) -> None:
        _integer("epoch", self.epoch, 0, MAX_EPOCH)
        _integer("reset_index", self.reset_index, 1, 2**31 - 1)
        if not re.fullmatch("[0-9a-f]{64}", self.sha256):
            raise InputError(f"sha256: {self.sha256!r}; allowed: 64 hex digits")


@dataclass(frozen=True, kw_only=True)
class SoupConfig:
    """A soup's physics: same configuration, same history, bit for bit.

    - `language`: an instruction set of the registry
    - `programs`: how many, even, at least 2; on a grid or lattice width * height (the default there)
    - `seed`: 0 to 2^64 - 1
    - `mutation`: chance that a byte mutates in an epoch, in units of 2^-30 (0 to 2^30; default 2^-12 of 1); on a
      lattice the number of mutations for a reaction (default 2^-4)
    - `step_limit`: steps a tape may run, 1 to 2^31 - 1 (default: the language's)
    - `geometry`: who may meet whom. `mixed` pairs all programs at random; `fixed` (a power of two of programs)
      and `cyclic` in an order that only the epoch decides; `line`, `grid` and `graph` pair neighbours;
      `lattice` adjacent ones of a grid, in batches, and mutates after the reactions (default: the language's)
    - `width`, `height`: of a grid or lattice, in programs; at least 1 and 2
    - `radius`: how far neighbours are on a line or grid
    - `interactions`: a graph's (program, neighbour) pairs in order; the first is on the left
    - `reset_interval`: every so many epochs the programs are made anew, 0 for never; not on a lattice
    - `initial_soup`: `uniform` random bytes or `zero`
    - `plants`: (cell, bytes) written over the initial soup; kept sorted, neighbours merged
    - `start`: the imported state that the soup begins with, instead of an initial soup at state 0 (which then
      says only what resets write); not on a lattice

    `UNSET` and an empty geometry stand for the default. Raises `InputError` naming the field and what is
    allowed; a field that the geometry does not have is refused.
    """

    language: str = "bff_noheads"
    programs: int = UNSET
    seed: int = 0
    mutation: int = UNSET
    step_limit: int = UNSET
    geometry: str = ""
    width: int = 0
    height: int = 0
    radius: int = 0
    interactions: Interactions = ()
    reset_interval: int = 0
    initial_soup: str = "uniform"
    plants: Plants = ()
    start: Start | None = None

    def __post_init__(self) -> None:
        found = language(self.language)
        self._default("geometry", "", found.geometry)
        _choice("geometry", self.geometry, GEOMETRIES)
        self._check_own_fields()
        spread = self.width * self.height
        self._default("programs", UNSET, spread or 131072)
        self._default("mutation", UNSET, RATE_UNIT >> (4 if self.geometry == "lattice" else 12))
        self._default("step_limit", UNSET, found.step_limit)
        _integer("programs", self.programs, 2, MAX_CELLS // found.program_length)
        if self.programs % 2:
            raise InputError(f"programs: {self.programs} is odd; programs meet in pairs, give an even number")
        if spread and self.programs != spread:
            raise InputError(f"programs: {self.programs}; {self.width} x {self.height} are {spread}")
        if self.geometry == "fixed" and self.programs & (self.programs - 1):
            raise InputError(f"programs: {self.programs}; the geometry fixed needs a power of two")
        _integer("seed", self.seed, 0, 2**64 - 1)
        _integer("mutation", self.mutation, 0, RATE_UNIT)
        _integer("step_limit", self.step_limit, 1, 2**31 - 1)
        _integer("reset_interval", self.reset_interval, 0, 2**31 - 1)
        _choice("initial_soup", self.initial_soup, INITIAL_SOUPS)
        _check_interactions(self.interactions, self.programs)
        self._check_start()
        object.__setattr__(self, "plants", _merged(self.plants, self.cells))

    def _default(self, field: str, unset: Any, value: Any) -> None:
        if getattr(self, field) == unset:
            object.__setattr__(self, field, value)

    def _check_own_fields(self) -> None:
        own = OWN_FIELDS.get(self.geometry, ())
        if "interactions" in own and not self.interactions:
            raise InputError(f"interactions: none; a {self.geometry} needs the pairs of programs that may meet")
        for field in ("width", "height", "radius", "interactions"):
            value: Any = getattr(self, field)
            if field not in own and value:
                raise InputError(f"{field}: does not apply to the geometry {self.geometry}; leave it out")
            if field in own and field != "interactions":
                # an adjacent program must be there in either direction
                _integer(field, value, 2 if self.geometry == "lattice" else 1, MAX_CELLS)
        if self.geometry == "lattice" and self.reset_interval:
            raise InputError("reset_interval: does not apply to the geometry lattice; leave it out")

    def _check_start(self) -> None:
        if self.start is None:
            return
        if self.geometry == "lattice":
            raise InputError("start: does not apply to the geometry lattice, whose generator no checkpoint holds")
        if self.plants:
            raise InputError("plants: do not apply to an imported soup; leave them out")
        if self.initial_soup != "uniform" and not self.reset_interval:
            raise InputError("initial_soup: applies to an imported soup only with reset_interval; leave it out")

    @property
    def first(self) -> int:
        """The state that the history begins with: 0, or the imported one."""
        return self.start.epoch if self.start else 0

    @property
    def instruction_set(self) -> Language:
        """The language itself."""
        return language(self.language)

    @property
    def program_length(self) -> int:
        """Bytes of a program (L)."""
        return language(self.language).program_length

    @property
    def cells(self) -> int:
        """Bytes of the soup."""
        return self.programs * self.program_length

    @property
    def mutation_rate(self) -> float:
        """The chance that a byte mutates in an epoch, on a lattice the mutations for a reaction, 0 to 1."""
        return self.mutation / RATE_UNIT

    @property
    def mutation_order(self) -> str:
        """Whether mutations come before or after an epoch's reactions."""
        return "after" if self.geometry == "lattice" else "before"

    @property
    def reset_cells(self) -> int:
        """How many cells a reset makes anew: those of the first programs, a multiple of 32 of them."""
        return self.programs // _RESET_BLOCK * _RESET_BLOCK * self.program_length

    def reset_index(self, epoch: int) -> int:
        """Return the number of the reset with which the making of state ``epoch`` begins, from 1; 0 for none."""
        # A reset follows the epoch that it is due at: one due at an imported state is lost, as in the reference.
        due = self.reset_interval > 0 and epoch - 2 >= self.first and (epoch - 2) % self.reset_interval == 0
        return self.next_reset(epoch - 1) if due else 0

    def next_reset(self, epoch: int) -> int:
        """Return the number of the first reset that follows state ``epoch``, `first` or later, due or not."""
        index, every = self.start.reset_index if self.start else 1, self.reset_interval
        return index + max((epoch - 2) // every - (self.first - 1) // every, 0) if every else index

    @property
    def semantics_version(self) -> int:
        """The version of the language's results."""
        return language(self.language).version

    @staticmethod
    def mutation_from_rate(rate: float) -> int:
        """Return a mutation rate in units of 2^-30, rounded to the nearest as the reference does.

        Raises `InputError` outside [0, 1].
        """
        if not 0 <= rate <= 1:
            raise InputError(f"mutation_rate: {rate}; allowed: 0 to 1")
        return int(rate * RATE_UNIT + 0.5)


def _integer(field: str, value: Any, low: int, high: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise InputError(f"{field}: {value!r} is not a whole number")
    if not low <= value <= high:
        raise InputError(f"{field}: {value}; allowed: {low} to {high}")


def _choice(field: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise InputError(f"{field}: {value!r}; allowed: {', '.join(allowed)}")


def _check_interactions(interactions: Interactions, programs: int) -> None:
    for one, other in interactions:
        if not (0 <= one < programs and 0 <= other < programs):
            raise InputError(f"interactions: {one} {other}; allowed: programs 0 to {programs - 1}")
        if one == other:
            raise InputError(f"interactions: {one} {other}; a program cannot meet itself")


def _merged(plants: Plants, cells: int) -> Plants:
    """Return ``plants`` sorted by cell with touching runs joined; overlaps and runs past the end are refused."""
    merged: list[tuple[int, bytes]] = []
    for cell, content in sorted(plants):
        if not content:
            raise InputError(f"plants: nothing to plant at cell {cell}; give at least one byte")
        if cell < 0 or cell + len(content) > cells:
            raise InputError(
                f"plants: cells {cell} to {cell + len(content) - 1} do not all lie in the soup (0 to {cells - 1})"
            )
        if merged and merged[-1][0] + len(merged[-1][1]) > cell:
            raise InputError(f"plants: two texts overlap at cell {cell}; plant them apart")
        if merged and merged[-1][0] + len(merged[-1][1]) == cell:
            start, before = merged.pop()
            merged.append((start, before + bytes(content)))
        else:
            merged.append((cell, bytes(content)))
    return tuple(merged)
