"""The language ``bff8``: brackets that jump nine bytes on or seven back."""

import sim
from tests.sim.families import AgainstTheReference
from tests.sim.known import check_replicator, executed

NAME = "bff8"


class TestAgainstTheReference(AgainstTheReference):
    name = NAME


def test_a_known_copier_copies_itself() -> None:
    check_replicator(NAME, b"\x80\x40.>}    ]".ljust(64), 4096)


def test_an_open_bracket_goes_nine_bytes_on_where_the_head_stands_on_zero() -> None:
    # heads at 40; from 2 to 11, past the increments
    found = executed(NAME, bytes([40, 0]) + b"[++++++++" + b"+")
    assert found.tape[40] == 1
    assert (found.steps, found.operations) == (1 + 128 - 11, 2)
    assert executed(NAME, bytes([3, 0]) + b"[++++++++" + b"+").tape[3] == ord("+") + 9


def test_an_open_bracket_may_jump_past_the_end() -> None:
    partner = b" " * 60 + b"[   "
    assert executed(NAME, b"\0\0" + b" " * 62, partner)[2:] == (123, 1)
    assert executed(NAME, b"\0\1" + b" " * 62, partner)[2:] == (123, 1)


def test_a_closing_bracket_goes_seven_bytes_back_or_stops_the_program() -> None:
    assert executed(NAME, b"\x20\x40      +]" + b" " * 54, limit=24).operations == 6  # 9 -> 2, every 8 steps
    assert executed(NAME, b"\x03\x00     ]" + b" " * 56)[2:] == (6, 1)  # at 7: target below 0


def test_increments_keep_identity_and_copies_carry_it() -> None:
    found = executed(NAME, bytes([40, 70]) + b"+.", limit=2)
    assert (found.tape[70], found.sources[70], found.sources[40]) == (1, 40, 40)


def test_text_is_that_of_bff() -> None:
    own, bff = sim.language(NAME), sim.language("bff")
    every = bytes(range(256))
    assert own.format(every) == bff.format(every)
    assert own.parse(own.format(every)) == every
    assert own.disassemble(b"[]") != bff.disassemble(b"[]")
