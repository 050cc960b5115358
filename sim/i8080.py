"""The Intel 8080 as a kernel: every opcode and flag, and where each byte came from.

Intel 8080 Microcomputer Systems User's Manual (1975); start state: semantics.md section 4, "8080 long tape". Memory is
any power of two up to 65536 bytes and addresses wrap in it. No interrupts are raised, IN reads 0, OUT is ignored; HLT
ends the run. Flags, high bit first: S Z 0 AC 0 P 1 CY; the constant bits are part of F from the start.

Tracing rule: a register half carries the source of its byte. MOV, MVI, LXI, loads, stores, exchanges, PUSH and POP
copy byte and source (a constant brings its cell's). Arithmetic, logic, rotation and DAA keep the source of the byte
that they change, half by half for pairs (XRA A too). From nowhere come: flags that an instruction has set,
return addresses, what IN reads, and all registers at the start. F moves like any half until an instruction sets flags.
"""

from typing import Any

import numpy as np
from numba.np.numpy_support import carray

from sim.halves import (
    FROM_NOWHERE,
    HALTED,
    PC,
    SP,
    A,
    D,
    E,
    F,
    H,
    L,
    byte_at,
    changed,
    exchange,
    exchange_with_stack,
    load,
    pair,
    pop,
    pop_address,
    push,
    push_address,
    set_pair,
    store,
    word_at,
)
from sim.i8080_opcodes import CODES, Kind
from sim.i8080_rounds import WAYS
from sim.intrinsics import stack_words
from sim.jit import inlined, kernel
from sim.rounds import goes_round

#: Halves and other numbers of the register file, as in `sim.halves`.
REGISTERS = HALTED + 1

_BYTE = np.arange(256)
#: S, Z, P and the bit that is always 1, by byte.
_SZP = FROM_NOWHERE | (_BYTE & 0x80) | (_BYTE == 0) << 6 | (np.bitwise_count(_BYTE) % 2 == 0) << 2 | 2


@kernel
def reset(r: Any) -> None:
    """Set ``r`` (int64[REGISTERS]) to the start: all registers 0, no half from anywhere."""
    for i in range(PC):
        r[i] = FROM_NOWHERE
    r[F] = FROM_NOWHERE | 2
    r[PC] = r[HALTED] = 0


@inlined
def _alu(r: Any, operation: Any, operand: Any) -> Any:
    """Do ADD, ADC, SUB, SBB, ANA, XRA, ORA or CMP (0 to 7) on A with a byte; return the flags."""
    left = r[A] & 0xFF
    operand &= 0xFF
    if operation < 2:
        result = left + operand + (r[F] & operation)
        r[A] = changed(r[A], result)
        return _SZP[result & 0xFF] | ((left ^ operand ^ result) & 0x10) | result >> 8
    if operation < 4 or operation == 7:
        result = left - operand - (r[F] & 1 if operation == 3 else 0)
        if operation != 7:
            r[A] = changed(r[A], result)
        # The 8080 adds the complement: AC is that sum's carry, not the difference's borrow.
        return _SZP[result & 0xFF] | (~(left ^ operand ^ result) & 0x10) | (result >> 8 & 1)
    if operation == 4:
        r[A] = changed(r[A], left & operand)
        return _SZP[left & operand] | ((left | operand) << 1 & 0x10)
    result = left ^ operand if operation == 5 else left | operand
    r[A] = changed(r[A], result)
    return _SZP[result]


@inlined
def _daa(r: Any) -> Any:
    """Correct A after decimal addition; return the flags."""
    before, correction, carry = r[A] & 0xFF, 0, r[F] & 1
    if r[F] & 0x10 or before & 15 > 9:
        correction = 6
    if carry or before > 0x99:
        correction |= 0x60
        carry = 1
    result = before + correction
    r[A] = changed(r[A], result)
    return _SZP[result & 0xFF] | ((before ^ correction ^ result) & 0x10) | carry


@inlined
def _rotate(r: Any, operation: Any) -> None:
    """Do RLC, RRC, RAL or RAR (0 to 3), which change CY only."""
    byte, carry = r[A] & 0xFF, r[F] & 1
    if operation & 1:
        out = byte & 1
        byte = byte >> 1 | (out if operation == 1 else carry) << 7
    else:
        out = byte >> 7
        byte = byte << 1 | (out if operation == 0 else carry)
    r[A] = changed(r[A], byte)
    r[F] = FROM_NOWHERE | (r[F] & 0xFE) | out


@inlined
def _counted(r: Any, byte: Any, half_carry: Any) -> None:
    """Set the flags of INR or DCR that gave ``byte``; CY stays."""
    r[F] = _SZP[byte & 0xFF] | (0x10 if half_carry else 0) | (r[F] & 1)


