"""The language ``bff8_noheads``: fixed jumps, heads and execution from 0."""

import pytest

import sim
from tests.sim.families import AgainstTheReference
from tests.sim.known import check_replicator, executed, score

NAME = "bff8_noheads"


class TestAgainstTheReference(AgainstTheReference):
    name = NAME


def mirrored(core: bytes) -> bytes:
    return core.ljust(32) + core.ljust(32)[::-1]


def test_a_known_palindrome_copies_itself() -> None:
    check_replicator(NAME, mirrored(b" {.>    ]"), 4095)


def test_one_byte_earlier_the_jump_leaves_the_tape() -> None:
    early = mirrored(b"{.>    ]")
    assert executed(NAME, early).operations == 4
    assert score(NAME, early) == 0


@pytest.mark.parametrize(("place", "jumps"), [(0, False), (7, False), (8, True), (9, True)])
def test_a_closing_bracket_must_stand_at_8_or_later(place: int, jumps: bool) -> None:
    found = executed(NAME, b"+".ljust(place) + b"]" if place else b"]")
    assert found.steps == (8192 if jumps else place + 1)


def test_text_and_identities_are_those_of_bff8() -> None:
    own, bff8 = sim.language(NAME), sim.language("bff8")
    every = bytes(range(256))
    assert own.format(every) == bff8.format(every)
    assert own.parse(own.format(every)) == every
    assert executed(NAME, b"{.", limit=2).sources[127] == 0
