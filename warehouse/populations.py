"""Who lives in a state: its distinct programs, and the species that they form.

A *species* is what is left of a program when the bytes that are no instructions are dropped: the instructions
in their order, bytes that mean the same as one. `instructions` says which bytes those are in a language; where every
byte acts (SUBLEQ, the processors) a species is the program itself.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim import Language
from sim.jit import kernel

Bytes = NDArray[np.uint8]
Int64 = NDArray[np.int64]

#: What a language's disassembly calls a byte that does nothing when executed.
IDLE = frozenset({"no-op", "zero"})


@dataclass(frozen=True, eq=False)
class Instructions:
    """Which bytes of a language are instructions.

    - `flags` (bool[256]): whether the byte is one
    - `same` (uint8[256]): the byte that stands for all of the same meaning (`bff_noheads_4bit` has 16 for each
      command), the greatest of them: the one that the text form is read as
    - `filler`: a byte that is no instruction, or None where all are
    """

    flags: NDArray[np.bool_]
    same: Bytes
    filler: int | None


@lru_cache(maxsize=64)
def instructions(language: Language) -> Instructions:
    """Return a language's instructions, as its disassembly tells them.

    A byte is one unless it is called a no-op or a zero. Two mean the same if they are written and called the same.
    A language whose bytes are all instructions keeps each apart.
    """
    programs = [bytes([byte]) * language.program_length for byte in range(256)]
    told = [(language.format(program), language.disassemble(program)[0]) for program in programs]
    flags = np.array([meaning not in IDLE for _, meaning in told])
    same = np.arange(256, dtype=np.uint8)
    if flags.all():
        return Instructions(flags, same, None)
    greatest = {key: byte for byte, key in enumerate(told)}
    same[flags] = [greatest[told[byte]] for byte in np.flatnonzero(flags)]
    return Instructions(flags, same, int(np.argmin(flags)))


def forms_of(language: Language, programs: Bytes) -> Bytes:
    """Return the species of ``programs`` (uint8[K, L]): their instructions in order, then the filler up to L."""
    found = instructions(language)
    if found.filler is None:
        return programs
    forms = np.full(programs.shape, found.filler, np.uint8)
    _squeeze(np.ascontiguousarray(programs), found.flags, found.same, forms)
    return forms


def lengths_of(language: Language, forms: Bytes) -> Int64:
    """Return how many instructions each of ``forms`` (uint8[K, L]) has."""
    filler = instructions(language).filler
    if filler is None:
        return np.full(len(forms), forms.shape[1], np.int64)
    lengths: Int64 = np.count_nonzero(forms != filler, axis=1).astype(np.int64)
    return lengths


def cut(language: Language, forms: Bytes) -> list[bytes]:
    """Return ``forms`` (uint8[K, L]) without their fillers."""
    return [form.tobytes()[:length] for form, length in zip(forms, lengths_of(language, forms).tolist(), strict=True)]


def filled(language: Language, species: bytes) -> Bytes:
    """Return a species (uint8[L]) as `forms_of` gives it."""
    filler = instructions(language).filler or 0
    return np.frombuffer(species.ljust(language.program_length, bytes([filler])), np.uint8)


@dataclass(frozen=True, eq=False)
class Population:
    """The species of one state, most programs first (ties: the smallest index that belongs to it).

    - `forms` (uint8[S, L]): their instructions, then the filler
    - `abundance`, `variants` (int64[S]): programs, and distinct programs among them
    - `program` (int64[S]): the smallest index of the species
    - `commonest` (int64[S]): the smallest index that holds its most frequent program (ties: the smaller)
    - `copies` (int64[T]): how many programs hold each distinct program, all species together
    """

    forms: Bytes
    abundance: Int64
    variants: Int64
    program: Int64
    commonest: Int64
    copies: Int64


def population_of(language: Language, chars: Bytes) -> Population:
    """Return the population of a state given by its bytes (uint8[cells])."""
    programs = np.ascontiguousarray(chars).reshape(-1, language.program_length)
    first, _, copies = grouped(programs)
    forms = forms_of(language, programs[first])
    representative, group, variants = grouped(forms)
    abundance = np.zeros(len(variants), np.int64)
    np.add.at(abundance, group, copies)
    program = np.full(len(variants), len(programs), np.int64)
    np.minimum.at(program, group, first)
    # each species' texts together, the most frequent first, then the smaller index
    order = np.lexsort((first, -copies, group))
    commonest = first[order[np.searchsorted(group[order], np.arange(len(variants)))]]
    rank = np.lexsort((program, -abundance))
    return Population(
        forms[representative[rank]], abundance[rank], variants[rank], program[rank], commonest[rank], copies
    )


def grouped(rows: Bytes) -> tuple[Int64, Int64, Int64]:
    """Group equal rows of uint8[K, L]; return (first, group, counts), int64.

    `first` (one a group) is the first row of each, `group` (one a row) its group, `counts` the groups' sizes. Rows are
    sorted by a hash and then compared; groups are in no order that means anything, but always the same.
    """
    hashes = hashes_of(rows)
    _, first, group, counts = np.unique(hashes, return_index=True, return_inverse=True, return_counts=True)
    if not np.array_equal(rows[first[group]], rows):  # two rows share a hash
        whole = np.ascontiguousarray(rows).view(np.dtype((np.void, rows.shape[1]))).ravel()
        _, first, group, counts = np.unique(whole, return_index=True, return_inverse=True, return_counts=True)
    return first.astype(np.int64), group.astype(np.int64), counts.astype(np.int64)


def hashes_of(rows: Bytes) -> NDArray[np.uint64]:
    """Return a 64-bit hash of each row of uint8[K, L]."""
    hashes = np.empty(len(rows), np.uint64)
    _hash(np.ascontiguousarray(rows), hashes)
    return hashes


@kernel
def _squeeze(programs: Any, flags: Any, same: Any, forms: Any) -> None:
    for k in range(len(programs)):
        at = 0
        for site in range(programs.shape[1]):
            byte = programs[k, site]
            if flags[byte]:
                forms[k, at] = same[byte]
                at += 1


@kernel
def _hash(rows: Any, hashes: Any) -> None:
    """FNV-1a with the avalanche of SplitMix64 at the end."""
    for k in range(len(rows)):
        value = np.uint64(0xCBF29CE484222325)
        for site in range(rows.shape[1]):
            value = (value ^ np.uint64(rows[k, site])) * np.uint64(0x100000001B3)
        value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        hashes[k] = value ^ (value >> np.uint64(31))
