"""What every registered language keeps to, on the same tapes and against its naive twin.

A new language is covered as soon as it is registered; it needs a twin in ``TWINS``, or another oracle.
"""

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import sim
from sim.languages import BUILT_IN
from tests import strategies
from tests.naive import bff, tracer
from tests.naive.twins import TWINS
from tests.sim.awkward import awkward_tapes

Twin = Callable[[bytes, int], bff.Outcome]

# Programs that never end by themselves, and what fills the tape after them.
ENDLESS = {
    "bff": ("01015B2E7D3E5D", 0x01),
    "bff8": ("80402E3E7D202020205D", 0x20),
    "bff8_noheads": ("202020202020202020205D", 0x20),
    "bff_noheads": ("01015B2E7D3E5D", 0x01),
    "bff_noheads_4bit": ("0101F6FAFFFDF7", 0x01),
    "bff_perm": ("8040090702040A", 0x20),
    "bff_selfmove": ("0101050406", 0x07),
    "forth": ("4040400003080404C4", 0x00),
    "forthcopy": ("0404030208C4", 0x00),
    "forthtrivial": ("0C0804812CC4", 0x00),
    "forthtrivial_reset": ("0C0804812CC4", 0x00),
    "i8080": ("C30000", 0x00),
    "rsubleq4": ("00000000", 0x00),
    "subleq": ("000000", 0x00),
    "z80": ("18FE", 0x00),
    "z80_zff": ("18FE", 0x00),
}

#: Languages without a naive twin, and what is known of them from elsewhere instead.
OTHER_ORACLES = {
    "i8080": "the public exercisers",
    "z80": "recorded instructions and the public exercisers",
    "z80_zff": "states of the published grid",
}


@pytest.fixture(scope="module", params=sorted(sim.LANGUAGES), name="language")
def language_fixture(request: pytest.FixtureRequest) -> sim.Language:
    return sim.language(request.param)


@pytest.fixture(scope="module", name="twin")
def twin_fixture(language: sim.Language) -> Twin:
    if language.name not in BUILT_IN:
        pytest.skip("a language of another package")
    if language.name in OTHER_ORACLES:
        pytest.skip(f"no twin; its oracle: {OTHER_ORACLES[language.name]}")
    return TWINS[language.name]


def tapes_of(data: st.DataObject, language: sim.Language) -> bytes:
    kinds = strategies.tapes(language.name) if language.name in TWINS else awkward_tapes(language)
    return data.draw(st.one_of(kinds, awkward_tapes(language)), label="tape")


def run(language: sim.Language, tape: bytes, limit: int, **options: Any) -> bff.Outcome:
    """Return the language's own outcome in the twins' form, so that the two compare whole."""
    half = len(tape) // 2
    outcome = language.run(tape[:half], tape[half:], limit, **options)
    sources = tuple(int(source) for source in outcome.sources)
    return bff.Outcome(bytes(outcome.tape), sources, int(outcome.steps), int(outcome.operations))


def told(tape: bytes, limit: int, expected: bff.Outcome, found: bff.Outcome) -> str:
    """Return what to hand to whoever looks for the difference."""
    differing = [i for i in range(len(tape)) if expected.tape[i] != found.tape[i]]
    moved = [i for i in range(len(tape)) if expected.sources[i] != found.sources[i]]
    return (
        f"tape {tape.hex()} limit {limit}: steps {found.steps}, not {expected.steps}; operations {found.operations}, "
        f"not {expected.operations}; bytes differ at {differing}; sources differ at {moved}"
    )


def test_each_language_has_a_naive_twin_or_another_oracle() -> None:
    assert set(TWINS) | set(OTHER_ORACLES) == set(BUILT_IN)


def test_names_are_keys(language: sim.Language) -> None:
    assert sim.LANGUAGES[language.name] is language


