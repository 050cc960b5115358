"""Checks of programs whose behaviour is known (semantics.md section 7)."""

import numpy as np

import sim

SEEDS = (0, 1, 7, 2**64 - 1)


def executed(language: str, program: bytes, partner: bytes = b"", limit: int = 8192) -> sim.Outcome:
    """Return what becomes of ``program`` beside ``partner``, each padded with zeros; engine and plain agree."""
    own = sim.language(language)
    left, right = program.ljust(own.program_length, b"\0"), partner.ljust(own.program_length, b"\0")
    found, plain = (own.run(left, right, limit, plain=plain) for plain in (False, True))
    assert (found.tape, found.steps, found.operations) == (plain.tape, plain.steps, plain.operations)
    assert found.sources.tolist() == plain.sources.tolist()
    return found


def score(language: str, program: bytes) -> int:
    """Return the self-replication score of ``program``, padded with zeros; the same for several seeds."""
    padded = np.frombuffer(program.ljust(64, b"\0") * 2, np.uint8)
    found = {
        number
        for seed in SEEDS
        for number in sim.self_replication_scores(
            sim.SoupConfig(language=language, programs=2, seed=seed), padded, 0
        ).tolist()
    }
    assert len(found) == 1, found
    return int(found.pop())


def check_replicator(language: str, program: bytes, operations: int, partner: bytes = b"") -> None:
    """Assert that ``program`` ends as its own double after so many operations, and scores 64."""
    found = executed(language, program, partner)
    own = program.ljust(64, b"\0")
    assert found.tape == own + own
    assert found.operations == operations
    assert score(language, program) == 64
