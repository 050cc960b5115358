"""The Forth family: a stack of at most 128 bytes beside the tape (paper section 3.1.1; semantics.md section 2).

A family member is a table: which byte is which command. Here are the step-by-step walk, disassembly and
colours; the plain interpreter is `sim.stack_machine`, the fast paths are `sim.stack_engine`.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.hexadecimal import format_hex, parse_hex
from sim.language import NOWHERE, Language, Step
from sim.recording import Recording
from sim.stack_engine import run_stack
from sim.stack_machine import (
    ADD,
    BACK,
    COPY,
    COPY0,
    COPY1,
    DEC,
    DROP,
    DUP,
    FORWARD,
    IF0,
    INC,
    NOOP,
    PUSH,
    READ,
    READ0,
    READ1,
    RESET_COPY0,
    RESET_WRITE1,
    STACK,
    SUB,
    SWAP,
    WRITE,
    WRITE0,
    WRITE1,
    XOR64,
    advance,
    interpret,
)

NAMES = {
    NOOP: "no-op", READ0: "READ0", READ1: "READ1", WRITE0: "WRITE0", WRITE1: "WRITE1", READ: "READ", WRITE: "WRITE",
    COPY: "COPY", XOR64: "XOR 64", DUP: "DUP", DROP: "DROP", SWAP: "SWAP", IF0: "IF0", INC: "INC", DEC: "DEC",
    ADD: "ADD", SUB: "SUB", COPY0: "COPY0", COPY1: "COPY1", RESET_WRITE1: "WRITE1", RESET_COPY0: "COPY0",
}  # fmt: skip

#: Bytes that mean the same in every member.
COMMON = {0x04: DUP, 0x05: DROP, 0x06: SWAP, 0x07: IF0, 0x08: INC, 0x09: DEC, 0x0A: ADD, 0x0B: SUB}
#: Reading and writing one half by an address within it.
HALVES = {0x00: READ0, 0x01: READ1, 0x02: WRITE0, 0x03: WRITE1}

Colour = tuple[int, int, int]


def make_table(codes: Mapping[int, int]) -> NDArray[np.uint8]:
    """Return a member's table, uint8[256]: the kind of each byte, ``codes`` giving those below 0x40."""
    table = np.zeros(256, np.uint8)
    for byte, kind in codes.items():
        table[byte] = kind
    table[0x40:0x80] = PUSH
    table[0x80:0xC0] = FORWARD
    table[0xC0:] = BACK
    return table


def walk(table: NDArray[np.uint8], tape_bytes: bytes, limit: int) -> Iterator[Step]:
    """Yield each step of running ``tape_bytes`` (2L bytes), no-ops included, at most ``limit``.

    It is the interpreter itself, called for one step at a time, on lists that note what is written.
    """
    tape, sources = Recording(tape_bytes), Recording(range(len(tape_bytes)))
    stack, origins, registers = [0] * STACK, [0] * STACK, [0, 0]
    plain: Any = advance
    for number in range(1, limit + 1):
        pc, depth = (int(register) for register in registers)
        if not 0 <= pc < len(tape):
            return
        byte, before = tape[pc], tuple(int(entry) for entry in stack[:depth])
        plain.py_func(tape, sources, stack, origins, registers, 1, table)
        writes = tuple(
            (place, None if sources[place] == NOWHERE else sources[place], tape[place]) for place in tape.taken()
        )
        yield Step(number, pc, byte, instruction(table, byte), (), writes, before)


def instruction(table: NDArray[np.uint8], byte: int) -> str:
    """Return the name of a byte's instruction with its operand: ``PUSH 5``, ``JMP -7``."""
    kind = int(table[byte])
    if kind == PUSH:
        return f"PUSH {byte & 63}"
    if kind in (FORWARD, BACK):
        return f"JMP {_distance(byte):+d}"
    return NAMES[kind]


def _distance(byte: int) -> int:
    """Return how far a jump goes."""
    return (byte & 63) + 1 if byte < 0xC0 else -(byte & 63) - 1


def disassemble(table: NDArray[np.uint8], program: bytes) -> list[str]:
    """Return the instruction at each site; a jump with the site it goes to, counted from the program's first."""
    return [
        f"{instruction(table, byte)} (to {site + _distance(byte)})"
        if table[byte] in (FORWARD, BACK)
        else instruction(table, byte)
        for site, byte in enumerate(program)
    ]


def blended(byte: int) -> Colour:
    """Return the reference's colour of a byte in `forth` and `forthcopy`: blue to red by value, commands greener."""
    return byte, 128 if byte < 0x0C else 0, 255 - byte


def by_kind(byte: int) -> Colour:
    """Return the reference's colour of a byte in `forthtrivial`: by kind, darker for larger operands."""
    if byte in (0x00, 0x01, 0x02, 0x03, 0x0C, 0x0D):
        return 0x73, 0x01, 0xCE
    if byte == 0x07:
        return 0, 0, 0
    if byte < 0x0C:
        return 0x4E, 0x10, 0x01
    if byte < 0x40:
        return _darkened((0x02, 0x8A, 0x37), byte - 0x0E, 49)
    if byte < 0x80:
        return _darkened((0xFF, 0xFF, 0xFF), byte - 0x40, 63)
    if byte < 0xC0:
        return _darkened((0x94, 0xD9, 0xFF), byte - 0x80, 63)
    return _darkened((0xFF, 0x77, 0x7D), byte - 0xC0, 63)


def _darkened(colour: Colour, part: int, whole: int) -> Colour:
    """Return ``colour`` darker by up to a fifth, in the single precision that the reference computes in."""
    kept = np.float32(1) - np.float32(part) * np.float32(0.2) / np.float32(whole)
    red, green, blue = (int(np.floor(kept * np.float32(channel) + np.float32(0.5))) for channel in colour)
    return red, green, blue


def make_language(name: str, codes: Mapping[int, int], colour: Callable[[int], Colour], **options: Any) -> Language:
    """Return a member of the family; ``codes`` as in `make_table`, ``options`` are further fields of `Language`."""
    table = make_table(codes)
    return Language(
        name=name,
        execute=interpret,
        engine=run_stack,
        table=table,
        parse=lambda text: parse_hex(name, text),
        format=format_hex,
        disassemble=lambda program: disassemble(table, program),
        colour=colour,
        walk=lambda tape, limit: walk(table, tape, limit),
        **options,
    )
