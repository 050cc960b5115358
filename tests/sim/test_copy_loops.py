"""Loops that make one copy an iteration, the life of a replicator: a lap of them at once is what steps make of it."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import sim
from sim.heads_engine import run_heads

FAMILY = [name for name, found in sim.LANGUAGES.items() if found.engine is run_heads]
#: Around one lap, around the limit, and in the middle of loops.
LIMITS = (1, 2, 127, 128, 129, 640, 1000, 8191, 8192)
TAPES = 1500


def _codes(language: str) -> dict[str, list[int]]:
    """Return the bytes of each command, by its sign, and of what is none, under ""."""
    codes: dict[str, list[int]] = {}
    for byte in range(256):
        shown = sim.language(language).format(bytes([byte]))
        codes.setdefault(shown if shown in "<>{}+-.,[]" else "", []).append(byte)
    return codes


def _tapes(language: str, seed: int) -> NDArray[np.uint8]:
    """Return tapes with such a loop anywhere: heads anywhere, going either way, few zeros, own body in the way."""
    draw = np.random.default_rng(seed)
    codes = _codes(language)
    tapes = np.empty((TAPES, 128), np.uint8)
    for tape in tapes:
        quiet = draw.random() < 0.6
        tape[:] = draw.choice(codes[""], 128) if quiet and codes.get("") else draw.integers(0, 256, 128)
        tape[tape == 0] = tape[-1] | 1
        tape[draw.integers(0, 128, draw.integers(0, 4))] = 0
        moves = [sign for sign in draw.choice(list("<>{}"), draw.integers(0, 24)) if sign in codes]
        body = [draw.choice([sign for sign in pair if sign in codes] or [""]) for pair in (".,", "<>", "{}")]
        body += list(draw.choice(list("<>{}.,+"), draw.integers(0, 2)))
        draw.shuffle(body)
        signs = [*moves, *["["] * draw.integers(0, 2), *body, "]"]
        program = [draw.choice(codes[sign]) for sign in signs if sign in codes]
        start = draw.integers(0, 128 - len(program))
        tape[start : start + len(program)] = program
        if draw.random() < 0.3:
            tape[64:] = tape[:64][:: draw.choice([1, -1])]
    return tapes


def _executed(language: str, tape: NDArray[np.uint8], limit: int, plain: bool) -> tuple[Any, ...]:
    outcome = sim.language(language).run(tape[:64].tobytes(), tape[64:].tobytes(), limit, plain=plain)
    return outcome.tape, outcome.sources.tobytes(), outcome.steps, outcome.operations


@pytest.mark.parametrize("language", FAMILY)
def test_laps_are_their_steps(language: str) -> None:
    jumping = 0
    for number, tape in enumerate(_tapes(language, seed=len(language))):
        limit = LIMITS[number % len(LIMITS)]
        found, expected = (_executed(language, tape, limit, plain) for plain in (False, True))
        assert found == expected, f"limit {limit}, tape {tape.tobytes().hex()}"
        jumping += limit == 8192 and expected[3] > 300
    # that loops were run at all, and long ones
    assert jumping > TAPES // len(LIMITS) // 20
