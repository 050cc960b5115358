"""Draws looked at 128 at a time are those made one by one."""

from typing import Any

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from sim.intrinsics import DRAWS, any_draw
from sim.jit import kernel
from sim.splitmix import GOLDEN, mix_int

_WORD = 2**64


@kernel
def _any(first: Any, mask: Any) -> Any:
    return any_draw(first, mask)


@given(block=st.integers(0, _WORD // DRAWS - 1), bits=st.integers(1, 12), shift=st.integers(0, 52))
@example(block=_WORD // DRAWS - 1, bits=7, shift=26)
@example(block=(1 << 30) // DRAWS - 1, bits=7, shift=26)
def test_a_block_of_draws_has_one_without_the_bits_if_one_of_them_has_none(block: int, bits: int, shift: int) -> None:
    mask = ((1 << bits) - 1) << shift
    place = block * DRAWS - GOLDEN
    expected = any(mix_int((place + index) % _WORD) & mask == 0 for index in range(DRAWS))
    assert _any(np.uint64(block * DRAWS), np.uint64(mask)) == expected
