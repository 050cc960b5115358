"""The language ``bff_noheads``, the paper's own BFF: both heads start at 0."""

import pytest

from tests.sim.families import AgainstTheReference, check_tape, written

NAME = "bff_noheads"
PALINDROME = b"[[{.>]-]" + b" " * 48 + b"]-]>.{[["


class TestAgainstTheReference(AgainstTheReference):
    name = NAME


def test_the_papers_palindrome_copies_itself_backwards() -> None:
    outcome = check_tape(NAME, PALINDROME + bytes(64))
    assert outcome.tape == PALINDROME + PALINDROME
    assert outcome.operations == outcome.steps == 8192
    assert check_tape(NAME, PALINDROME + bytes(64), 256).tape == PALINDROME + PALINDROME
    # the fourth step, `.`, writes the first byte, at the far end
    assert check_tape(NAME, PALINDROME + bytes(64), 3).sources == tuple(range(128))
    assert check_tape(NAME, PALINDROME + bytes(64), 4).sources == (*range(127), 0)


def test_an_unmatched_bracket_that_is_taken_stops_the_program() -> None:
    assert check_tape(NAME, b"]" + bytes(127))[2:] == (1, 1)
    assert check_tape(NAME, b"-+>[" + bytes(124))[2:] == (128, 4)  # byte 1 is not 0, so never taken
    assert check_tape(NAME, b"{[" + b"}" * 126)[2:] == (128, 128)


def test_a_forward_jump_resumes_after_the_closing_bracket() -> None:
    outcome = check_tape(NAME, written(NAME, "<[+-+-]}", 0))
    # 127 holds 0, so [ jumps from 1 to 6; then `}`, then 0s to the end
    assert (outcome.steps, outcome.operations) == (128 - 5, 3)


def test_a_counted_loop_ends_by_itself_at_each_limit() -> None:
    tape = written(NAME, ">>>>>>>>>>>>[-]", 0)[:12] + b"[-]" + bytes([0]) + bytes(112)
    for limit in (1, 12, 13, 14, 200, 300, 8192):
        check_tape(NAME, tape, limit)


def test_heads_wrap_at_both_ends() -> None:
    assert check_tape(NAME, b"<." + bytes(126)).sources[0] == 127
    assert check_tape(NAME, b"{." + bytes(126)).sources[127] == 0
    assert check_tape(NAME, b">" * 127 + b",", 200).sources[127] == 0
    assert check_tape(NAME, b"[>+]" + bytes(range(60, 184)), 8192).steps <= 8192


def test_a_bracket_made_by_increments_is_matched() -> None:
    # `+` makes byte 0, `Z`, a `[`, to which the `]` then goes back
    outcome = check_tape(NAME, b"Z+]" + bytes(125), 100)
    assert outcome.tape[0] != ord("Z")


@pytest.mark.parametrize("length", [1, 2, 3, 63, 124])
def test_bracket_scans_cross_the_whole_tape(length: int) -> None:
    check_tape(NAME, (b"<[" + b" " * length + b"]").ljust(127, b"+") + b"\0")
    check_tape(NAME, (b"[" + b" " * length + b"]").ljust(128, b"+"), 1000)
    check_tape(NAME, (b"[" * length + b"]" * length).ljust(128, b"-")[:128], 5000)
