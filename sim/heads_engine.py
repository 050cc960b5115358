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

from sim.intrinsics import (
    choose_bytes,
    copy_items,
    cube_mask,
    differ_mask,
    equal_mask,
    highest_bit,
    lowest_bit,
    reverse_bytes,
    stack_bytes,
    stack_words,
)
from sim.jit import inlined, pasted

# Kinds of byte, as in sim.heads: 0 no-op, 1 zero, 2..5 heads, 6 and 7 decrement and increment, 8 and 9
# copies, 10 a copy that moves head1 too, 11 and 12 brackets, 13 and 14 brackets that jump a fixed way.
_ONE = np.uint64(1)
_LAST = np.uint64(63)
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)

# What a command does if it does not jump, by kind: head moves, what is added, whether head1 is the source or target.
_MOVE0 = np.array([0, 0, -1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], np.int64)
_MOVE1 = np.array([0, 0, 0, 0, -1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0], np.int64)
_ADD = np.array([0, 0, 0, 0, 0, 0, -1, 1, 0, 0, 0, 0, 0, 0, 0], np.int64)
_IF_FROM1 = np.array([0, 0, 0, 0, 0, 0, 0, 0, 0, 127, 127, 0, 0, 0, 0], np.uint64)
_IF_TO1 = np.array([0, 0, 0, 0, 0, 0, 0, 0, 127, 0, 0, 0, 0, 0, 0], np.uint64)
_ADDED = _ADD.astype(np.uint8)
#: Whether it jumps: bit 0 if head 0 is not on a zero, bit 1 if it is.
_JUMPS = np.array([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 1, 2, 1], np.uint64)


@inlined
def _commands(tape: Any, half: int, table: Any) -> Any:
    """Return the mask of commands in 64 bytes of the tape."""
    found = np.uint64(0)
    for j in range(table[258]):
        found |= cube_mask(tape, half, table, 259 + 16 * j)
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
def _zeros(tape: Any, fold: Any) -> Any:
    """Return a mask that is 0 if no byte of the tape is."""
    return equal_mask(tape, 0, np.uint8(0), fold) | equal_mask(tape, 64, np.uint8(0), fold)


@inlined
def _same(a: Any, b: Any) -> Any:
    return (differ_mask(a, b, 0) | differ_mask(a, b, 64)) == 0


@pasted
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
def _below(count: int, half: int) -> Any:
    """Return the mask of the places before ``count`` among the 64 from ``half`` on."""
    here = count - half
    if here >= 64:
        return _ALL
    return (_ONE << np.uint64(here)) - _ONE if here > 0 else np.uint64(0)


@inlined
def _scan(tape: Any, table: Any, head0: int, move0: int, most: int) -> Any:
    """Return after how many iterations (at most ``most``) a loop that only moves heads meets a zero.

    ``most + 1`` if it meets none in time.
    """
    if move0 & 127 == 0:
        return most + 1
    fold = table[257]
    zeros0 = equal_mask(tape, 0, np.uint8(0), fold)
    zeros1 = equal_mask(tape, 64, np.uint8(0), fold)
    if zeros0 | zeros1 == 0:
        return most + 1
    if move0 == 1:
        place = _next(zeros0, zeros1, head0 + 1)
        place = place if place < 128 else 128 + _next(zeros0, zeros1, 0)
        return min(place - head0, most + 1)
    if move0 == -1:
        place = _previous(zeros0, zeros1, head0)
        place = place if place >= 0 else _previous(zeros0, zeros1, 128) - 128
        return min(head0 - place, most + 1)
    place = head0
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


@pasted
def _around(ring: Any, circle: Any, start: int, move: int) -> None:
    """Fill ``ring`` (128 bytes) with the ``circle`` (a tape twice) from ``start`` on, forwards or backwards."""
    if move > 0:
        copy_items(ring, 0, circle, start, 128)
    else:
        reverse_bytes(ring, 0, circle, start + 65)
        reverse_bytes(ring, 64, circle, start + 1)


@pasted
def _turn(tape: Any, circle: Any, ring: Any, start: int, move: int) -> None:
    """Put a ``ring`` back on the tape: its first byte at ``start``, the others forwards or backwards from there."""
    copy_items(circle, 0, ring, 0, 128)
    copy_items(circle, 128, ring, 0, 128)
    _around(tape, circle, -start & 127 if move > 0 else start, move)


