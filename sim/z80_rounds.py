"""What each opcode of the Z80 means to a walk over a tape (`sim.rounds`)."""

from sim.opcodes import SIZES, Instruction, following
from sim.rounds import ENDS, JUMPS, SETS, TURNS, tabulate_ways, way, way_if
from sim.z80_opcodes import AFTER_DD_CB, MAIN, PAGES, Kind

#: These neither store nor choose, and leave the flags alone.
_PLAIN = {
    Kind.NOP, Kind.LD_R_R, Kind.LD_R_N, Kind.LD_R_M, Kind.LD_RR_NN, Kind.LD_RR_AT_NN, Kind.LD_SP_RR, Kind.LD_A_AT_RR,
    Kind.LD_A_AT_NN, Kind.EX_DE_HL, Kind.EXX, Kind.INC_RR, Kind.DEC_RR, Kind.INTERRUPTS, Kind.IM, Kind.IN_A_N,
    Kind.OUT_N_A, Kind.OUT_C_R, Kind.RES_R, Kind.SET_R, Kind.LD_I_A, Kind.LD_REFRESH_A,
}  # fmt: skip
#: These set flags.
_SETTING = {
    Kind.POP, Kind.EX_AF, Kind.ALU_R, Kind.ALU_N, Kind.ALU_M, Kind.INC_R, Kind.DEC_R, Kind.ADD_RR, Kind.ADC_HL,
    Kind.SBC_HL, Kind.ROTATE_A, Kind.DAA, Kind.CPL, Kind.NEG, Kind.CARRY, Kind.IN_R_C, Kind.ROTATE_R, Kind.BIT_R,
    Kind.BIT_M, Kind.LD_A_I, Kind.LD_A_REFRESH,
}  # fmt: skip
#: What these do if they are taken.
_CONDITIONAL = {Kind.JP_IF: JUMPS, Kind.JR_IF: TURNS, Kind.RET_IF: ENDS, Kind.CALL_IF: ENDS}
_JUMPS = {Kind.JP: JUMPS, Kind.JR: TURNS}
#: F at the start.
_FLAGS = 0xFF


def _way(page: int, instruction: Instruction) -> int:
    kind, a, b, text = instruction
    # After DD CB the displacement has been passed with the prefix.
    length = 1 + (0 if page == AFTER_DD_CB else sum(SIZES[letter] for letter in following(text)))
    if kind in _PLAIN:
        return way(length)
    if kind in _SETTING:
        return way(length, SETS)
    if kind in _CONDITIONAL:
        return way_if(length, _CONDITIONAL[Kind(kind)], a, b, _FLAGS)
    if kind in {Kind.ED_PREFIX, Kind.CB_PREFIX} or (kind == Kind.INDEX_PREFIX and page == MAIN):
        return way(2 if a == AFTER_DD_CB else 1, page=a)
    return way(length, _JUMPS.get(Kind(kind), ENDS))


WAYS = tabulate_ways(PAGES, _way)
