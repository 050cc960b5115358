"""The Z80's arithmetic: what an instruction does to its destination and to the flags.

Functions change registers in place and return the flags as a half from nowhere. Flags, high bit first: S Z Y H X P N
C; Y and X are bits 5 and 3 of the result, undocumented ("The Undocumented Z80 Documented", Sean Young, chapter 4).
A computed byte keeps the source of its destination.
"""

from typing import Any

import numpy as np

from sim.halves import FROM_NOWHERE, A, F, H, byte_at, changed, pair, set_pair
from sim.jit import inlined


def _flags_of_bytes() -> tuple[Any, Any, Any, Any]:
    """Return the flags that a byte alone decides: S Z Y X; those and parity; those after INC; those after DEC."""
    byte = np.arange(256)
    plain = FROM_NOWHERE | (byte & 0xA8) | (byte == 0) << 6
    parity = plain | (np.bitwise_count(byte) % 2 == 0) << 2
    increment = plain | ((byte & 15) == 0) << 4 | (byte == 0x80) << 2
    decrement = plain | ((byte & 15) == 15) << 4 | (byte == 0x7F) << 2 | 2
    return plain.astype(np.uint16), parity.astype(np.uint16), increment.astype(np.uint16), decrement.astype(np.uint16)


#: Flags by byte, as halves from nowhere: S, Z, Y and X; those and parity.
PLAIN, PARITY, _INCREMENT, _DECREMENT = _flags_of_bytes()


@inlined
def szp(byte: Any) -> Any:
    """Return S, Z, Y, X and parity of a byte."""
    return np.int64(PARITY[byte & 0xFF])


@inlined
def alu(r: Any, operation: Any, operand: Any) -> Any:
    """Do ADD, ADC, SUB, SBC, AND, XOR, OR or CP (0 to 7) on A with a byte; return the flags."""
    left = r[A] & 0xFF
    operand &= 0xFF
    if operation < 2:
        result = left + operand + (r[F] & operation)
        r[A] = changed(r[A], result)
        overflow = ((left ^ ~operand) & (left ^ result) & 0x80) >> 5
        return np.int64(PLAIN[result & 0xFF]) | ((left ^ operand ^ result) & 0x10) | overflow | result >> 8
    if operation < 4 or operation == 7:
        result = left - operand - (r[F] & 1 if operation == 3 else 0)
        overflow = ((left ^ operand) & (left ^ result) & 0x80) >> 5
        flags = ((left ^ operand ^ result) & 0x10) | overflow | (result >> 8 & 1) | 2
        if operation == 7:
            # CP shows bits 5 and 3 of what it compares with, for the difference goes nowhere.
            return (np.int64(PLAIN[result & 0xFF]) & ~0x28) | (operand & 0x28) | flags
        r[A] = changed(r[A], result)
        return np.int64(PLAIN[result & 0xFF]) | flags
    if operation == 4:
        r[A] = changed(r[A], left & operand)
        return np.int64(PARITY[left & operand]) | 0x10
    result = left ^ operand if operation == 5 else left | operand
    r[A] = changed(r[A], result)
    return np.int64(PARITY[result])


@inlined
def incremented(r: Any, byte: Any) -> Any:
    """Return the flags of INC that gave ``byte``."""
    return np.int64(_INCREMENT[byte & 0xFF]) | (r[F] & 1)


@inlined
def decremented(r: Any, byte: Any) -> Any:
    """Return the flags of DEC that gave ``byte``."""
    return np.int64(_DECREMENT[byte & 0xFF]) | (r[F] & 1)


@inlined
def add_pair(r: Any, register: Any, operand: Any) -> Any:
    """Do ADD HL,rr (or IX, IY); return the flags."""
    left = pair(r, register)
    result = left + operand
    set_pair(r, register, result)
    flags = (r[F] & 0xC4) | (result >> 8 & 0x28) | ((left ^ operand ^ result) >> 8 & 0x10) | result >> 16
    return FROM_NOWHERE | flags


@inlined
def adc_hl(r: Any, operand: Any) -> Any:
    """Do ADC HL,rr; return the flags."""
    left = pair(r, H)
    result = left + operand + (r[F] & 1)
    set_pair(r, H, result)
    overflow = ((left ^ ~operand) & (left ^ result) & 0x8000) >> 13
    flags = (result >> 8 & 0xA8) | ((left ^ operand ^ result) >> 8 & 0x10) | overflow | result >> 16
    return FROM_NOWHERE | flags | (0x40 if result & 0xFFFF == 0 else 0)


