"""The language ``subleq``: one instruction with three absolute operands."""

import pytest

import sim
from tests.sim.families import AgainstTheReference
from tests.sim.known import executed, score

NAME = "subleq"


class TestAgainstTheReference(AgainstTheReference):
    name = NAME


def test_zeros_loop_in_place_and_are_no_replicator() -> None:
    found = executed(NAME, b"")
    assert (found.steps, found.operations) == (8192, 8192)
    assert score(NAME, b"") == 0


def test_a_subtraction_keeps_the_identity_of_what_it_changes() -> None:
    # tape[10] -= tape[70], a from 138 as from 10
    found = executed(NAME, bytes([138, 70, 3]), partner=b"\x01" * 64, limit=1)
    assert (found.tape[10], found.sources[10]) == (255, 10)
    assert found.sources.tolist() == list(range(128))


@pytest.mark.parametrize(("value", "goal"), [(5, 3), (128, 9), (255, 9), (0, 9), (127, 3)])
def test_a_jump_is_taken_where_the_result_is_not_positive(value: int, goal: int) -> None:
    # the byte at 20, less the zero at 21; then another subtraction, whose place tells where it went on
    tape = bytearray(64)
    tape[:3] = bytes([20, 21, 9])
    tape[20] = value
    steps = list(sim.language(NAME).walk(bytes(tape) + bytes(64), 2))
    assert steps[1].position == goal


def test_the_jump_is_read_after_the_write_that_may_change_it() -> None:
    # tape[2] = 9 - 10 = 255: off the tape
    assert executed(NAME, bytes([2, 3, 9, 10])).steps == 1


@pytest.mark.parametrize(("goal", "steps"), [(125, 2), (126, 1), (255, 1), (128, 1)])
def test_125_is_the_last_place_of_an_instruction(goal: int, steps: int) -> None:
    # the instruction at 125 jumps off the tape too
    found = executed(NAME, bytes([60, 60, goal]), partner=bytes(61) + bytes([60, 60, 200]))
    assert found.steps == steps


def test_names_tell_the_operands_of_three_bytes() -> None:
    names = sim.language(NAME).disassemble(bytes([130, 3, 200, 7]))
    assert names == ["SUBLEQ a = 2", "  b = 3", "  c = 200", "SUBLEQ a = 7"]


def test_text_and_colours_are_the_references() -> None:
    own = sim.language(NAME)
    assert own.format(bytes([0x0A, 0xFF])) == "0AFF"
    assert own.parse("0aFF") == bytes([0x0A, 0xFF])
    assert [own.colour(byte) for byte in (0, 1, 255)] == [(0, 0, 255), (1, 0, 254), (255, 0, 0)]
