"""The language ``forthtrivial``: the paper's Forth, with copies between the halves."""

import pytest

from tests.sim.families import AgainstTheReference, CopyingBetweenTheHalves
from tests.sim.known import check_replicator, executed, score

NAME = "forthtrivial"


class TestAgainstTheReference(AgainstTheReference):
    name = NAME


class TestCopyingBetweenTheHalves(CopyingBetweenTheHalves):
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
