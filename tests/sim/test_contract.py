"""What every registered language keeps to, on the same tapes and against its naive twin.

A new language is covered as soon as it is registered; it needs a twin in ``TWINS``, or another oracle.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import sim
from tests import strategies
from tests.naive import bff, text, tracer

TWINS: dict[str, Callable[[bytes, int], bff.Outcome]] = {name: partial(bff.run, name) for name in bff.DIALECTS}

#: Languages without a naive twin, and what is known of them from elsewhere instead.
OTHER_ORACLES = {
    "i8080": "the public exercisers",
    "z80": "recorded instructions and the public exercisers",
    "z80_zff": "states of the published grid",
}


@pytest.fixture(scope="module", params=sorted(sim.LANGUAGES), name="language")
def language_fixture(request: pytest.FixtureRequest) -> sim.Language:
    return sim.language(request.param)


def tapes_of(data: st.DataObject, language: sim.Language) -> bytes:
    if language.name in bff.DIALECTS:
        return data.draw(strategies.tapes(language.name), label="tape")
    return data.draw(strategies.random_tapes(2 * language.program_length), label="tape")


def twin_of(language: sim.Language) -> Callable[[bytes, int], bff.Outcome]:
    if language.name in OTHER_ORACLES:
        pytest.skip(f"no twin; its oracle: {OTHER_ORACLES[language.name]}")
    return TWINS[language.name]


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
    assert set(TWINS) | set(OTHER_ORACLES) == set(sim.LANGUAGES)


def test_names_are_keys(language: sim.Language) -> None:
    assert sim.LANGUAGES[language.name] is language


@given(data=st.data(), limit=strategies.limits())
def test_results_are_the_naive_twins(language: sim.Language, data: st.DataObject, limit: int) -> None:
    """Bytes, sources, steps and operations, by the fast engine and by the plain interpreter."""
    twin = twin_of(language)
    tape = tapes_of(data, language)
    expected = twin(tape, limit)
    for plain in (False, True):
        found = run(language, tape, limit, plain=plain)
        assert found == expected, told(tape, limit, expected, found)


@given(data=st.data())
def test_the_limit_may_fall_on_the_last_step(language: sim.Language, data: st.DataObject) -> None:
    """One step before a program's end, on it, and one after: the three are the twin's."""
    twin = twin_of(language)
    tape = tapes_of(data, language)
    end = twin(tape, 3000).steps
    for limit in (max(1, end - 1), end, end + 1):
        expected = twin(tape, limit)
        found = run(language, tape, limit)
        assert found == expected, told(tape, limit, expected, found)


@given(data=st.data(), first=st.integers(1, 20_000), second=st.integers(1, 20_000))
def test_a_cycle_entered_is_left_at_any_limit(
    language: sim.Language, data: st.DataObject, first: int, second: int
) -> None:
    """Skipped periods must not show: far limits, odd ones, and one a whole tape's cycle later."""
    twin = twin_of(language)
    if language.name in bff.DIALECTS:
        tape = data.draw(strategies.adversarial_tapes(language.name), label="tape")
    else:
        tape = tapes_of(data, language)
    for limit in (first, second, first + 1, first + 128):
        expected = twin(tape, limit)
        found = run(language, tape, limit)
        assert found == expected, told(tape, limit, expected, found)


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
def test_a_tape_of_one_byte_repeated_is_accepted(language: sim.Language, byte: int) -> None:
    twin = twin_of(language)
    tape = bytes([byte]) * (2 * language.program_length)
    assert run(language, tape, 8192) == twin(tape, 8192)


@pytest.mark.parametrize("limit", strategies.LIMITS)
def test_an_endless_program_runs_to_the_limit_exactly(language: sim.Language, limit: int) -> None:
    if language.name not in bff.DIALECTS:
        pytest.skip("written in BFF")
    tape = text.parse(language.name, "\u0101\u0101[.}>]").ljust(128, b"\x01")
    expected = bff.run(language.name, tape, limit)
    assert expected.steps == limit
    assert run(language, tape, limit) == expected


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
