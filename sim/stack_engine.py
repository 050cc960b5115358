"""Fast paths of the Forth family: exactly what `sim.stack_machine.interpret` does, in far fewer instructions.

- *Straight line*: no-ops, constants and jumps are one operation without branches.
- *Loops*: where a program goes only depends on its bytes (but for IF0). A loop is followed once with the
  stack beside it, which tells its copies: each from and to a place that moves by the same amount every
  iteration. They are carried out until a lap of the places changes nothing more; then nothing ever will, and
  the loop is over up to the limit. A loop that copies nothing is over at once, or once it has filled the stack.
- *Cycles*: any other loop is watched at its jumps back (Brent); when the machine is that of an earlier jump,
  whole periods are skipped.

A loop about to write into its own body is given up before it has changed anything. What each technique bought
is told in docs/speed.md.
"""

from typing import Any

import numpy as np
from numba.np.numpy_support import carray

from sim.intrinsics import copy_items, differ_mask, lowest_bit, stack_bytes, stack_words
from sim.jit import pasted
from sim.stack_machine import (
    ADD,
    BACK,
    COPY,
    COPY1,
    DEC,
    DROP,
    DUP,
    GUARD,
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
    XOR64,
    advance,
)

_ONE = np.uint64(1)

#: How far each byte moves the program counter, IF0 apart.
_MOVE = np.array([1] * 0x80 + [n + 1 for n in range(64)] + [-n - 1 for n in range(64)], np.int64)

# Where a value of a followed loop comes from: the stack's entry of that index as the iteration began, plus a
# constant; or one of these.
_CONSTANT, _LOADED, _UNKNOWN = -1, -2, -3
# What an address counts from and wraps in: the left half, the right, the whole tape. See `_place`.
_LEFT, _RIGHT, _TAPE = 0, 64, 128
#: No rate.
_IRREGULAR = 1 << 20


@pasted
def _place(value: int, side: int) -> int:
    """Return the tape's place that the address ``value`` means on a side."""
    return (value & (63 | side >> 1)) | (side & 64)


@pasted
def _rate(values: Any, bases: Any, stack: Any, gain: int, base: int) -> int:
    """Return by how much a value that began as ``base`` grows each iteration, modulo 128.

    ``values`` and ``bases`` are what an iteration leaves on the stack, higher by ``gain``. `_IRREGULAR` if the
    value does not grow evenly from the very first iteration on.
    """
    if base == _CONSTANT:
        return 0
    # What lies there as the next iteration begins, counted from the top.
    root = bases[base + gain]
    if root < _CONSTANT or (root >= 0 and bases[root + gain] != root):
        return _IRREGULAR
    rate = values[root + gain] - np.int64(stack[root]) if root >= 0 else 0
    # If that is made anew from another entry or a constant: it must be as if it had been so before.
    return rate & 127 if (values[base + gain] - np.int64(stack[base]) - rate) & 127 == 0 else _IRREGULAR


