"""Opcode tables of byte-coded processors, written as bit patterns.

A processor's instructions are rows ``(pattern, kind, operands, text)``: `pattern` has eight characters, 0
and 1 as they must be, ``-`` for either, a letter for a field; `operands` are the kernel's two numbers, each a
field's letter (a field may give both; one that the pattern lacks has its first meaning) or a number; `text` is the
mnemonic with ``{letter}`` for a field's name and, for the bytes that follow, a lower-case ``n`` (byte), ``nn`` (word),
``e`` (jump, relative) or ``d`` (displacement). The first row that fits an opcode is its meaning. Kernels, disassembly
and colours all come from the same rows.
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Row = tuple[str, int, tuple[str | int, ...], str]

#: What a field's bits mean: the kernel's number (or two), and the printed name.
Field = Sequence[tuple[int | tuple[int, int], str]]

#: The bytes that follow an opcode, where a mnemonic names them.
_FOLLOWING = re.compile(r"(?<![a-z])(nn|n|e|d)(?![a-z])")
SIZES = {"nn": 2, "n": 1, "e": 1, "d": 1}


class Instruction(NamedTuple):
    """One opcode: `kind` is the kernel's case, `a` and `b` its operands, `text` the mnemonic."""

    kind: int
    a: int
    b: int
    text: str


def expand(rows: Sequence[Row], fields: Mapping[str, Field]) -> list[Instruction]:
    """Return the 256 instructions that ``rows`` describe; every opcode must fit a row."""
    fixed = [
        (int(re.sub("[^01]", "0", re.sub("[01]", "1", row[0])), 2), int(re.sub("[^1]", "0", row[0]), 2)) for row in rows
    ]
    return [
        _read(next(row for row, (mask, bits) in zip(rows, fixed, strict=True) if opcode & mask == bits), opcode, fields)
        for opcode in range(256)
    ]


def _read(row: Row, opcode: int, fields: Mapping[str, Field]) -> Instruction:
    """Return ``opcode`` as ``row``, which it fits, reads it."""
    pattern, kind, operands, text = row
    values: dict[str, int] = {}
    for letter, bit in zip(pattern, f"{opcode:08b}", strict=True):
        values[letter] = values.get(letter, 0) << 1 | int(bit)
    numbers: list[int] = []
    for operand in operands:
        number = fields[operand][values.get(operand, 0)][0] if isinstance(operand, str) else operand
        numbers.extend(number if isinstance(number, tuple) else (number,))
    names = {letter: meanings[values.get(letter, 0)][1] for letter, meanings in fields.items()}
    a, b = (*numbers, 0, 0)[:2]
    return Instruction(int(kind), a, b, text.format_map(names))


def encode(pages: Sequence[Sequence[Instruction]]) -> NDArray[np.uint32]:
    """Return the kernel's table: at ``page << 8 | opcode``, ``b << 16 | a << 8 | kind``."""
    return np.array([i.b << 16 | i.a << 8 | i.kind for page in pages for i in page], np.uint32)


def following(text: str) -> list[str]:
    """Return the bytes that a mnemonic expects after its opcode: ``n``, ``nn``, ``e`` or ``d`` each."""
    return _FOLLOWING.findall(text)


def spell(text: str, content: bytes, at: int, start: int) -> str:
    """Return ``text`` with the bytes from ``content[at]`` on in place of its letters.

    ``start`` is where the instruction begins, to which ``$`` refers. Letters whose bytes lie past the end stay.
    """

    def read(match: re.Match[str]) -> str:
        nonlocal at
        letter = match.group()
        value = int.from_bytes(content[at : at + SIZES[letter]], "little")
        at += SIZES[letter]
        if at > len(content):
            return letter
        signed = value - 256 if value > 127 else value
        if letter == "e":
            return f"${signed + at - start:+d}"
        return f"{signed:+d}" if letter == "d" else f"0x{value:0{2 * SIZES[letter]}X}"

    return _FOLLOWING.sub(read, text).replace("++", "+").replace("+-", "-")
