"""What each language's own test file checks: the reference's figures, and single tapes against the twin.

The test file of a language has a class `TestAgainstTheReference(AgainstTheReference)` that names it, and tests of
what is its own.
"""

import hashlib
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

import sim
from tests.naive import bff, text
from tests.naive.golden import golden, remake
from tests.naive.twins import TWINS
from tests.sim.known import executed

GEOMETRY_FIELDS = ("geometry", "width", "height", "radius", "interactions", "reset_interval")


class AgainstTheReference:
    """The tests that every language has; `name` is its own."""

    name: str

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Give each golden run of the language to the test that takes one."""
        if "golden_run" in metafunc.fixturenames:
            runs = [run for run in golden("states")["runs"] if run["language"] == self.name]
            assert runs, f"tests/golden/states.json has no run of {self.name}"
            metafunc.parametrize("golden_run", runs, ids=lambda run: run["name"])

    def test_states(self, golden_run: dict[str, Any]) -> None:
        check_states(golden_run)

    def test_single_tapes(self) -> None:
        check_single_runs(self.name)

    def test_text(self) -> None:
        check_text(self.name)


def configured(run: dict[str, Any]) -> sim.SoupConfig:
    """Return the configuration of a run of ``tests/golden/states.json``."""
    return sim.SoupConfig(
        language=run["language"],
        programs=run["programs"],
        seed=run["seed"],
        mutation=run.get("mutation", 2**18),
        initial_soup="zero" if run.get("zero") else "uniform",
        **{field: run[field] for field in GEOMETRY_FIELDS if field in run},
    )


def check_states(run: dict[str, Any]) -> None:
    """Advance a soup to the last golden state of ``run``, comparing each on the way."""
    states = run["states"]
    soup = sim.Soup(configured(run))
    while soup.epoch < max(map(int, states)):
        soup.advance()
        if str(soup.epoch) in states:
            found = hashlib.sha256(soup.chars.tobytes()).hexdigest()
            assert found == states[str(soup.epoch)], f"{run['name']}, state {soup.epoch}; {remake('states')}"
    soup.close()


def check_single_runs(language: str) -> None:
    """Execute the golden tapes of ``language`` with each of their limits."""
    tapes = [tape for tape in golden("single_runs")["tapes"] if tape["language"] == language]
    if not tapes:
        pytest.skip(f"the reference's figures have no single tape of {language}")
    for tape in tapes:
        left, right = bytes.fromhex(tape["left"]), bytes.fromhex(tape["right"])
        for run in tape["runs"]:
            for plain in (False, True):
                outcome = sim.language(language).run(left, right, run["max_steps"], plain=plain)
                found = (outcome.tape.hex(), outcome.operations)
                assert found == (run["tape"], run["ops"]), f"{tape['name']}; {remake('single_runs')}"


def check_tape(language: str, tape: bytes, limit: int = 8192) -> bff.Outcome:
    """Execute ``tape`` by engine, plain interpreter and twin; return the outcome they must share."""
    expected = TWINS[language](tape, limit)
    for plain in (False, True):
        outcome = sim.language(language).run(tape[:64], tape[64:], limit, plain=plain)
        found = bff.Outcome(outcome.tape, tuple(outcome.sources.tolist()), outcome.steps, outcome.operations)
        assert found == expected, f"{'plain' if plain else 'engine'}, tape {tape.hex()}, limit {limit}"
    return expected


def written(language: str, program: str, filler: int = 0) -> bytes:
    """Return the tape that begins with the text ``program``, then ``filler``."""
    return text.parse(language, program).ljust(128, bytes([filler]))


def check_text(language: str) -> None:
    """Print and read every byte, and read every glyph, command and digit, and what stands for nothing."""
    own = sim.language(language)
    for byte in range(256):
        shown = own.format(bytes([byte]))
        assert shown == text.show(language, bytes([byte]))
        assert own.parse(shown) == text.parse(language, shown)
    strangers = (" ", "\n", "\u01c4", "M", "a", "\u0200", "\u00e9", "0", "4F", "0g", "abc")
    for written_form in [*text.OPS, *text.GLYPHS, *strangers]:
        assert _read(own.parse, written_form) == _read(partial(text.parse, language), written_form), written_form


def _read(parse: Callable[[str], bytes], shown: str) -> bytes | None:
    """Return what ``parse`` makes of a text, None if it refuses it."""
    try:
        return parse(shown)
    except ValueError:
        return None


class CopyingBetweenTheHalves:
    """The commands, identities and colours that `forthtrivial` and its guarded form share."""

    name: str

    def test_copies_carry_identity_between_the_halves(self) -> None:
        found = executed(self.name, bytes([0x45, 0x0C, 0x46, 0x0D]), partner=bytes(range(64)), limit=4)
        assert (found.sources[64 + 5], found.sources[6]) == (5, 64 + 6)
        assert (found.tape[64 + 5], found.tape[6]) == (0, 6)

    def test_a_byte_written_to_the_other_half_keeps_its_identity(self) -> None:
        # PUSH 9, PUSH 2, READ0, WRITE1: byte 2 goes to 64 + 9
        found = executed(self.name, bytes([0x49, 0x42, 0x00, 0x03]), limit=4)
        assert (found.tape[73], found.sources[73]) == (0x00, 2)
        # PUSH 3, PUSH 5, READ1, WRITE0: byte 64 + 5 comes to 3
        back = executed(self.name, bytes([0x43, 0x45, 0x01, 0x02]), partner=bytes(range(64)), limit=4)
        assert (back.tape[3], back.sources[3]) == (5, 69)

    def test_colours_are_the_references(self) -> None:
        colour = sim.language(self.name).colour
        assert [colour(byte) for byte in (0x0D, 0x0B, 0x07, 0x40)] == [
            (0x73, 0x01, 0xCE), (0x4E, 0x10, 0x01), (0, 0, 0), (255, 255, 255)
        ]  # fmt: skip
        # the last of each kind is darker by a fifth
        assert [colour(byte) for byte in (0x3F, 0x7F, 0xBF, 0xFF)] == [
            (2, 110, 44), (204, 204, 204), (118, 174, 204), (204, 95, 100)
        ]  # fmt: skip
