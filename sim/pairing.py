"""Who meets whom where anybody may: the shuffle, and orders that only the epoch decides (semantics.md section 1)."""

from typing import Any

import numpy as np

from sim.jit import kernel
from sim.splitmix import draw, mix

_LOW32 = np.uint64(0xFFFFFFFF)
_S32 = np.uint64(32)
#: Up to here a draw's remainder is exact in two steps of double precision, which vectorise.
_EXACT = 1 << 20


@kernel
def shuffle(mixed_seed: Any, epoch: int, order: Any, draws: Any) -> None:
    """Fill ``order`` (int32[N]) with the pairing of the reference's 0-based ``epoch``.

    Programs ``order[2k]`` and ``order[2k + 1]`` meet, the first on the left. ``draws`` (int32[N]) is
    scratch. Fisher-Yates from the end, each draw a function of (seed, epoch, place) alone.
    """
    programs = len(order)
    base = np.uint64(epoch) * np.uint64(programs)
    if programs <= _EXACT:
        # x mod m for m <= 2^20: (x >> 32) mod m, then (that << 32 | low half) < 2^52, both exact in
        # doubles up to one correction. The 64-bit division it replaces takes 40 cycles and no vector.
        for i in range(programs):
            x = mix(draw(mixed_seed, base + np.uint64(i)))
            m = np.int64(i + 1)
            inverse = 1.0 / np.float64(m)
            high = np.int64(x >> _S32)
            rest = high - np.int64(np.float64(high) * inverse) * m
            rest += m if rest < 0 else 0
            rest -= m if rest >= m else 0
            whole = (rest << 32) | np.int64(x & _LOW32)
            rest = whole - np.int64(np.float64(whole) * inverse) * m
            rest += m if rest < 0 else 0
            rest -= m if rest >= m else 0
            draws[i] = rest
    else:
        for i in range(programs):
            x = mix(draw(mixed_seed, base + np.uint64(i)))
            draws[i] = np.int64(x % np.uint64(i + 1))
    for i in range(programs):
        order[i] = i
    for i in range(programs - 1, -1, -1):
        j = draws[i]
        kept = order[i]
        order[i] = order[j]
        order[j] = kept


@kernel
def shuffle_fixed(epoch: int, order: Any) -> None:
    """Fill ``order`` (int32[N], N a power of two) as the reference's fixed shuffle does."""
    programs = len(order)
    bits = 0
    while (2 << bits) <= programs:
        bits += 1
    stride = np.int64(2) << (epoch % bits)
    for i in range(programs):
        order[i] = (i * (stride - 1)) % programs ^ (epoch & 1)


@kernel
def cycle(epoch: int, order: Any) -> None:
    """Fill ``order`` (int32[N]) as the reference does without a shuffle: beside one neighbour, then the other."""
    programs = len(order)
    for i in range(programs):
        order[i] = i if epoch % 2 else (i + programs - 1) % programs


@kernel
def list_pairs(order: Any, reactions: int, numbers: Any, left: Any, right: Any, places: Any) -> None:
    """List the pairs of ``order``: the first ``reactions`` by ascending left program, the others as they come.

    ``right`` (int32[pairs]), ``left`` and ``places`` (int32[pairs + 1], the last one scratch) take a pair's programs
    and its place in ``order``; ``numbers`` (int32[N]) is scratch.
    """
    numbers[:] = -1
    for k in range(reactions):
        numbers[order[2 * k]] = k
    row = 0
    for program in range(len(order)):
        left[row] = program
        places[row] = numbers[program]
        row += numbers[program] >= 0
    for k in range(reactions, len(right)):
        left[k] = order[2 * k]
        places[k] = k
    for k in range(len(right)):
        right[k] = order[2 * places[k] + 1]
