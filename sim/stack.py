"""The Forth family: a stack of at most 128 bytes beside the tape (paper section 3.1.1; semantics.md section 2).

A family member is a table: which byte is which command. Here are the plain interpreter, the
step-by-step walk, disassembly and colours; the engine is the interpreter with cycles skipped.

Tracing rule: the source index travels with each stack entry. READ pushes a byte with its identity, WRITE
puts the value's identity where it writes, COPY copies byte and identity; an address's identity is lost.
DUP copies, SWAP moves, IF0, INC, DEC and the exclusive-or with 64 keep; ADD and SUB keep that of the top
operand, the first popped. A constant takes the identity of the instruction's cell. What is popped from an
empty stack comes from nowhere.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numba.np.numpy_support import carray
from numpy.typing import NDArray

from sim.hexadecimal import format_hex, parse_hex
from sim.intrinsics import copy_items, differ_mask, stack_bytes, stack_words
from sim.jit import inlined
from sim.language import NOWHERE, Language, Step
from sim.recording import Recording
from sim.splitmix import mix

# By what they pop, so that ranges tell it: nothing, one byte, two.
NOOP, PUSH, FORWARD, BACK = range(4)
READ0, READ1, READ, COPY0, RESET_COPY0, COPY1, XOR64, DUP, DROP, IF0, INC, DEC = range(4, 16)
WRITE0, WRITE1, RESET_WRITE1, WRITE, COPY, SWAP, ADD, SUB = range(16, 24)

#: The stack's size; one more push stops the program.
STACK = 128
#: Where `RESET_WRITE1` and `RESET_COPY0` would overwrite this byte, they make the left half anew instead.
GUARD = 0x13

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


@inlined
def _same(saved: Any, tape: Any, sources: Any, stack: Any, origins: Any, depth: int) -> Any:
    """Return whether tape, sources and the stack's entries are those that ``saved`` (uint8[4, 128]) keeps."""
    if (differ_mask(saved[0], tape, 0) | differ_mask(saved[0], tape, 64)) != 0:
        return False
    if (differ_mask(saved[1], sources, 0) | differ_mask(saved[1], sources, 64)) != 0:
        return False
    alike = 0
    while alike < depth and saved[2, alike] == stack[alike] and saved[3, alike] == origins[alike]:
        alike += 1
    return alike == depth


