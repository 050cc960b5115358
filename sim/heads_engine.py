"""Fast paths of the BFF family: exactly what `sim.heads.interpret` does, in far fewer instructions.

- *Masks*: one bit a byte says where the commands are, so runs of no-ops cost nothing.
- *Straight line*: the commands that never jump are one branch-free operation.
- *Loops*: the body of an innermost loop is decoded once into its copies and increments; an iteration is
  only those. A loop that has changed nothing while its heads went once round is skipped to the limit; one
  that writes nothing is a search for a zero.
- *Cycles*: any other loop is watched at its jumps back (Brent); when heads, bytes and sources are those
  of an earlier jump, whole periods are skipped.

Where a loop writes into its own body so that a command changes, the decoded form is left at that very
operation and the general path goes on. What each technique bought is told in docs/speed.md.
"""

from typing import Any

import numpy as np
from numba.np.numpy_support import carray

from sim.intrinsics import copy_bytes, differ_mask, equal_mask, highest_bit, lowest_bit, stack_bytes, stack_words
from sim.jit import inlined

# Kinds of byte, as in sim.heads: 0 no-op, 1 zero, 2..5 heads, 6 and 7 decrement and increment, 8 and 9
# copies, 10 a copy that moves head1 too, 11 and 12 brackets, 13 and 14 brackets that jump a fixed way.
_ONE = np.uint64(1)
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)

# What a non-bracket does, by kind: head moves, what is added, whether head1 is the source or target.
_MOVE0 = np.array([0, 0, -1, 1, 0, 0, 0, 0, 0, 0, 0], np.int64)
_MOVE1 = np.array([0, 0, 0, 0, -1, 1, 0, 0, 0, 0, 1], np.int64)
_ADD = np.array([0, 0, 0, 0, 0, 0, -1, 1, 0, 0, 0], np.int64)
_FROM1 = np.array([0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1], np.int64)
_TO1 = np.array([0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0], np.int64)


@inlined
def _commands(tape: Any, half: int, table: Any) -> Any:
    """Return the mask of commands in 64 bytes of the tape."""
    found = np.uint64(0)
    for j in range(table[258]):
        found |= equal_mask(tape, half, table[259 + j], table[257])
    return found


@inlined
def _next(commands0: Any, commands1: Any, start: int) -> Any:
    """Return the first command at or after ``start``; 128 if none."""
    if start < 64:
        ahead = commands0 & (_ALL << np.uint64(start))
        if ahead != 0:
            return lowest_bit(ahead)
        start = 64
    if start < 128:
        ahead = commands1 & (_ALL << np.uint64(start - 64))
        if ahead != 0:
            return 64 + lowest_bit(ahead)
    return 128


@inlined
def _previous(commands0: Any, commands1: Any, stop: int) -> Any:
    """Return the last command before ``stop``; -1 if none."""
    if stop > 64:
        behind = commands1 & ((_ONE << np.uint64(stop - 64)) - _ONE) if stop < 128 else commands1
        if behind != 0:
            return 64 + highest_bit(behind)
        stop = 64
    behind = commands0 & ((_ONE << np.uint64(stop)) - _ONE) if stop < 64 else commands0
    return highest_bit(behind)


@inlined
def _same(a: Any, b: Any) -> Any:
    return (differ_mask(a, b, 0) | differ_mask(a, b, 64)) == 0


@inlined
def _decode(tape: Any, table: Any, first: int, last: int, commands0: Any, commands1: Any, events: Any) -> Any:
    """Decode a bracket-free body between ``first`` and ``last`` (the loop's brackets) into its writes.

    Fills ``events`` (int64[:, 5]: kind, offsets of head0 and head1, position, operations before it);
    returns (how many, net move of head0, of head1, operations of one iteration with its bracket).
    """
    count = offset0 = offset1 = operations = 0
    position = _next(commands0, commands1, first + 1)
    while position < last:
        kind = table[tape[position]]
        # The same copy twice in a row does nothing the second time: replicators are full of such pairs.
        again = count > 0 and kind >= 8 and events[count - 1, 0] == kind
        again = again and events[count - 1, 1] == offset0 and events[count - 1, 2] == offset1
        if kind >= 6 and not again:
            events[count, 0] = 9 if kind == 10 else kind
            events[count, 1] = offset0
            events[count, 2] = offset1
            events[count, 3] = position
            events[count, 4] = operations
            count += 1
        offset0 += _MOVE0[kind]
        offset1 += _MOVE1[kind]
        operations += 1
        position = _next(commands0, commands1, position + 1)
    return count, offset0, offset1, operations + 1


