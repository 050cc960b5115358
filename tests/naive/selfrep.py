"""The reference's self-replication score, exactly (``CheckSelfRep``, semantics section 1)."""

from tests.naive.bff import L
from tests.naive.splitmix import MASK, seeded, sm
from tests.naive.twins import run

TRIALS = 13
GENERATIONS = 4


def final_tapes(language: str, program: bytes, local: int, limit: int) -> list[bytes]:
    """Return each trial's tape after the program and four generations of its right half have run."""
    tapes = []
    for trial in range(TRIALS):
        noise = bytes(sm(local ^ sm((trial + 1) * 64 + j)) & 0xFF for j in range(L))
        tape = run(language, program + noise, limit).tape
        for _ in range(GENERATIONS):
            tape = run(language, tape[L:] + noise, limit).tape
        tapes.append(tape)
    return tapes


def position_counts(tapes: list[bytes], position: int, program: bytes) -> bool:
    """Say whether enough trials agree at ``position``; on the left, with the original program too."""
    for a in range(TRIALS):
        if position < L and tapes[a][position] != program[position]:
            continue
        agreeing = 1 + sum(tapes[b][position] == tapes[a][position] for b in range(a + 1, TRIALS))
        if agreeing > TRIALS // 4:
            return True
    return False


def score(
    language: str, program: bytes, *, seed: int, e: int, programs: int = 1, index: int = 0, limit: int = 8192
) -> int:
    """Return the score (0 to 64) of ``program`` at ``index`` of a soup of ``programs``.

    ``e`` is the reference's epoch, from 0. A short program is padded with zeros.
    """
    program = program.ljust(L, b"\0")
    local = sm((programs * seeded(seed, e) + index) & MASK)
    tapes = final_tapes(language, program, local, limit)
    counts = [position_counts(tapes, position, program) for position in range(2 * L)]
    return min(sum(counts[:L]), sum(counts[L:]))
