"""Registers whose halves know where their byte came from: what the Z80 and the 8080 share.

A *half* is one number, ``source << 8 | byte``: moved as it is, a byte keeps its identity; `changed` gives a
half another byte and keeps its source; `computed` makes one from nowhere. A register file is an int64 array
whose first places are those below, a pair's high half before its low one. Addresses are 16 bits, taken modulo
the memory's length (a power of two up to 65536); sources have 8 bits.
"""

from typing import Any

import numpy as np

from sim.jit import inlined
from sim.language import NOWHERE

A, F, B, C, D, E, H, L, SP = range(9)
#: Not halves: the 16 bits of the program counter; 1 after a HALT. (SP's low half is at SP + 1.)
PC, HALTED = 10, 11

#: The source part of a half from nowhere.
FROM_NOWHERE = NOWHERE << 8


@inlined
def changed(half: Any, byte: Any) -> Any:
    """Return ``half`` with another byte and the same source; ``byte`` is taken mod 256."""
    return (half & 0xFF00) | (byte & 0xFF)


@inlined
def computed(byte: Any) -> Any:
    """Return a half from nowhere; ``byte`` is taken mod 256."""
    return FROM_NOWHERE | (byte & 0xFF)


@inlined
def load(memory: Any, sources: Any, mask: Any, address: Any) -> Any:
    """Return the half that stands at ``address``."""
    at = address & mask
    return np.int64(memory[at]) | np.int64(sources[at]) << 8


@inlined
def store(memory: Any, sources: Any, mask: Any, address: Any, half: Any) -> None:
    """Copy a half, byte and source, to ``address``."""
    at = address & mask
    memory[at] = half & 0xFF
    sources[at] = half >> 8


@inlined
def byte_at(memory: Any, mask: Any, address: Any) -> Any:
    """Return the byte at ``address``, 0 to 255."""
    return np.int64(memory[address & mask])


@inlined
def signed_at(memory: Any, mask: Any, address: Any) -> Any:
    """Return the byte at ``address``, -128 to 127."""
    return (np.int64(memory[address & mask]) ^ 0x80) - 0x80


@inlined
def word_at(memory: Any, mask: Any, address: Any) -> Any:
    """Return the 16 bits at ``address``, low byte first."""
    return np.int64(memory[address & mask]) | np.int64(memory[(address + 1) & mask]) << 8


@inlined
def pair(r: Any, register: Any) -> Any:
    """Return the 16 bits of a register pair, named by its high half."""
    return (r[register] & 0xFF) << 8 | (r[register + 1] & 0xFF)


@inlined
def set_pair(r: Any, register: Any, value: Any) -> None:
    """Give a register pair another value (mod 65536); each half keeps its source."""
    r[register] = (r[register] & 0xFF00) | (value >> 8 & 0xFF)
    r[register + 1] = (r[register + 1] & 0xFF00) | (value & 0xFF)


@inlined
def exchange(r: Any, first: Any, second: Any) -> None:
    """Exchange two halves."""
    half = r[first]
    r[first] = r[second]
    r[second] = half


@inlined
def push(r: Any, memory: Any, sources: Any, mask: Any, high: Any, low: Any) -> None:
    """Push two halves, the high one at the higher address."""
    top = pair(r, SP)
    store(memory, sources, mask, top - 1, high)
    store(memory, sources, mask, top - 2, low)
    set_pair(r, SP, top - 2)


@inlined
def push_address(r: Any, memory: Any, sources: Any, mask: Any, address: Any) -> None:
    """Push a return address: the program counter's bytes come from nowhere."""
    push(r, memory, sources, mask, FROM_NOWHERE | (address >> 8 & 0xFF), FROM_NOWHERE | (address & 0xFF))


@inlined
def pop(r: Any, memory: Any, sources: Any, mask: Any, register: Any) -> None:
    """Pop into a register pair, named by its high half."""
    top = pair(r, SP)
    low = load(memory, sources, mask, top)
    high = load(memory, sources, mask, top + 1)
    set_pair(r, SP, top + 2)
    r[register] = high
    r[register + 1] = low


@inlined
def pop_address(r: Any, memory: Any, mask: Any) -> Any:
    """Pop 16 bits that are only jumped to."""
    top = pair(r, SP)
    set_pair(r, SP, top + 2)
    return word_at(memory, mask, top)


@inlined
def exchange_with_stack(r: Any, memory: Any, sources: Any, mask: Any, register: Any) -> None:
    """Exchange a register pair with the two bytes on top of the stack."""
    top = pair(r, SP)
    low = load(memory, sources, mask, top)
    high = load(memory, sources, mask, top + 1)
    store(memory, sources, mask, top + 1, r[register])
    store(memory, sources, mask, top, r[register + 1])
    r[register] = high
    r[register + 1] = low