@inlined
def sbc_hl(r: Any, operand: Any) -> Any:
    """Do SBC HL,rr; return the flags."""
    left = pair(r, H)
    result = left - operand - (r[F] & 1)
    set_pair(r, H, result)
    overflow = ((left ^ operand) & (left ^ result) & 0x8000) >> 13
    flags = (result >> 8 & 0xA8) | ((left ^ operand ^ result) >> 8 & 0x10) | overflow | (result >> 16 & 1) | 2
    return FROM_NOWHERE | flags | (0x40 if result & 0xFFFF == 0 else 0)


@inlined
def rotate(operation: Any, byte: Any, carry: Any) -> Any:
    """Do RLC, RRC, RL, RR, SLA, SRA, SLL or SRL (0 to 7); return ``carry << 8 | result``."""
    byte &= 0xFF
    if operation & 1:
        out = byte & 1
        into = byte >> 1
        if operation == 1:
            into |= out << 7
        elif operation == 3:
            into |= (carry & 1) << 7
        elif operation == 5:
            into |= byte & 0x80
        return out << 8 | into
    shifted = byte << 1
    if operation == 0:
        shifted |= byte >> 7
    elif operation == 2:
        shifted |= carry & 1
    elif operation == 6:
        shifted |= 1
    return shifted


@inlined
def rotate_a(r: Any, operation: Any) -> Any:
    """Do RLCA, RRCA, RLA or RRA (0 to 3), which leave S, Z and P; return the flags."""
    result = rotate(operation, r[A], r[F])
    r[A] = changed(r[A], result)
    return FROM_NOWHERE | (r[F] & 0xC4) | (result & 0x28) | result >> 8


@inlined
def daa(r: Any) -> Any:
    """Correct A after decimal arithmetic; return the flags."""
    before, flags = r[A] & 0xFF, r[F]
    correction = carry = 0
    if flags & 0x10 or before & 15 > 9:
        correction = 6
    if flags & 1 or before > 0x99:
        correction |= 0x60
        carry = 1
    result = (before - correction if flags & 2 else before + correction) & 0xFF
    r[A] = changed(r[A], result)
    return np.int64(PARITY[result]) | ((before ^ result) & 0x10) | (flags & 2) | carry


@inlined
def bit(r: Any, mask: Any, byte: Any, shown: Any) -> Any:
    """Test a bit of ``byte``; Y and X come from ``shown``; return the flags."""
    tested = byte & mask
    flags = 0x10 | (r[F] & 1) | (shown & 0x28) | (tested & 0x80)
    return FROM_NOWHERE | flags | (0x44 if tested == 0 else 0)


@inlined
def rotate_digit(r: Any, memory: Any, mask: Any, left: Any) -> Any:
    """Do RLD (``left``) or RRD: pass digits between A and (HL), each keeping its source; return the flags."""
    at = pair(r, H)
    byte, digit = byte_at(memory, mask, at), r[A] & 15
    if left:
        memory[at & mask] = (byte << 4 | digit) & 0xFF
        r[A] = (r[A] & 0xFFF0) | byte >> 4
    else:
        memory[at & mask] = byte >> 4 | digit << 4
        r[A] = (r[A] & 0xFFF0) | (byte & 15)
    return szp(r[A]) | (r[F] & 1)


@inlined
def change_carry(r: Any, complement: Any, shown: Any) -> Any:
    """Do SCF or CCF (``complement``); Y and X come from ``shown``; return the flags."""
    carry = (r[F] & 1) << 4 | (~r[F] & 1) if complement else 1
    return FROM_NOWHERE | (r[F] & 0xC4) | (shown & 0x28) | carry


@inlined
def shown_status(r: Any, shown: Any, parity: Any) -> Any:
    """Return the flags of LD A,I and LD A,R: P is the interrupts' state, Y and X come from ``shown``."""
    zero = 0x40 if r[A] & 0xFF == 0 else 0
    return FROM_NOWHERE | (r[A] & 0x80) | zero | (shown & 0x28) | parity << 2 | (r[F] & 1)
