"""Loops of the Forth family, foreseen: what the engine says of them is what their steps make of them."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import sim
from sim.stack_engine import run_stack
from tests.sim.awkward import awkward_tapes

FAMILY = [name for name, found in sim.LANGUAGES.items() if found.engine is run_stack]
#: Around one lap, around the limit, and in the middle of loops.
LIMITS = (1, 2, 127, 128, 129, 640, 1000, 2047, 8191, 8192)
TAPES = 1500
#: Pieces of loops: copies with an address that stays, goes on, comes from afar; what fills or drains the stack.
PIECES = {
    "forthcopy": ("04040302", "040001", "0404030600010806", "08", "0809", "41", "05", "42020a", "4607", "06"),
    "": (
        "04", "0c08", "0c09", "0c", "0d", "040d08", "04040003", "04040102",
        "41", "05", "06", "4141", "410a", "430b", "07", "4503",
    ),
}  # fmt: skip
REPLICATORS = {
    "forth": ("4040400003080404c4",),
    "forthcopy": ("0404030208c4",),
    "": ("0c0804812cc4", "0c083f150492", "0c091f1f04c4", "4040400003080404c4", "0c9e" + "20" * 29 + "0c09200c0493"),
}


def _loop(language: str, draw: np.random.Generator) -> bytes:
    """Return a loop of a few pieces, jumps and no-ops among them, that comes back about to its start."""
    pieces = PIECES.get(language, PIECES[""])
    body = b""
    for _ in range(draw.integers(1, 6)):
        body += bytes.fromhex(pieces[draw.integers(len(pieces))])
        body += (b"", b"", b"\x20", b"\x80", b"\x81\x33", bytes([draw.integers(256)]))[draw.integers(6)]
    body = body[:60]
    return body + bytes([0xC0 + max(0, len(body) - 1 + int(draw.integers(-1, 2)))])


def _tapes(language: str) -> NDArray[np.uint8]:
    """Return tapes with such a loop or a replicator anywhere, over one filler or any bytes; some a little mutated."""
    draw = np.random.default_rng(len(language))
    tapes = np.empty((TAPES, 128), np.uint8)
    for tape in tapes:
        filler = (0x20, 0x13, 0x08, 0x41)[draw.integers(4)]
        tape[:] = draw.integers(0, 256, 128) if draw.random() < 0.5 else filler
        known = REPLICATORS.get(language, REPLICATORS[""])
        program = bytes.fromhex(known[draw.integers(len(known))]) if draw.random() < 0.2 else _loop(language, draw)
        start = draw.integers(0, 4) if draw.random() < 0.6 else draw.integers(0, 128 - len(program))
        tape[:start] = draw.choice([0x20, 0x41, 0x7F], start)
        tape[start : start + len(program)] = list(program)
        if draw.random() < 0.3:
            tape[64:] = tape[:64]
        if draw.random() < 0.3:
            tape[draw.integers(0, 128, 3)] = draw.integers(0, 256, 3)
    return tapes


def _executed(language: str, tape: bytes, limit: int, plain: bool) -> tuple[Any, ...]:
    outcome = sim.language(language).run(tape[:64], tape[64:], limit, plain=plain)
    return outcome.tape, outcome.sources.tobytes(), outcome.steps, outcome.operations


def check(language: str, tape: bytes, limit: int) -> tuple[Any, ...]:
    """Compare engine and plain interpreter on a tape; return what they must share."""
    found, expected = (_executed(language, tape, limit, plain) for plain in (False, True))
    assert found == expected, f"limit {limit}, tape {tape.hex()}"
    return expected


@pytest.mark.parametrize("language", FAMILY)
def test_loops_are_their_steps(language: str) -> None:
    endless = filled = 0
    for number, tape in enumerate(_tapes(language)):
        limit = LIMITS[number % len(LIMITS)]
        _, _, steps, _ = check(language, tape.tobytes(), limit)
        endless += steps == limit == 8192
        filled += 256 < steps < limit
    # that loops were run at all: to the limit, and until the stack was full
    assert endless > TAPES // len(LIMITS) // 10
    assert filled > TAPES // 50


@pytest.mark.parametrize("language", FAMILY)
@given(st.data())
def test_awkward_tapes_are_their_steps(language: str, data: st.DataObject) -> None:
    tape = data.draw(awkward_tapes(sim.language(language)))
    check(language, tape, data.draw(st.sampled_from(LIMITS)))


@pytest.mark.parametrize("limit", range(380, 400))
def test_a_replicator_stops_at_any_step(limit: int) -> None:
    check("forthtrivial", bytes.fromhex("0c0804812cc4").ljust(128, b"\x55"), limit)


def test_a_loop_is_left_before_it_writes_into_itself() -> None:
    # in the right half: COPY0 from address 0 on overwrites it, with all sorts of bytes
    for first in range(256):
        tape = bytearray(b"\x20" * 128)
        tape[70:74] = bytes.fromhex("0c0804c3")
        tape[6:10] = bytes([first, 0x08, 0x04, 0xC3])
        check("forthtrivial", bytes(tape), 8192)


def test_a_guard_is_seen_where_a_copy_brings_it() -> None:
    # the lap copies a 13 to the right, the next lap would overwrite it
    outcome = check("forthtrivial_reset", bytes.fromhex("0c0804c2").ljust(20, b"\x20") + b"\x13" + b"\x20" * 107, 8192)
    assert 255 in outcome[1]
