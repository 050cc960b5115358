"""The plain interpreters of the one-instruction languages: semantics section 2, "subleq" and "rsubleq4".

A byte travels as (char, source). What a subtraction computes keeps the source of its accumulator: of cell
a itself in subleq, of operand b in rsubleq4 (design section 3).
"""

from collections.abc import Callable

from tests.naive.bff import Cell, Outcome, T, added


def signed(char: int) -> int:
    """Return a byte read as an 8-bit two's complement number."""
    return char - 256 if char >= 128 else char


def subleq(cells: list[Cell], pc: int) -> int | None:
    """Execute the instruction at ``pc``; return where the next one stands, None if the program stops.

    Semantics section 2, "subleq": tape[a] -= tape[b]; where that is not positive, jump to the place named
    by the third byte as it is after the write.
    """
    a, b = (cells[pc + k][0] % T for k in range(2))
    cells[a] = added(cells[a], -cells[b][0])
    pc = cells[pc + 2][0] if signed(cells[a][0]) <= 0 else pc + 3
    return None if pc + 3 > T else pc


def rsubleq4(cells: list[Cell], pc: int) -> int | None:
    """Execute the instruction at ``pc``; return where the next one stands, None if the program stops.

    Semantics section 2, "rsubleq4": tape[a] = tape[b] - tape[c], addresses relative to ``pc`` and round the
    tape's ends; where that is not positive, jump by the fourth byte as it is after the write.
    """
    a, b, c = ((pc + cells[pc + k][0]) % T for k in range(3))
    cells[a] = added(cells[b], -cells[c][0])
    pc += signed(cells[pc + 3][0]) if signed(cells[a][0]) <= 0 else 4
    return None if pc < 0 or pc + 4 > T else pc


DIALECTS: dict[str, Callable[[list[Cell], int], int | None]] = {"rsubleq4": rsubleq4, "subleq": subleq}


def run(language: str, tape: bytes, limit: int) -> Outcome:
    """Return what becomes of ``tape`` (2L bytes) within ``limit`` steps; every step is an operation."""
    cells = [(char, position) for position, char in enumerate(tape)]
    steps = 0
    pc: int | None = 0
    while steps < limit and pc is not None:
        steps += 1
        pc = DIALECTS[language](cells, pc)
    return Outcome(bytes(char for char, _ in cells), tuple(source for _, source in cells), steps, steps)
