"""The lattice of the Z80 grid: adjacent pairs, a generator with a state (semantics.md section 5, "prepare_batch").

An epoch is a batch: pairs of adjacent programs drawn one by one, their reactions, then mutations at random
cells. All draws come from one stream; its n-th number is a function of the seed and n, so the stream's state
after an epoch is all that the next one needs.
"""

from typing import Any, NamedTuple

import numpy as np

from sim.epoch import NEXT_NUMBER
from sim.jit import kernel
from sim.log import Bytes, Int32
from sim.splitmix import mix

MOST_PAIRS = 8192
_COLLISIONS = 16
#: What the generator's state grows by with each draw.
_STRIDE = np.uint64(0x9E3779B97F4A7C15)
_ONE, _TWO, _EIGHT = np.uint64(1), np.uint64(2), np.uint64(8)


class Batch(NamedTuple):
    """An epoch's draws: how many pairs react, the mutations by cell, and the generator's state after it."""

    pairs: int
    mutated_cells: Int32
    mutated_chars: Bytes
    generator: int


@kernel
def draw_initial(state: Any, chars: Any) -> None:
    """Fill ``chars`` with the first draws of the stream."""
    for i in range(len(chars)):
        chars[i] = np.uint8(mix(state + np.uint64(i) * _STRIDE))


def state_after_init(seed: int, cells: int) -> int:
    """Return the generator's state once the initial soup is drawn, a number a cell."""
    return (seed + cells * int(_STRIDE)) % 2**64


def draw_batch(generator: int, width: int, height: int, length: int, mutation: int, order: Int32, used: Bytes) -> Batch:
    """Draw an epoch: fill ``order`` (int32[N]) with its pairs; ``used`` (uint8[N]) is scratch.

    ``mutation`` is the number of mutations for a pair, in 2^-30. Of mutations of one cell the last counts.
    """
    # Numba gives and takes a uint64 as a Python integer, which it takes for signed: so it is wrapped each time.
    pairs, state = _draw_pairs(np.uint64(generator), width, height, order, used)
    count = int(pairs * (mutation / (1 << 30)))
    cells, chars = np.empty(count, np.int32), np.empty(count, np.uint8)
    state = _draw_mutations(np.uint64(state), width * height * length, cells, chars)
    # the last of each cell: the first when read from the end
    written, last = np.unique(cells[::-1], return_index=True)
    return Batch(int(pairs), written, chars[::-1][last], int(state) % 2**64)


@kernel
def _draw_pairs(state: Any, width: int, height: int, order: Any, used: Any) -> Any:
    programs = width * height
    used[:] = 0
    pairs = collisions = 0
    while pairs < MOST_PAIRS and collisions < _COLLISIONS:
        drawn = mix(state)
        state += _STRIDE
        step = 1 if drawn & _ONE else -1
        program = np.int64((drawn >> _TWO) % np.uint64(programs))
        if used[program]:
            collisions += 1
            continue
        if (drawn >> _ONE) & _ONE:
            column = program % width
            step = 1 if column == 0 else -1 if column == width - 1 else step
        else:
            row = program // width
            step = width if row == 0 else -width if row == height - 1 else step * width
        other = program + step
        if used[other]:
            collisions += 1
            continue
        used[program] = used[other] = 1
        order[2 * pairs] = program
        order[2 * pairs + 1] = other
        pairs += 1
        collisions = 0
    return pairs, state


@kernel
def _draw_mutations(state: Any, all_cells: int, cells: Any, chars: Any) -> Any:
    for i in range(len(cells)):
        drawn = mix(state)
        state += _STRIDE
        chars[i] = np.uint8(drawn)
        cells[i] = np.int64((drawn >> _EIGHT) % np.uint64(all_cells))
    return state


@kernel
def mutate(
    where: Any, drawn: Any, birth: int, counting: bool,
    chars: Any, numbers: Any, origins: Any, holders: Any, shared: Any,
) -> int:  # fmt: skip
    """Give the cells ``where`` their ``drawn`` chars, each born there anew; return the gain of distinct origins.

    ``birth``: origin of a byte born at cell 0 in this epoch. The rest is the soup's (`sim.epoch.Cells`, `Events`);
    ``holders`` are kept if ``counting``, else the gain is 0.
    """
    used = shared[NEXT_NUMBER]
    gain = 0
    for i in range(len(where)):
        cell = where[i]
        chars[cell] = drawn[i]
        old = numbers[cell]
        if origins[old] == birth | cell:
            continue  # a byte born there in this epoch has the origin already
        if counting:
            holders[old] -= 1
            gain += 1 if holders[old] > 0 else 0
            holders[used] = 1
        numbers[cell] = used
        origins[used] = birth | cell
        used += 1
    shared[NEXT_NUMBER] = used
    return gain
