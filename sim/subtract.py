"""Machines of one instruction: subtract, and jump if the result is not positive (semantics.md section 2).

Here are the two interpreters, the step-by-step walk, the disassembly and colours, all that `subleq` and
`rsubleq4` share; their own files state their tracing rules.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from sim.hexadecimal import format_hex, parse_hex
from sim.jit import inlined
from sim.language import Language, Step
from sim.recording import Recording


@inlined
def advance_subleq(tape: Any, sources: Any, registers: Any, limit: int) -> int:  # noqa: ARG001 - called as the other is
    """Execute at most ``limit`` steps of SUBLEQ from ``registers`` (pc) on; return how many."""
    # The loop is in here: a call counts the references to each array, which costs more than a step.
    length = len(tape)
    mask = length - 1  # the length is a power of two, and a division costs more than the rest of a step
    pc = registers[0]
    steps = 0
    while steps < limit and pc + 3 <= length:
        steps += 1
        a = np.int64(tape[pc]) & mask
        b = np.int64(tape[pc + 1]) & mask
        result = (np.int64(tape[a]) - np.int64(tape[b])) & 0xFF
        tape[a] = result  # in place, so sources stay
        # The jump is read after the write, which may have changed it.
        pc = np.int64(tape[pc + 2]) if result == 0 or result >= 128 else pc + 3
    registers[0] = pc
    return steps


@inlined
def advance_rsubleq4(tape: Any, sources: Any, registers: Any, limit: int) -> int:
    """Execute at most ``limit`` steps of RSUBLEQ4 from ``registers`` (pc) on; return how many."""
    length = len(tape)
    mask = length - 1
    pc = registers[0]
    steps = 0
    while steps < limit and pc >= 0 and pc + 4 <= length:
        steps += 1
        a = (pc + np.int64(tape[pc])) & mask
        b = (pc + np.int64(tape[pc + 1])) & mask
        c = (pc + np.int64(tape[pc + 2])) & mask
        result = (np.int64(tape[b]) - np.int64(tape[c])) & 0xFF
        tape[a] = result
        sources[a] = sources[b]
        jump = np.int64(tape[pc + 3])
        if result == 0 or result >= 128:
            pc += jump - 256 if jump >= 128 else jump
        else:
            pc += 4
    registers[0] = pc
    return steps


def interpret_subleq(tape: Any, sources: Any, limit: int, table: Any) -> int:  # noqa: ARG001 - all execute alike
    """Run a tape of SUBLEQ; see `sim.language.Language.execute`. Every step is an operation."""
    steps = advance_subleq(tape, sources, np.zeros(1, np.int64), limit)
    return (steps << 32) | steps


def interpret_rsubleq4(tape: Any, sources: Any, limit: int, table: Any) -> int:  # noqa: ARG001 - all execute alike
    """Run a tape of RSUBLEQ4; see `sim.language.Language.execute`. Every step is an operation."""
    steps = advance_rsubleq4(tape, sources, np.zeros(1, np.int64), limit)
    return (steps << 32) | steps


def walk(advance: Any, name: str, tape_bytes: bytes, limit: int) -> Iterator[Step]:
    """Yield each step of running ``tape_bytes`` (2L bytes), at most ``limit``.

    It is the interpreter itself, called for one step at a time, on lists that note what is written.
    """
    tape, sources, registers = Recording(tape_bytes), Recording(range(len(tape_bytes))), [0]
    for number in range(1, limit + 1):
        pc = int(registers[0])
        byte = tape[pc] if 0 <= pc < len(tape) else 0
        if not advance.py_func(tape, sources, registers, 1):
            return
        writes = tuple((place, sources[place], tape[place]) for place in tape.taken())
        yield Step(number, pc, byte, name, (), writes)


def disassemble(name: str, operands: Callable[[int, int, int], str], width: int, program: bytes) -> list[str]:
    """Return what each byte means if execution comes from the program's first: ``width`` bytes an instruction.

    ``operands(site, place, byte)`` names the byte at ``place`` of the instruction that begins at ``site``.
    """
    told = []
    for at, byte in enumerate(program):
        site, place = at - at % width, at % width
        shown = operands(site, place, byte)
        told.append(f"{name} {shown}" if place == 0 else f"  {shown}")
    return told


def by_value(byte: int) -> tuple[int, int, int]:
    """Return the reference's colour of a byte: blue to red by value."""
    return byte, 0, 255 - byte


def make_language(
    name: str, execute: Callable[[Any, Any, int, Any], int], advance: Any, operands: Callable[[int, int, int], str],
    width: int, **options: Any,
) -> Language:  # fmt: skip
    """Return a machine of ``width`` bytes an instruction; ``operands`` as in `disassemble`.

    ``options`` are further fields of `Language`.
    """
    return Language(
        name=name,
        execute=execute,
        parse=lambda text: parse_hex(name, text),
        format=format_hex,
        disassemble=lambda program: disassemble(name.upper(), operands, width, program),
        colour=by_value,
        walk=lambda tape, limit: walk(advance, name.upper(), tape, limit),
        **options,
    )
