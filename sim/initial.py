"""State 0 (semantics.md section 1, "Init")."""

from typing import Any

import numpy as np

from sim.config import SoupConfig
from sim.jit import kernel
from sim.lattice import draw_initial
from sim.log import Bytes
from sim.splitmix import draw_int, mix


@kernel
def _fill(chars: Any, base: Any) -> None:
    for i in range(len(chars)):
        chars[i] = np.uint8(mix(base + np.uint64(i)))


def initial_chars(config: SoupConfig) -> Bytes:
    """Return the bytes of state 0, uint8[cells]: uniform random or zero, then what is planted."""
    chars = np.zeros(config.cells, np.uint8)
    if config.initial_soup == "uniform" and config.geometry == "lattice":
        draw_initial(np.uint64(config.seed), chars)
    elif config.initial_soup == "uniform":
        _fill(chars, np.uint64(config.cells * draw_int(config.seed, 0) % 2**64))
    for cell, content in config.plants:
        chars[cell : cell + len(content)] = np.frombuffer(content, np.uint8)
    return chars


def reset_chars(config: SoupConfig, index: int) -> Bytes:
    """Return the bytes that reset number ``index`` writes, uint8[config.reset_cells] (semantics.md section 1)."""
    chars = np.zeros(config.reset_cells, np.uint8)
    if config.initial_soup == "uniform":
        _fill(chars, np.uint64(config.cells * draw_int(config.seed, index) % 2**64))
    return chars
