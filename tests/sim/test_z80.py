"""The language ``z80``: recorded instructions of a real Z80, where bytes come from, and the edges of a tape."""

import gzip
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sim
from sim import z80
from sim.halves import PC, SP, A, B, C, D, E, F, H, L
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
    VECTOR,
    WZ,
    Q,
)
from tests.sim.executions import came_from, check_interpreted, run, spread, tapes

NAME = "z80"
VECTORS = "PRIMORDIUM_Z80_VECTORS"

HALVES = {"a": A, "f": F, "b": B, "c": C, "d": D, "e": E, "h": H, "l": L}
PAIRS = {
    "sp": SP, "ix": IX, "iy": IY,
    "af_": ALTERNATE + A, "bc_": ALTERNATE + B, "de_": ALTERNATE + D, "hl_": ALTERNATE + H,
}  # fmt: skip
WORDS = {
    "pc": PC, "wz": WZ, "q": Q, "i": VECTOR, "r": REFRESH,
    "iff1": IFF1, "iff2": IFF2, "im": MODE,
}  # fmt: skip


def recorded() -> Iterator[dict[str, Any]]:
    """Yield the recorded instructions of the file that is named, or of all files of the folder; skips without one."""
    if VECTORS not in os.environ:
        pytest.skip(f"{VECTORS} names no file of recorded instructions")
    named = Path(os.environ[VECTORS])
    for path in sorted(named.rglob("*.json*")) if named.is_dir() else [named]:
        content = path.read_bytes()
        found = json.loads(gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content)
        # One list of cases, or one an opcode.
        for cases in found.values() if isinstance(found, dict) else [found]:
            yield from cases


def put(r: Any, state: dict[str, Any]) -> None:
    """Set registers to a recorded state."""
    for name, register in HALVES.items():
        r[register] = state[name]
    for name, register in PAIRS.items():
        r[register], r[register + 1] = state[name] >> 8, state[name] & 0xFF
    for name, register in WORDS.items():
        r[register] = state[name]


def got(r: Any) -> dict[str, int]:
    """Return registers in the recorded form."""
    halves = {name: int(r[register]) & 0xFF for name, register in HALVES.items()}
    pairs = {name: (int(r[register]) & 0xFF) << 8 | int(r[register + 1]) & 0xFF for name, register in PAIRS.items()}
    return halves | pairs | {name: int(r[register]) for name, register in WORDS.items()}


def test_z80_agrees_with_recorded_vectors() -> None:
    """Registers, flags, memory pointer, Q and memory after each recorded instruction; no opcode is left out."""
    memory, sources = np.zeros(65536, np.uint8), np.full(65536, sim.NOWHERE, np.uint8)
    wrong: list[str] = []
    compared = 0
    for case in recorded():
        compared += 1
        r = np.zeros(REGISTERS, np.int64)
        put(r, case["initial"])
        r[INPUT] = next((byte for _, byte, way in case.get("ports", ()) if way == "r"), 0)
        for address, byte in case["initial"]["ram"]:
            memory[address] = byte
        steps = z80.run(r, memory, sources, 1, 0)
        found, after = got(r), case["final"]
        found["steps"], after["steps"] = steps, 1
        found |= {f"memory {address}": int(memory[address]) for address, _ in after["ram"]}
        after |= {f"memory {address}": byte for address, byte in after["ram"]}
        differing = {name: (value, after[name]) for name, value in found.items() if value != after[name]}
        if differing:
            wrong.append(f"{case['name']}: {differing} (found, recorded)")
    assert compared
    assert not wrong, f"{len(wrong)} of {compared} wrong, first: " + "\n".join(wrong[:20])


