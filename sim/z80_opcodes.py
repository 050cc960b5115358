"""The Z80's instructions: every opcode of every prefix, documented or not, as bit patterns.

Zilog Z80 CPU User Manual (UM0080); "The Undocumented Z80 Documented" (Sean Young); the decoding by bit fields is
"Decoding Z80 opcodes" (Cristian Dinu).
"""

from enum import IntEnum, auto
from typing import Any

from sim.halves import SP, A, B, C, D, E, H, L
from sim.opcodes import Instruction, Row, encode, expand
from sim.z80_registers import IX, IY, SPARE

#: What may be fetched next: an opcode without prefix, or one after these prefixes.
MAIN, AFTER_DD, AFTER_FD, AFTER_ED, AFTER_DD_ED, AFTER_CB, AFTER_DD_CB = range(7)


class Kind(IntEnum):
    """The kernel's cases. R a half, RR a pair, N a byte and NN a word that follow, M the byte at (HL) or (IX+d)."""

    NOP = 0
    INDEX_PREFIX = auto()
    ED_PREFIX = auto()
    CB_PREFIX = auto()
    LD_R_R = auto()
    LD_R_N = auto()
    LD_R_M = auto()
    LD_M_R = auto()
    LD_M_N = auto()
    LD_RR_NN = auto()
    LD_RR_AT_NN = auto()
    LD_AT_NN_RR = auto()
    LD_SP_RR = auto()
    LD_A_AT_RR = auto()
    LD_AT_RR_A = auto()
    LD_A_AT_NN = auto()
    LD_AT_NN_A = auto()
    PUSH = auto()
    POP = auto()
    EX_DE_HL = auto()
    EX_AF = auto()
    EXX = auto()
    EX_SP = auto()
    ALU_R = auto()
    ALU_N = auto()
    ALU_M = auto()
    INC_R = auto()
    DEC_R = auto()
    INC_M = auto()
    DEC_M = auto()
    INC_RR = auto()
    DEC_RR = auto()
    ADD_RR = auto()
    ADC_HL = auto()
    SBC_HL = auto()
    ROTATE_A = auto()
    DAA = auto()
    CPL = auto()
    NEG = auto()
    CARRY = auto()
    JP = auto()
    JP_IF = auto()
    JP_RR = auto()
    JR = auto()
    JR_IF = auto()
    DJNZ = auto()
    CALL = auto()
    CALL_IF = auto()
    RET = auto()
    RET_IF = auto()
    RETN = auto()
    RST = auto()
    HALT = auto()
    INTERRUPTS = auto()
    IM = auto()
    IN_A_N = auto()
    OUT_N_A = auto()
    IN_R_C = auto()
    OUT_C_R = auto()
    ROTATE_R = auto()
    ROTATE_M = auto()
    BIT_R = auto()
    BIT_M = auto()
    RES_R = auto()
    RES_M = auto()
    SET_R = auto()
    SET_M = auto()
    LD_I_A = auto()
    LD_REFRESH_A = auto()
    LD_A_I = auto()
    LD_A_REFRESH = auto()
    ROTATE_DIGIT = auto()
    BLOCK_LD = auto()
    BLOCK_CP = auto()
    BLOCK_IN = auto()
    BLOCK_OUT = auto()


_ZERO, _CARRY, _PARITY, _SIGN = 0x40, 0x01, 0x04, 0x80
_HALVES = [(B, "B"), (C, "C"), (D, "D"), (E, "E"), (H, "H"), (L, "L"), (SPARE, "?"), (A, "A")]
_PAIRS = [(B, "BC"), (D, "DE"), (H, "HL"), (SP, "SP")]
#: A condition is the flag's bit and what it must be.
_CONDITIONS = [
    ((_ZERO, 0), "NZ"), ((_ZERO, _ZERO), "Z"), ((_CARRY, 0), "NC"), ((_CARRY, _CARRY), "C"),
    ((_PARITY, 0), "PO"), ((_PARITY, _PARITY), "PE"), ((_SIGN, 0), "P"), ((_SIGN, _SIGN), "M"),
]  # fmt: skip
_FIELDS: dict[str, Any] = {
    "r": _HALVES,
    "s": _HALVES,
    "x": _HALVES,
    "p": _PAIRS,
    "t": [*_PAIRS[:3], (A, "AF")],
    "c": _CONDITIONS,
    "j": _CONDITIONS[:4],
    "o": list(enumerate(["ADD A,", "ADC A,", "SUB ", "SBC A,", "AND ", "XOR ", "OR ", "CP "])),
    "q": list(enumerate(["RLC", "RRC", "RL", "RR", "SLA", "SRA", "SLL", "SRL"])),
    "w": list(enumerate(["RLCA", "RRCA", "RLA", "RRA"])),
    "v": [(8 * k, f"0x{8 * k:02X}") for k in range(8)],
    "n": [(1 << k, str(k)) for k in range(8)],
    "i": [(0, "DI"), (1, "EI")],
    "d": [(1, "I"), (-1 & 0xFF, "D")],
    "h": [(0, ""), (1, "R")],
    "m": [(H, "HL")],
    "M": [(0, "(HL)")],
    "E": [(AFTER_ED, "ED")],
    "X": [(AFTER_CB, "CB")],
    "z": [(0, "")],
}