@inlined
def advance(
    tape: Any, sources: Any, stack: Any, origins: Any, registers: Any, limit: int, table: Any, saved: Any, watch: bool
) -> int:
    """Execute at most ``limit`` steps from a machine's state on; return ``steps << 32 | operations``.

    ``registers`` is (pc, depth): ``stack`` and ``origins`` hold ``depth`` entries and their source indices.
    The program has ended when pc is off the tape; after an overflow it is -1. With ``watch`` (tapes of 128
    bytes only) a state met again at a jump back is taken for what it is, a cycle, and whole periods are
    skipped (Brent); ``saved`` (uint8[4, 128]) is room for one state.
    """
    # The loop is in here: a call counts the references to each array, which costs more than a step.
    length = len(tape)
    half = length // 2  # powers of two, so that no address needs a division
    pc, depth = registers[0], registers[1]
    steps = operations = 0
    saved_pc = -1
    saved_depth = saved_steps = saved_operations = jumps = 0
    power = 4
    while steps < limit and 0 <= pc < length:
        steps += 1
        here = pc
        kind = table[tape[pc]]
        a: Any = 0
        b: Any = 0
        from_a: Any = NOWHERE
        from_b: Any = NOWHERE
        # The top first; an empty stack gives zeros.
        if kind >= READ0 and depth > 0:
            depth -= 1
            a = np.int64(stack[depth])
            from_a = np.int64(origins[depth])
        if kind >= WRITE0 and depth > 0:
            depth -= 1
            b = np.int64(stack[depth])
            from_b = np.int64(origins[depth])
        target = origin = -1
        pushes = 1
        if READ0 <= kind <= READ:
            place = a & (length - 1) if kind == READ else (a & (half - 1)) + half * (kind == READ1)
            a = np.int64(tape[place])
            from_a = np.int64(sources[place])
        elif WRITE0 <= kind <= WRITE:
            target = b & (length - 1) if kind == WRITE else (b & (half - 1)) + half * (kind != WRITE0)
            pushes = 0
        elif kind == COPY:
            target = a & (length - 1)
            origin = b & (length - 1)
            pushes = 0
        elif COPY0 <= kind <= RESET_COPY0:
            origin = a & (half - 1)
            target = half + origin
            pushes = 0
        elif kind == COPY1:
            target = a & (half - 1)
            origin = half + target
            pushes = 0
        elif kind == XOR64:
            a ^= 64
        elif kind == DUP:
            b = a
            from_b = from_a
            pushes = 2
        elif kind == SWAP:
            pushes = 2
        elif kind == IF0:
            if a != 0:
                pc += 1
        elif kind == INC:
            a = (a + 1) & 0xFF
        elif kind == DEC:
            a = (a - 1) & 0xFF
        elif kind == ADD:
            a = (a + b) & 0xFF
        elif kind == SUB:
            a = (a - b) & 0xFF
        elif kind == PUSH:
            a = np.int64(tape[pc]) & 63
            from_a = np.int64(sources[pc])
        elif kind == FORWARD:
            pc += np.int64(tape[pc]) & 63
            pushes = 0
        elif kind == BACK:
            pc -= (np.int64(tape[pc]) & 63) + 2
            pushes = 0
        else:
            pushes = 0
        if target >= 0:
            if tape[target] == GUARD and kind in (RESET_WRITE1, RESET_COPY0):
                seed = np.uint64(0)
                for i in range(length):
                    seed = np.uint64(mix(seed ^ np.uint64(tape[i])))
                for i in range(half):
                    draw = mix((seed << np.uint64(12)) + np.uint64(pc * half + i))
                    tape[i] = np.uint8(np.uint64(draw) & np.uint64(0xFF))
                    sources[i] = NOWHERE
            elif origin >= 0:
                tape[target] = tape[origin]
                sources[target] = sources[origin]
            else:
                tape[target] = a
                sources[target] = from_a
        pc += 1
        if pushes > 0:
            if depth + pushes > STACK:
                pc = -1
            else:
                stack[depth] = a
                origins[depth] = from_a
                if pushes == 2:
                    stack[depth + 1] = b
                    origins[depth + 1] = from_b
                depth += pushes
        operations += kind != NOOP
        if watch and 0 <= pc <= here:
            # The top of the stack, which counts in most loops, spares the call that compares all.
            alike = pc == saved_pc and depth == saved_depth
            alike = alike and (depth == 0 or stack[depth - 1] == saved[2, depth - 1])
            if alike and _same(saved, tape, sources, stack, origins, depth):
                period = steps - saved_steps
                rounds = (limit - steps) // period
                steps += rounds * period
                operations += rounds * (operations - saved_operations)
                watch = False  # less than a period is left
            jumps += 1
            if jumps == power:
                jumps = 0
                power *= 2
                saved_pc, saved_depth, saved_steps, saved_operations = pc, depth, steps, operations
                copy_items(saved[0], 0, tape, 0, 128)
                copy_items(saved[1], 0, sources, 0, 128)
                copy_items(saved[2], 0, stack, 0, depth)
                copy_items(saved[3], 0, origins, 0, depth)
    registers[0], registers[1] = pc, depth
    return (steps << 32) | operations


def interpret(tape: Any, sources: Any, limit: int, table: Any) -> int:
    """Run a tape of the family; see `sim.language.Language.execute`."""
    stack = np.zeros(STACK, np.uint8)
    origins = np.zeros(STACK, np.uint8)
    registers = np.zeros(2, np.int64)
    return int(advance(tape, sources, stack, origins, registers, limit, table, np.zeros((4, 0), np.uint8), False))


def run_stack(tape: Any, sources: Any, limit: int, table: Any) -> int:
    """Do what `interpret` does, cycles skipped, on tapes of 128 bytes."""
    stack = carray(stack_bytes(128), (128,))
    origins = carray(stack_bytes(128), (128,))
    registers = carray(stack_words(2), (2,))
    registers[0] = registers[1] = 0
    saved = carray(stack_bytes(512), (4, 128))
    return int(advance(tape, sources, stack, origins, registers, limit, table, saved, True))


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
        plain.py_func(tape, sources, stack, origins, registers, 1, table, (), False)
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