@pasted
def _follow(tape: Any, stack: Any, table: Any, start: int, depth: int, copies: Any, body: Any, levels: Any) -> Any:
    """Follow one iteration of the loop from ``start``, executing nothing.

    Fills ``copies`` (int64[:, 5]: source's place as address, its rate, target's, its rate, sides and guard),
    ``body`` (uint64[2], mask of its cells) and ``levels`` (uint8[:], the stack's depth after each step). Returns
    (steps, copies, depth gained) of an iteration; 0 steps if it is no loop that can be told.
    """
    values = carray(stack_words(136), (136,))
    bases = carray(stack_words(136), (136,))
    loads = carray(stack_words(512), (128, 4))
    body[0] = body[1] = 0
    level = low = depth
    steps = count = reads = 0
    short = False
    pc = start
    while True:
        byte = np.uint64(tape[np.uint64(pc)])
        kind = table[byte]
        cell = _ONE << np.uint64(pc & 63)
        if body[pc >> 6] & cell != 0:  # round and round, but not through the start
            return 0, 0, 0
        body[pc >> 6] |= cell
        if kind == PUSH:
            values[level] = np.int64(byte) & 63
            bases[level] = _CONSTANT
            level += 1
        elif kind >= READ0:
            if kind == IF0:
                return 0, 0, 0
            a = b = 0
            base_a = base_b = _CONSTANT
            for operand in range(1 + (kind >= WRITE0)):
                value, base = 0, _CONSTANT
                if level == 0:
                    short = True
                else:
                    level -= 1
                    if level < low:
                        low = level
                        values[level] = np.int64(stack[level])
                        bases[level] = level
                    value, base = values[level], bases[level]
                if operand == 0:
                    a, base_a = value, base
                else:
                    b, base_b = value, base
            pushes = 1
            if READ0 <= kind <= READ:
                if base_a < _CONSTANT:
                    base_a = _UNKNOWN
                else:
                    loads[reads, 0], loads[reads, 1], loads[reads, 3] = a, base_a, count
                    loads[reads, 2] = _TAPE if kind == READ else _RIGHT if kind == READ1 else _LEFT
                    a, base_a = reads, _LOADED
                    reads += 1
            elif kind == DUP:
                b, base_b = a, base_a
                pushes = 2
            elif kind == SWAP:
                pushes = 2
            elif kind in (INC, DEC, XOR64):
                a += 1 if kind == INC else -1 if kind == DEC else 64
                base_a = base_a if base_a >= _CONSTANT else _UNKNOWN
            elif kind in (ADD, SUB):
                a = a + b if kind == ADD else a - b
                if base_a < _CONSTANT or base_b < _CONSTANT:
                    base_a = _UNKNOWN
                elif base_b != _CONSTANT:
                    base_a = base_b if kind == ADD and base_a == _CONSTANT else _UNKNOWN
            elif kind == DROP:
                pushes = 0
            else:
                # source's address, its base and side; target's
                pushes = 0
                side, goal = _LEFT, _LEFT
                if WRITE0 <= kind <= WRITE:
                    # What was read has been written as it is, with nothing written in between.
                    if base_a != _LOADED or loads[a, 3] != count:
                        return 0, 0, 0
                    side = loads[a, 2]
                    goal = _TAPE if kind == WRITE else _LEFT if kind == WRITE0 else _RIGHT
                    a, base_a = loads[a, 0], loads[a, 1]
                elif kind == COPY:
                    a, base_a, b, base_b = b, base_b, a, base_a
                    side = goal = _TAPE
                else:
                    b, base_b = a, base_a
                    if kind == COPY1:
                        side = _RIGHT
                    else:
                        goal = _RIGHT
                if base_a < _CONSTANT or base_b < _CONSTANT:
                    return 0, 0, 0
                copies[count, 0], copies[count, 1] = a, base_a
                copies[count, 2], copies[count, 3] = b, base_b
                copies[count, 4] = side | goal << 8 | (kind in (RESET_WRITE1, RESET_COPY0)) << 16
                count += 1
            if pushes > 0:
                values[level], bases[level] = a, base_a
                level += 1
            if pushes == 2:
                values[level], bases[level] = b, base_b
                level += 1
        levels[steps] = level
        steps += 1
        pc += _MOVE[byte]
        if level > STACK:
            return 0, 0, 0
        if pc == start:
            break
        if not 0 <= pc < 128:
            return 0, 0, 0
    gain = level - depth
    if gain < 0 or (gain > 0 and short):
        return 0, 0, 0
    for k in range(count):
        copies[k, 1] = _rate(values, bases, stack, gain, copies[k, 1])
        copies[k, 3] = _rate(values, bases, stack, gain, copies[k, 3])
        if copies[k, 1] | copies[k, 3] >= _IRREGULAR:
            return 0, 0, 0
    return steps, count, gain


@pasted
def _fill_half(tape: Any, sources: Any, start: int, goal: int, body: Any) -> bool:
    """Copy the half from ``start`` on, bytes and sources, to ``goal``, unless the loop's ``body`` would change."""
    half = carray(stack_bytes(64), (64,))
    copy_items(half, 0, tape, start, 64)
    if differ_mask(half, tape[goal:], 0) & body[np.uint64(goal >> 6)] != 0:
        return False
    copy_items(tape, goal, half, 0, 64)
    copy_items(half, 0, sources, start, 64)
    copy_items(sources, goal, half, 0, 64)
    return True


@pasted
def _settle(tape: Any, sources: Any, copies: Any, count: int, body: Any, most: int) -> bool:
    """Iterate the ``copies`` of a loop until they change nothing more; return whether they come to that.

    At most ``most`` iterations. If not, or if the loop's ``body`` would change or a guard be met, nothing is
    changed.
    """
    # By far the most replicators: one copy of each byte of a half to the same place of the other.
    sides = copies[0, 4]
    alike = (copies[0, 0] - copies[0, 2]) & 63 == 0 and (copies[0, 1] - copies[0, 3]) & 63 == 0
    if count == 1 and alike and sides in (_RIGHT << 8, _RIGHT) and copies[0, 1] & 1 and most >= 64:
        return _fill_half(tape, sources, sides & 255, sides >> 8, body)
    rates = 0
    for k in range(count):
        rates |= copies[k, 1] | copies[k, 3]
        sides |= copies[k, 4]
    circle = 128 if sides & (_TAPE | _TAPE << 8) else 64
    lap = circle >> lowest_bit(np.uint64(rates & (circle - 1) | circle))
    new = carray(stack_bytes(128), (128,))
    new_sources = carray(stack_bytes(128), (128,))
    copy_items(new, 0, tape, 0, 128)
    copy_items(new_sources, 0, sources, 0, 128)
    quiet = 0
    for _ in range(most):
        changed = 0
        for k in range(count):
            sides = copies[k, 4]
            source = np.uint64(_place(copies[k, 0], sides & 255))
            target = np.uint64(_place(copies[k, 2], sides >> 8 & 255))
            copies[k, 0] += copies[k, 1]
            copies[k, 2] += copies[k, 3]
            char, old = new[source], new[target]
            if char != old and (body[target >> np.uint64(6)] >> (target & np.uint64(63))) & _ONE != 0:
                return False
            if sides >= 1 << 16 and old == GUARD:
                return False
            changed |= (char ^ old) | (new_sources[source] ^ new_sources[target])
            new[target] = char
            new_sources[target] = new_sources[source]
        quiet = quiet + 1 if changed == 0 else 0
        if quiet == lap:
            copy_items(tape, 0, new, 0, 128)
            copy_items(sources, 0, new_sources, 0, 128)
            return True
    return False