_MAIN: list[Row] = [
    ("00110110", Kind.LD_M_N, (), "LD {M},n"),
    ("00110100", Kind.INC_M, (), "INC {M}"),
    ("00110101", Kind.DEC_M, (), "DEC {M}"),
    ("01110110", Kind.HALT, (), "HALT"),
    ("01xxx110", Kind.LD_R_M, ("x",), "LD {x},{M}"),
    ("01110xxx", Kind.LD_M_R, ("x",), "LD {M},{x}"),
    ("10ooo110", Kind.ALU_M, ("o",), "{o}{M}"),
    ("00000000", Kind.NOP, (), "NOP"),
    ("00001000", Kind.EX_AF, (), "EX AF,AF'"),
    ("00010000", Kind.DJNZ, (), "DJNZ e"),
    ("00011000", Kind.JR, (), "JR e"),
    ("001jj000", Kind.JR_IF, ("j",), "JR {j},e"),
    ("00pp0001", Kind.LD_RR_NN, ("p",), "LD {p},nn"),
    ("00pp1001", Kind.ADD_RR, ("m", "p"), "ADD {m},{p}"),
    ("00000010", Kind.LD_AT_RR_A, (B,), "LD (BC),A"),
    ("00001010", Kind.LD_A_AT_RR, (B,), "LD A,(BC)"),
    ("00010010", Kind.LD_AT_RR_A, (D,), "LD (DE),A"),
    ("00011010", Kind.LD_A_AT_RR, (D,), "LD A,(DE)"),
    ("00100010", Kind.LD_AT_NN_RR, ("m",), "LD (nn),{m}"),
    ("00101010", Kind.LD_RR_AT_NN, ("m",), "LD {m},(nn)"),
    ("00110010", Kind.LD_AT_NN_A, (), "LD (nn),A"),
    ("00111010", Kind.LD_A_AT_NN, (), "LD A,(nn)"),
    ("00pp0011", Kind.INC_RR, ("p",), "INC {p}"),
    ("00pp1011", Kind.DEC_RR, ("p",), "DEC {p}"),
    ("00rrr100", Kind.INC_R, ("r",), "INC {r}"),
    ("00rrr101", Kind.DEC_R, ("r",), "DEC {r}"),
    ("00rrr110", Kind.LD_R_N, ("r",), "LD {r},n"),
    ("000ww111", Kind.ROTATE_A, ("w",), "{w}"),
    ("00100111", Kind.DAA, (), "DAA"),
    ("00101111", Kind.CPL, (), "CPL"),
    ("00110111", Kind.CARRY, (0,), "SCF"),
    ("00111111", Kind.CARRY, (1,), "CCF"),
    ("01rrrsss", Kind.LD_R_R, ("r", "s"), "LD {r},{s}"),
    ("10ooosss", Kind.ALU_R, ("o", "s"), "{o}{s}"),
    ("11ccc000", Kind.RET_IF, ("c",), "RET {c}"),
    ("11tt0001", Kind.POP, ("t",), "POP {t}"),
    ("11001001", Kind.RET, (), "RET"),
    ("11011001", Kind.EXX, (), "EXX"),
    ("11101001", Kind.JP_RR, ("m",), "JP ({m})"),
    ("11111001", Kind.LD_SP_RR, ("m",), "LD SP,{m}"),
    ("11ccc010", Kind.JP_IF, ("c",), "JP {c},nn"),
    ("11000011", Kind.JP, (), "JP nn"),
    ("11001011", Kind.CB_PREFIX, ("X",), "CB"),
    ("11010011", Kind.OUT_N_A, (), "OUT (n),A"),
    ("11011011", Kind.IN_A_N, (), "IN A,(n)"),
    ("11101011", Kind.EX_DE_HL, (), "EX DE,HL"),
    ("11100011", Kind.EX_SP, ("m",), "EX (SP),{m}"),
    ("1111i011", Kind.INTERRUPTS, ("i",), "{i}"),
    ("11ccc100", Kind.CALL_IF, ("c",), "CALL {c},nn"),
    ("11tt0101", Kind.PUSH, ("t",), "PUSH {t}"),
    ("11001101", Kind.CALL, (), "CALL nn"),
    ("11011101", Kind.INDEX_PREFIX, (AFTER_DD,), "DD"),
    ("11101101", Kind.ED_PREFIX, ("E",), "ED"),
    ("11111101", Kind.INDEX_PREFIX, (AFTER_FD,), "FD"),
    ("11ooo110", Kind.ALU_N, ("o",), "{o}n"),
    ("11vvv111", Kind.RST, ("v",), "RST {v}"),
]
_ED: list[Row] = [
    ("01110000", Kind.IN_R_C, (SPARE,), "IN F,(C)"),
    ("01rrr000", Kind.IN_R_C, ("r",), "IN {r},(C)"),
    ("01110001", Kind.OUT_C_R, (SPARE,), "OUT (C),0"),
    ("01rrr001", Kind.OUT_C_R, ("r",), "OUT (C),{r}"),
    ("01pp0010", Kind.SBC_HL, ("p",), "SBC HL,{p}"),
    ("01pp1010", Kind.ADC_HL, ("p",), "ADC HL,{p}"),
    ("01pp0011", Kind.LD_AT_NN_RR, ("p",), "LD (nn),{p}"),
    ("01pp1011", Kind.LD_RR_AT_NN, ("p",), "LD {p},(nn)"),
    ("01---100", Kind.NEG, (), "NEG"),
    ("01001101", Kind.RETN, (1,), "RETI"),
    ("01---101", Kind.RETN, (), "RETN"),
    ("01-00110", Kind.IM, (0,), "IM 0"),
    ("01-01110", Kind.IM, (0, 1), "IM 0"),
    ("01-10110", Kind.IM, (1,), "IM 1"),
    ("01-11110", Kind.IM, (2,), "IM 2"),
    ("01000111", Kind.LD_I_A, (), "LD I,A"),
    ("01001111", Kind.LD_REFRESH_A, ("z",), "LD R,A"),
    ("01010111", Kind.LD_A_I, (), "LD A,I"),
    ("01011111", Kind.LD_A_REFRESH, ("z",), "LD A,R"),
    ("01100111", Kind.ROTATE_DIGIT, (0,), "RRD"),
    ("01101111", Kind.ROTATE_DIGIT, (1,), "RLD"),
    ("101hd000", Kind.BLOCK_LD, ("d", "h"), "LD{d}{h}"),
    ("101hd001", Kind.BLOCK_CP, ("d", "h"), "CP{d}{h}"),
    ("101hd010", Kind.BLOCK_IN, ("d", "h"), "IN{d}{h}"),
    ("1010d011", Kind.BLOCK_OUT, ("d", 0), "OUT{d}"),
    ("1011d011", Kind.BLOCK_OUT, ("d", 1), "OT{d}R"),
    ("--------", Kind.NOP, (), "NOP"),
]
_CB: list[Row] = [
    ("00qqq110", Kind.ROTATE_M, ("q", SPARE), "{q} (HL)"),
    ("00qqqrrr", Kind.ROTATE_R, ("q", "r"), "{q} {r}"),
    ("01nnn110", Kind.BIT_M, ("n",), "BIT {n},(HL)"),
    ("01nnnrrr", Kind.BIT_R, ("n", "r"), "BIT {n},{r}"),
    ("10nnn110", Kind.RES_M, ("n", SPARE), "RES {n},(HL)"),
    ("10nnnrrr", Kind.RES_R, ("n", "r"), "RES {n},{r}"),
    ("11nnn110", Kind.SET_M, ("n", SPARE), "SET {n},(HL)"),
    ("11nnnrrr", Kind.SET_R, ("n", "r"), "SET {n},{r}"),
]
_DD_CB: list[Row] = [
    ("00qqq110", Kind.ROTATE_M, ("q", SPARE), "{q} (IX+d)"),
    ("00qqqrrr", Kind.ROTATE_M, ("q", "r"), "{q} (IX+d),{r}"),
    ("01nnn---", Kind.BIT_M, ("n",), "BIT {n},(IX+d)"),
    ("10nnn110", Kind.RES_M, ("n", SPARE), "RES {n},(IX+d)"),
    ("10nnnrrr", Kind.RES_M, ("n", "r"), "RES {n},(IX+d),{r}"),
    ("11nnn110", Kind.SET_M, ("n", SPARE), "SET {n},(IX+d)"),
    ("11nnnrrr", Kind.SET_M, ("n", "r"), "SET {n},(IX+d),{r}"),
]


