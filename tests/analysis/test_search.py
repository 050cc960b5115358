"""Search against plain string search, and the first state that has what is looked for."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.search import first_state_with, found_in, matching, pattern_of
from sim import InputError, SoupConfig, language
from tests.naive import populations as naive
from tests.warehouse.recorded import Twin, make
from warehouse import record as records_module
from warehouse.reader import History
from warehouse.record import RunSettings

BFF = language("bff_noheads")
CONFIG = SoupConfig(language="bff_noheads_4bit", programs=16, seed=3, mutation=2**23, step_limit=300)

soups = st.lists(
    st.lists(st.sampled_from(b"[<.x"), max_size=5).map(lambda some: bytes(some).ljust(64, b"\1")),
    min_size=1,
    max_size=6,
)
patterns = st.text("[<.Ÿ", min_size=2, max_size=4)


def rows_of(programs: list[bytes]) -> np.ndarray:
    return np.frombuffer(b"".join(programs), np.uint8).reshape(-1, 64)


@given(soups, patterns)
def test_text_and_hex_are_found_where_they_stand(programs: list[bytes], text: str) -> None:
    content = BFF.parse(text)
    expected = [place for place, program in enumerate(programs) if content in program]
    assert matching(BFF, rows_of(programs), pattern_of(BFF, text=text)).tolist() == expected
    assert matching(BFF, rows_of(programs), pattern_of(BFF, hexadecimal=content.hex())).tolist() == expected


@given(soups, patterns, st.booleans())
def test_species_within_edits(programs: list[bytes], text: str, whole: bool) -> None:
    content = BFF.parse(text)
    distance = naive.levenshtein if whole else naive.nearest_part
    forms = [naive.commands_of("bff_noheads", program).encode() for program in programs]
    expected = [place for place, form in enumerate(forms) if distance(content, form) <= 1]
    asked = pattern_of(BFF, text=text, within=1, whole=whole, of_species=True)
    assert matching(BFF, rows_of(programs), asked).tolist() == expected


@pytest.mark.parametrize("expression", [r"^\[", r"<.*\.", r"\[<|Ÿ<", "[<.]{3}"])
@given(programs=soups)
def test_regular_expressions_are_pythons(expression: str, programs: list[bytes]) -> None:
    texts = [BFF.format(program) for program in programs]
    forms = [naive.commands_of("bff_noheads", program) for program in programs]
    for lines, of_species in ((texts, False), (forms, True)):
        expected = [place for place, line in enumerate(lines) if re.search(expression, line)]
        asked = pattern_of(BFF, regex=expression, of_species=of_species)
        assert matching(BFF, rows_of(programs), asked).tolist() == expected


def test_text_finds_all_bytes_that_are_written_alike_and_hex_the_very_bytes() -> None:
    used = language("bff_noheads_4bit")
    programs = rows_of([b"\x06\x16".ljust(64, b"\0"), b"\xf6\xf6".ljust(64, b"\0"), b"\x06\x07".ljust(64, b"\0")])
    assert used.format(b"\x06\x16\xf6") == "[[["
    assert matching(used, programs, pattern_of(used, text="[[")).tolist() == [0, 1]
    assert matching(used, programs, pattern_of(used, hexadecimal="0616")).tolist() == [0]
    assert matching(used, programs, pattern_of(used, text="[[", whole=True, of_species=True)).tolist() == [0, 1]


def test_hex_languages_are_searched_byte_by_byte_not_digit_by_digit() -> None:
    used = language("forthtrivial")
    programs = rows_of([bytes.fromhex("A0C1") + bytes(62), bytes.fromhex("120C") + bytes(62)])
    assert matching(used, programs, pattern_of(used, text="0C")).tolist() == [1]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"regex": "("}, "regex: '\\('"),
        ({"regex": "a", "within": 1}, "within: edits of a regular expression"),
        ({"text": "[", "within": 1}, "find everything"),
        ({"text": ""}, "pattern: 0 bytes"),
        ({"text": "[" * 65}, "pattern: 65 bytes"),
        ({"hexadecimal": "5"}, "an odd number"),
        ({"text": "?"}, "position 0"),
    ],
)
def test_patterns_that_mean_nothing_are_refused(asked: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        pattern_of(BFF, **asked)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[History, Twin]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records_module, "SEGMENT_CELLS", 64)
        store = make(tmp_path_factory.mktemp("search") / "store", CONFIG, 100, RunSettings(keyframe_every=16))
        with History(store, store.run_ids()[0]) as history:
            yield history, Twin.of(CONFIG, 100)


def test_first_state_is_the_first_after_the_last_keyframe_without(story: tuple[History, Twin]) -> None:
    history, twin = story
    states = [bytes(char for _, _, char in tokens) for tokens in twin.states]
    kept = [*range(0, 100, 16), 100]
    tried = 0
    for n in range(1, 100, 9):  # what stands in some state, whenever that was there first
        content = states[n][64 * (n % 16) : 64 * (n % 16) + 3]
        holding = [m for m, chars in enumerate(states) if any(content in chars[a : a + 64] for a in range(0, 1024, 64))]
        found = first_state_with(history, pattern_of(history.config.instruction_set, hexadecimal=content.hex()))
        keyframe = next((m for m in kept if m in holding), None)
        if keyframe is None:
            assert found is None
            continue
        before = max((m for m in kept if m < keyframe), default=-1)
        first = min(m for m in holding if m > before)
        assert found is not None
        assert found[0] == first
        chars = states[first]
        assert found[2].tolist() == [p for p in range(16) if content in chars[64 * p : 64 * p + 64]]
        tried += first > 0
    assert tried


def test_every_state_can_be_searched(story: tuple[History, Twin]) -> None:
    history, twin = story
    asked = pattern_of(history.config.instruction_set, hexadecimal="00")
    for n, _, found in found_in(history, asked, range(101)):
        chars = bytes(char for _, _, char in twin.states[n])
        assert found.tolist() == [p for p in range(16) if 0 in chars[64 * p : 64 * p + 64]]
    assert n == 100


def test_nothing_found_is_none(tmp_path: Path) -> None:
    store = make(tmp_path / "store", SoupConfig(programs=4, initial_soup="zero", mutation=0), 3)
    with History(store, store.run_ids()[0]) as history:
        assert first_state_with(history, pattern_of(BFF, text="[")) is None
