"""Counter-based random draws: every draw is a function of (seed, epoch, index), never of call order.

The reference's stateless SplitMix64 finaliser and its seeded form, semantics.md section 1 ("Seeds").
All values are uint64 and wrap.
"""

import numpy as np

from sim.jit import inlined

GOLDEN, MIX1, MIX2 = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
_GOLDEN, _MIX1, _MIX2 = np.uint64(GOLDEN), np.uint64(MIX1), np.uint64(MIX2)
_S27 = np.uint64(27)
_S30 = np.uint64(30)
_S31 = np.uint64(31)


@inlined
def mix(x: np.uint64) -> np.uint64:
    """Return the SplitMix64 finaliser of ``x``."""
    z = x + _GOLDEN
    z = (z ^ (z >> _S30)) * _MIX1
    z = (z ^ (z >> _S27)) * _MIX2
    return z ^ (z >> _S31)


@inlined
def draw(mixed_seed: np.uint64, x: np.uint64) -> np.uint64:
    """Return the reference's S(x) for ``mixed_seed = mix(seed)``."""
    return mix(mixed_seed ^ mix(x))


def mix_int(x: int) -> int:
    """Return ``mix(x)`` of a Python integer, for set-up code outside kernels."""
    mask = 0xFFFFFFFFFFFFFFFF
    z = (x + GOLDEN) & mask
    z = ((z ^ (z >> 30)) * MIX1) & mask
    z = ((z ^ (z >> 27)) * MIX2) & mask
    return z ^ (z >> 31)


def draw_int(seed: int, x: int) -> int:
    """Return the reference's S(x) for a run's ``seed``, as a Python integer."""
    return mix_int(mix_int(seed) ^ mix_int(x))
