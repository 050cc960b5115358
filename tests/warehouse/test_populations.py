"""Species of a state against the naive count, and which bytes are instructions."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim import LANGUAGES, language
from tests.naive import populations as naive
from tests.naive.bff import DIALECTS
from warehouse import populations
from warehouse.populations import cut, filled, forms_of, grouped, instructions, lengths_of, population_of
from warehouse.states import species_texts

#: Bytes that are instructions, from the descriptions of the languages; the Forth no-ops are the rest up to 0x3F.
EXPECTED = {
    "bff": set(b"[]+-.,<>{}"),
    "bff_noheads": set(b"[]+-.,<>{}"),
    "bff_noheads_4bit": {byte for byte in range(256) if byte % 16 >= 6},
    "bff_perm": set(range(1, 11)),
    "bff_selfmove": set(range(7)),
    "bff8": set(b"[]+-.,<>{}"),
    "bff8_noheads": set(b"[]+-.,<>{}"),
    "forth": {*range(0x0C), *range(0x40, 256)},
    "forthcopy": {*range(0x0C), *range(0x40, 256)},
    "forthtrivial": {*range(0x0E), *range(0x40, 256)},
    "forthtrivial_reset": {*range(0x0E), *range(0x40, 256)},
} | {name: set(range(256)) for name in ("subleq", "rsubleq4", "i8080", "z80", "z80_zff")}


@pytest.mark.parametrize("name", LANGUAGES)
def test_instructions_are_those_of_the_language(name: str) -> None:
    if name not in EXPECTED:
        pytest.skip("a language of another package")
    found = instructions(language(name))
    assert set(np.flatnonzero(found.flags).tolist()) == EXPECTED[name]
    assert (found.filler is None) == (len(EXPECTED[name]) == 256)
    assert found.filler is None or not found.flags[found.filler]


@pytest.mark.parametrize("name", DIALECTS)
def test_bytes_of_one_command_count_as_one(name: str) -> None:
    same, meanings = instructions(language(name)).same, DIALECTS[name].commands
    acting = [byte for byte in range(256) if meanings[byte] in naive.COMMANDS]
    for a in acting:
        assert [b for b in acting if same[a] == same[b]] == [b for b in acting if meanings[a] == meanings[b]]
        assert language(name).parse(meanings[a])[0] == same[a] or name == "bff_selfmove"


def soups(alphabet: bytes) -> st.SearchStrategy[list[bytes]]:
    """Soups of few different programs, most of whose bytes are no instructions."""
    program = st.lists(st.sampled_from(alphabet), max_size=4).map(lambda some: bytes(some).ljust(64, b"\x05"))
    return st.lists(program, min_size=1, max_size=30)


@pytest.mark.parametrize("colliding", [False, True])
@given(soups(b"[<\x00\x10,"), soups(b"\x06\x16\x0c\x20"))
def test_population_agrees_with_a_plain_count(colliding: bool, plain: list[bytes], four_bit: list[bytes]) -> None:
    for name, programs in (("bff_noheads", plain), ("bff_noheads_4bit", four_bit)):
        used = language(name)
        with pytest.MonkeyPatch.context() as patch:
            if colliding:
                patch.setattr(populations, "hashes_of", lambda rows: np.zeros(len(rows), np.uint64))
            found = population_of(used, np.frombuffer(b"".join(programs), np.uint8))
        expected = naive.population(programs, partial(naive.commands_of, name))
        assert species_texts(used, found.forms) == [species.commands for species in expected]
        for column in ("abundance", "variants", "program", "commonest"):
            assert getattr(found, column).tolist() == [getattr(species, column) for species in expected], column
        assert sorted(found.copies.tolist()) == sorted(programs.count(text) for text in set(programs))


def test_a_species_is_the_program_where_every_byte_acts() -> None:
    programs = np.arange(128, dtype=np.uint8).reshape(2, 64)
    assert forms_of(language("subleq"), programs).tolist() == programs.tolist()
    assert lengths_of(language("subleq"), programs).tolist() == [64, 64]


@given(st.lists(st.binary(min_size=64, max_size=64), min_size=1, max_size=5))
def test_cut_and_filled_are_inverse(programs: list[bytes]) -> None:
    used = language("bff_noheads")
    forms = forms_of(used, np.frombuffer(b"".join(programs), np.uint8).reshape(-1, 64))
    for form, species in zip(forms, cut(used, forms), strict=True):
        assert filled(used, species).tolist() == form.tolist()


def test_equal_rows_are_grouped_with_their_first() -> None:
    rows = np.array([[3, 1], [0, 2], [3, 1], [0, 0]], np.uint8)
    first, group, counts = grouped(rows)
    assert [first[g] for g in group] == [0, 1, 0, 3]
    assert [counts[g] for g in group] == [2, 1, 2, 1]
