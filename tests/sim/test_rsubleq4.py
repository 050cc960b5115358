"""The language ``rsubleq4``: one instruction with four relative operands."""

import pytest

import sim
from tests.sim.families import AgainstTheReference
from tests.sim.known import executed, score

NAME = "rsubleq4"


class TestAgainstTheReference(AgainstTheReference):
    name = NAME


PAPERS = bytes.fromhex("091014040405130400000C04FDFD0904F808F9F400FFFFC0B7")


def test_the_papers_program_copies_all_but_its_counters() -> None:
    found = executed(NAME, PAPERS)
    assert found.operations == 258
    assert found.tape[8:10] == bytes([0x7F, 0x38])
    assert found.tape[72:74] == bytes([0x40, 0x01])
    program = PAPERS.ljust(64, b"\0")
    for half in (found.tape[:64], found.tape[64:]):
        assert half[:8] + half[10:] == program[:8] + program[10:]
    assert score(NAME, PAPERS) == 62


def test_without_its_last_byte_it_is_no_replicator() -> None:
    assert score(NAME, PAPERS[:-1]) == 0


def test_zeros_loop_in_place_and_are_no_replicator() -> None:
    found = executed(NAME, b"")
    assert (found.steps, found.operations) == (8192, 8192)
    assert score(NAME, b"") == 0


def test_a_result_has_the_identity_of_operand_b() -> None:
    # from 0: tape[40] = tape[70] - tape[71]
    found = executed(NAME, bytes([40, 70, 71, 4]), partner=bytes(6) + bytes([9, 2]), limit=1)
    assert (found.tape[40], found.sources[40]) == (7, 70)
    # and keeps it where b and a are one place
    same = executed(NAME, bytes([40, 40, 71, 4]), partner=bytes(7) + b"\x02", limit=1)
    assert (same.tape[40], same.sources[40]) == (254, 40)


def test_addresses_wrap_and_count_from_the_instruction() -> None:
    # at 4: a = 4 + 250 = 254, so 126; b = 4 + 128 - 4 = 128, so 0; c = 4 + 20
    found = executed(NAME, bytes([60, 60, 60, 4, 250, 124, 20, 4]), limit=2)
    assert (found.tape[126], found.sources[126]) == (60, 0)


@pytest.mark.parametrize(("jump", "steps"), [(255, 1), (128, 1), (124, 2), (125, 1), (127, 1)])
def test_jumps_are_signed_and_124_is_the_last_place(jump: int, steps: int) -> None:
    # the instruction at 124 jumps off the tape: its d is 127
    found = executed(NAME, bytes([60, 60, 60, jump]), partner=bytes(60) + bytes([60, 60, 60, 127]), limit=50)
    assert found.steps == steps


def test_the_jump_is_read_after_the_write_that_may_change_it() -> None:
    # tape[3] = 0 - 1 = 255: back off the tape, instead of by 0
    assert executed(NAME, bytes([3, 60, 61, 0]).ljust(61, b"\0") + b"\x01").steps == 1


def test_names_tell_the_operands_of_four_bytes() -> None:
    names = sim.language(NAME).disassemble(bytes(4) + bytes([9, 255, 124, 0xF4, 1]))
    assert names[4:] == [
        "RSUBLEQ4 a = +9 (at 13)", "  b = -1 (at 3)", "  c = +124 (at 0)", "  d = -12 (to -8)", "RSUBLEQ4 a = +1 (at 9)"
    ]  # fmt: skip


def test_text_and_colours_are_the_references() -> None:
    own = sim.language(NAME)
    assert own.format(PAPERS) == PAPERS.hex().upper()
    assert own.parse(PAPERS.hex()) == PAPERS
    assert own.colour(0xB7) == (0xB7, 0, 0x48)
