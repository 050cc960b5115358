"""The language ``forthcopy``: one address for both halves."""

import sim
from tests.sim.families import AgainstTheReference
from tests.sim.known import check_replicator, executed

NAME = "forthcopy"


class TestAgainstTheReference(AgainstTheReference):
    name = NAME


def test_a_known_replicator() -> None:
    check_replicator(NAME, bytes.fromhex("0404030208C4"), 8192)


def test_addresses_reach_both_halves_through_the_exclusive_or() -> None:
    # PUSH 9, XOR 64, PUSH 2, READ, WRITE: byte 2 goes to 73
    found = executed(NAME, bytes([0x49, 0x03, 0x42, 0x00, 0x01]), limit=5)
    assert (found.tape[73], found.sources[73]) == (0x42, 2)


def test_the_exclusive_or_keeps_identity() -> None:
    # PUSH 5, PUSH 7, XOR 64, WRITE at 5
    found = executed(NAME, bytes([0x45, 0x47, 0x03, 0x01]), limit=4)
    assert (found.tape[5], found.sources[5]) == (7 ^ 64, 1)


def test_a_copy_takes_its_target_from_the_top() -> None:
    # PUSH 1 (from), PUSH 9, XOR 64 (to), COPY
    found = executed(NAME, bytes([0x41, 0x49, 0x03, 0x02]), limit=4)
    assert (found.tape[73], found.sources[73]) == (0x49, 1)


def test_colours_are_the_references() -> None:
    colours = [sim.language(NAME).colour(byte) for byte in (0x00, 0x0B, 0x0C, 0xFF)]
    assert colours == [(0, 128, 255), (11, 128, 244), (12, 0, 243), (255, 0, 0)]