def _after_index(pair: int, name: str) -> list[Instruction]:
    """Return the opcodes after DD or FD: IX or IY in HL's place, (IX+d) in (HL)'s, and H and L themselves beside it."""
    halves = [*_HALVES[:4], (pair, f"{name}H"), (pair + 1, f"{name}L"), *_HALVES[6:]]
    own: dict[str, Any] = {
        "r": halves,
        "s": halves,
        "p": [*_PAIRS[:2], (pair, name), _PAIRS[3]],
        "t": [*_PAIRS[:2], (pair, name), (A, "AF")],
        "m": [(pair, name)],
        "M": [(0, f"({name}+d)")],
        "E": [(AFTER_DD_ED, "ED")],
        "X": [(AFTER_DD_CB, "CB")],
    }
    return expand(_MAIN, _FIELDS | own)


#: The instructions of each page: `MAIN` to `AFTER_DD_CB`.
PAGES: list[list[Instruction]] = [
    expand(_MAIN, _FIELDS),
    _after_index(IX, "IX"),
    _after_index(IY, "IY"),
    expand(_ED, _FIELDS),
    expand(_ED, _FIELDS | {"z": [(1, "")]}),
    expand(_CB, _FIELDS),
    expand(_DD_CB, _FIELDS),
]
CODES = encode(PAGES)
