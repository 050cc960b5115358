"""The Intel 8080's instructions as bit patterns: all 256, the undocumented repeats included.

Intel 8080 Microcomputer Systems User's Manual (1975), chapter 4; undocumented opcodes: semantics.md section 4.
"""

from enum import IntEnum, auto

from sim.halves import SP, A, B, C, D, E, H, L
from sim.opcodes import SIZES, Field, Row, encode, expand, following, spell
from sim.processors import ARITHMETIC, EXCHANGE, IDLE, JUMP, LOAD, PORT, STACK, Colour


class Kind(IntEnum):
    """The kernel's cases. R a half, RR a pair, N a byte and NN a word that follow, M the byte at HL."""

    NOP = 0
    MOV_R_R = auto()
    MOV_R_M = auto()
    MOV_M_R = auto()
    MVI_R = auto()
    MVI_M = auto()
    LXI = auto()
    LDA = auto()
    STA = auto()
    LHLD = auto()
    SHLD = auto()
    LDAX = auto()
    STAX = auto()
    XCHG = auto()
    XTHL = auto()
    SPHL = auto()
    PUSH = auto()
    POP = auto()
    POP_PSW = auto()
    ALU_R = auto()
    ALU_M = auto()
    ALU_N = auto()
    INR_R = auto()
    INR_M = auto()
    DCR_R = auto()
    DCR_M = auto()
    INX = auto()
    DCX = auto()
    DAD = auto()
    ROTATE = auto()
    DAA = auto()
    CMA = auto()
    STC = auto()
    CMC = auto()
    JMP = auto()
    JMP_IF = auto()
    PCHL = auto()
    CALL = auto()
    CALL_IF = auto()
    RET = auto()
    RET_IF = auto()
    RST = auto()
    IN = auto()
    OUT = auto()
    HLT = auto()


