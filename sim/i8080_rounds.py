"""What each opcode of the 8080 means to a walk over a tape (`sim.rounds`)."""

from sim.i8080_opcodes import INSTRUCTIONS, Kind
from sim.opcodes import SIZES, Instruction, following
from sim.rounds import ENDS, JUMPS, SETS, tabulate_ways, way, way_if

#: These neither store nor choose, and leave the flags alone.
_PLAIN = {
    Kind.NOP, Kind.MOV_R_R, Kind.MOV_R_M, Kind.MVI_R, Kind.LXI, Kind.LDA, Kind.LHLD, Kind.LDAX, Kind.XCHG, Kind.SPHL,
    Kind.POP, Kind.INX, Kind.DCX, Kind.CMA, Kind.IN, Kind.OUT,
}  # fmt: skip
#: These set flags.
_SETTING = {
    Kind.POP_PSW, Kind.ALU_R, Kind.ALU_M, Kind.ALU_N, Kind.INR_R, Kind.DCR_R, Kind.DAD, Kind.ROTATE, Kind.DAA, Kind.STC,
    Kind.CMC,
}  # fmt: skip
#: What these do if they are taken.
_CONDITIONAL = {Kind.JMP_IF: JUMPS, Kind.RET_IF: ENDS, Kind.CALL_IF: ENDS}
#: F at the start.
_FLAGS = 0x02


def _way(_page: int, instruction: Instruction) -> int:
    kind, a, b, text = instruction
    length = 1 + sum(SIZES[letter] for letter in following(text))
    if kind in _PLAIN:
        return way(length)
    if kind in _SETTING:
        return way(length, SETS)
    if kind in _CONDITIONAL:
        return way_if(length, _CONDITIONAL[Kind(kind)], a, b, _FLAGS)
    return way(length, JUMPS if kind == Kind.JMP else ENDS)


WAYS = tabulate_ways([INSTRUCTIONS], _way)
