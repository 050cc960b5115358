"""Which pairs of an epoch may hold a mutated byte: one in thirty does at the paper's rate, and only those are drawn."""

from typing import Any

import numpy as np

from sim.intrinsics import DRAWS, any_draw, highest_bit
from sim.jit import kernel
from sim.splitmix import GOLDEN

_ONE = np.uint64(1)
_EIGHT = np.uint64(8)
_LOW30 = np.uint64((1 << 30) - 1)
_GOLDEN = np.uint64(GOLDEN)
_DRAWS = np.uint64(DRAWS)


@kernel
def find_suspects(base: Any, size: int, mutation: int, suspects: Any) -> None:
    """Mark in ``suspects`` (uint8[pairs]) the pairs that may have a byte to mutate; the others have none.

    A pair has ``size`` draws, one a byte; ``base`` (uint64): the first pair's place among all pairs of all epochs.
    ``mutation``: threshold in 2^-30, above 0.
    """
    # No draw below the threshold has any of these bits, and few others have none.
    spare = np.uint64(highest_bit(np.uint64(mutation - 1)) + 1)
    sieve = ((_LOW30 >> spare) << spare) << _EIGHT
    # Draws are looked at 128 at a time, from a multiple of 128 on: neighbours share such a block.
    last_block, last_found = _ONE, False
    for pair in range(len(suspects)):
        start = (base + np.uint64(pair)) * np.uint64(size) + _GOLDEN
        block = start & ~(_DRAWS - _ONE)
        found = False
        for _ in range(((start - block) + np.uint64(size) + _DRAWS - _ONE) // _DRAWS):
            if block != last_block:
                last_block, last_found = block, any_draw(block, sieve)
            found |= last_found
            block += _DRAWS
        suspects[pair] = found
