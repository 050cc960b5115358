"""Names of many lists at once against hashlib's, one by one."""

import hashlib
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sim.blake2b import name_lists
from sim.jit import kernel
from sim.language import LONGEST


@kernel
def _named(writes: Any, starts: Any, first: int, stop: int, ids: Any) -> None:
    name_lists(writes, starts, first, stop, ids)


def _name(writes: Any) -> int:
    message = b"".join(bytes((write >> 16, (write >> 8) & 255, write & 255)) for write in writes.tolist())
    return int.from_bytes(hashlib.blake2b(message).digest()[:8], "little") & (2**63 - 1)


@given(
    # 42 writes and two bytes of another fill a block of 128 bytes, 128 writes three blocks
    sizes=st.lists(st.sampled_from([1, 2, 3, 20, 41, 42, 43, 84, 85, 86, 127, 128, 129, LONGEST]), max_size=20),
    first=st.integers(0, 9),
    seed=st.integers(0, 2**32 - 1),
)
def test_every_list_gets_the_name_that_hashlib_gives_it(sizes: list[int], first: int, seed: int) -> None:
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes, dtype=np.int64)])
    writes = np.random.default_rng(seed).integers(0, 2**24, int(starts[-1]), dtype=np.uint32)
    first = min(first, len(sizes))
    ids = np.full(len(sizes), -1, np.int64)
    _named(writes, starts, first, len(sizes), ids)
    named = [_name(writes[starts[k] : starts[k + 1]]) for k in range(first, len(sizes))]
    assert ids.tolist() == [-1] * first + named
