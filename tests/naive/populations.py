"""Species, diversity, edit distances and families from their definitions, slowly."""

from collections import Counter
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cache
from math import log2
from typing import NamedTuple

from tests.naive.bff import DIALECTS
from tests.naive.tracer import Record, Token

COMMANDS = set("<>{}+-.,[]")


class Species(NamedTuple):
    """One species: its commands, how many programs and distinct programs, the smallest index, the commonest's."""

    commands: str
    abundance: int
    variants: int
    program: int
    commonest: int


def commands_of(language: str, program: bytes) -> str:
    """Return a BFF program's commands, what is none left out."""
    meanings = DIALECTS[language].commands
    return "".join(meanings[byte] for byte in program if meanings[byte] in COMMANDS)


def population(programs: Sequence[bytes], form: Callable[[bytes], str]) -> list[Species]:
    """Return the species of a state, most programs first, then the smaller index."""
    members: dict[str, list[int]] = {}
    for index, program in enumerate(programs):
        members.setdefault(form(program), []).append(index)
    found = []
    for commands, indices in members.items():
        texts = Counter(programs[index] for index in indices)
        best = min(indices, key=lambda index: (-texts[programs[index]], index))
        found.append(Species(commands, len(indices), len(texts), min(indices), best))
    return sorted(found, key=lambda species: (-species.abundance, species.program))


def shannon(counts: Sequence[int]) -> float:
    """Return the entropy of the shares of kinds that occur so often, in bits."""
    return -sum(count / sum(counts) * log2(count / sum(counts)) for count in counts)


def simpson(counts: Sequence[int]) -> Fraction:
    """Return the chance that two different individuals are of different kinds, pair by pair."""
    kinds = [kind for kind, count in enumerate(counts) for _ in range(count)]
    pairs = [(a, b) for a in range(len(kinds)) for b in range(len(kinds)) if a != b]
    return Fraction(sum(kinds[a] != kinds[b] for a, b in pairs), len(pairs)) if pairs else Fraction(0)


@cache
def levenshtein(left: bytes, right: bytes) -> int:
    """Return the fewest insertions, deletions and replacements that turn one string into the other."""
    if not left or not right:
        return len(left) + len(right)
    if left[0] == right[0]:
        return levenshtein(left[1:], right[1:])
    return 1 + min(
        levenshtein(left[1:], right), levenshtein(left, right[1:]), levenshtein(left[1:], right[1:])
    )  # fmt: skip


def nearest_part(pattern: bytes, string: bytes) -> int:
    """Return the distance of ``pattern`` to the part of ``string`` that is nearest to it."""
    parts = {string[a:b] for a in range(len(string) + 1) for b in range(a, len(string) + 1)}
    return min(levenshtein(pattern, part) for part in parts)


def clusters(strings: Sequence[bytes], near: int) -> set[frozenset[bytes]]:
    """Return what steps between near strings connect: a step is the shorter one's length divided by ``near`` edits."""

    def linked(a: bytes, b: bytes) -> bool:
        distance = min(levenshtein(a, b), levenshtein(a, b[::-1]))
        return distance <= min(len(a), len(b)) // near

    found: list[set[bytes]] = []
    for string in strings:
        joined = [cluster for cluster in found if any(linked(string, other) for other in cluster)]
        found = [cluster for cluster in found if cluster not in joined] + [{string}.union(*joined)]
    return {frozenset(cluster) for cluster in found}


def parents(record: Record, states: Sequence[Sequence[Token]], program: int) -> tuple[int | None, ...]:
    """Return (left, right, bytes from the left, from the right, from nowhere, mutated in the epoch) of a program.

    ``states`` are the tokens of all states, ``record`` of the epoch that made the one that is asked about.
    """
    length = record.length
    cells = range(program * length, (program + 1) * length)
    moved = {
        copy.program * length + copy.site: None
        if copy.from_program is None or copy.from_site is None
        else copy.from_program * length + copy.from_site
        for copy in record.copies
    }
    origin = [moved.get(cell, cell) for cell in cells]
    mutated = {cell for cell, _ in record.mutations}
    fresh = sum(cell in mutated for cell in origin)
    assert fresh <= sum(token[0] == record.epoch for token in states[record.epoch][cells.start : cells.stop])
    for reaction in record.reactions:
        if program in (reaction.left, reaction.right):
            from_left = sum(cell is not None and cell // length == reaction.left for cell in origin)
            from_right = sum(cell is not None and cell // length == reaction.right for cell in origin)
            nowhere = sum(cell is None for cell in origin)
            return reaction.left, reaction.right, from_left, from_right, nowhere, fresh
    return None, None, None, None, None, fresh


def was_copied(content: bytes, other: bytes, own: bytes, after: bytes) -> bool:
    """Tell whether a program is in both halves after a meeting, as it is or back to front, but for one site in eight.

    In the other's half only sites count at which it differed from the other, at least one in eight of all.
    """
    forms = (content, content[::-1])
    size = len(content)
    if all(sum(own[i] != form[i] for i in range(size)) > size / 8 for form in forms):
        return False
    for form in forms:
        sites = [i for i in range(size) if other[i] != form[i]]
        if len(sites) >= size / 8 and sum(after[i] != form[i] for i in sites) <= len(sites) / 8:
            return True
    return False
