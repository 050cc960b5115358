"""A few programs of a state drawn for all of them, and how far what they tell may be off."""

import math

import numpy as np
from numpy.typing import NDArray

from sim.log import Int64
from sim.splitmix import GOLDEN, MIX1, MIX2, mix_int

#: Standard errors to either side of an estimate that hold 95 % of them.
WITHIN = 1.96


def sampled(seed: int, epoch: int, programs: int, size: int) -> Int64:
    """Return ``size`` of a soup's programs (int64, ascending), or all if it has no more.

    Drawn without replacement, each as likely as any, by the run's ``seed`` and the ``epoch`` alone: those with
    the smallest numbers of the SplitMix64 finaliser, every program with its own.
    """
    if size >= programs:
        return np.arange(programs, dtype=np.int64)
    base = np.uint64(mix_int(mix_int(seed) + epoch))  # not `draw_int`, which takes seed and epoch for each other
    numbers = _mixed(base + np.arange(programs, dtype=np.uint64))
    chosen: Int64 = np.sort(np.argsort(numbers, kind="stable")[:size])
    return chosen


def wilson(found: int, size: int, programs: int | None = None) -> tuple[float, float]:
    """Return the 95 % interval (low, high) of a share of which ``found`` of a sample of ``size`` show some.

    Wilson's (1927, "Probable inference, the law of succession, and statistical inference"). Of a sample drawn without
    replacement from a population of ``programs`` both ends are the share itself where all were looked at.
    """
    share = found / size
    spread = WITHIN**2 * (1.0 if programs is None else _unseen(size, programs)) / size
    middle = share + spread / 2
    half = math.sqrt(spread * (share * (1 - share) + spread / 4))
    # Exactly 0 or 1 where none or all were seen, which rounding misses; and never past the share itself.
    low = min((middle - half) / (1 + spread), share) if found else 0.0
    return low, max((middle + half) / (1 + spread), share) if found < size else 1.0


def mean_and_error(values: Int64, programs: int) -> tuple[float, float]:
    """Return the mean of a sample (integers) and its standard error; 0 where all ``programs`` were looked at."""
    size = len(values)
    total, squares = int(values.sum()), int((values * values).sum())
    if size < 2:
        return total / size, 0.0
    variance = (size * squares - total * total) / (size * (size - 1))
    return total / size, math.sqrt(variance * ((programs - size) / programs) / size)


def _unseen(size: int, programs: int) -> float:
    """Return by how much a sample without replacement varies less than one with: 1 to 0 as it becomes all."""
    return (programs - size) / (programs - 1) if programs > 1 else 0.0


def _mixed(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the SplitMix64 finaliser of each number."""
    z = x + np.uint64(GOLDEN)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(MIX1)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(MIX2)
    return z ^ (z >> np.uint64(31))