_ZERO, _CARRY, _PARITY, _SIGN = 0x40, 0x01, 0x04, 0x80
_HALVES = [(B, "B"), (C, "C"), (D, "D"), (E, "E"), (H, "H"), (L, "L"), (A, "M"), (A, "A")]
_PAIRS = [(B, "B"), (D, "D"), (H, "H")]
_FIELDS: dict[str, Field] = {
    "r": _HALVES,
    "s": _HALVES,
    "p": [*_PAIRS, (SP, "SP")],
    "t": [*_PAIRS, (A, "PSW")],
    # A condition is the flag's bit and what it must be.
    "c": [
        ((_ZERO, 0), "NZ"), ((_ZERO, _ZERO), "Z"), ((_CARRY, 0), "NC"), ((_CARRY, _CARRY), "C"),
        ((_PARITY, 0), "PO"), ((_PARITY, _PARITY), "PE"), ((_SIGN, 0), "P"), ((_SIGN, _SIGN), "M"),
    ],
    "o": list(enumerate(["ADD", "ADC", "SUB", "SBB", "ANA", "XRA", "ORA", "CMP"])),
    "i": list(enumerate(["ADI", "ACI", "SUI", "SBI", "ANI", "XRI", "ORI", "CPI"])),
    "w": list(enumerate(["RLC", "RRC", "RAL", "RAR"])),
    "v": [(8 * k, str(k)) for k in range(8)],
}  # fmt: skip
_ROWS: list[Row] = [
    ("00---000", Kind.NOP, (), "NOP"),
    ("00pp0001", Kind.LXI, ("p",), "LXI {p},nn"),
    ("00pp1001", Kind.DAD, ("p",), "DAD {p}"),
    ("00100010", Kind.SHLD, (), "SHLD nn"),
    ("00101010", Kind.LHLD, (), "LHLD nn"),
    ("00110010", Kind.STA, (), "STA nn"),
    ("00111010", Kind.LDA, (), "LDA nn"),
    ("00pp0010", Kind.STAX, ("p",), "STAX {p}"),
    ("00pp1010", Kind.LDAX, ("p",), "LDAX {p}"),
    ("00pp0011", Kind.INX, ("p",), "INX {p}"),
    ("00pp1011", Kind.DCX, ("p",), "DCX {p}"),
    ("00110100", Kind.INR_M, (), "INR M"),
    ("00110101", Kind.DCR_M, (), "DCR M"),
    ("00110110", Kind.MVI_M, (), "MVI M,n"),
    ("00rrr100", Kind.INR_R, ("r",), "INR {r}"),
    ("00rrr101", Kind.DCR_R, ("r",), "DCR {r}"),
    ("00rrr110", Kind.MVI_R, ("r",), "MVI {r},n"),
    ("000ww111", Kind.ROTATE, ("w",), "{w}"),
    ("00100111", Kind.DAA, (), "DAA"),
    ("00101111", Kind.CMA, (), "CMA"),
    ("00110111", Kind.STC, (), "STC"),
    ("00111111", Kind.CMC, (), "CMC"),
    ("01110110", Kind.HLT, (), "HLT"),
    ("01rrr110", Kind.MOV_R_M, ("r",), "MOV {r},M"),
    ("01110sss", Kind.MOV_M_R, ("s",), "MOV M,{s}"),
    ("01rrrsss", Kind.MOV_R_R, ("r", "s"), "MOV {r},{s}"),
    ("10ooo110", Kind.ALU_M, ("o",), "{o} M"),
    ("10ooosss", Kind.ALU_R, ("o", "s"), "{o} {s}"),
    ("11ccc000", Kind.RET_IF, ("c",), "R{c}"),
    ("11110001", Kind.POP_PSW, (), "POP PSW"),
    ("11tt0001", Kind.POP, ("t",), "POP {t}"),
    ("110-1001", Kind.RET, (), "RET"),
    ("11101001", Kind.PCHL, (), "PCHL"),
    ("11111001", Kind.SPHL, (), "SPHL"),
    ("11ccc010", Kind.JMP_IF, ("c",), "J{c} nn"),
    ("1100-011", Kind.JMP, (), "JMP nn"),
    ("11010011", Kind.OUT, (), "OUT n"),
    ("11011011", Kind.IN, (), "IN n"),
    ("11100011", Kind.XTHL, (), "XTHL"),
    ("11101011", Kind.XCHG, (), "XCHG"),
    # Without interrupts nothing tells whether they are enabled.
    ("11110011", Kind.NOP, (), "DI"),
    ("11111011", Kind.NOP, (), "EI"),
    ("11ccc100", Kind.CALL_IF, ("c",), "C{c} nn"),
    ("11tt0101", Kind.PUSH, ("t",), "PUSH {t}"),
    ("11--1101", Kind.CALL, (), "CALL nn"),
    ("11iii110", Kind.ALU_N, ("i",), "{i} n"),
    ("11vvv111", Kind.RST, ("v",), "RST {v}"),
]
INSTRUCTIONS = expand(_ROWS, _FIELDS)
CODES = encode([INSTRUCTIONS])

_FAMILIES: dict[Colour, tuple[Kind, ...]] = {
    IDLE: (Kind.NOP,),
    LOAD: (
        Kind.MOV_R_R, Kind.MOV_R_M, Kind.MOV_M_R, Kind.MVI_R, Kind.MVI_M, Kind.LXI, Kind.LDA, Kind.STA, Kind.LHLD,
        Kind.SHLD, Kind.LDAX, Kind.STAX, Kind.SPHL,
    ),
    EXCHANGE: (Kind.XCHG,),
    STACK: (Kind.PUSH, Kind.POP, Kind.POP_PSW, Kind.XTHL),
    JUMP: (
        Kind.JMP, Kind.JMP_IF, Kind.PCHL, Kind.CALL, Kind.CALL_IF, Kind.RET, Kind.RET_IF, Kind.RST, Kind.HLT,
    ),
    PORT: (Kind.IN, Kind.OUT),
}  # fmt: skip
_COLOURS = {int(kind): colour for colour, kinds in _FAMILIES.items() for kind in kinds}


def colour(byte: int) -> Colour:
    """Return the colour of a byte by what it does as an opcode."""
    return _COLOURS.get(INSTRUCTIONS[byte].kind, ARITHMETIC)


def instruction(content: bytes, at: int) -> tuple[str, int]:
    """Return the text and the length of the instruction at ``content[at]``, cut short where ``content`` ends."""
    text = INSTRUCTIONS[content[at]].text
    length = 1 + sum(SIZES[letter] for letter in following(text))
    return spell(text, content, at + 1, at), min(length, len(content) - at)
