"""The language ``forthtrivial``: the paper's Forth, with copies between the halves."""

import pytest

import sim
from tests.sim.families import AgainstTheReference
from tests.sim.known import check_replicator, executed, score

NAME = "forthtrivial"


class TestAgainstTheReference(AgainstTheReference):
    name = NAME


def test_one_copy_command_copies_one_byte() -> None:
    found = executed(NAME, b"\x0c")
    assert found.tape == b"\x0c" + bytes(63) + b"\x0c" + bytes(63)
    assert found.operations == 128
    assert score(NAME, b"\x0c") == 1


@pytest.mark.parametrize(
    ("program", "operations"),
    [
        ("0C0804812CC4", 8192),
        ("0C083F150492" + "00" * 18 + "D7", 5852),
        ("0C091C270492" + "00" * 18 + "D7", 5852),
        ("0C091F1F04C4", 5462),
    ],
)
def test_known_replicators(program: str, operations: int) -> None:
    check_replicator(NAME, bytes.fromhex(program), operations)


def test_zeros_are_no_replicator() -> None:
    assert score(NAME, b"") == 0


def test_the_papers_long_tape_program_needs_a_shorter_jump() -> None:
    assert executed(NAME, bytes.fromhex("4040400003080404C7")).operations == 381
    assert score(NAME, bytes.fromhex("4040400003080404C7")) == 0
    check_replicator(NAME, bytes.fromhex("4040400003080404C4"), 8192)


def test_copies_carry_identity_between_the_halves() -> None:
    found = executed(NAME, bytes([0x45, 0x0C, 0x46, 0x0D]), partner=bytes(range(64)), limit=4)
    assert (found.sources[64 + 5], found.sources[6]) == (5, 64 + 6)
    assert (found.tape[64 + 5], found.tape[6]) == (0, 6)


def test_a_byte_written_to_the_other_half_keeps_its_identity() -> None:
    # PUSH 9, PUSH 2, READ0, WRITE1: byte 2 goes to 64 + 9
    found = executed(NAME, bytes([0x49, 0x42, 0x00, 0x03]), limit=4)
    assert (found.tape[73], found.sources[73]) == (0x00, 2)
    # PUSH 3, PUSH 5, READ1, WRITE0: byte 64 + 5 comes to 3
    back = executed(NAME, bytes([0x43, 0x45, 0x01, 0x02]), partner=bytes(range(64)), limit=4)
    assert (back.tape[3], back.sources[3]) == (5, 69)


def test_colours_are_the_references() -> None:
    colour = sim.language(NAME).colour
    assert [colour(byte) for byte in (0x0D, 0x0B, 0x07, 0x40)] == [
        (0x73, 0x01, 0xCE), (0x4E, 0x10, 0x01), (0, 0, 0), (255, 255, 255)
    ]  # fmt: skip
    # the last of each kind is darker by a fifth
    assert [colour(byte) for byte in (0x3F, 0x7F, 0xBF, 0xFF)] == [
        (2, 110, 44), (204, 204, 204), (118, 174, 204), (204, 95, 100)
    ]  # fmt: skip
