"""The reference's soup on plain bytes: initial state, pairing, mutation, resets, the epoch loop.

Semantics section 1, for the geometry ``lattice`` section 5. Epochs here are the reference's own, counted from
0: epoch e makes state e + 1.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from tests.naive import lattice
from tests.naive.bff import L, Outcome
from tests.naive.lattice import Generator
from tests.naive.splitmix import seeded, sm
from tests.naive.twins import run

#: Bytes of a program where they are not 64.
LENGTHS = {"i8080": 16, "z80": 16, "z80_zff": 16}

Pairs = list[tuple[int, int]]
Execute = Callable[[str, bytes, int], Outcome]
"""What executes a tape of a language within so many steps."""


class Settings(NamedTuple):
    """What determines a soup. ``mutation`` is in units of 2^-30; ``plants`` are (cell, bytes).

    ``interactions``: (program, neighbour) in the order of the reference's pattern file. ``reset_interval``: 0 for
    none. What a geometry does not need is left as it is.
    """

    language: str
    programs: int
    seed: int = 0
    mutation: int = 2**18
    step_limit: int = 8192
    zero: bool = False
    plants: tuple[tuple[int, bytes], ...] = ()
    geometry: str = "mixed"
    width: int = 0
    height: int = 0
    radius: int = 0
    interactions: tuple[tuple[int, int], ...] = ()
    reset_interval: int = 0

    @property
    def length(self) -> int:
        """Bytes of a program."""
        return LENGTHS.get(self.language, L)

    @property
    def cells(self) -> int:
        """Bytes of the soup."""
        return self.programs * self.length


class Totals(NamedTuple):
    """Steps and operations summed over the reactions of one epoch."""

    steps: int
    operations: int


class Pairing(NamedTuple):
    """Who meets whom: ``reacting`` pairs (left, right) in order, then ``idle`` ones, which only mutate."""

    reacting: Pairs
    idle: Pairs


def random_bytes(settings: Settings, index: int, cells: int) -> bytes:
    """Return the first ``cells`` bytes as the start (index 0) or a reset makes them."""
    if settings.zero:
        return bytes(cells)
    start = settings.cells * seeded(settings.seed, index)
    return bytes(sm(start + cell) & 0xFF for cell in range(cells))


def lattice_start(settings: Settings) -> tuple[bytes, Generator]:
    """Return the bytes that a lattice's generator draws for state 0, and the generator after them."""
    generator = Generator(settings.seed)
    drawn = bytes(generator.draw() & 0xFF for _ in range(settings.cells))
    return drawn, generator


def initial(settings: Settings) -> bytearray:
    """Return state 0: random bytes (or zeros), then the planted bytes over them."""
    if settings.geometry == "lattice" and not settings.zero:
        soup = bytearray(lattice_start(settings)[0])
    else:
        soup = bytearray(random_bytes(settings, 0, settings.cells))
    for cell, planted in settings.plants:
        soup[cell : cell + len(planted)] = planted
    return soup


def shuffled(programs: int, seed: int, e: int) -> list[int]:
    """Return the programs in the order in which epoch ``e`` (from 0) pairs them."""
    order = list(range(programs))
    for i in reversed(range(programs)):
        j = sm(seeded(seed, e * programs + i)) % (i + 1)
        order[i], order[j] = order[j], order[i]
    return order


def fixed(programs: int, e: int) -> list[int]:
    """Return the order of the reference's ``fixed_shuffle``; ``programs`` is a power of two."""
    m = programs.bit_length() - 1
    offset = 2 ** ((e % m) + 1) - 1
    return [((i * offset) % programs) ^ (e & 1) for i in range(programs)]


def cyclic(programs: int, e: int) -> list[int]:
    """Return the order of the reference where programs are not permuted."""
    identity = list(range(programs))
    return identity if e % 2 == 1 else identity[-1:] + identity[:-1]


def neighbours(settings: Settings) -> list[list[int]]:
    """Return whom each program may meet, in the order of the pattern file that describes the geometry."""
    programs, width, height, radius = settings.programs, settings.width, settings.height, settings.radius
    allowed: list[list[int]] = [[] for _ in range(programs)]
    if settings.geometry == "line":
        width, height = programs, 1
    if settings.geometry == "graph":
        for program, neighbour in settings.interactions:
            allowed[program].append(neighbour)
        return allowed
    for y in range(height):
        for x in range(width):
            for dy in range(-radius, radius + 1):
                for dx in range(-radius, radius + 1):
                    inside = 0 <= x + dx < width and 0 <= y + dy < height
                    if inside and (dx, dy) != (0, 0):
                        allowed[y * width + x].append((y + dy) * width + x + dx)
    return allowed


