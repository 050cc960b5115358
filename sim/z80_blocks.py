"""The Z80's block instructions: LDI, CPI, INI, OUTI, their downward and their repeating forms.

Each function does one turn (`block_load` several), sets the flags and returns the next program counter: that of the
instruction itself if it repeats. ``step`` is 1 or, downwards, 255. The flags of repeating ports: David Banks, "Z80
undocumented behaviour of block I/O" (2018).
"""

from typing import Any

import numpy as np

from sim.halves import FROM_NOWHERE, A, B, C, D, F, H, L, byte_at, changed, computed, load, pair, set_pair, store
from sim.jit import inlined
from sim.z80_arithmetic import PARITY, PLAIN
from sim.z80_registers import INPUT, WZ


@inlined
def block_load(
    r: Any, memory: Any, sources: Any, mask: Any, pc: Any, step: Any, repeating: Any, published: Any, most: Any
) -> Any:
    """Do LDI or LDD, or ``most`` turns of LDIR or LDDR at once; return the next program counter and the turns done.

    A byte keeps its source. Fewer turns are done where the block ends, or where one has written over the instruction.
    """
    step = (step ^ 0x80) - 0x80
    most = most if repeating else 1
    from_, to, count = pair(r, H), pair(r, D), pair(r, B)
    turns = 0
    while True:
        half = load(memory, sources, mask, from_)
        store(memory, sources, mask, to, half)
        onto = (pc - 1 - to) & mask
        from_ += step
        to += step
        count = (count - 1) & 0xFFFF
        turns += 1
        if count == 0 or turns >= most or onto < 2:
            break
    set_pair(r, H, from_)
    set_pair(r, D, to)
    set_pair(r, B, count)
    total = r[A] + half
    flags = FROM_NOWHERE | (r[F] & 0xC1) | (total & 8) | (total << 4 & 0x20)
    if count:
        flags |= 4
        if repeating:
            pc -= 2
            r[WZ] = (pc + 1) & 0xFFFF
            if not published:
                flags = (flags & ~0x28) | (pc >> 8 & 0x28)
    r[F] = flags
    return pc, turns


@inlined
def block_compare(r: Any, memory: Any, mask: Any, pc: Any, step: Any, repeating: Any, published: Any) -> Any:
    """Do one turn of CPI, CPD, CPIR or CPDR."""
    step = (step ^ 0x80) - 0x80
    left, right = r[A] & 0xFF, byte_at(memory, mask, pair(r, H))
    set_pair(r, H, pair(r, H) + step)
    set_pair(r, B, pair(r, B) - 1)
    r[WZ] = (r[WZ] + step) & 0xFFFF
    result = left - right
    half = (left ^ right ^ result) & 0x10
    shown = result - (half >> 4)
    flags = (np.int64(PLAIN[result & 0xFF]) & ~0x28) | half | (shown & 8) | (shown << 4 & 0x20) | 2 | (r[F] & 1)
    if pair(r, B):
        flags |= 4
    if repeating:
        if flags & 0x44 == 4:
            pc -= 2
            if not published:
                flags = (flags & ~0x28) | (pc >> 8 & 0x28)
            if not published or step == 1:
                r[WZ] = (pc + 1) & 0xFFFF
        elif published:
            r[WZ] = (r[WZ] + 1) & 0xFFFF
    r[F] = flags
    return pc


@inlined
def block_in(r: Any, memory: Any, sources: Any, mask: Any, pc: Any, step: Any, repeating: Any, published: Any) -> Any:
    """Do one turn of INI, IND, INIR or INDR: the byte comes from nowhere."""
    step = (step ^ 0x80) - 0x80
    at = pair(r, H)
    store(memory, sources, mask, at, computed(r[INPUT]))
    set_pair(r, H, at + step)
    r[WZ] = (pair(r, B) + step) & 0xFFFF
    r[B] = changed(r[B], r[B] - 1)
    return _port_moved(r, r[INPUT], r[C] + step, pc, step, repeating, published)


@inlined
def block_out(r: Any, memory: Any, mask: Any, pc: Any, step: Any, repeating: Any, published: Any) -> Any:
    """Do one turn of OUTI, OUTD, OTIR or OTDR; nothing listens."""
    step = (step ^ 0x80) - 0x80
    byte = byte_at(memory, mask, pair(r, H))
    set_pair(r, H, pair(r, H) + step)
    r[B] = changed(r[B], r[B] - 1)
    r[WZ] = (pair(r, B) + step) & 0xFFFF
    return _port_moved(r, byte, r[L], pc, step, repeating, published)


@inlined
def _port_moved(r: Any, byte: Any, base: Any, pc: Any, step: Any, repeating: Any, published: Any) -> Any:
    """Set the flags after a byte was moved, which add it to ``base``; return the next program counter."""
    count = r[B] & 0xFF
    if published:
        r[WZ] = (pair(r, B) + (1 if step == 1 else -2)) & 0xFFFF
        r[F] = FROM_NOWHERE | (r[F] & 0xBF) | 2 | (0x40 if count == 0 else 0)
        return pc - 2 if repeating and count else pc
    total = byte + (base & 0xFF)
    flags = np.int64(PLAIN[count]) | (byte >> 6 & 2) | (0x11 if total > 0xFF else 0)
    flags |= np.int64(PARITY[(total & 7) ^ count]) & 4
    if repeating and count:
        pc -= 2
        r[WZ] = (pc + 1) & 0xFFFF
        flags = _repeated(flags, count, pc)
    r[F] = flags
    return pc


@inlined
def _repeated(flags: Any, count: Any, address: Any) -> Any:
    """Return a turn's flags where the instruction, at ``address``, repeats: P and H change with B's next count."""
    flags = (flags & ~0x28) | (address >> 8 & 0x28)
    turned = count
    if flags & 1:
        negative = flags & 2
        turned = count - 1 if negative else count + 1
        flags = (flags & ~0x10) | (0x10 if count & 15 == (0 if negative else 15) else 0)
    return flags ^ (np.int64(PARITY[turned & 7]) & 4 ^ 4)
