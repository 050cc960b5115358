"""The text form in hexadecimal digits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sim
from sim.hexadecimal import format_hex, parse_hex


@given(program=st.binary(max_size=128))
def test_bytes_printed_are_read_back(program: bytes) -> None:
    shown = format_hex(program)
    assert len(shown) == 2 * len(program)
    assert parse_hex("forth", shown) == program
    assert parse_hex("forth", shown.lower()) == program


def test_digits_are_capital_as_the_references() -> None:
    assert format_hex(bytes([0x0C, 0xAB, 0xFF])) == "0CABFF"


@pytest.mark.parametrize("bad", ["0", "0C0", "0C 08", "0x0C", "0G", " 0C", "0C\n", "\u0660\u0661", "-1", "[]"])
def test_what_the_reference_exits_at_is_refused_in_one_line(bad: str) -> None:
    with pytest.raises(sim.InputError, match="subleq text") as refused:
        parse_hex("subleq", bad)
    assert "\n" not in str(refused.value)