@pasted
def _foresee(tape: Any, sources: Any, stack: Any, table: Any, pc: int, depth: int, left: int) -> Any:
    """Do what the program does from the start of a loop on to its end, if it never leaves the loop otherwise.

    It ends after ``left`` steps, or when the stack is full. Returns (steps, operations), 0 steps if it cannot
    be told; the stack is not kept.
    """
    copies = carray(stack_words(640), (128, 5))
    body = carray(stack_words(2), (2,)).view(np.uint64)
    levels = carray(stack_bytes(128), (128,))
    steps, count, gain = _follow(tape, stack, table, pc, depth, copies, body, levels)
    if steps == 0:
        return 0, 0
    rounds = left // steps
    if gain > 0:
        highest = 0
        for k in range(steps):
            highest = max(highest, int(levels[k]))
        rounds = min(rounds, (STACK - highest) // gain + 1)
    if count > 0 and not _settle(tape, sources, copies, count, body, rounds):
        return 0, 0
    # What is left of an iteration.
    rest = each = operations = 0
    for k in range(steps):
        byte = np.uint64(tape[np.uint64(pc)])
        each += table[byte] != NOOP
        if rest == k and rounds * steps + k < left and (k == 0 or levels[k - 1] + rounds * gain <= STACK):
            rest = k + 1
            operations = each
        pc += _MOVE[byte]
    return rounds * steps + rest, rounds * each + operations


@pasted
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


def run_stack(tape: Any, sources: Any, limit: int, table: Any) -> int:
    """Run a tape of 128 bytes; see `sim.language.Language.execute`."""
    # One more: a constant is put there before it is known to be one too many.
    stack = carray(stack_bytes(136), (136,))
    origins = carray(stack_bytes(136), (136,))
    registers = carray(stack_words(2), (2,))
    saved = carray(stack_bytes(512), (4, 128))
    pc = depth = steps = operations = 0
    saved_pc = -1
    saved_depth = saved_steps = saved_operations = jumps = 0
    power = 1
    while steps < limit:
        here = np.uint64(pc)
        byte = np.uint64(tape[here])
        kind = table[byte]
        if kind >= READ0:
            registers[0], registers[1] = pc, depth
            advance(tape, sources, stack, origins, registers, 1, table)
            pc, depth = registers[0], registers[1]
            steps += 1
            operations += 1
            if not 0 <= pc < 128:
                break
            continue
        steps += 1
        operations += kind != NOOP
        stack[np.uint64(depth)] = byte & np.uint64(63)
        origins[np.uint64(depth)] = sources[here]
        depth += kind == PUSH
        pc += _MOVE[byte]
        if not 0 <= pc < 128 or depth > STACK:
            break
        if kind != BACK:
            continue
        # The top of the stack, which counts in most loops, spares the call that compares all.
        alike = pc == saved_pc and depth == saved_depth
        alike = alike and (depth == 0 or stack[depth - 1] == saved[2, depth - 1])
        if alike and _same(saved, tape, sources, stack, origins, depth):
            period = steps - saved_steps
            rounds = (limit - steps) // period
            steps += rounds * period
            operations += rounds * (operations - saved_operations)
            saved_pc = -1
            jumps = -(1 << 40)  # less than a period is left: watch no more
            continue
        jumps += 1
        if jumps == power:
            jumps = 0
            power *= 2
            done, worked = _foresee(tape, sources, stack, table, pc, depth, limit - steps)
            if done > 0:
                steps += done
                operations += worked
                break
            saved_pc, saved_depth, saved_steps, saved_operations = pc, depth, steps, operations
            copy_items(saved[0], 0, tape, 0, 128)
            copy_items(saved[1], 0, sources, 0, 128)
            copy_items(saved[2], 0, stack, 0, depth)
            copy_items(saved[3], 0, origins, 0, depth)
    return (steps << 32) | operations
