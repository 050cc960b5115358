"""The language ``bff_noheads_4bit``: only a byte's low nibble is its command; sixteen bytes are NULL."""

import pytest

import sim
from tests.sim.families import AgainstTheReference, check_tape

NAME = "bff_noheads_4bit"
NIBBLES = "0     []+-.,<>{}"


def coded(program: str, high: int = 0) -> bytes:
    """Return ``program`` as bytes, each with the high nibble ``high``; a space is nibble 1."""
    return bytes(high << 4 | (1 if command == " " else NIBBLES.index(command)) for command in program)


class TestAgainstTheReference(AgainstTheReference):
    name = NAME


def test_text_means_the_highest_byte_of_its_class() -> None:
    assert sim.language(NAME).parse("0[]+-.,<>{}") == bytes([0xF0, *range(0xF6, 0x100)])
    assert sim.language(NAME).format(bytes(range(16))) == "0\u0101\u0102\u0103\u0104\u0105[]+-.,<>{}"


@pytest.mark.parametrize("high", range(16))
def test_the_high_nibble_changes_nothing_but_the_bytes(high: int) -> None:
    program = "[[{.>]-]" + " " * 48 + "]-]>.{[["
    outcome = check_tape(NAME, coded(program, high) + bytes(64))
    assert outcome.operations == 8192
    assert outcome.tape[64:] == coded(program, high)


@pytest.mark.parametrize("null", range(0, 256, 16))
def test_all_sixteen_nulls_stop_loops_and_skip_them(null: int) -> None:
    skipped = check_tape(NAME, bytes([null]) + coded("[+]").ljust(127, b"\x01"))
    assert skipped.operations == 1
    counted = check_tape(NAME, coded("  <[-]") + bytes(121) + bytes([null | 5]))
    assert counted.tape[127] == null


def test_increments_carry_into_the_high_nibble() -> None:
    outcome = check_tape(NAME, bytes([0x1F]) + coded("+++") + bytes(124))
    # 0x1F is `}`, then 0x20 is NULL, 0x22 a no-op
    assert outcome.tape[0] == 0x22
