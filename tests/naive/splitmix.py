"""The reference's hash: a stateless SplitMix64 finaliser and the seeds made from it."""

MASK = (1 << 64) - 1


def sm(x: int) -> int:
    """Return the 64-bit hash of ``x`` (taken mod 2^64). cubff ``SplitMix64``; semantics section "sm"."""
    z = (x + 0x9E3779B97F4A7C15) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def seeded(user_seed: int, x: int) -> int:
    """Return S(x), the seed a soup of ``user_seed`` (0 to 2^64-1) has at index ``x``."""
    return sm(sm(user_seed) ^ sm(x & MASK))