@inlined
def _scan(tape: Any, table: Any, head0: int, move0: int, most: int) -> int:
    """Return after how many iterations (at most ``most``) a loop that only moves heads meets a zero.

    ``most + 1`` if it meets none in time.
    """
    if move0 & 127 == 0:
        return most + 1
    place = head0
    fold = table[257]
    # The head has been everywhere it will ever be after 128 moves.
    for k in range(1, min(most, 128) + 1):
        place = (place + move0) & 127
        if tape[place] & fold == 0:
            return k
    return most + 1


@inlined
def _loop(
    tape: Any, sources: Any, table: Any, first: int, last: int, count: int, events: Any,
    head0: int, head1: int, move0: int, move1: int, most: int,
) -> Any:  # fmt: skip
    """Run at most ``most`` iterations of a decoded loop that writes.

    Returns (iterations finished, event about to change the body or -1, whether a zero ended it). Heads
    follow from the iterations.
    """
    span = last - first
    lap = 128 >> lowest_bit(np.uint64((move0 | move1 | 128) & 255))
    quiet = 0
    fold = table[257]
    for iteration in range(most):
        changed = 0
        for e in range(count):
            kind = events[e, 0]
            place0 = (head0 + events[e, 1]) & 127
            place1 = (head1 + events[e, 2]) & 127
            source = place1 if kind == 9 else place0
            target = place1 if kind == 8 else place0
            char = (np.int64(tape[source]) + _ADD[kind]) & 255
            old = np.int64(tape[target])
            if 0 <= target - first <= span and table[char] != table[old]:
                return iteration, e, False
            changed |= (char ^ old) | (sources[source] ^ sources[target])
            tape[target] = char
            sources[target] = sources[source]
        head0 = (head0 + move0) & 127
        head1 = (head1 + move1) & 127
        if tape[head0] & fold == 0:
            return iteration + 1, -1, True
        quiet = quiet + 1 if changed == 0 else 0
        # Nothing changed while the heads went once round: nothing ever will, nor will a zero turn up.
        if quiet == lap:
            return most, -1, False
    return most, -1, False


@inlined
def _copy_lap(
    tape: Any, sources: Any, table: Any, first: int, span: int, source: int, target: int, move_source: int,
    move_target: int, ahead: int, lap: int,
) -> Any:  # fmt: skip
    """Run at most ``lap`` iterations of a loop whose body is one copy.

    ``ahead``: where head0 is after the first, moving as the source or target does. Returns (iterations
    finished, whether the next would change the body, whether a zero ended the loop).
    """
    move_ahead = ahead >> 8
    ahead &= 127
    fold = table[257]
    for iteration in range(lap):
        char = tape[source]
        if table[char] != table[tape[target]] and 0 <= target - first <= span:
            return iteration, True, False
        tape[target] = char
        sources[target] = sources[source]
        if tape[ahead] & fold == 0:
            return iteration + 1, False, True
        source = (source + move_source) & 127
        target = (target + move_target) & 127
        ahead = (ahead + move_ahead) & 127
    return lap, False, False


@inlined
def _is_settled(
    tape: Any, sources: Any, source: int, target: int, move_source: int, move_target: int, lap: int
) -> bool:  # fmt: skip
    """Return whether a lap of such copies would change nothing."""
    for _ in range(lap):
        if (tape[source] ^ tape[target]) | (sources[source] ^ sources[target]):
            return False
        source = (source + move_source) & 127
        target = (target + move_target) & 127
    return True


@inlined
def _copy_loop(
    tape: Any, sources: Any, table: Any, first: int, last: int, events: Any, head0: int, head1: int,
    move0: int, move1: int, most: int,
) -> Any:  # fmt: skip
    """Run at most ``most`` iterations of a decoded loop that makes one copy; returns what `_loop` does.

    Most of a replicator's life is spent here. After each lap of the heads it is tried whether another
    would change anything; if not, the rest is a search for a zero.
    """
    lap = 128 >> lowest_bit(np.uint64((move0 | move1 | 128) & 255))
    done = 0
    while done < most:
        place0 = (head0 + events[0, 1]) & 127
        place1 = (head1 + events[0, 2]) & 127
        ahead = (move0 << 8) | ((head0 + move0) & 127)
        if events[0, 0] == 8:
            source, target, move_source, move_target = place0, place1, move0, move1
        else:
            source, target, move_source, move_target = place1, place0, move1, move0
        if done > 0 and _is_settled(tape, sources, source, target, move_source, move_target, lap):
            found = _scan(tape, table, head0, move0, most - done)
            return min(done + found, most), -1, found <= most - done
        made, hindered, ended = _copy_lap(
            tape, sources, table, first, last - first, source, target, move_source, move_target, ahead,
            min(lap, most - done),
        )  # fmt: skip
        done += made
        if hindered:
            return done, 0, False
        if ended:
            return done, -1, True
        head0 = (head0 + made * move0) & 127
        head1 = (head1 + made * move1) & 127
    return most, -1, False


