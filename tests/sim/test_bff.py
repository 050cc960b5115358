"""The language ``bff``: heads start where bytes 0 and 1 of the tape say."""

import pytest

from tests.sim.families import AgainstTheReference, check_tape, written

NAME = "bff"


class TestAgainstTheReference(AgainstTheReference):
    name = NAME


@pytest.mark.parametrize(("head0", "head1"), [(0, 0), (127, 127), (128, 255), (64, 0), (1, 2), (200, 3)])
def test_heads_start_where_bytes_0_and_1_say_mod_128(head0: int, head1: int) -> None:
    tape = bytes([head0, head1]) + written(NAME, ".+,-[.}>]", 0x21)[:126]
    outcome = check_tape(NAME, tape, 1)
    assert outcome.sources[head1 % 128] == head0 % 128


def test_bytes_0_and_1_are_not_executed_at_first() -> None:
    outcome = check_tape(NAME, b"++" + bytes(126))
    assert (outcome.steps, outcome.operations) == (126, 0)


def test_bytes_0_and_1_are_executed_when_jumped_to() -> None:
    # `]` at 2 goes back to `[` at 0, so that `+` at 1 runs until byte 91 = ord("["), where head 0 is, wraps to 0
    tape = bytearray(b"[+]" + bytes(125))
    tape[91] = 1
    outcome = check_tape(NAME, bytes(tape))
    assert outcome.operations == 1 + 2 * 255
    assert outcome.tape[91] == 0


def test_a_forward_copier_fills_the_right_half() -> None:
    half = bytes([0x80, 0x40]) + b"[.>}]".ljust(62, b" ")
    assert check_tape(NAME, half + bytes(64)).tape == half + half


def test_a_loop_can_overwrite_its_own_bracket() -> None:
    for head1 in range(2, 10):
        check_tape(NAME, bytes([0x20, head1]) + b"[.}>]".ljust(30, b" ") + b"]]..[[++" + bytes(88))
