"""Random food: the programs that a program is tried with, the same for everybody who asks."""

import numpy as np

from sim.log import Bytes
from sim.splitmix import mix_int

_DRAW = 8  # bytes of a draw


def random_foods(count: int, length: int, first: int = 0) -> Bytes:
    """Return foods ``first`` to ``first + count`` - 1 of ``length`` bytes (a multiple of 8), as uint8[count, length].

    Their bytes are those of SplitMix64's finaliser of 0, 1, 2, ..., least significant first.
    """
    draws = range(first * length // _DRAW, (first + count) * length // _DRAW)
    content = b"".join(mix_int(draw).to_bytes(_DRAW, "little") for draw in draws)
    return np.frombuffer(content, np.uint8).reshape(count, length)