@given(data=st.data(), limit=strategies.limits())
def test_results_are_the_naive_twins(language: sim.Language, twin: Twin, data: st.DataObject, limit: int) -> None:
    """Bytes, sources, steps and operations, by the fast engine and by the plain interpreter."""
    tape = tapes_of(data, language)
    expected = twin(tape, limit)
    for plain in (False, True):
        found = run(language, tape, limit, plain=plain)
        assert found == expected, told(tape, limit, expected, found)


@given(data=st.data())
def test_the_limit_may_fall_on_the_last_step(language: sim.Language, twin: Twin, data: st.DataObject) -> None:
    """One step before a program's end, on it, and one after: the three are the twin's."""
    tape = tapes_of(data, language)
    end = twin(tape, 3000).steps
    for limit in (max(1, end - 1), end, end + 1):
        expected = twin(tape, limit)
        found = run(language, tape, limit)
        assert found == expected, told(tape, limit, expected, found)


@given(data=st.data(), first=st.integers(1, 20_000), second=st.integers(1, 20_000))
def test_a_cycle_entered_is_left_at_any_limit(
    language: sim.Language, twin: Twin, data: st.DataObject, first: int, second: int
) -> None:
    """Skipped periods must not show: far limits, odd ones, and one a whole tape's cycle later."""
    tape = data.draw(strategies.adversarial_tapes(language.name), label="tape")
    for limit in (first, second, first + 1, first + 128):
        expected = twin(tape, limit)
        found = run(language, tape, limit)
        assert found == expected, told(tape, limit, expected, found)


@given(data=st.data(), limit=st.integers(1, 300))
def test_compiled_code_does_what_the_plain_function_does(
    language: sim.Language, data: st.DataObject, limit: int
) -> None:
    """The same function run by Python, compiled, and the engine: overflow, signs and wrapping are alike."""
    tape = tapes_of(data, language)
    chars, sources = np.frombuffer(tape, np.uint8).copy(), np.arange(len(tape), dtype=np.uint8)
    packed = language.execute(chars, sources, limit, language.table)
    expected = bff.Outcome(chars.tobytes(), tuple(sources.tolist()), packed >> 32, packed & 0xFFFFFFFF)
    for plain in (False, True):
        found = run(language, tape, limit, plain=plain)
        assert found == expected, told(tape, limit, expected, found)


@given(data=st.data(), limit=strategies.limits())
def test_the_engine_is_the_plain_interpreter(language: sim.Language, data: st.DataObject, limit: int) -> None:
    tape = tapes_of(data, language)
    for end in (limit, limit + 1, 3 * limit):
        expected, found = run(language, tape, end, plain=True), run(language, tape, end)
        assert found == expected, told(tape, end, expected, found)


def test_thousands_of_random_tapes_are_accepted(language: sim.Language) -> None:
    """Any bytes at all are a program; the engine and the plain interpreter agree on what it does."""
    random_ = random.Random(language.name)
    for _ in range(5000):
        tape = random_.randbytes(2 * language.program_length)
        expected, found = run(language, tape, 8192, plain=True), run(language, tape, 8192)
        assert found == expected, told(tape, 8192, expected, found)


@given(data=st.data(), limit=strategies.limits())
def test_an_outcome_is_well_formed(language: sim.Language, data: st.DataObject, limit: int) -> None:
    tape = tapes_of(data, language)
    half = language.program_length
    outcome = language.run(tape[:half], tape[half:], limit)
    assert len(outcome.tape) == 2 * half == len(outcome.sources)
    assert outcome.sources.dtype.name == "uint8"
    assert all(source < 2 * half or source == sim.NOWHERE for source in outcome.sources)
    assert 1 <= outcome.steps <= limit
    assert 0 <= outcome.operations <= outcome.steps


# The tracer's twin learns of bytes from nowhere with the twins of the languages that make them.
@pytest.mark.usefixtures("twin")
@given(data=st.data(), limit=strategies.limits())
def test_the_mechanism_makes_the_tape_after_from_the_tape_before(
    language: sim.Language, data: st.DataObject, limit: int
) -> None:
    tape = tapes_of(data, language)
    found = run(language, tape, limit)
    after = bytearray(tape)
    for target, source, delta in tracer.mechanism(tape, found.tape, found.sources):
        after[target] = delta if source is None else (tape[source] + delta) % 256
    assert after == found.tape


