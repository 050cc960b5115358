"""The reference's soup on plain bytes: initial state, pairing, mutation, the epoch loop.

Semantics section 1. Epochs here are the reference's own, counted from 0: epoch e makes state e + 1.
"""

from collections.abc import Sequence
from typing import NamedTuple

from tests.naive.bff import L
from tests.naive.splitmix import seeded, sm
from tests.naive.twins import run


class Settings(NamedTuple):
    """What determines a soup. ``mutation`` is in units of 2^-30; ``plants`` are (cell, bytes)."""

    language: str
    programs: int
    seed: int = 0
    mutation: int = 2**18
    step_limit: int = 8192
    zero: bool = False
    plants: tuple[tuple[int, bytes], ...] = ()


class Totals(NamedTuple):
    """Steps and operations summed over the reactions of one epoch."""

    steps: int
    operations: int


def initial(settings: Settings) -> bytearray:
    """Return state 0: random bytes (or zeros), then the planted bytes over them."""
    cells = settings.programs * L
    start = cells * seeded(settings.seed, 0)
    soup = bytearray(0 if settings.zero else sm(start + cell) & 0xFF for cell in range(cells))
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


def pairing(programs: int, seed: int, e: int) -> list[tuple[int, int]]:
    """Return (left, right) of each pair k = 0..programs/2-1 of epoch ``e``, in the order of k."""
    order = shuffled(programs, seed, e)
    return [(order[2 * k], order[2 * k + 1]) for k in range(programs // 2)]


def mutations(settings: Settings, e: int, k: int) -> list[tuple[int, int]]:
    """Return (position on the tape, new char) of the mutations of pair ``k`` in epoch ``e``."""
    start = (settings.programs * seeded(settings.seed, e) + k) * 2 * L
    draws = ((i, sm(start + i)) for i in range(2 * L))
    return [(i, r & 0xFF) for i, r in draws if (r >> 8) % 2**30 < settings.mutation]


def advance(settings: Settings, soup: bytearray, e: int) -> Totals:
    """Turn ``soup`` from state e into state e + 1, in place."""
    steps = operations = 0
    for k, (left, right) in enumerate(pairing(settings.programs, settings.seed, e)):
        halves = [slice(program * L, program * L + L) for program in (left, right)]
        chars = soup[halves[0]] + soup[halves[1]]
        for position, char in mutations(settings, e, k):
            chars[position] = char
        outcome = run(settings.language, bytes(chars), settings.step_limit)
        soup[halves[0]], soup[halves[1]] = outcome.tape[:L], outcome.tape[L:]
        steps, operations = steps + outcome.steps, operations + outcome.operations
    return Totals(steps, operations)


def state(settings: Settings, n: int) -> bytes:
    """Return state ``n``, the soup after ``n`` epochs."""
    soup = initial(settings)
    for e in range(n):
        advance(settings, soup, e)
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