MOVES = {
    "LD A,(nn), LD (nn),A": ("3A1000 321400 76", {0x14: 0x10}),
    "LD r,(HL), LD r,r, LD (HL),r": ("211000 46 48 51 5A 2E14 73 76", {0x14: 0x10}),
    "LD A,(DE), LD (BC),A": ("111000 1A 011400 02 76", {0x14: 0x10}),
    "a constant": ("3E41 321400 76", {0x14: 1}),
    "a constant to memory": ("211400 3642 76", {0x14: 4}),
    "a pair's constant": ("014142 ED431400 76", {0x14: 1, 0x15: 2}),
    "LD HL,(nn), LD (nn),HL": ("2A1000 221400 76", {0x14: 0x10, 0x15: 0x11}),
    "IX and its halves": ("DD2A1000 DD7C DD45 321400 78 321500 76", {0x14: 0x11, 0x15: 0x10}),
    "LD r,(IX+d), LD (IY+d),r": ("DD211200 DD7EFE FD211000 FD7704 76", {0x14: 0x10}),
    "PUSH, POP": ("2A1000 E5 D1 ED531400 76", {0x14: 0x10, 0x15: 0x11, 29: 0x10, 30: 0x11}),
    "POP AF, PUSH AF": ("311000 F1 311600 F5 76", {0x14: 0x10, 0x15: 0x11}),
    "LDIR": ("211000 111400 010300 EDB0 76", {0x14: 0x10, 0x15: 0x11, 0x16: 0x12}),
    "LDDR": ("211200 111600 010300 EDB8 76", {0x14: 0x10, 0x15: 0x11, 0x16: 0x12}),
    "EX DE,HL": ("2A1000 EB ED531400 76", {0x14: 0x10, 0x15: 0x11}),
    "EX (SP),HL": ("311400 2A1000 E3 221800 76", {0x14: 0x10, 0x15: 0x11, 0x18: 0x14, 0x19: 0x15}),
    "EXX": ("2A1000 D9 D9 221400 76", {0x14: 0x10, 0x15: 0x11}),
    "EX AF,AF'": ("3A1000 08 3E05 08 321400 76", {0x14: 0x10}),
    "LD SP,HL": ("2A1000 F9 ED731400 76", {0x14: 0x10, 0x15: 0x11}),
    "the copy of a rotated byte": ("DD211000 DDCB0000 78 321400 76", {0x14: 0x10, 0x10: 0x10}),
}


@pytest.mark.parametrize(("program", "expected"), MOVES.values(), ids=MOVES.keys())
def test_a_byte_moved_keeps_its_identity(program: str, expected: dict[int, int]) -> None:
    outcome = run(NAME, program, cells={0x10: 0x51, 0x11: 0x52, 0x12: 0x53})
    assert {at: came_from(outcome, at) for at in expected} == expected


CHANGES = {
    "XOR A": ("3A1000 AF 321400 76", {0x14: 0x10}),
    "ADD A,n": ("3A1000 C607 321400 76", {0x14: 0x10}),
    "SUB (HL)": ("211100 3A1000 96 321400 76", {0x14: 0x10}),
    "ADD HL,DE, by halves": ("2A1000 111234 19 221400 76", {0x14: 0x10, 0x15: 0x11}),
    "INC HL": ("2A1000 23 221400 76", {0x14: 0x10, 0x15: 0x11}),
    "INC (HL)": ("211000 34 76", {0x10: 0x10}),
    "SET 0,(HL)": ("211000 CBC6 76", {0x10: 0x10}),
    "DAA, CPL, NEG": ("3A1000 27 2F ED44 321400 76", {0x14: 0x10}),
    "RLCA, RRA": ("3A1000 07 1F 321400 76", {0x14: 0x10}),
    "RLD": ("3A1000 211100 ED6F 321400 76", {0x14: 0x10, 0x11: 0x11}),
}


@pytest.mark.parametrize(("program", "expected"), CHANGES.values(), ids=CHANGES.keys())
def test_a_byte_changed_keeps_its_identity(program: str, expected: dict[int, int]) -> None:
    outcome = run(NAME, program, cells={0x10: 0x51, 0x11: 0x52, 0x12: 0x53})
    assert {at: came_from(outcome, at) for at in expected} == expected