@given(data=st.data(), limit=st.integers(1, 400))
def test_the_steps_told_make_the_tape_after(language: sim.Language, data: st.DataObject, limit: int) -> None:
    tape = tapes_of(data, language)
    expected = run(language, tape, limit)
    now = bytearray(tape)
    sources = list(range(len(tape)))
    told_steps = list(language.walk(tape, limit))
    for number, step in enumerate(told_steps, start=1):
        assert step.number == number
        assert step.byte == now[step.position]
        assert all(0 <= head < len(tape) for head in step.heads)
        for target, source, char in step.writes:
            now[target] = char
            sources[target] = sim.NOWHERE if source is None else source  # where it stood before execution
    assert (len(told_steps), bytes(now), tuple(sources)) == (expected.steps, expected.tape, expected.sources)


@pytest.mark.parametrize("byte", range(0, 256, 5))
def test_a_tape_of_one_byte_repeated_is_accepted(language: sim.Language, twin: Twin, byte: int) -> None:
    tape = bytes([byte]) * (2 * language.program_length)
    assert run(language, tape, 8192) == twin(tape, 8192)


@pytest.mark.parametrize("limit", strategies.LIMITS)
def test_an_endless_program_runs_to_the_limit_exactly(language: sim.Language, limit: int) -> None:
    if language.name not in ENDLESS:
        pytest.skip("no endless program of it is known here")
    program, filler = ENDLESS[language.name]
    tape = bytes.fromhex(program).ljust(2 * language.program_length, bytes([filler]))
    found = run(language, tape, limit)
    assert found.steps == limit
    if language.name in TWINS:
        assert found == TWINS[language.name](tape, limit)


@pytest.mark.parametrize("lengths", [(0, 64), (64, 0), (63, 64), (64, 65), (128, 128)])
def test_a_program_of_another_length_is_refused(language: sim.Language, lengths: tuple[int, int]) -> None:
    with pytest.raises(sim.InputError) as refused:
        language.run(bytes(lengths[0]), bytes(lengths[1]), 10)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("limit", [-1, 2**31])
def test_a_limit_out_of_range_is_refused(language: sim.Language, limit: int) -> None:
    half = bytes(language.program_length)
    with pytest.raises(sim.InputError, match="limit"):
        language.run(half, half, limit)


def test_inputs_are_left_alone(language: sim.Language) -> None:
    half = language.program_length
    left, right = bytes(range(half)), bytes(range(half, 2 * half))
    language.run(left, right, 8192)
    assert (left, right) == (bytes(range(half)), bytes(range(half, 2 * half)))


@given(program=st.binary(max_size=128))
@example(program=bytes(range(128)))
@example(program=bytes(range(128, 256)))
def test_text_printed_is_read_as_the_same_commands(language: sim.Language, program: bytes) -> None:
    shown = language.format(program)
    assert language.format(language.parse(shown)) == shown


def test_text_that_means_nothing_is_refused_in_one_line(language: sim.Language) -> None:
    for bad in ("[ ]", "[\n]", "zz", "\u4e00", "\u00ff"):
        with pytest.raises(sim.InputError) as refused:
            language.parse(bad)
        assert "\n" not in str(refused.value)


def test_each_byte_has_a_name_and_a_colour_or_none(language: sim.Language) -> None:
    every = bytes(range(256))
    assert len(language.disassemble(every)) == 256
    for byte in every:
        colour = language.colour(byte)
        assert colour is None or [0 <= part <= 255 for part in colour] == [True] * 3


def test_an_unknown_language_is_refused_by_name() -> None:
    with pytest.raises(sim.InputError, match="bff_noheads") as refused:
        sim.language("brainfork")
    assert "brainfork" in str(refused.value)
    assert "\n" not in str(refused.value)
