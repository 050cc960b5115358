"""The measures of one state, by their definitions."""

import math
from collections import Counter
from collections.abc import Iterable

import brotli

from tests.naive.tracer import Token


def unique_tokens(tokens: Iterable[Token]) -> int:
    """Count the different tokens, char included."""
    return len(set(tokens))


def top32_share(tokens: list[Token]) -> float:
    """Return the share (0 to 1) of the cells that carry one of the 32 most frequent tokens."""
    return sum(count for _, count in Counter(tokens).most_common(32)) / len(tokens)


def zero_share(chars: bytes) -> float:
    """Return the share (0 to 1) of the cells that hold byte 0."""
    return chars.count(0) / len(chars)


def shannon_entropy(chars: bytes) -> float:
    """Return the entropy of the byte histogram in bits a byte (0 to 8)."""
    shares = (count / len(chars) for count in Counter(chars).values())
    return math.fsum(-p * math.log2(p) for p in shares)


def brotli_size(chars: bytes) -> int:
    """Return the compressed size in bytes: quality 2, window 2^24, one shot."""
    return len(brotli.compress(chars, quality=2, lgwin=24))


def bits_per_byte(chars: bytes) -> float:
    """Return the compressed size in bits a byte."""
    return 8 * brotli_size(chars) / len(chars)


def complexity(chars: bytes) -> float:
    """Return the high-order entropy: Shannon entropy less compressed size, bits a byte."""
    return shannon_entropy(chars) - bits_per_byte(chars)
