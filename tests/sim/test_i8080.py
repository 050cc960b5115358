"""The language ``i8080``: where bytes come from, the edges of a tape, and opcodes that no manual has."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sim
from tests.sim.executions import came_from, check_interpreted, run, spread, tapes

NAME = "i8080"

MOVES = {
    "LDA, STA": ("3A1000 321400 76", {0x14: 0x10}),
    "MOV r,M, MOV r,r, MOV M,r": ("211000 46 48 51 5A 2E14 73 76", {0x14: 0x10}),
    "LDAX, STAX": ("111000 1A 011400 02 76", {0x14: 0x10}),
    "a constant": ("3E41 321400 76", {0x14: 1}),
    "a constant to memory": ("211400 3642 76", {0x14: 4}),
    "LHLD, SHLD": ("2A1000 221400 76", {0x14: 0x10, 0x15: 0x11}),
    "PUSH, POP": ("2A1000 E5 D1 EB 221400 76", {0x14: 0x10, 0x15: 0x11, 30: 0x10, 31: 0x11}),
    "POP PSW, PUSH PSW": ("311000 F1 311600 F5 76", {0x14: 0x10, 0x15: 0x11}),
    "XCHG": ("2A1000 EB EB 221400 76", {0x14: 0x10, 0x15: 0x11}),
    "XTHL": ("311400 2A1000 E3 221800 76", {0x14: 0x10, 0x15: 0x11, 0x18: 0x14, 0x19: 0x15}),
    "XRA A": ("3A1000 AF 321400 76", {0x14: 0x10}),
    "ADI": ("3A1000 C607 321400 76", {0x14: 0x10}),
    "DAD, by halves": ("2A1000 111234 19 221400 76", {0x14: 0x10, 0x15: 0x11}),
    "INR M": ("211000 34 76", {0x10: 0x10}),
    "DAA, CMA, RLC, RAR": ("3A1000 27 2F 07 1F 321400 76", {0x14: 0x10}),
}


@pytest.mark.parametrize(("program", "expected"), MOVES.values(), ids=MOVES.keys())
def test_a_byte_moved_or_changed_keeps_its_identity(program: str, expected: dict[int, int]) -> None:
    outcome = run(NAME, program, cells={0x10: 0x51, 0x11: 0x52, 0x12: 0x53})
    assert {at: came_from(outcome, at) for at in expected} == expected


BIRTHS = {
    "flags": ("311000 F1 37 311600 F5 76", [0x14]),
    "the return address of CALL": ("311600 CD0800 00 00 76", [0x14, 0x15]),
    "the return address of RST": ("311600 C7", [0x14, 0x15]),
    "IN": ("3A1000 DB07 321400 76", [0x14]),
    "registers at the start": ("221400 76", [0x14, 0x15]),
}


@pytest.mark.parametrize(("program", "cells"), BIRTHS.values(), ids=BIRTHS.keys())
def test_a_byte_computed_comes_from_nowhere(program: str, cells: list[int]) -> None:
    outcome = run(NAME, program, 6, cells={0x10: 0x51, 0x11: 0x52})
    assert [came_from(outcome, at) for at in cells] == [None] * len(cells)


def test_the_first_push_writes_30_and_31() -> None:
    # LXI B,01C5 and PUSH B: the pair of bytes that fills the long tape
    outcome = run(NAME, "01C501 C5 76")
    assert outcome.tape[30:] == b"\xc5\x01"
    assert [came_from(outcome, at) for at in (30, 31)] == [1, 2]


def test_flags_pushed_have_their_constant_bits() -> None:
    assert run(NAME, "F5 76").tape[30] == 0x02
    assert run(NAME, "311000 F1 311600 F5 76", cells={0x10: 0xFF}).tape[0x14] == 0xD7


@pytest.mark.parametrize(
    ("opcode", "name"),
    [
        (0x08, "NOP"),
        (0x38, "NOP"),
        (0xCB, "JMP nn"),
        (0xD9, "RET"),
        (0xDD, "CALL nn"),
        (0xED, "CALL nn"),
        (0xFD, "CALL nn"),
    ],
)
def test_undocumented_opcodes_repeat_documented_ones(opcode: int, name: str) -> None:
    assert sim.language(NAME).disassemble(bytes([opcode]))[0] == name


def test_a_halt_is_a_step_and_the_last() -> None:
    assert run(NAME, "00 76 3C").steps == 2


def test_every_opcode_does_the_same_compiled_and_interpreted() -> None:
    for opcode in range(256):
        for salt in (1, 2, 3):
            check_interpreted(NAME, spread(b"", opcode, salt), 6)


@given(tape=tapes(), limit=st.integers(0, 128))
def test_any_tape_does_the_same_compiled_and_interpreted(tape: bytes, limit: int) -> None:
    check_interpreted(NAME, tape, limit)


def test_instructions_are_named_with_their_operands() -> None:
    names = sim.language(NAME).disassemble(bytes.fromhex("3E0A C33412 DA0100 F5 C7 7E"))
    assert [name for name in names if name != "..."] == [
        "MVI A,0x0A", "JMP 0x1234", "JC 0x0001", "PUSH PSW", "RST 0", "MOV A,M",
    ]  # fmt: skip
