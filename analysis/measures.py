"""The measures of one state: pure functions of its bytes and of its tokens' counts.

Every figure is the same on every machine: counts are integers, sums are exactly rounded, and the
logarithm is made of IEEE basic operations, for the C libraries' logarithms differ in the last bit.

Complexity is the paper's "high-order entropy" (Agüera y Arcas et al. 2024, section 2.1): Shannon entropy
of the soup's bytes minus the bits per byte that brotli needs, quality 2 and window 24 as in the reference.
"""

import math
from typing import Any

import brotli
import numpy as np
from numpy.typing import NDArray

from sim.jit import kernel

Bytes = NDArray[np.uint8]
Int64 = NDArray[np.int64]
Float64 = NDArray[np.float64]

BROTLI_QUALITY = 2
BROTLI_WINDOW = 24
FREQUENT_TOKENS = 32

#: The columns that `measure` fills, in the order of the relation `epochs`.
COLUMNS = (
    "unique_tokens",
    "top32_share",
    "zero_share",
    "shannon_entropy",
    "brotli_size",
    "bits_per_byte",
    "complexity",
)

_SQRT_HALF = math.sqrt(0.5)
_LOG2_E = 1.4426950408889634
_SERIES = tuple(1.0 / (2 * k + 1) for k in range(12, -1, -1))  # atanh(s) = s + s^3/3 + ...; |s| < 0.172


def measure(chars: Bytes, unique_tokens: int, top_counts: Int64) -> dict[str, int | float]:
    """Return the measured columns of a state.

    ``chars`` (uint8[cells], contiguous) are the soup's bytes by cell; ``unique_tokens`` and
    ``top_counts`` (int64, at most 32, the counts of the most frequent tokens) come from the soup's or the
    replay's ``token_counts()``. Shares are of all cells, 0 to 1; entropies in bits a byte; the brotli size
    in bytes.
    """
    counts = byte_counts(chars)
    entropy = shannon_entropy(counts)
    size = brotli_size(chars)
    bits = bits_per_byte(size, len(chars))
    frequent = int(np.sort(top_counts)[::-1][:FREQUENT_TOKENS].sum())
    return {
        "unique_tokens": int(unique_tokens),
        "top32_share": frequent / len(chars),
        "zero_share": int(counts[0]) / len(chars),
        "shannon_entropy": entropy,
        "brotli_size": size,
        "bits_per_byte": bits,
        "complexity": entropy - bits,
    }


def complexity(chars: Bytes) -> float:
    """Return a state's high-order entropy, in bits per byte; `measure` gives the same number."""
    return shannon_entropy(byte_counts(chars)) - bits_per_byte(brotli_size(chars), len(chars))


def byte_counts(chars: Bytes) -> Int64:
    """Return how often each byte occurs in ``chars``, as int64[256]."""
    counts: Int64 = _byte_counts(np.ascontiguousarray(chars)).sum(axis=0)
    return counts


def shannon_entropy(counts: Int64) -> float:
    """Return the entropy of a histogram, in bits (0 for a single value or none at all).

    -sum p log2 p with p = count / total, each term rounded as IEEE doubles are, their sum exactly.
    """
    present = counts[counts > 0]
    if len(present) < 2:
        return 0.0
    shares = present / np.float64(present.sum())
    return -math.fsum(shares * log2(shares))


def brotli_size(chars: Bytes) -> int:
    """Return the bytes that brotli makes of the soup in cell order, as the reference compresses it.

    Needs libbrotli 1.1 or newer: 1.0.9 gives other sizes. Releases the GIL.
    """
    packed: Any = brotli.compress(np.ascontiguousarray(chars).data, quality=BROTLI_QUALITY, lgwin=BROTLI_WINDOW)
    return len(packed)


def bits_per_byte(size: int, cells: int) -> float:
    """Return the compressed bits a byte of the soup, ``8 size / cells``."""
    return 8 * size / cells


def log2(values: Float64) -> Float64:
    """Return the base-2 logarithms of positive ``values``, the same bits on every machine.

    x = m 2^e with m in [sqrt 1/2, sqrt 2); log2 x = e + 2 atanh((m - 1) / (m + 1)) log2(e). Powers of two
    are exact, the rest right to a few units in the last place.
    """
    mantissas, exponents = np.frexp(values)
    low = mantissas < _SQRT_HALF
    mantissas = np.where(low, mantissas * 2, mantissas)
    exponents = exponents - low
    s = (mantissas - 1) / (mantissas + 1)
    square = s * s
    series = np.zeros_like(s)
    for term in _SERIES:
        series = series * square + term  # numpy rounds after each operation: nothing is fused
    logarithms: Float64 = exponents + 2 * s * series * _LOG2_E
    return logarithms


@kernel
def _byte_counts(chars: Bytes) -> Int64:
    """Return four histograms int64[4, 256] that add up to that of ``chars``.

    Four, because runs of one byte would make each increment wait for the store before it.
    """
    counts = np.zeros((4, 256), np.int64)
    whole = len(chars) & ~3
    for i in range(0, whole, 4):
        counts[0, chars[i]] += 1
        counts[1, chars[i + 1]] += 1
        counts[2, chars[i + 2]] += 1
        counts[3, chars[i + 3]] += 1
    for i in range(whole, len(chars)):
        counts[0, chars[i]] += 1
    return counts
