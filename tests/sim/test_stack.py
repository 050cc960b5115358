"""What the Forth family has in common: the stack, identities that travel through it, names and colours."""

import pytest

import sim
from sim.stack_machine import interpret
from tests.sim.known import executed

FAMILY = [name for name, found in sim.LANGUAGES.items() if found.execute is interpret]
pytestmark = pytest.mark.parametrize("language", FAMILY)


def write(language: str) -> int:
    """Return the byte that writes to the left half; 00 reads it in all of them."""
    return 0x01 if language == "forthcopy" else 0x02


def shown(language: str, program: list[int], at: int = 40) -> tuple[int, int]:
    """Run ``program`` after pushing the address ``at``, write its result there; return its (byte, source)."""
    content = bytes([0x40 | at, *program, write(language)])
    found = executed(language, content, limit=len(content))
    return found.tape[at], int(found.sources[at])


def test_a_byte_read_and_written_keeps_its_identity(language: str) -> None:
    # PUSH 2, READ: byte 2 of the tape is READ itself
    assert shown(language, [0x42, 0x00]) == (0x00, 2)


def test_an_address_lends_no_identity(language: str) -> None:
    assert shown(language, [0x41, 0x00]) == (0x41, 1)
    assert shown(language, [0x60, 0x00]) == (0, 32)


def test_a_constant_has_the_identity_of_its_instruction(language: str) -> None:
    assert shown(language, [0x47]) == (7, 1)


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        ([0x47, 0x08], (8, 1)),  # INC
        ([0x40, 0x09], (255, 1)),  # DEC, wrapping
        ([0x47, 0x04, 0x06, 0x05], (7, 1)),  # DUP, the copy kept
        ([0x47, 0x48, 0x06, 0x05], (8, 2)),  # SWAP moves
        ([0x47, 0x48, 0x0A], (15, 2)),  # ADD: the first popped
        ([0x47, 0x48, 0x0B], (1, 2)),  # SUB: top minus the one below, the top's identity
        ([0x48, 0x47, 0x0B], (255, 2)),
        ([0x47, 0x48, 0x05], (7, 1)),  # DROP
        ([0x47, 0x07, 0x05], (7, 1)),  # IF0 over a byte that is not 0 skips the DROP
    ],
)
def test_identities_through_stack_operations(language: str, program: list[int], expected: tuple[int, int]) -> None:
    assert shown(language, program) == expected


def test_if0_goes_on_where_the_top_is_0(language: str) -> None:
    # 0, IF0, then INC is executed
    assert shown(language, [0x40, 0x07, 0x08]) == (1, 1)


@pytest.mark.parametrize(
    "program", [[], [0x05, 0x05], [0x05, 0x05, 0x08, 0x09], [0x05, 0x06], [0x05, 0x04], [0x05, 0x0A]]
)
def test_what_an_empty_stack_gives_comes_from_nowhere(language: str, program: list[int]) -> None:
    content = bytes([0x47, *program, write(language)]) if program else bytes([write(language)])
    found = executed(language, content, limit=len(content))
    assert (found.tape[0], found.sources[0]) == (0, sim.NOWHERE)


def test_a_computed_byte_from_nowhere_stays_from_nowhere(language: str) -> None:
    # on an empty stack: INC makes 1, DUP, WRITE puts 1 at 1
    found = executed(language, bytes([0x08, 0x04, write(language)]), limit=3)
    assert (found.tape[1], found.sources[1]) == (1, sim.NOWHERE)


def test_the_top_operand_decides_even_if_it_came_from_nowhere(language: str) -> None:
    # PUSH 9, SWAP (9 below, a 0 from nowhere on top), ADD, PUSH 32, SWAP, WRITE
    content = bytes([0x49, 0x06, 0x0A, 0x60, 0x06, write(language)])
    found = executed(language, content, limit=len(content))
    assert (found.tape[32], found.sources[32]) == (9, sim.NOWHERE)


def test_128_entries_fit_and_one_more_stops_the_program(language: str) -> None:
    full = executed(language, b"\x41" * 64, b"\x41" * 64)
    assert (full.steps, full.operations) == (128, 128)
    loop = executed(language, b"\x41\x42\xc1")  # PUSH, PUSH, back by 2: to PUSH at 0
    assert (loop.steps, loop.operations) == (3 * 64 + 1, 3 * 64 + 1)
    dup = executed(language, b"\x41\x04\xc0")  # PUSH, DUP, back by 1
    assert dup.steps == 1 + 2 * 127 + 1


@pytest.mark.parametrize(("byte", "steps"), [(0xC0, 1), (0xBF, 65), (0x80, 128), (0xFF, 1)])
def test_jumps_leave_the_tape_at_both_ends(language: str, byte: int, steps: int) -> None:
    # a jump off the end, by 64 from 0 and no-ops behind it, or one after the other
    found = executed(language, bytes([byte]).ljust(64, b"\x20"), b"\x20" * 64)
    assert found.steps == steps


def test_no_ops_are_steps_but_no_operations(language: str) -> None:
    found = executed(language, b"\x20" * 64, b"\x3f" * 64)
    assert (found.steps, found.operations) == (128, 0)


def test_names_have_operands_and_jumps_their_goals(language: str) -> None:
    names = sim.language(language).disassemble(bytes([0x45, 0x82, 0x20, 0xC3, 0x08]))
    assert names == ["PUSH 5", "JMP +3 (to 4)", "no-op", "JMP -4 (to -1)", "INC"]


def test_steps_show_the_stack_before_them(language: str) -> None:
    tape = bytes([0x45, 0x46, 0x0A]).ljust(128, b"\0")
    steps = list(sim.language(language).walk(tape, 3))
    assert [(step.name, step.stack) for step in steps] == [("PUSH 5", ()), ("PUSH 6", (5,)), ("ADD", (5, 6))]