BIRTHS = {
    "flags": ("311000 F1 37 311600 F5 76", [0x14]),
    "the return address of CALL": ("311600 CD0800 00 00 76", [0x14, 0x15]),
    "the return address of RST": ("311600 C7", [0x14, 0x15]),
    "IN A,(n)": ("3A1000 DB07 321400 76", [0x14]),
    "IN B,(C)": ("3A1000 47 ED40 78 321400 76", [0x14]),
    "INI": ("211400 EDA2 76", [0x14]),
    "LD A,I": ("3A1000 ED47 ED57 321400 76", [0x14]),
    "LD A,R": ("ED5F 321400 76", [0x14]),
    "registers at the start": ("ED431400 76", [0x14, 0x15]),
    "SP at the start": ("ED731400 76", [0x14, 0x15]),
}


@pytest.mark.parametrize(("program", "cells"), BIRTHS.values(), ids=BIRTHS.keys())
def test_a_byte_computed_comes_from_nowhere(program: str, cells: list[int]) -> None:
    outcome = run(NAME, program, 6, cells={0x10: 0x51, 0x11: 0x52})
    assert [came_from(outcome, at) for at in cells] == [None] * len(cells)


def test_the_first_push_writes_29_and_30() -> None:
    outcome = run(NAME, "F5 76")
    assert outcome.tape[29:31] == b"\xff\xff"
    assert [i for i in range(32) if outcome.sources[i] != i] == [29, 30]


def test_a_halt_is_a_step_and_the_last() -> None:
    assert run(NAME, "00 76 3C").steps == 2


@pytest.mark.parametrize("limit", [1, 7, 128])
def test_prefixes_all_round_the_tape_run_to_the_limit(limit: int) -> None:
    assert sim.language(NAME).run(b"\xdd" * 16, b"\xfd" * 16, limit).steps == limit


def test_of_several_prefixes_the_last_counts_and_all_are_one_step() -> None:
    outcome = run(NAME, "DDDDFD23 221000 FD221200 DD221400 76")
    assert outcome.tape[0x10:0x16] == bytes([0, 0, 1, 0, 0, 0])
    assert outcome.steps == 5


def test_an_instruction_wraps_round_the_end_of_the_tape() -> None:
    # JR -3 at 0 leads to 31, where LD A,n has its operand at 0; then FD, which does nothing, before LD (nn),A.
    outcome = run(NAME, "18FD 321000 76", cells={31: 0x3E})
    assert (outcome.tape[0x10], came_from(outcome, 0x10)) == (0x18, 0)
    assert outcome.steps == 4


PAGES = [b"", b"\xdd", b"\xfd", b"\xed", b"\xdd\xed", b"\xcb", b"\xdd\xcb\x05", b"\xfd\xcb\xf0"]


@pytest.mark.parametrize("page", PAGES, ids=[page.hex() or "plain" for page in PAGES])
def test_every_opcode_does_the_same_compiled_and_interpreted(page: bytes) -> None:
    for opcode in range(256):
        for salt in (1, 2):
            check_interpreted(NAME, spread(page, opcode, salt), 5)


@given(tape=tapes(), limit=st.integers(0, 128))
def test_any_tape_does_the_same_compiled_and_interpreted(tape: bytes, limit: int) -> None:
    check_interpreted(NAME, tape, limit)


def test_text_is_hex() -> None:
    language = sim.language(NAME)
    assert language.parse("3e0Aff") == b"\x3e\x0a\xff"
    assert language.format(b"\x3e\x0a\xff") == "3E0AFF"
    for bad, told in (("3e0", "3 hex digits"), ("3g", "'g' at position 1")):
        with pytest.raises(sim.InputError, match=told):
            language.parse(bad)


def test_instructions_are_named_with_their_operands() -> None:
    names = sim.language(NAME).disassemble(bytes.fromhex("3E0A DD36FE07 FDCB0346 10FE C33412 EDB0 DDDD23 CB"))
    assert [name for name in names if name != "..."] == [
        "LD A,0x0A", "LD (IX-2),0x07", "BIT 0,(IY+3)", "DJNZ $+0", "JP 0x1234", "LDIR", "INC IX", "CB",
    ]  # fmt: skip
    assert len(names) == 21
    assert sim.language(NAME).disassemble(b"\x00\xc3\x34") == ["NOP", "JP nn", "..."]
