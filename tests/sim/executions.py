"""What the processors' own test files share: short tapes in hex, and what becomes of their bytes."""

import numpy as np
from hypothesis import strategies as st

import sim
from tests.sim.interpreted import interpreted


def run(language: str, program: str, limit: int = 128, cells: dict[int, int] | None = None) -> sim.Outcome:
    """Execute the tape that begins with ``program`` (hex), zeros after it but for ``cells``."""
    tape = bytearray(bytes.fromhex(program).ljust(32, b"\0"))
    for at, byte in (cells or {}).items():
        tape[at] = byte
    return sim.language(language).run(bytes(tape[:16]), bytes(tape[16:]), limit)


def came_from(outcome: sim.Outcome, at: int) -> int | None:
    """Return the cell whose byte stands at ``at``; None if it came from nowhere."""
    return None if outcome.sources[at] == sim.NOWHERE else int(outcome.sources[at])


def check_interpreted(language: str, tape: bytes, limit: int) -> None:
    """Execute ``tape`` compiled and by the Python interpreter; both must agree on all."""
    own = sim.language(language)
    compiled = own.run(tape[:16], tape[16:], limit)
    memory, sources = np.frombuffer(tape, np.uint8).copy(), np.arange(32, dtype=np.uint8)
    packed = int(interpreted(own.execute)(memory, sources, limit, own.table))
    found = sim.Outcome(memory.tobytes(), sources, packed >> 32, packed & 0xFFFFFFFF)
    assert (found.tape, found.steps, found.operations) == (compiled.tape, compiled.steps, compiled.operations), (
        tape.hex()
    )
    assert found.sources.tolist() == compiled.sources.tolist(), tape.hex()


def spread(page: bytes, opcode: int, salt: int) -> bytes:
    """Return a tape with an opcode after its prefixes, the rest made of it by a fixed rule."""
    noise = bytes((137 * k + 59 * opcode + 31 * salt) * (k + 7) >> 3 & 0xFF for k in range(32))
    return (page + bytes([opcode]) + noise)[:32]


def tapes() -> st.SearchStrategy[bytes]:
    """Tapes of any 32 bytes."""
    return st.binary(min_size=32, max_size=32)
