"""Byte colours are those of the reference's picture of a soup (its ``byte_colors``), by kind of byte."""

import pytest

import sim

LOOP, WRITE, HEAD, NULL = (0, 192, 0), (200, 0, 200), (200, 128, 220), (255, 0, 0)


@pytest.mark.parametrize(
    ("language", "byte", "colour"),
    [
        ("bff", ord("["), LOOP),
        ("bff_noheads", ord("]"), LOOP),
        ("bff_noheads", ord("."), WRITE),
        ("bff_noheads", ord("-"), WRITE),
        ("bff_noheads", ord("{"), HEAD),
        ("bff_noheads", ord(">"), HEAD),
        ("bff_noheads", 0, NULL),
        ("bff_noheads", 1, (192, 192, 192)),
        ("bff_noheads", 0xFF, (255, 255, 255)),
        ("bff_noheads_4bit", 0x30, NULL),
        ("bff_noheads_4bit", 0x36, LOOP),
        ("bff_noheads_4bit", 0x41, (208, 208, 208)),
    ],
)
def test_colours_are_the_references(language: str, byte: int, colour: tuple[int, int, int]) -> None:
    assert sim.language(language).colour(byte) == colour