def neighbourhood(settings: Settings, e: int) -> Pairing:
    """Return the pairing of an epoch in which only neighbours meet."""
    allowed = neighbours(settings)
    used: set[int] = set()
    reacting: Pairs = []
    for i in shuffled(settings.programs, settings.seed, e):
        if not allowed[i]:
            continue
        draw = seeded(settings.seed, seeded(settings.seed, e) ^ seeded(settings.seed, i))
        neighbour = allowed[i][draw % len(allowed[i])]
        if i in used or neighbour in used:
            continue
        used |= {i, neighbour}
        reacting.append((i, neighbour))
    rest = [program for program in range(settings.programs) if program not in used]
    return Pairing(reacting, list(zip(rest[::2], rest[1::2], strict=True)))


def pairing(settings: Settings, e: int) -> Pairing:
    """Return who meets whom in epoch ``e`` (no lattice: its pairs are drawn in a row from its generator)."""
    programs = settings.programs
    if settings.geometry in {"line", "grid", "graph"}:
        return neighbourhood(settings, e)
    orders = {
        "mixed": lambda: shuffled(programs, settings.seed, e),
        "fixed": lambda: fixed(programs, e),
        "cyclic": lambda: cyclic(programs, e),
    }
    order = orders[settings.geometry]()
    return Pairing([(order[2 * k], order[2 * k + 1]) for k in range(programs // 2)], [])


def mutations(settings: Settings, e: int, k: int) -> list[tuple[int, int]]:
    """Return (position on the tape, new char) of the mutations of pair ``k`` in epoch ``e``."""
    size = 2 * settings.length
    start = (settings.programs * seeded(settings.seed, e) + k) * size
    draws = ((i, sm(start + i)) for i in range(size))
    return [(i, r & 0xFF) for i, r in draws if (r >> 8) % 2**30 < settings.mutation]


def reset(settings: Settings, e: int) -> tuple[int, bytes]:
    """Return (index, bytes of the first cells) of the reset with which epoch ``e`` begins; (0, nothing) if none.

    The reference does it at the end of the epoch before, after it has shown and saved the soup.
    """
    if settings.reset_interval == 0 or e == 0 or (e - 1) % settings.reset_interval != 0:
        return 0, b""
    index = (e - 1) // settings.reset_interval + 1
    return index, random_bytes(settings, index, settings.programs // 32 * 32 * settings.length)


def lattice_mutations(settings: Settings, generator: Generator, pairs: int) -> list[tuple[int, int]]:
    """Return (cell, char) of a batch's mutations in the order drawn, so that the last to a cell stands."""
    return lattice.draw_mutations(generator, pairs * settings.mutation // 2**30, settings.cells)


def advance(
    settings: Settings, soup: bytearray, e: int, generator: Generator | None = None, execute: Execute = run
) -> Totals:
    """Turn ``soup`` from state e into state e + 1, in place. ``generator``: a lattice's, as state e left it."""
    _, made_anew = reset(settings, e)
    soup[: len(made_anew)] = made_anew
    if generator is None:
        pairs = pairing(settings, e)
    else:
        pairs = Pairing(lattice.draw_pairs(generator, settings.width, settings.height), [])
    steps = operations = 0
    size = settings.length
    for k, (left, right) in enumerate(pairs.reacting + pairs.idle):
        halves = [slice(program * size, program * size + size) for program in (left, right)]
        chars = soup[halves[0]] + soup[halves[1]]
        if generator is None:
            for position, char in mutations(settings, e, k):
                chars[position] = char
        if k < len(pairs.reacting):
            outcome = execute(settings.language, bytes(chars), settings.step_limit)
            chars = bytearray(outcome.tape)
            steps, operations = steps + outcome.steps, operations + outcome.operations
        soup[halves[0]], soup[halves[1]] = chars[:size], chars[size:]
    if generator is not None:
        for cell, char in lattice_mutations(settings, generator, len(pairs.reacting)):
            soup[cell] = char
    return Totals(steps, operations)


def start_generator(settings: Settings) -> Generator | None:
    """Return a lattice's generator as it stands at state 0, None for other geometries."""
    return lattice_start(settings)[1] if settings.geometry == "lattice" else None


def state(settings: Settings, n: int, execute: Execute = run) -> bytes:
    """Return state ``n``, the soup after ``n`` epochs."""
    soup, generator = initial(settings), start_generator(settings)
    for e in range(n):
        advance(settings, soup, e, generator, execute)
    return bytes(soup)


def adjacent(plants: Sequence[tuple[int, bytes]]) -> tuple[tuple[int, bytes], ...]:
    """Return ``plants`` sorted by cell, runs that touch made one: the form a SoupConfig keeps."""
    merged: list[tuple[int, bytes]] = []
    for cell, planted in sorted(plants):
        if merged and merged[-1][0] + len(merged[-1][1]) == cell:
            merged[-1] = (merged[-1][0], merged[-1][1] + planted)
        else:
            merged.append((cell, planted))
    return tuple(merged)
