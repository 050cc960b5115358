"""What each opcode of the Z80 means to a walk over a tape (`sim.rounds`)."""

from sim.opcodes import SIZES, Instruction, following
from sim.rounds import ASKS, ENDS, JUMPS, SETS, TURNS, tabulate_ways, way
from sim.z80_opcodes import AFTER_DD_CB, MAIN, PAGES, Kind

#: Neither stores nor chooses, and leaves the flags alone.
_PLAIN = {
    Kind.NOP, Kind.LD_R_R, Kind.LD_R_N, Kind.LD_R_M, Kind.LD_RR_NN, Kind.LD_RR_AT_NN, Kind.LD_SP_RR, Kind.LD_A_AT_RR,
    Kind.LD_A_AT_NN, Kind.EX_DE_HL, Kind.EXX, Kind.INC_RR, Kind.DEC_RR, Kind.INTERRUPTS, Kind.IM, Kind.IN_A_N,
    Kind.OUT_N_A, Kind.OUT_C_R, Kind.RES_R, Kind.SET_R, Kind.LD_I_A, Kind.LD_REFRESH_A,
}  # fmt: skip
#: The same, but for flags.
_SETTING = {
    Kind.POP, Kind.EX_AF, Kind.ALU_R, Kind.ALU_N, Kind.ALU_M, Kind.INC_R, Kind.DEC_R, Kind.ADD_RR, Kind.ADC_HL,
    Kind.SBC_HL, Kind.ROTATE_A, Kind.DAA, Kind.CPL, Kind.NEG, Kind.CARRY, Kind.IN_R_C, Kind.ROTATE_R, Kind.BIT_R,
    Kind.BIT_M, Kind.LD_A_I, Kind.LD_A_REFRESH,
}  # fmt: skip
_JUMPS = {Kind.JP: JUMPS, Kind.JR: TURNS, Kind.JP_IF: JUMPS | ASKS, Kind.JR_IF: TURNS | ASKS}


def _way(page: int, instruction: Instruction) -> int:
    kind, a, condition, text = instruction
    # After DD CB the displacement has been passed with the prefix.
    operands = 0 if page == AFTER_DD_CB else sum(SIZES[letter] for letter in following(text))
    length = 1 + operands
    if kind in _PLAIN:
        return way(length)
    if kind in _SETTING:
        return way(length, SETS)
    if kind in (Kind.ED_PREFIX, Kind.CB_PREFIX) or (kind == Kind.INDEX_PREFIX and page == MAIN):
        return way(2 if a == AFTER_DD_CB else 1, page=a)
    # All flags are 1 at the start.
    if kind in (Kind.JP_IF, Kind.JR_IF, Kind.RET_IF, Kind.CALL_IF) and condition == 0:
        return way(length, ASKS)
    return way(length, _JUMPS.get(kind, ENDS))


WAYS = tabulate_ways(PAGES, _way)
