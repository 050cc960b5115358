"""The language ``forthtrivial_reset``: a byte 13 in the right half guards it."""

import pytest

import sim
from tests.sim.families import AgainstTheReference, CopyingBetweenTheHalves
from tests.sim.known import check_replicator, executed

NAME = "forthtrivial_reset"


class TestAgainstTheReference(AgainstTheReference):
    name = NAME


class TestCopyingBetweenTheHalves(CopyingBetweenTheHalves):
    name = NAME


def test_the_papers_six_bytes_replicate() -> None:
    check_replicator(NAME, bytes.fromhex("0C0804812CC4"), 8192)


def test_a_guarded_partner_makes_the_left_half_anew() -> None:
    six = bytes.fromhex("0C0804812CC4")
    found = executed(NAME, six, partner=b"\x13")
    assert found.operations == 60
    assert found.tape[:6] != six


@pytest.mark.parametrize("program", [[0x45, 0x0C], [0x45, 0x47, 0x03]])
def test_a_left_half_made_anew_comes_from_nowhere(program: list[int]) -> None:
    partner = bytes(5) + b"\x13"
    found = executed(NAME, bytes(program), partner, limit=len(program))
    assert found.tape[64:] == partner.ljust(64, b"\0")
    assert found.sources.tolist() == [sim.NOWHERE] * 64 + list(range(64, 128))
    # drawn from the tape and the place of the instruction, so another place draws other bytes
    later = executed(NAME, bytes([0x20, *program]), partner, limit=len(program) + 1)
    assert later.tape[:64] != found.tape[:64]


def test_a_left_half_made_anew_is_the_references_draw() -> None:
    mask = 2**64 - 1

    def sm(x: int) -> int:
        z = (x + 0x9E3779B97F4A7C15) & mask
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & mask
        z = (z ^ z >> 27) * 0x94D049BB133111EB & mask
        return z ^ z >> 31

    tape = (bytes([0x20, 0x0C]).ljust(64, b"\0")) + b"\x13".ljust(64, b"\x07")
    seed = 0
    for byte in tape:
        seed = sm(seed ^ byte)
    expected = bytes(sm((seed * 4096 + 1 * 64 + i) & mask) & 255 for i in range(64))
    assert executed(NAME, tape[:64], tape[64:], limit=2).tape[:64] == expected


def test_the_left_half_has_no_guard() -> None:
    found = executed(NAME, bytes([0x45, 0x0D, 0x20, 0x20, 0x20, 0x13]), limit=2)
    assert (found.tape[5], found.sources[5]) == (0, 69)


def test_the_papers_long_tape_program_copies_with_a_shorter_jump() -> None:
    check_replicator(NAME, bytes.fromhex("4040400003080404C4"), 8192)
