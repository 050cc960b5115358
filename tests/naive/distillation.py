"""Distillation from its definition, one execution at a time: what is taken away, what is copied, how true it stays."""

from collections import Counter
from collections.abc import Callable, Sequence

from tests.naive.splitmix import sm
from tests.naive.twins import run

FOODS = 32


def food(number: int, length: int = 64) -> bytes:
    """Return random food ``number``: SplitMix64's finaliser of consecutive numbers, eight bytes of each."""
    first = number * length // 8
    return b"".join(sm(draw).to_bytes(8, "little") for draw in range(first, first + length // 8))


def eliminate(
    program: bytes, neutral: int, units: Sequence[Sequence[int]], keeps: Callable[[int, bytes], bool]
) -> list[int]:
    """Return the sites left when all that can be taken away is: a unit at a time, over and over."""
    text = bytearray(program)
    left = [unit for unit in units if any(text[site] != neutral for site in unit)]
    while True:
        stay = []
        for unit in left:
            tried = bytearray(text)
            for site in unit:
                tried[site] = neutral
            if keeps(unit[0], bytes(tried)):
                text = tried
            else:
                stay.append(unit)
        if stay == left:
            return sorted({site for unit in left for site in unit})
        left = stay


def usual_sources(language: str, program: bytes, limit: int) -> tuple[list[int | None], int]:
    """Return the site that each place of the right half has its byte from, ``program`` being the left one.

    And the number of the food that gives most places that source.
    """
    length = len(program)
    tapes = [run(language, program + food(number, length), limit).sources for number in range(FOODS)]
    usual: list[int | None] = []
    for place in range(length, 2 * length):
        sites = Counter(sources[place] for sources in tapes if sources[place] < length)
        most = max(sites.values(), default=0)
        enough = 2 * sites.total() >= FOODS
        usual.append(min(site for site, count in sites.items() if count == most) if enough and sites else None)
    fitting = [
        sum(sources[length + place] == site for place, site in enumerate(usual) if site is not None)
        for sources in tapes
    ]
    return usual, fitting.index(max(fitting))


def steps_of_a_copy(language: str, tape: bytes, usual: Sequence[int | None], limit: int) -> int:
    """Return the fewest steps after which each place has had its usual source."""
    length = len(tape) // 2
    due = {place for place, site in enumerate(usual) if site is not None}
    for steps in range(1, limit + 1):
        sources = run(language, tape, steps).sources
        due -= {place for place in due if sources[length + place] == usual[place]}
        if not due:
            return steps
    raise AssertionError(f"no full copy within {limit} steps")


def equal_bytes(language: str, program: bytes, limit: int, generations: int) -> list[list[int]]:
    """Return, for each generation, how many bytes of each lineage's copy are those of ``program``."""
    length = len(program)
    lineages = [program] * FOODS
    counts = []
    for generation in range(1, generations + 1):
        fed = [lineage + food(generation * FOODS + k, length) for k, lineage in enumerate(lineages)]
        lineages = [run(language, tape, limit).tape[length:] for tape in fed]
        counts.append([sum(a == b for a, b in zip(copy, program, strict=True)) for copy in lineages])
    return counts
