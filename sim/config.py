"""The configuration of a soup: all that its history depends on, and nothing else."""

from dataclasses import dataclass
from typing import Any

from sim.errors import InputError
from sim.language import Language
from sim.languages import language

RATE_UNIT = 1 << 30
MAX_CELLS = 1 << 28  # a token's cell has 28 bits (design: int64 = epoch 27 bits, cell 28, char 8)
INITIAL_SOUPS = ("uniform", "zero")
GEOMETRIES = ("mixed",)

Plants = tuple[tuple[int, bytes], ...]


@dataclass(frozen=True, kw_only=True)
class SoupConfig:
    """A soup's physics: same configuration, same history, bit for bit.

    - `language`: an instruction set of the registry
    - `programs`: how many, even, at least 2
    - `seed`: 0 to 2^64 - 1
    - `mutation`: chance that a byte mutates in an epoch, in units of 2^-30 (0 to 2^30)
    - `step_limit`: steps a tape may run, 1 to 2^31 - 1
    - `geometry`: who may meet whom; `mixed` pairs all programs at random
    - `initial_soup`: `uniform` random bytes or `zero`
    - `plants`: (cell, bytes) written over the initial soup; kept sorted, neighbours merged

    Raises `InputError` naming the field and what is allowed.
    """

    language: str = "bff_noheads"
    programs: int = 131072
    seed: int = 0
    mutation: int = RATE_UNIT >> 12
    step_limit: int = 8192
    geometry: str = "mixed"
    initial_soup: str = "uniform"
    plants: Plants = ()

    def __post_init__(self) -> None:
        length = language(self.language).program_length
        most = MAX_CELLS // length
        _integer("programs", self.programs, 2, most)
        if self.programs % 2:
            raise InputError(f"programs: {self.programs} is odd; programs meet in pairs, give an even number")
        _integer("seed", self.seed, 0, 2**64 - 1)
        _integer("mutation", self.mutation, 0, RATE_UNIT)
        _integer("step_limit", self.step_limit, 1, 2**31 - 1)
        _choice("geometry", self.geometry, GEOMETRIES)
        _choice("initial_soup", self.initial_soup, INITIAL_SOUPS)
        object.__setattr__(self, "plants", _merged(self.plants, self.cells))

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
        """The chance that a byte mutates in an epoch, 0 to 1."""
        return self.mutation / RATE_UNIT

    @property
    def mutation_order(self) -> str:
        """Whether mutations come before or after an epoch's reactions."""
        return language(self.language).mutation_order

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