@pasted
def _step_lap(
    tape: Any, sources: Any, table: Any, first: int, last: int, source: int, target: int, move_source: int,
    move_target: int, head0_reads: bool, lap: int, rings: Any,
) -> Any:  # fmt: skip
    """Do what `_copy_lap` does when both heads move by one cell an iteration, all iterations at once.

    The tape is seen as a ring that begins at the target. In opposite directions iteration k copies the ring's
    place d - k to k: whichever of the two is reached first takes the other's byte, and the other then finds its
    own there. In the same direction it copies place d + k, from iteration 128 - d on what it wrote itself.
    ``rings``: uint8[768], scratch. Returns (iterations finished, whether the next would change the body,
    whether a zero ended the loop, whether further ones would change nothing).
    """
    circle, old, new, old_sources, new_sources = (
        rings[0:256],
        rings[256:384],
        rings[384:512],
        rings[512:640],
        rings[640:768],
    )
    away = ((source - target) * move_target) & 127
    copy_items(circle, 0, tape, 0, 128)
    copy_items(circle, 128, tape, 0, 128)
    _around(old, circle, target, move_target)
    _around(new, circle, source, move_source)
    copy_items(circle, 0, sources, 0, 128)
    copy_items(circle, 128, sources, 0, 128)
    _around(old_sources, circle, target, move_target)
    _around(new_sources, circle, source, move_source)
    if move_source != move_target:
        first0 = _below(away // 2 + 1, 0) | (_below((away + 128) // 2 + 1, 0) & ~_below(away + 1, 0))
        first1 = _below(away // 2 + 1, 64) | (_below((away + 128) // 2 + 1, 64) & ~_below(away + 1, 64))
        choose_bytes(new, new, old, 0, first0)
        choose_bytes(new, new, old, 64, first1)
        choose_bytes(new_sources, new_sources, old_sources, 0, first0)
        choose_bytes(new_sources, new_sources, old_sources, 64, first1)
    elif away > 0:
        for k in range(128 - away, 128):
            new[k] = new[k + away - 128]
            new_sources[k] = new_sources[k + away - 128]
    done = lap
    ended = hindered = False
    fold = table[257]
    path = new if head0_reads else old
    zeros0 = equal_mask(path, 0, np.uint8(0), fold)
    zeros1 = equal_mask(path, 64, np.uint8(0), fold)
    # Head 0 stands on the next place when it is asked; after a whole lap on the first, as that is then.
    found = _next(zeros0, zeros1, 1)
    if found == 128 and new[away if head0_reads else 0] & fold != 0:
        found = 129
    if found <= done:
        done = found
        ended = True
    start = (first - target) & 127 if move_target > 0 else (target - last) & 127
    differ0 = differ_mask(old, new, 0)
    differ1 = differ_mask(old, new, 64)
    body = last - first + 1
    if differ0 | differ1 != 0:
        within0 = _below(start + body, 0) & ~_below(start, 0) | _below(start + body - 128, 0)
        within1 = _below(start + body, 64) & ~_below(start, 64) | _below(start + body - 128, 64)
        place = _next(differ0 & within0, differ1 & within1, 0)
        while place < done:
            if table[old[place]] != table[new[place]]:
                done = place
                hindered, ended = True, False
                break
            place = _next(differ0 & within0, differ1 & within1, place + 1)
    settled = (
        move_source != move_target
        or (differ0 | differ1 | differ_mask(old_sources, new_sources, 0) | differ_mask(old_sources, new_sources, 64))
        == 0
    )
    if done < 128:
        choose_bytes(new, new, old, 0, _below(done, 0))
        choose_bytes(new, new, old, 64, _below(done, 64))
        choose_bytes(new_sources, new_sources, old_sources, 0, _below(done, 0))
        choose_bytes(new_sources, new_sources, old_sources, 64, _below(done, 64))
    _turn(tape, circle, new, target, move_target)
    _turn(sources, circle, new_sources, target, move_target)
    return done, hindered, ended, settled


@pasted
def _copy_loop(
    tape: Any, sources: Any, table: Any, first: int, last: int, events: Any, head0: int, head1: int,
    move0: int, move1: int, most: int, rings: Any,
) -> Any:  # fmt: skip
    """Run at most ``most`` iterations of a decoded loop that makes one copy; returns what `_loop` does.

    Most of a replicator's life is spent here. After each lap of the heads it is tried whether another
    would change anything; if not, the rest is a search for a zero.
    """
    lap = 128 >> lowest_bit(np.uint64((move0 | move1 | 128) & 255))
    done = 0
    settled = False
    # The lap at once looks for zeros where the copied bytes are: head 0 stands there, or there are none at all.
    at_once = abs(move0) == 1 and abs(move1) == 1
    at_once = at_once and (events[0, 1] == 0 or _zeros(tape, table[257]) == 0)
    while done < most:
        place0 = (head0 + events[0, 1]) & 127
        place1 = (head1 + events[0, 2]) & 127
        if events[0, 0] == 8:
            source, target, move_source, move_target = place0, place1, move0, move1
        else:
            source, target, move_source, move_target = place1, place0, move1, move0
        if done > 0 and not at_once:
            settled = _is_settled(tape, sources, source, target, move_source, move_target, lap)
        if settled:
            found = _scan(tape, table, head0, move0, most - done)
            return min(done + found, most), -1, found <= most - done
        if at_once:
            made, hindered, ended, settled = _step_lap(
                tape, sources, table, first, last, source, target, move_source, move_target, events[0, 0] == 8,
                min(lap, most - done), rings,
            )  # fmt: skip
        else:
            made, hindered, ended = _copy_lap(
                tape, sources, table, first, last - first, source, target, move_source, move_target,
                (move0 << 8) | ((head0 + move0) & 127), min(lap, most - done),
            )  # fmt: skip
        done += made
        if hindered:
            return done, 0, False
        if ended:
            return done, -1, True
        head0 = (head0 + made * move0) & 127
        head1 = (head1 + made * move1) & 127
    return most, -1, False


def run_heads(tape: Any, sources: Any, limit: int, table: Any) -> Any:
    """Run a tape of 128 bytes; see `sim.language.Language.execute`."""
    commands0 = _commands(tape, 0, table)
    commands1 = _commands(tape, 64, table)
    head0 = head1 = pc = 0
    if table[256] != 0:
        head0, head1, pc = int(tape[0]) & 127, int(tape[1]) & 127, 2
    steps = operations = 0
    fold = table[257]
    flipped = carray(stack_words(1), (1,))
    saved_tape = carray(stack_bytes(128), (128,))
    saved_sources = carray(stack_bytes(128), (128,))
    rings = carray(stack_bytes(768), (768,))
    saved_pc = -1
    saved_head0 = saved_head1 = saved_steps = saved_operations = 0
    jumps = 0
    power = 4
    while True:
        # The straight line from pc to the next jump; steps are places, `base` apart.
        base = steps - pc
        stop = min(128, limit - base)
        ahead0 = commands0 & ~_below(pc, 0)
        ahead1 = commands1 & ~_below(pc, 64)
        while True:
            position = lowest_bit(ahead0) if ahead0 != 0 else 64 + lowest_bit(ahead1)
            if position >= stop:
                return ((base + stop) << 32) | operations
            operations += 1
            ahead1 = ahead1 if ahead0 != 0 else ahead1 & (ahead1 - _ONE)
            ahead0 &= ahead0 - _ONE
            kind = np.uint64(table[tape[np.uint64(position)]])
            # Masks rather than choices: the commands come in no order a processor could guess. Unsigned indices:
            # Numba would look at signed ones for negative values.
            one = np.uint64(head0)
            if (_JUMPS[kind] >> np.uint64(tape[one] & fold == 0)) & _ONE:
                break
            apart = one ^ np.uint64(head1)
            source = one ^ (apart & _IF_FROM1[kind])
            target = one ^ (apart & _IF_TO1[kind])
            old = tape[target]
            char = np.uint8(tape[source] + _ADDED[kind])
            tape[target] = char
            sources[target] = sources[source]
            if (table[char] > 1) != (table[old] > 1):
                # The store keeps LLVM from doing without this branch. It is worth predicting: else the next
                # command's place would wait for this one's bytes.
                flipped[0] = np.int64(target)
                bit = _ONE << (target & _LAST)
                commands0 ^= bit if target < 64 else np.uint64(0)
                commands1 ^= bit if target >= 64 else np.uint64(0)
                ahead0 = commands0 & ~_below(position + 1, 0)
                ahead1 = commands1 & ~_below(position + 1, 64)
            head0 = (head0 + _MOVE0[kind]) & 127
            head1 = (head1 + _MOVE1[kind]) & 127
        steps = base + position + 1
        if kind == 13:
            pc = position + 9
            if pc >= 128:
                break
            continue
        if kind == 11:
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
            copy_items(saved_tape, 0, tape, 0, 128)
            copy_items(saved_sources, 0, sources, 0, 128)
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
                    tape, sources, table, first, last, events, head0, head1, move0, move1, most, rings
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
        elif event >= 0:
            pc = events[event, 3]
            steps += pc - first - 1
            operations += events[event, 4]
            head0 = (head0 + events[event, 1]) & 127
            head1 = (head1 + events[event, 2]) & 127
    return (steps << 32) | operations
