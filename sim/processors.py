"""Languages that are real processors: what any of them needs beside its kernel.

Text is hex digits, two a byte. A tape is the processor's whole memory, executed from its first byte by a processor
that has just been started; an instruction is a step and an operation.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from sim.halves import HALTED, PC
from sim.hexadecimal import format_hex, parse_hex
from sim.language import NOWHERE, Bytes, Language, Step

Colour = tuple[int, int, int]

#: Colours by family of instruction.
LOAD, STACK, EXCHANGE, ARITHMETIC = (0, 192, 64), (0, 255, 128), (0, 192, 255), (255, 192, 64)
JUMP, PORT, PREFIX, IDLE = (255, 64, 64), (0, 128, 220), (192, 0, 255), (128, 128, 128)


class Processor(NamedTuple):
    """A processor's kernels and how its instructions are written.

    `reset(r)` starts the registers (int64[`registers`]); `step(r, memory, sources)` executes one instruction.
    `instruction(content, at)` returns an instruction's text and its length, cut short where ``content`` ends;
    `colour(byte)` its colour by its first byte.
    """

    registers: int
    reset: Callable[[Any], None]
    step: Callable[[Any, Bytes, Bytes], Any]
    instruction: Callable[[bytes, int], tuple[str, int]]
    colour: Callable[[int], Colour]


def walk(processor: Processor, tape_bytes: bytes, limit: int) -> Iterator[Step]:
    """Yield each instruction of running ``tape_bytes``, at most ``limit``, as the kernel itself executes it.

    A byte written over with an equal one of the same source is not told.
    """
    tape = np.frombuffer(tape_bytes, np.uint8).copy()
    sources = np.arange(len(tape), dtype=np.uint8)
    r = np.zeros(processor.registers, np.int64)
    processor.reset(r)
    for number in range(1, limit + 1):
        before, came = tape.copy(), sources.copy()
        position = int(r[PC]) % len(tape)
        name, _ = processor.instruction(np.roll(before, -position).tobytes(), 0)
        processor.step(r, tape, sources)
        [written] = np.nonzero((tape != before) | (sources != came))
        writes = tuple((int(at), None if sources[at] == NOWHERE else int(sources[at]), int(tape[at])) for at in written)
        yield Step(number, position, int(before[position]), name, (), writes)
        if r[HALTED]:
            return


def disassemble(processor: Processor, content: bytes) -> list[str]:
    """Name the instructions of ``content`` read from its first byte on; "..." for their further bytes."""
    names: list[str] = []
    while len(names) < len(content):
        name, length = processor.instruction(content, len(names))
        names += [name, *["..."] * (length - 1)]
    return names


def make_language(
    name: str,
    processor: Processor,
    execute: Callable[[Any, Any, int, Any], int],
    **options: Any,
) -> Language:
    """Return a processor's language; ``options`` are further fields of `Language`."""
    return Language(
        name=name,
        execute=execute,
        parse=lambda text: parse_hex(name, text),
        format=format_hex,
        disassemble=lambda content: disassemble(processor, content),
        colour=processor.colour,
        walk=lambda tape, limit: walk(processor, tape, limit),
        program_length=16,
        **options,
    )
