"""The language ``forth``: reads and writes through the stack."""

import sim
from tests.sim.families import AgainstTheReference
from tests.sim.known import check_replicator, executed, score

NAME = "forth"


class TestAgainstTheReference(AgainstTheReference):
    name = NAME


def test_the_papers_long_tape_program_needs_a_shorter_jump() -> None:
    assert executed(NAME, bytes.fromhex("4040400003080404C7")).operations == 381
    assert score(NAME, bytes.fromhex("4040400003080404C7")) == 0
    check_replicator(NAME, bytes.fromhex("4040400003080404C4"), 8192)


def test_the_papers_six_bytes_need_a_copy_command() -> None:
    assert score(NAME, bytes.fromhex("0C0804812CC4")) == 0


def test_copies_are_no_ops_here() -> None:
    assert sim.language(NAME).disassemble(b"\x0c\x0d") == ["no-op", "no-op"]


def test_a_byte_written_to_the_other_half_keeps_its_identity() -> None:
    # PUSH 9, PUSH 2, READ0, WRITE1: byte 2 goes to 64 + 9
    found = executed(NAME, bytes([0x49, 0x42, 0x00, 0x03]), limit=4)
    assert (found.tape[73], found.sources[73]) == (0x00, 2)
    # PUSH 3, PUSH 5, READ1, WRITE0: byte 64 + 5 comes to 3
    back = executed(NAME, bytes([0x43, 0x45, 0x01, 0x02]), partner=bytes(range(64)), limit=4)
    assert (back.tape[3], back.sources[3]) == (5, 69)


def test_colours_are_the_references() -> None:
    colours = [sim.language(NAME).colour(byte) for byte in (0x00, 0x0B, 0x0C, 0xFF)]
    assert colours == [(0, 128, 255), (11, 128, 244), (12, 0, 243), (255, 0, 0)]