@kernel
def run(r: Any, memory: Any, sources: Any, limit: Any) -> int:
    """Execute at most ``limit`` instructions, or up to a HLT; return how many.

    ``r``: int64[REGISTERS], halves as in `sim.halves`. ``memory``, ``sources``: uint8[M], M a power of two up to 65536.
    """
    mask = (len(memory) - 1) & 0xFFFF
    pc = r[PC]
    steps = 0
    while steps < limit:
        code = np.int64(CODES[memory[pc & mask]])
        kind, a, b = code & 0xFF, code >> 8 & 0xFF, code >> 16
        pc += 1
        steps += 1
        match kind:
            case Kind.NOP:
                pass
            case Kind.MOV_R_R:
                r[a] = r[b]
            case Kind.MOV_R_M:
                r[a] = load(memory, sources, mask, pair(r, H))
            case Kind.MOV_M_R:
                store(memory, sources, mask, pair(r, H), r[a])
            case Kind.MVI_R:
                r[a] = load(memory, sources, mask, pc)
                pc += 1
            case Kind.MVI_M:
                store(memory, sources, mask, pair(r, H), load(memory, sources, mask, pc))
                pc += 1
            case Kind.LXI:
                r[a + 1] = load(memory, sources, mask, pc)
                r[a] = load(memory, sources, mask, pc + 1)
                pc += 2
            case Kind.LDA:
                r[A] = load(memory, sources, mask, word_at(memory, mask, pc))
                pc += 2
            case Kind.STA:
                store(memory, sources, mask, word_at(memory, mask, pc), r[A])
                pc += 2
            case Kind.LHLD:
                at = word_at(memory, mask, pc)
                r[L] = load(memory, sources, mask, at)
                r[H] = load(memory, sources, mask, at + 1)
                pc += 2
            case Kind.SHLD:
                at = word_at(memory, mask, pc)
                store(memory, sources, mask, at, r[L])
                store(memory, sources, mask, at + 1, r[H])
                pc += 2
            case Kind.LDAX:
                r[A] = load(memory, sources, mask, pair(r, a))
            case Kind.STAX:
                store(memory, sources, mask, pair(r, a), r[A])
            case Kind.XCHG:
                exchange(r, D, H)
                exchange(r, E, L)
            case Kind.XTHL:
                exchange_with_stack(r, memory, sources, mask, H)
            case Kind.SPHL:
                r[SP] = r[H]
                r[SP + 1] = r[L]
            case Kind.PUSH:
                push(r, memory, sources, mask, r[a], r[a + 1])
            case Kind.POP:
                pop(r, memory, sources, mask, a)
            case Kind.POP_PSW:
                pop(r, memory, sources, mask, A)
                r[F] = changed(r[F], r[F] & 0xD5 | 2)
            case Kind.ALU_R:
                r[F] = _alu(r, a, r[b])
            case Kind.ALU_M:
                r[F] = _alu(r, a, byte_at(memory, mask, pair(r, H)))
            case Kind.ALU_N:
                r[F] = _alu(r, a, byte_at(memory, mask, pc))
                pc += 1
            case Kind.INR_R:
                r[a] = changed(r[a], r[a] + 1)
                _counted(r, r[a], r[a] & 15 == 0)
            case Kind.INR_M:
                at = pair(r, H)
                byte = byte_at(memory, mask, at) + 1
                memory[at & mask] = byte & 0xFF
                _counted(r, byte, byte & 15 == 0)
            case Kind.DCR_R:
                r[a] = changed(r[a], r[a] - 1)
                _counted(r, r[a], r[a] & 15 != 15)
            case Kind.DCR_M:
                at = pair(r, H)
                byte = byte_at(memory, mask, at) - 1
                memory[at & mask] = byte & 0xFF
                _counted(r, byte, byte & 15 != 15)
            case Kind.INX:
                set_pair(r, a, pair(r, a) + 1)
            case Kind.DCX:
                set_pair(r, a, pair(r, a) - 1)
            case Kind.DAD:
                total = pair(r, H) + pair(r, a)
                set_pair(r, H, total)
                r[F] = FROM_NOWHERE | (r[F] & 0xFE) | total >> 16
            case Kind.ROTATE:
                _rotate(r, a)
            case Kind.DAA:
                r[F] = _daa(r)
            case Kind.CMA:
                r[A] ^= 0xFF
            case Kind.STC:
                r[F] = FROM_NOWHERE | (r[F] & 0xFF) | 1
            case Kind.CMC:
                r[F] = FROM_NOWHERE | ((r[F] & 0xFF) ^ 1)
            case Kind.JMP:
                pc = word_at(memory, mask, pc)
            case Kind.JMP_IF:
                pc = word_at(memory, mask, pc) if r[F] & a == b else pc + 2
            case Kind.PCHL:
                pc = pair(r, H)
            case Kind.CALL | Kind.CALL_IF:
                to = word_at(memory, mask, pc)
                pc += 2
                if r[F] & a == b:
                    push_address(r, memory, sources, mask, pc)
                    pc = to
            case Kind.RET | Kind.RET_IF:
                if r[F] & a == b:
                    pc = pop_address(r, memory, mask)
            case Kind.RST:
                push_address(r, memory, sources, mask, pc)
                pc = np.int64(a)
            case Kind.IN:
                r[A] = FROM_NOWHERE
                pc += 1
            case Kind.OUT:
                pc += 1
            case Kind.HLT:
                r[HALTED] = 1
                break
    r[PC] = pc & 0xFFFF
    return steps


def execute(tape: Any, sources: Any, limit: int, table: Any) -> int:  # noqa: ARG001 (the contract's)
    """Run a tape from the start; see `sim.language.Language.execute`."""
    r = np.empty(REGISTERS, np.int64)
    reset(r)
    steps = run(r, tape, sources, limit)
    return (steps << 32) | steps


def execute_fast(tape: Any, sources: Any, limit: int, table: Any) -> int:  # noqa: ARG001 (the contract's)
    """Do what `execute` does, and nothing where a tape only goes round."""
    steps = limit
    if not goes_round(tape, WAYS):
        r = carray(stack_words(REGISTERS), (REGISTERS,))
        reset(r)
        steps = run(r, tape, sources, limit)
    return (steps << 32) | steps