def run_heads(tape: Any, sources: Any, limit: int, table: Any) -> int:
    """Run a tape of 128 bytes; see `sim.language.Language.execute`."""
    commands0 = _commands(tape, 0, table)
    commands1 = _commands(tape, 64, table)
    head0 = head1 = pc = 0
    if table[256] != 0:
        head0, head1, pc = int(tape[0]) & 127, int(tape[1]) & 127, 2
    steps = operations = 0
    saved_tape = carray(stack_bytes(128), (128,))
    saved_sources = carray(stack_bytes(128), (128,))
    saved_pc = -1
    saved_head0 = saved_head1 = saved_steps = saved_operations = 0
    jumps = 0
    power = 4
    while True:
        position = _next(commands0, commands1, pc)
        steps += position - pc
        if steps >= limit:
            steps = limit
            break
        if position == 128:
            break
        steps += 1
        operations += 1
        kind = table[tape[position]]
        if kind < 11:
            # Sums rather than choices: the commands come in no order a processor could guess.
            source = head0 + (head1 - head0) * _FROM1[kind]
            target = head0 + (head1 - head0) * _TO1[kind]
            old = tape[target]
            char = np.uint8(tape[source] + _ADD[kind])
            tape[target] = char
            sources[target] = sources[source]
            if (table[char] > 1) != (table[old] > 1):
                bit = _ONE << np.uint64(target & 63)
                if target < 64:
                    commands0 ^= bit
                else:
                    commands1 ^= bit
            head0 = (head0 + _MOVE0[kind]) & 127
            head1 = (head1 + _MOVE1[kind]) & 127
            pc = position + 1
            if pc >= 128:
                break
            continue
        zero = tape[head0] & table[257] == 0
        if kind in (11, 13):
            if zero and kind == 13:
                position += 8
            elif zero:
                depth = 1
                while depth > 0:
                    position = _next(commands0, commands1, position + 1)
                    if position == 128:
                        break
                    other = table[tape[position]]
                    depth += (other == 11) - np.int64(other == 12)
                if depth > 0:
                    break
            pc = position + 1
            if pc >= 128:
                break
            continue
        if zero:
            pc = position + 1
            if pc >= 128:
                break
            continue
        last = position
        innermost = kind == 12
        if kind == 14:
            position -= 8
            if position < 0:
                break
        else:
            depth = 1
            while depth > 0:
                position = _previous(commands0, commands1, position)
                if position < 0:
                    break
                other = table[tape[position]]
                depth += (other == 12) - np.int64(other == 11)
                if other == 12:
                    innermost = False
            if depth > 0:
                break
        first = position
        pc = first + 1
        jumps += 1
        if (
            saved_pc == pc
            and saved_head0 == head0
            and saved_head1 == head1
            and _same(tape, saved_tape)
            and _same(sources, saved_sources)
        ):
            period = steps - saved_steps
            rounds = (limit - steps) // period
            steps += rounds * period
            operations += rounds * (operations - saved_operations)
            saved_pc = -1
            jumps = -(1 << 40)  # less than a period is left: watch no more
            continue
        if jumps == power:
            jumps = 0
            power *= 2
            saved_pc, saved_head0, saved_head1 = pc, head0, head1
            saved_steps, saved_operations = steps, operations
            copy_bytes(saved_tape, 0, tape, 0, 128)
            copy_bytes(saved_sources, 0, sources, 0, 128)
        if not innermost:
            continue
        length = last - first
        most = (limit - steps) // length
        if most < 2:
            continue
        events = carray(stack_words(640), (128, 5))
        count, move0, move1, each = _decode(tape, table, first, last, commands0, commands1, events)
        event = -1
        if count == 0:
            done = _scan(tape, table, head0, move0, most)
            ended = done <= most
            done = min(done, most)
        else:
            if count == 1 and events[0, 0] >= 8:
                done, event, ended = _copy_loop(
                    tape, sources, table, first, last, events, head0, head1, move0, move1, most
                )
            else:
                done, event, ended = _loop(
                    tape, sources, table, first, last, count, events, head0, head1, move0, move1, most
                )
            commands0 = _commands(tape, 0, table)
            commands1 = _commands(tape, 64, table)
        steps += done * length
        operations += done * each
        head0 = (head0 + done * move0) & 127
        head1 = (head1 + done * move1) & 127
        if ended:
            pc = last + 1
            if pc >= 128:
                break
        elif event >= 0:
            pc = events[event, 3]
            steps += pc - first - 1
            operations += events[event, 4]
            head0 = (head0 + events[event, 1]) & 127
            head1 = (head1 + events[event, 2]) & 127
    return (steps << 32) | operations
