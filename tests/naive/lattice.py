"""The grid of Z80 programs as published, slow and plain: semantics.md section 5, from "zff" on."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

MASK = (1 << 64) - 1
L = 16

#: The most pairs of a batch, and how many collisions in a row end it sooner.
MOST_PAIRS = 8192
MOST_COLLISIONS = 16


class Generator:
    """The stateful SplitMix64 of the published grid."""

    def __init__(self, seed: int) -> None:
        self.state = seed & MASK

    def draw(self) -> int:
        """Advance by one and return 64 bits."""
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return z ^ (z >> 31)


class Batch(NamedTuple):
    """The grid after a batch, and what the batch did.

    ``grid``: bytes by cell, program after program. ``pairs``: (left, right) programs in the order drawn.
    ``mutations``: (cell, char) in the order drawn, so the last to a cell stands. ``state``: the generator's.
    """

    grid: bytes
    pairs: list[tuple[int, int]]
    mutations: list[tuple[int, int]]
    state: int
    operations: int


def draw_pairs(generator: Generator, width: int, height: int) -> list[tuple[int, int]]:
    """Return the disjoint pairs of neighbours that one batch runs."""
    programs = width * height
    used: set[int] = set()
    pairs: list[tuple[int, int]] = []
    collisions = 0
    while len(pairs) < MOST_PAIRS and collisions < MOST_COLLISIONS:
        r = generator.draw()
        direction = 1 if r & 1 else -1
        horizontal = (r >> 1) & 1
        i = (r >> 2) % programs
        if i in used:
            collisions += 1
            continue
        if horizontal:
            if i % width == 0:
                direction = 1
            if i % width == width - 1:
                direction = -1
            j = i + direction
        else:
            if i < width:
                direction = 1
            if i >= programs - width:
                direction = -1
            j = i + width * direction
        if j in used:
            collisions += 1
            continue
        used |= {i, j}
        pairs.append((i, j))
        collisions = 0
    return pairs


def draw_mutations(generator: Generator, count: int, cells: int) -> list[tuple[int, int]]:
    """Return (cell, char) of ``count`` mutations anywhere among ``cells``, in the order drawn."""
    draws = [generator.draw() for _ in range(count)]
    return [((r >> 8) % cells, r & 0xFF) for r in draws]


def batches(
    seed: int,
    count: int,
    noise: float,
    width: int,
    height: int,
    steps: int,
    run_pair: Callable[[bytes, int], tuple[bytes, int]],
) -> Iterator[Batch]:
    """Yield the grid at the start (no pairs, no mutations), then after each of ``count`` batches.

    ``noise``: mutations for each pair. ``run_pair(tape, steps)`` returns the tape after execution and its operations.
    Both ``width`` and ``height`` are at least 2.
    """
    generator = Generator(seed)
    size = width * height * L
    grid = bytearray(generator.draw() & 0xFF for _ in range(size))
    yield Batch(bytes(grid), [], [], generator.state, 0)
    for _ in range(count):
        pairs = draw_pairs(generator, width, height)
        operations = 0
        for i, j in pairs:
            tape = bytes(grid[i * L : (i + 1) * L] + grid[j * L : (j + 1) * L])
            after, cost = run_pair(tape, steps)
            grid[i * L : (i + 1) * L], grid[j * L : (j + 1) * L] = after[:L], after[L:]
            operations += cost
        mutations = draw_mutations(generator, int(len(pairs) * noise), size)
        for cell, char in mutations:
            grid[cell] = char
        yield Batch(bytes(grid), pairs, mutations, generator.state, operations)
