"""The plain interpreter of the BFF languages: one step at a time, nothing skipped."""

from typing import NamedTuple

L = 64
T = 2 * L

NOWHERE = 255
"""The source of a byte that no byte of the tape before execution became (design section 3)."""


class Dialect(NamedTuple):
    """How one language of the family reads its tape: semantics section 2, "BFF family", "Encoding".

    ``commands`` gives the op character of each of the 256 byte values, ``"0"`` for a NULL byte and
    ``""`` for any other byte; ``heads`` says whether bytes 0 and 1 place the heads. ``jump`` is how far
    brackets jump where they need no partner. ``walks`` says whether ``,`` then moves head 1 on. ``zeros``
    are the byte values on which ``[`` jumps and ``]`` doesn't.
    """

    commands: tuple[str, ...]
    heads: bool
    zeros: frozenset[int] = frozenset({0})
    jump: int | None = None
    walks: bool = False


def _ascii() -> tuple[str, ...]:
    return tuple("0" if b == 0 else chr(b) if chr(b) in "<>{}+-.,[]" else "" for b in range(256))


def _four_bit() -> tuple[str, ...]:
    by_nibble = ["0", "", "", "", "", "", *"[]+-.,<>{}"]
    return tuple(by_nibble[b % 16] for b in range(256))


def _first(characters: str) -> tuple[str, ...]:
    """Return the commands of a language whose byte values 0, 1, 2, ... mean ``characters``, the rest nothing."""
    return (*characters, *[""] * (256 - len(characters)))


DIALECTS = {
    "bff": Dialect(_ascii(), heads=True),
    "bff8": Dialect(_ascii(), heads=True, jump=8),
    "bff8_noheads": Dialect(_ascii(), heads=False, jump=8),
    "bff_noheads": Dialect(_ascii(), heads=False),
    "bff_noheads_4bit": Dialect(_four_bit(), heads=False, zeros=frozenset(range(0, 256, 16))),
    "bff_perm": Dialect(_first("0<>{}+-.,[]"), heads=True),
    # a zero byte is the command `>` here, and brackets test for it all the same
    "bff_selfmove": Dialect(_first("><+-,[]"), heads=True, walks=True),
}

Cell = tuple[int, int]
"""A byte of a tape: (char, source: where it stood before execution)."""


class Outcome(NamedTuple):
    """A tape after execution: bytes, source index of each (255: nowhere), steps taken, operations among them."""

    tape: bytes
    sources: tuple[int, ...]
    steps: int
    operations: int


def matching(commands: tuple[str, ...], cells: list[Cell], pc: int, way: int) -> int | None:
    """Return where the bracket at ``pc`` has its partner, looking ``way`` (1 or -1), or None."""
    depth = 0
    while 0 <= pc < len(cells):
        match commands[cells[pc][0]]:
            case "[":
                depth += way
            case "]":
                depth -= way
        if depth == 0:
            return pc
        pc += way
    return None


def added(cell: Cell, delta: int) -> Cell:
    """Return ``cell`` incremented by ``delta`` mod 256, from where it was (design section 3)."""
    return (cell[0] + delta) % 256, cell[1]


def execute(language: str, cells: list[Cell], limit: int) -> tuple[int, int]:
    """Run the tape ``cells`` in place for at most ``limit`` steps; return (steps, operations).

    Semantics section 2, "BFF family". Brackets match on the tape as it is at that moment; heads wrap,
    the program counter doesn't; no-ops and NULL bytes are steps but not operations. Copies move the
    whole cell, so its source too; increments keep the source.
    """
    dialect = DIALECTS[language]
    commands = dialect.commands
    head0, head1, pc = (cells[0][0] % T, cells[1][0] % T, 2) if dialect.heads else (0, 0, 0)
    steps = skipped = 0
    while steps < limit:
        steps += 1
        head0 %= T
        head1 %= T
        command = commands[cells[pc][0]]
        if command in {"", "0"}:
            skipped += 1
        elif command == "<":
            head0 -= 1
        elif command == ">":
            head0 += 1
        elif command == "{":
            head1 -= 1
        elif command == "}":
            head1 += 1
        elif command == "+":
            cells[head0] = added(cells[head0], 1)
        elif command == "-":
            cells[head0] = added(cells[head0], -1)
        elif command == ".":
            cells[head1] = cells[head0]
        elif command == ",":
            cells[head0] = cells[head1]
            head1 += 1 if dialect.walks else 0
        else:
            is_null = cells[head0][0] in dialect.zeros
            if is_null == (command == "["):
                way = 1 if command == "[" else -1
                target = matching(commands, cells, pc, way) if dialect.jump is None else pc + way * dialect.jump
                if target is None or target < 0:
                    break
                pc = target
        pc += 1
        if pc >= T:
            break
    return steps, steps - skipped


def run(language: str, tape: bytes, limit: int) -> Outcome:
    """Return what becomes of ``tape`` (2L bytes) within ``limit`` steps."""
    cells = [(char, position) for position, char in enumerate(tape)]
    steps, operations = execute(language, cells, limit)
    return Outcome(bytes(char for char, _ in cells), tuple(source for _, source in cells), steps, operations)
