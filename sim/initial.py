"""State 0 (semantics.md section 1, "Init")."""

import hashlib
from typing import Any

import numpy as np

from sim.config import SoupConfig
from sim.errors import InputError
from sim.jit import kernel
from sim.lattice import draw_initial
from sim.log import CELL_BITS, Bytes, Tokens
from sim.splitmix import draw_int, mix


@kernel
def _fill(chars: Any, base: Any) -> None:
    for i in range(len(chars)):
        chars[i] = np.uint8(mix(base + np.uint64(i)))


def initial_chars(config: SoupConfig) -> Bytes:
    """Return the bytes of state 0, uint8[cells]: uniform random or zero, then what is planted.

    Raises `ValueError` for an imported soup: its bytes are its own.
    """
    if config.start is not None:
        raise ValueError("an imported soup is resumed from its tokens")
    chars = np.zeros(config.cells, np.uint8)
    if config.initial_soup == "uniform" and config.geometry == "lattice":
        draw_initial(np.uint64(config.seed), chars)
    elif config.initial_soup == "uniform":
        _fill(chars, np.uint64(config.cells * draw_int(config.seed, 0) % 2**64))
    for cell, content in config.plants:
        chars[cell : cell + len(content)] = np.frombuffer(content, np.uint8)
    return chars


def imported_tokens(config: SoupConfig, chars: Bytes) -> Tokens:
    """Return the tokens of an imported soup's first state: each byte of ``chars`` (uint8[cells]) born where it is.

    Raises `InputError` if they are not the bytes that ``config.start`` names.
    """
    if config.start is None or hashlib.sha256(chars.tobytes()).hexdigest() != config.start.sha256:
        raise InputError("start: the bytes are not those of the configuration")
    return Tokens(config.first << CELL_BITS | np.arange(config.cells), chars)


def reset_chars(config: SoupConfig, index: int) -> Bytes:
    """Return the bytes that reset number ``index`` writes, uint8[config.reset_cells] (semantics.md section 1)."""
    chars = np.zeros(config.reset_cells, np.uint8)
    if config.initial_soup == "uniform":
        _fill(chars, np.uint64(config.cells * draw_int(config.seed, index) % 2**64))
    return chars
