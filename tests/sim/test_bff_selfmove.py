"""The language ``bff_selfmove``: a copy that moves head1, a zero byte that is ``>``."""

import sim
from tests.sim.families import AgainstTheReference
from tests.sim.known import executed, score

NAME = "bff_selfmove"
COPIER = bytes.fromhex("400005040006")


class TestAgainstTheReference(AgainstTheReference):
    name = NAME


def test_a_known_copier_needs_food_that_is_not_zero() -> None:
    assert executed(NAME, COPIER).operations == 123
    found = executed(NAME, COPIER, partner=b"\x07" * 64)
    assert found.tape == COPIER.ljust(64, b"\0") * 2
    assert score(NAME, COPIER) == 64


def test_text_reads_commands_it_lacks_as_byte_0() -> None:
    own = sim.language(NAME)
    assert own.parse("><+-,[]") == bytes(range(7))
    assert own.parse("0.{}") == bytes(4)
    assert own.format(bytes(range(8))) == "><+-,[]\u0107"
    assert own.parse("\u0100\u0104") == b"\0\x04"
    for byte in range(256):
        assert own.parse(own.format(bytes([byte]))) == bytes([byte])


def test_a_copy_moves_head1_and_carries_the_bytes_identity() -> None:
    # `,>,` with heads 64 and 10: bytes 10 and 11 go to 64 and 65
    found = executed(NAME, bytes([64, 10, 4, 0, 4]), partner=b"\x07" * 64, limit=3)
    assert found.sources[64:67].tolist() == [10, 11, 66]
    assert found.operations == 3


def test_zero_bytes_are_operations() -> None:
    found = executed(NAME, b"")
    assert (found.steps, found.operations) == (126, 126)


def test_brackets_ask_for_the_value_0_which_is_a_command() -> None:
    # `[` at 2 with head0 on a zero byte finds no `]`: the step counts, and the program stops
    assert executed(NAME, bytes([20, 0, 5]))[2:] == (1, 1)
    # a byte that is a command but not 0 is not zero
    assert executed(NAME, bytes([20, 0, 5]) + b"\x07" * 17 + b"\x01", b"\x07" * 64).operations > 1
