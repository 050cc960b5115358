"""The Zilog Z80 as a kernel: every opcode, every flag, the memory pointer, and where each byte came from.

One loop serves single steps, whole tapes and 64 KB programs: memory is any power of two up to 65536 bytes and
addresses wrap in it. No interrupts are raised; a HALT ends the run. Behaviour beyond the manual: "The Undocumented
Z80 Documented" (Sean Young), "MEMPTR, esoteric register of the Zilog Z80 CPU" (boo_boo), "Z80 undocumented
behaviour of block I/O" (David Banks).

With `published` it is the core of the published grid of Z80 programs instead, as far as that one differs: semantics.md
section 5, "Differences of that emulator from a real Z80".

Tracing rule: a register half carries the source of its byte. Loads, exchanges, pushes, pops and block moves copy byte
and source; a constant from the program text brings its cell's. Arithmetic, logic, rotation, DAA, RLD and RRD keep the
source of the byte that they change, half by half for pairs (XOR A too). From nowhere come: flags that an instruction
has set, return addresses, what an IN reads, I, R, and all registers at the start. F moves like any half until an
instruction sets flags: POP AF, PUSH AF copies.
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
    B,
    D,
    E,
    F,
    H,
    L,
    byte_at,
    changed,
    computed,
    exchange,
    exchange_with_stack,
    load,
    pair,
    pop,
    pop_address,
    push,
    push_address,
    set_pair,
    signed_at,
    store,
    word_at,
)
from sim.intrinsics import stack_words
from sim.jit import inlined, kernel
from sim.rounds import goes_round
from sim.z80_arithmetic import (
    adc_hl,
    add_pair,
    alu,
    bit,
    change_carry,
    daa,
    decremented,
    incremented,
    rotate,
    rotate_a,
    rotate_digit,
    sbc_hl,
    shown_status,
    szp,
)
from sim.z80_blocks import block_compare, block_in, block_load, block_out
from sim.z80_opcodes import AFTER_DD, AFTER_DD_CB, CODES, MAIN, Kind
from sim.z80_registers import (
    ALTERNATE,
    IFF1,
    IFF2,
    INPUT,
    IX,
    IY,
    MODE,
    REFRESH,
    REGISTERS,
    SPARE,
    VECTOR,
    WZ,
    Q,
)
from sim.z80_rounds import WAYS

# Pages as they stand in front of an opcode.
_MAIN, _DD = np.uint64(MAIN << 8), np.uint64(AFTER_DD << 8)


@kernel
def reset(r: Any) -> None:
    """Set ``r`` (int64[REGISTERS]) to the start: AF and SP all ones, the rest 0, no half from anywhere."""
    for i in range(REGISTERS):
        r[i] = 0
    for i in range(SPARE + 1):
        r[i] = FROM_NOWHERE
    r[A] = r[F] = r[SP] = r[SP + 1] = FROM_NOWHERE | 0xFF
    r[PC] = r[HALTED] = 0


@inlined
def _operand_address(r: Any, memory: Any, mask: Any, page: Any, pc: Any) -> Any:
    """Return where a memory operand is and the next ``pc``: HL, or after DD or FD an index plus a displacement."""
    if page == _MAIN:
        return pair(r, H), pc
    at = (pair(r, IX if page == _DD else IY) + signed_at(memory, mask, pc)) & 0xFFFF
    r[WZ] = at
    return at, pc + 1


@kernel
def run(r: Any, memory: Any, sources: Any, limit: Any, published: Any) -> int:
    """Execute at most ``limit`` instructions, or up to a HALT; return how many.

    ``r``: int64[REGISTERS], halves as in `sim.halves`. ``memory``, ``sources``: uint8[M], M a power of two up to 65536.
    An instruction with all its prefixes is one step, and so is one turn of a repeating one.
    """
    mask = (len(memory) - 1) & 0xFFFF
    pc: Any = r[PC]
    # Q is F after an instruction that sets flags, else 0: so it is told by whether the step before was one.
    flagged = -1 if r[Q] else -2
    page = np.uint64(MAIN)
    at: Any = 0  # where the operand of an opcode after CB is
    prefixes = 0
    refresh: Any = 0  # R is its register plus this and the steps, but for bit 7: each fetches an opcode
    steps = 0
    while steps < limit:
        code = np.int64(CODES[page | np.uint64(byte_at(memory, mask, pc))])
        kind, a, b = code & 0xFF, code >> 8 & 0xFF, code >> 16
        pc += 1
        match kind:
            case Kind.NOP:
                pass
            case Kind.INDEX_PREFIX:
                prefixes = 0 if page == _MAIN else prefixes + 1
                if published and page != _MAIN:
                    # Two such prefixes are an instruction, which is nothing, and only counts once.
                    refresh -= 1
                elif prefixes <= mask:
                    page = np.uint64(a << 8)
                    refresh += 1
                    continue
                # Or nothing else stands in memory: the instruction never ends, but the run shall.
            case Kind.ED_PREFIX:
                page = np.uint64(a << 8)
                refresh += 1
                continue
            case Kind.CB_PREFIX:
                at, pc = _operand_address(r, memory, mask, page, pc)
                # After DD CB the opcode is no fetch of its own.
                refresh += a != AFTER_DD_CB
                page = np.uint64(a << 8)
                continue
            case Kind.LD_R_R:
                r[a] = r[b]
            case Kind.LD_R_N:
                r[a] = load(memory, sources, mask, pc)
                pc += 1
            case Kind.LD_R_M:
                at, pc = _operand_address(r, memory, mask, page, pc)
                r[a] = load(memory, sources, mask, at)
            case Kind.LD_M_R:
                at, pc = _operand_address(r, memory, mask, page, pc)
                store(memory, sources, mask, at, r[a])
            case Kind.LD_M_N:
                at, pc = _operand_address(r, memory, mask, page, pc)
                store(memory, sources, mask, at, load(memory, sources, mask, pc))
                pc += 1
            case Kind.LD_RR_NN:
                r[a + 1] = load(memory, sources, mask, pc)
                r[a] = load(memory, sources, mask, pc + 1)
                pc += 2
            case Kind.LD_RR_AT_NN:
                at = word_at(memory, mask, pc)
                pc += 2
                r[a + 1] = load(memory, sources, mask, at)
                r[a] = load(memory, sources, mask, at + 1)
                if not (published and page != _MAIN and a >= IX):
                    r[WZ] = (at + 1) & 0xFFFF
            case Kind.LD_AT_NN_RR:
                at = word_at(memory, mask, pc)
                pc += 2
                store(memory, sources, mask, at, r[a + 1])
                store(memory, sources, mask, at + 1, r[a])
                if not (published and page != _MAIN and a >= IX):
                    r[WZ] = (at + 1) & 0xFFFF
            case Kind.LD_SP_RR:
                r[SP] = r[a]
                r[SP + 1] = r[a + 1]
            case Kind.LD_A_AT_RR:
                at = pair(r, a)
                r[A] = load(memory, sources, mask, at)
                r[WZ] = (at + 1) & 0xFFFF
            case Kind.LD_AT_RR_A:
                at = pair(r, a)
                store(memory, sources, mask, at, r[A])
                r[WZ] = (at + 1) & 0xFF | (r[A] & 0xFF) << 8
            case Kind.LD_A_AT_NN:
                at = word_at(memory, mask, pc)
                pc += 2
                r[A] = load(memory, sources, mask, at)
                r[WZ] = (at + 1) & 0xFFFF
            case Kind.LD_AT_NN_A:
                at = word_at(memory, mask, pc)
                pc += 2
                store(memory, sources, mask, at, r[A])
                r[WZ] = (at + 1) & 0xFF | (r[A] & 0xFF) << 8
            case Kind.PUSH:
                push(r, memory, sources, mask, r[a], r[a + 1])
            case Kind.POP:
                pop(r, memory, sources, mask, a)
            case Kind.EX_DE_HL:
                exchange(r, D, H)
                exchange(r, E, L)
            case Kind.EX_AF:
                exchange(r, A, ALTERNATE + A)
                exchange(r, F, ALTERNATE + F)
            case Kind.EXX:
                for half in range(B, L + 1):
                    exchange(r, half, ALTERNATE + half)
            case Kind.EX_SP:
                exchange_with_stack(r, memory, sources, mask, a)
                r[WZ] = pair(r, a)
            case Kind.ALU_R:
                r[F] = alu(r, a, r[b])
                flagged = steps
            case Kind.ALU_N:
                r[F] = alu(r, a, byte_at(memory, mask, pc))
                flagged = steps
                pc += 1
            case Kind.ALU_M:
                at, pc = _operand_address(r, memory, mask, page, pc)
                r[F] = alu(r, a, byte_at(memory, mask, at))
                flagged = steps
            case Kind.INC_R:
                r[a] = changed(r[a], r[a] + 1)
                r[F] = incremented(r, r[a])
                flagged = steps
            case Kind.DEC_R:
                r[a] = changed(r[a], r[a] - 1)
                r[F] = decremented(r, r[a])
                flagged = steps
            case Kind.INC_M:
                at, pc = _operand_address(r, memory, mask, page, pc)
                byte = byte_at(memory, mask, at) + 1
                memory[at & mask] = byte & 0xFF
                r[F] = incremented(r, byte)
                flagged = steps
            case Kind.DEC_M:
                at, pc = _operand_address(r, memory, mask, page, pc)
                byte = byte_at(memory, mask, at) - 1
                memory[at & mask] = byte & 0xFF
                r[F] = decremented(r, byte)
                flagged = steps
            case Kind.INC_RR:
                set_pair(r, a, pair(r, a) + 1)
            case Kind.DEC_RR:
                set_pair(r, a, pair(r, a) - 1)
            case Kind.ADD_RR:
                r[WZ] = (pair(r, a) + 1) & 0xFFFF
                r[F] = add_pair(r, a, pair(r, b))
                flagged = steps
            case Kind.ADC_HL:
                r[WZ] = (pair(r, H) + 1) & 0xFFFF
                r[F] = adc_hl(r, pair(r, a))
                flagged = steps
            case Kind.SBC_HL:
                r[WZ] = (pair(r, H) + 1) & 0xFFFF
                r[F] = sbc_hl(r, pair(r, a))
                flagged = steps
            case Kind.ROTATE_A:
                r[F] = rotate_a(r, a)
                flagged = steps
            case Kind.DAA:
                r[F] = daa(r)
                flagged = steps
            case Kind.CPL:
                r[A] ^= 0xFF
                r[F] = FROM_NOWHERE | (r[F] & 0xC5) | (r[A] & 0x28) | 0x12
                flagged = steps
            case Kind.NEG:
                byte = r[A]
                r[A] = changed(r[A], 0)
                r[F] = alu(r, 2, byte)
                flagged = steps
            case Kind.CARRY:
                r[F] = change_carry(r, a, r[A] if published else r[A] | (r[F] if flagged < steps - 1 else 0))
                flagged = steps
            case Kind.JP:
                pc = r[WZ] = word_at(memory, mask, pc)
            case Kind.JP_IF:
                r[WZ] = word_at(memory, mask, pc)
                pc = r[WZ] if r[F] & a == b else pc + 2
            case Kind.JP_RR:
                pc = pair(r, a)
            case Kind.JR:
                pc += signed_at(memory, mask, pc) + 1
                if not published:
                    r[WZ] = pc & 0xFFFF
            case Kind.JR_IF:
                if r[F] & a == b:
                    pc += signed_at(memory, mask, pc)
                    r[WZ] = (pc + 1) & 0xFFFF
                pc += 1
            case Kind.DJNZ:
                r[B] = changed(r[B], r[B] - 1)
                if r[B] & 0xFF:
                    pc += signed_at(memory, mask, pc)
                    r[WZ] = (pc + 1) & 0xFFFF
                pc += 1
            case Kind.CALL:
                r[WZ] = word_at(memory, mask, pc)
                push_address(r, memory, sources, mask, pc + 2)
                pc = r[WZ]
            case Kind.CALL_IF:
                r[WZ] = word_at(memory, mask, pc)
                pc += 2
                if r[F] & a == b:
                    push_address(r, memory, sources, mask, pc)
                    pc = r[WZ]
            case Kind.RET:
                pc = r[WZ] = pop_address(r, memory, mask)
            case Kind.RET_IF:
                if r[F] & a == b:
                    pc = r[WZ] = pop_address(r, memory, mask)
            case Kind.RETN:
                pc = r[WZ] = pop_address(r, memory, mask)
                if not (published and a == 1):
                    r[IFF1] = r[IFF2]
            case Kind.RST:
                push_address(r, memory, sources, mask, pc)
                pc = r[WZ] = a
            case Kind.HALT:
                r[HALTED] = 1
                steps += 1
                break
            case Kind.INTERRUPTS:
                r[IFF1] = r[IFF2] = a
            case Kind.IM:
                if not (published and b == 1):
                    r[MODE] = a
            case Kind.IN_A_N:
                if published:
                    r[WZ] = ((r[A] & 0xFF) << 8 | (r[INPUT] + 1)) & 0xFFFF
                else:
                    r[WZ] = ((r[A] & 0xFF) << 8) + byte_at(memory, mask, pc) + 1 & 0xFFFF
                r[A] = computed(r[INPUT])
                pc += 1
            case Kind.OUT_N_A:
                port = byte_at(memory, mask, pc) + 1
                r[WZ] = (r[A] & 0xFF) << 8 | (port if published else port & 0xFF)
                pc += 1
            case Kind.IN_R_C:
                if not published or a == A:
                    r[WZ] = (pair(r, B) + 1) & 0xFFFF
                r[a] = computed(r[INPUT])
                flags = szp(r[a]) | (r[F] & 1)
                if published:
                    flags = (flags & ~0x28) | (r[F] & 0x28)
                r[F] = flags
                flagged = steps
            case Kind.OUT_C_R:
                if not published or a == A:
                    r[WZ] = (pair(r, B) + 1) & 0xFFFF
            case Kind.ROTATE_R:
                byte = rotate(a, r[b], r[F])
                r[b] = changed(r[b], byte)
                r[F] = szp(byte) | byte >> 8
                flagged = steps
            case Kind.ROTATE_M:
                byte = rotate(a, byte_at(memory, mask, at), r[F])
                memory[at & mask] = byte & 0xFF
                r[b] = load(memory, sources, mask, at)
                r[F] = szp(byte) | byte >> 8
                flagged = steps
            case Kind.BIT_R:
                r[F] = bit(r, a, r[b], r[b])
                flagged = steps
            case Kind.BIT_M:
                r[F] = bit(r, a, byte_at(memory, mask, at), r[WZ] >> 8)
                flagged = steps
            case Kind.RES_R:
                r[b] &= ~a
            case Kind.RES_M:
                memory[at & mask] = byte_at(memory, mask, at) & ~a
                r[b] = load(memory, sources, mask, at)
            case Kind.SET_R:
                r[b] |= a
            case Kind.SET_M:
                memory[at & mask] = byte_at(memory, mask, at) | a
                r[b] = load(memory, sources, mask, at)
            case Kind.LD_I_A:
                r[VECTOR] = r[A] & 0xFF
            case Kind.LD_REFRESH_A:
                # The published core counts one opcode too many before ED after DD or FD, and takes it back after it.
                refresh = -(steps + 1 + a) if published else -(steps + 1)
                r[REFRESH] = r[A] & 0xFF
            case Kind.LD_A_I:
                r[A] = computed(r[VECTOR])
                r[F] = shown_status(r, r[F] if published else r[A], r[IFF2])
                flagged = steps
            case Kind.LD_A_REFRESH:
                seen = r[REFRESH] + refresh + steps + 1 + (a if published else 0)
                r[A] = computed((r[REFRESH] & 0x80) | (seen & 0x7F))
                r[F] = shown_status(r, r[F] if published else r[A], r[IFF2])
                flagged = steps
            case Kind.ROTATE_DIGIT:
                r[WZ] = (pair(r, H) + 1) & 0xFFFF
                r[F] = rotate_digit(r, memory, mask, a)
                flagged = steps
            case Kind.BLOCK_LD:
                pc, turns = block_load(r, memory, sources, mask, pc, a, b, published, limit - steps)
                # Each further turn fetches both bytes again.
                refresh += turns - 1
                steps += turns - 1
                flagged = steps
            case Kind.BLOCK_CP:
                pc = block_compare(r, memory, mask, pc, a, b, published)
                flagged = steps
            case Kind.BLOCK_IN:
                pc = block_in(r, memory, sources, mask, pc, a, b, published)
                flagged = steps
            case Kind.BLOCK_OUT:
                pc = block_out(r, memory, mask, pc, a, b, published)
                flagged = steps
        page = _MAIN
        steps += 1
    r[PC] = pc & 0xFFFF
    r[Q] = r[F] & 0xFF if flagged == steps - 1 else 0
    r[REFRESH] = (r[REFRESH] & 0x80) | ((r[REFRESH] + refresh + steps) & 0x7F)
    return steps


def execute(tape: Any, sources: Any, limit: int, table: Any) -> int:
    """Run a tape from the start; see `sim.language.Language.execute`. ``table[0]``: 1 for the published core."""
    r = np.empty(REGISTERS, np.int64)
    reset(r)
    steps = run(r, tape, sources, limit, np.int64(table[0]))
    return (steps << 32) | steps


def execute_fast(tape: Any, sources: Any, limit: int, table: Any) -> int:
    """Do what `execute` does, and nothing where a tape only goes round."""
    steps = limit
    if not goes_round(tape, WAYS):
        r = carray(stack_words(REGISTERS), (REGISTERS,))
        reset(r)
        steps = run(r, tape, sources, limit, np.int64(table[0]))
    return (steps << 32) | steps
