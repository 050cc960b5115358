"""Tapes that keep any language busy: few kinds of byte, short programs over a filler, both halves alike."""

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

import sim


def commands(language: sim.Language) -> list[int]:
    """Return the bytes that do something in ``language``, read off its disassembly."""
    return [byte for byte in range(256) if language.disassemble(bytes([byte])) != ["no-op"]]


def _bytes(language: sim.Language) -> SearchStrategy[int]:
    # The lowest values are the commands of most languages, and short addresses of the others.
    return st.one_of(st.sampled_from(commands(language)), st.integers(0, 15), st.integers(0, 255))


@st.composite
def _few_kinds(draw: DrawFn, language: sim.Language) -> bytes:
    """Draw a tape of a handful of byte values, so that loops last."""
    alphabet = draw(st.lists(_bytes(language), min_size=1, max_size=8))
    size = 2 * language.program_length
    return bytes(draw(st.lists(st.sampled_from(alphabet), min_size=size, max_size=size)))


@st.composite
def _short_programs(draw: DrawFn, language: sim.Language) -> bytes:
    """Draw a short program at the start of one half or both, a filler behind it."""
    length = language.program_length
    program = bytes(draw(st.lists(_bytes(language), min_size=1, max_size=min(24, length))))
    filler = bytes([draw(_bytes(language))])
    left = program.ljust(length, filler)
    return left + draw(st.sampled_from([left, filler * length, bytes(length), left[::-1]]))


def awkward_tapes(language: sim.Language) -> SearchStrategy[bytes]:
    """Tapes of every kind above, and of any bytes."""
    size = 2 * language.program_length
    return st.one_of(_few_kinds(language), _short_programs(language), st.binary(min_size=size, max_size=size))
