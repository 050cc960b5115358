"""The Forth family's machine, plainly: a stack of at most 128 bytes beside the tape (semantics.md section 2).

Tracing rule: the source index travels with each stack entry. READ pushes a byte with its identity, WRITE
puts the value's identity where it writes, COPY copies byte and identity; an address's identity is lost.
DUP copies, SWAP moves, IF0, INC, DEC and the exclusive-or with 64 keep; ADD and SUB keep that of the top
operand, the first popped. A constant takes the identity of the instruction's cell. What is popped from an
empty stack comes from nowhere.
"""

from typing import Any

import numpy as np

from sim.jit import pasted
from sim.language import NOWHERE
from sim.splitmix import mix

# By what they pop, so that ranges tell it: nothing, one byte, two.
NOOP, PUSH, FORWARD, BACK = range(4)
READ0, READ1, READ, COPY0, RESET_COPY0, COPY1, XOR64, DUP, DROP, IF0, INC, DEC = range(4, 16)
WRITE0, WRITE1, RESET_WRITE1, WRITE, COPY, SWAP, ADD, SUB = range(16, 24)

#: The stack's size; one more push stops the program.
STACK = 128
#: Where `RESET_WRITE1` and `RESET_COPY0` would overwrite this byte, they make the left half anew instead.
GUARD = 0x13


@pasted
def advance(tape: Any, sources: Any, stack: Any, origins: Any, registers: Any, limit: int, table: Any) -> int:
    """Execute at most ``limit`` steps from a machine's state on; return ``steps << 32 | operations``.

    ``registers`` is (pc, depth): ``stack`` and ``origins`` hold ``depth`` entries and their source indices.
    The program has ended when pc is off the tape; after an overflow it is -1.
    """
    length = len(tape)
    half = length // 2  # powers of two, so that no address needs a division
    pc, depth = registers[0], registers[1]
    steps = operations = 0
    while steps < limit and 0 <= pc < length:
        steps += 1
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
    registers[0], registers[1] = pc, depth
    return (steps << 32) | operations


def interpret(tape: Any, sources: Any, limit: int, table: Any) -> int:
    """Run a tape of the family; see `sim.language.Language.execute`."""
    stack = np.zeros(STACK, np.uint8)
    origins = np.zeros(STACK, np.uint8)
    registers = np.zeros(2, np.int64)
    return int(advance(tape, sources, stack, origins, registers, limit, table))
