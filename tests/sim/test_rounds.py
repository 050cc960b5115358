"""Tapes of processors that only go round, told beforehand; and turns of block moves done at once."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import sim
from sim import i8080_rounds, z80, z80_rounds
from sim.rounds import goes_round
from sim.z80_registers import REGISTERS

#: What tells of a tape of each processor whether it only goes round.
WAYS = {"i8080": i8080_rounds.WAYS, "z80": z80_rounds.WAYS, "z80_zff": z80_rounds.WAYS}
LIMITS = (1, 2, 31, 32, 33, 127, 128, 129, 256, 1000)
PAGES = [b"", b"\xdd", b"\xfd", b"\xed", b"\xdd\xed", b"\xcb", b"\xdd\xcb", b"\xfd\xcb"]


def told(language: str, tape: bytes) -> bool:
    """Return whether a tape is said to go round."""
    return bool(goes_round(np.frombuffer(tape, np.uint8), WAYS[language]))


def check(language: str, tape: bytes, limits: tuple[int, ...] = LIMITS) -> None:
    """Compare the engine with the plain run, and with what going round means."""
    own = sim.language(language)
    for limit in limits:
        expected, found = (own.run(tape[:16], tape[16:], limit, plain=plain) for plain in (True, False))
        where = f"{tape.hex()} limit {limit}"
        assert (found.tape, found.steps, found.operations) == (expected.tape, expected.steps, expected.operations), (
            where
        )
        assert found.sources.tolist() == expected.sources.tolist(), where
        if told(language, tape):
            assert (expected.tape, expected.steps, expected.sources.tolist()) == (tape, limit, list(range(32))), where


@pytest.mark.parametrize("language", WAYS)
def test_each_opcode_is_what_its_way_says(language: str) -> None:
    """Every opcode of every page at the start and across the end of a tape, operands of all kinds."""
    for page in PAGES:
        for opcode in range(256):
            for operands in (b"", b"\x08\x10", b"\xfe\xff", b"\x1f\x07\x04"):
                tape = (page + bytes([opcode]) + operands).ljust(32, b"\0")
                check(language, tape, (33, 128))
                check(language, tape[2:] + tape[:2], (33, 128))


def tapes_like_a_grids(count: int) -> Iterator[bytes]:
    """Yield tapes of two bytes in turn, as grids have them by thousands, some mutated, some of opcodes of one kind."""
    draw = np.random.default_rng(1)
    for _ in range(count):
        tape: NDArray[np.uint8] = np.concatenate([np.tile(draw.integers(0, 256, 2), 8) for _ in range(2)]).astype(
            np.uint8
        )
        tape[::2] *= draw.integers(2, dtype=np.uint8)
        where = draw.integers(0, 32, draw.integers(8))
        tape[where] = draw.choice(
            [0x18, 0x20, 0x28, 0xC2, 0xCA, 0xC3, 0xDD, 0xCB, 0xC0, 0x37, *draw.integers(0, 256, 8)], len(where)
        )
        yield tape.tobytes()


@pytest.mark.parametrize("language", WAYS)
def test_a_grids_tapes_do_what_they_do_run_plainly(language: str) -> None:
    tapes = list(tapes_like_a_grids(1000))
    for tape in tapes:
        check(language, tape)
    going = sum(told(language, tape) for tape in tapes)
    assert 200 < going < 900


@pytest.mark.parametrize(
    ("language", "program", "goes"),
    [
        ("z80", "", True),
        ("z80", "3E01 C31000", True),
        ("z80", "18FE", True),
        ("z80", "2002 76", False),  # not taken
        ("z80", "2801 76", True),  # taken
        ("z80_zff", "DD7E05 FDCB0346 ED44 CB37", True),
        ("z80", "3C 2001 76", False),  # flags are set by then
        ("z80", "77", False),
        ("z80", "C9", False),
        ("z80", "76", False),
        ("z80", "10FE", False),
        ("z80", "E9", False),
        ("i8080", "C31000", True),
        ("i8080", "CA0000", True),
        ("i8080", "C20400 76", True),
        ("i8080", "C5", False),
    ],
)
def test_known_tapes(language: str, program: str, goes: bool) -> None:
    tape = bytes.fromhex(program).ljust(32, b"\0")
    assert told(language, tape) is goes
    check(language, tape)


Run = Callable[[Any, Any, Any, int], int]


@given(
    tape=st.lists(
        st.sampled_from(
            [b"\xed\xb0", b"\xed\xb8", b"\xdd\xed\xb0", b"\x21", b"\x11", b"\x01", b"\x00", b"\x1e", b"\x03"]
        ),
        min_size=32,
        max_size=32,
    ),
    limit=st.integers(1, 300),
    published=st.integers(0, 1),
)
def test_turns_at_once_are_turns_one_by_one(tape: list[bytes], limit: int, published: int) -> None:
    """Registers, R and Q among them, memory and sources, where block moves write over themselves too."""
    start = np.frombuffer(b"".join(tape)[:32], np.uint8)
    ends = []
    for most in (limit, 1):
        memory, sources, r = start.copy(), np.arange(32, dtype=np.uint8), np.zeros(REGISTERS, np.int64)
        z80.reset(r)
        steps = sum(z80.run(r, memory, sources, most, published) for _ in range(0, limit, most))
        ends.append((steps, memory.tolist(), sources.tolist(), r.tolist()))
    assert ends[0] == ends[1]
