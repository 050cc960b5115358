"""Finding programs by what they say: exactly, in part, by a regular expression, or within so many edits.

A text finds every byte that is written the same (`bff_noheads_4bit` writes 16 bytes as `[`), hex digits only the
bytes themselves. A regular expression is Python's, over the text form. All look at whole programs or, if asked to, at
their species (`warehouse.populations`): a program's instructions without what stands between them.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.edits import within_edits
from sim import InputError, Language
from sim.hexadecimal import parse_hex
from sim.log import Bytes, Int64
from warehouse.populations import forms_of, grouped, instructions, lengths_of
from warehouse.reader import History
from warehouse.states import species_texts, texts


@dataclass(frozen=True)
class Pattern:
    """What is looked for.

    - `content`: the bytes, or None for a regular expression
    - `expression`: the regular expression, or None
    - `exact`: whether `content` means these very bytes, not all that are written alike
    - `within`: by how many edits (bytes inserted, deleted, replaced) what is found may differ from `content`
    - `whole`: whether the whole program (or species) must match, not a part
    - `of_species`: whether species are looked at, not programs
    """

    content: bytes | None = None
    expression: re.Pattern[str] | None = None
    exact: bool = False
    within: int = 0
    whole: bool = False
    of_species: bool = False


def pattern_of(
    language: Language,
    *,
    text: str | None = None,
    hexadecimal: str | None = None,
    regex: str | None = None,
    within: int = 0,
    whole: bool = False,
    of_species: bool = False,
) -> Pattern:
    """Return the pattern that one of ``text``, ``hexadecimal`` and ``regex`` describes.

    Raises `InputError` for a text that the language cannot read, an expression that is none, edits of an expression,
    and for what is longer than a program or allows more edits than it has bytes.
    """
    if regex is not None:
        if within:
            raise InputError("within: edits of a regular expression mean nothing; leave it out or give a text")
        try:
            return Pattern(expression=re.compile(regex, re.DOTALL), whole=whole, of_species=of_species)
        except re.error as error:
            raise InputError(f"regex: {regex!r}: {error}") from error
    content = language.parse(text) if text is not None else parse_hex("hex", hexadecimal or "")
    if not 0 < len(content) <= language.program_length:
        raise InputError(
            f"pattern: {len(content)} bytes; a part of a {language.name} program has 1 to {language.program_length}"
        )
    if within >= len(content):
        raise InputError(f"within: {within} edits of {len(content)} bytes find everything; allowed: less")
    return Pattern(content, None, text is None, within, whole, of_species)


def matching(language: Language, programs: Bytes, pattern: Pattern) -> Int64:
    """Return which of ``programs`` (uint8[K, L]) match, ascending."""
    first, group, _ = grouped(forms_of(language, programs) if pattern.of_species else programs)
    rows = forms_of(language, programs[first]) if pattern.of_species else programs[first]
    lengths = lengths_of(language, rows) if pattern.of_species else np.full(len(rows), rows.shape[1], np.int64)
    if pattern.expression is not None:
        find = pattern.expression.fullmatch if pattern.whole else pattern.expression.search
        lines = species_texts(language, rows) if pattern.of_species else texts(language, rows).to_pylist()
        found = np.array([find(line) is not None for line in lines], np.bool_)
    else:
        assert pattern.content is not None
        content = np.frombuffer(pattern.content, np.uint8)
        same = np.arange(256, dtype=np.uint8) if pattern.exact else _written_alike(language)
        if pattern.of_species:  # there one byte stands for all that mean the same
            same = same[instructions(language).same]
        found = within_edits(same[content].tobytes(), same[rows], lengths, pattern.within, whole=pattern.whole)
    return np.flatnonzero(found[group]).astype(np.int64)


def first_state_with(history: History, pattern: Pattern) -> tuple[int, Bytes, Int64] | None:
    """Return the first state in which a program matches, as `found_in` does; None if no state kept whole has any.

    The states kept whole (and the last) are looked at in order, then every state between the first that has a match
    and the one before it: matches that came and went between two of them are not seen.
    """
    before = history.first - 1
    for epoch, _, found in found_in(history, pattern, sorted({*history.keyframe_epochs, history.last})):
        if len(found):
            between = found_in(history, pattern, range(before + 1, epoch + 1))
            return next(state for state in between if len(state[2]))
        before = epoch
    return None


def found_in(history: History, pattern: Pattern, epochs: Sequence[int]) -> Iterator[tuple[int, Bytes, Int64]]:
    """Yield (epoch, the state's programs as uint8[N, L], those that match, ascending) for ascending ``epochs``.

    Take what is needed of the programs before the next state is asked for.
    """
    language = history.config.instruction_set
    for epoch, chars in history.chars(epochs):
        programs = chars.reshape(-1, language.program_length)
        yield epoch, programs, matching(language, programs, pattern)


def _written_alike(language: Language) -> Bytes:
    """Return for each byte the greatest one that is written the same (uint8[256]): as the text form is read."""
    forms = [language.format(bytes([byte])) for byte in range(256)]
    greatest = {form: byte for byte, form in enumerate(forms)}
    return np.array([greatest[form] for form in forms], np.uint8)
