"""The plain interpreter of the Forth languages on a pair's tape: semantics section 2, "Forth family".

A byte travels as (char, source), on the tape and on the stack: what is pushed, copied or written is the
whole pair, and arithmetic makes a new char with the source of its top operand (design section 3).
"""

from tests.naive.bff import NOWHERE, Cell, L, Outcome, T, added
from tests.naive.splitmix import sm

STACK = 128
RESET_BYTE = 0x13

COMMON = {
    0x04: "DUP",
    0x05: "DROP",
    0x06: "SWAP",
    0x07: "IF0",
    0x08: "INC",
    0x09: "DEC",
    0x0A: "ADD",
    0x0B: "SUB",
    **dict.fromkeys(range(0x40, 0x80), "CONSTANT"),
    **dict.fromkeys(range(0x80, 0xC0), "FORWARD"),
    **dict.fromkeys(range(0xC0, 0x100), "BACK"),
}
HALVES = {0x00: "READ0", 0x01: "READ1", 0x02: "WRITE0", 0x03: "WRITE1"}

DIALECTS = {
    "forth": COMMON | HALVES,
    "forthcopy": COMMON | {0x00: "READ", 0x01: "WRITE", 0x02: "COPY", 0x03: "OTHER"},
    "forthtrivial": COMMON | HALVES | {0x0C: "COPY0", 0x0D: "COPY1"},
    "forthtrivial_reset": COMMON | HALVES | {0x0C: "RESETTING COPY0", 0x03: "RESETTING WRITE1", 0x0D: "COPY1"},
}
"""The command of each byte value that is one; all others are no-ops."""


class Stack:
    """At most 128 bytes with their sources. Semantics section 2, "Forth family", "State"."""

    def __init__(self) -> None:
        self.entries: list[Cell] = []
        self.overflow = False

    def push(self, entry: Cell) -> None:
        """Put ``entry`` on top; a full stack drops it and has overflowed."""
        if len(self.entries) == STACK:
            self.overflow = True
        else:
            self.entries.append(entry)

    def pop(self) -> Cell:
        """Take the top entry; an empty stack gives a 0 from nowhere."""
        return self.entries.pop() if self.entries else (0, NOWHERE)


def randomised(cells: list[Cell], pc: int) -> list[Cell]:
    """Return the left half that a reset at ``pc`` makes of the tape, all of it from nowhere.

    Semantics section 2, "forthtrivial_reset": a hash of the 128 bytes as they are at that moment.
    """
    s = 0
    for char, _ in cells:
        s = sm(s ^ char)
    return [(sm(s * 4096 + pc * 64 + i) & 0xFF, NOWHERE) for i in range(L)]


def step(command: str, cells: list[Cell], stack: Stack, pc: int) -> int:
    """Carry out ``command``, which stands at ``pc``; return where the next one stands.

    Semantics section 2, "Common" and the entry of each language. Operands are popped in the order given
    there: of WRITE the value is on top, of COPY in forthcopy the target.
    """
    char, source = cells[pc]
    match command:
        case "DUP":
            top = stack.pop()
            stack.push(top)
            stack.push(top)
        case "DROP":
            stack.pop()
        case "SWAP":
            top, below = stack.pop(), stack.pop()
            stack.push(top)
            stack.push(below)
        case "IF0":
            top = stack.pop()
            stack.push(top)
            return pc + 2 if top[0] != 0 else pc + 1
        case "INC":
            stack.push(added(stack.pop(), 1))
        case "DEC":
            stack.push(added(stack.pop(), -1))
        case "ADD":
            top, below = stack.pop(), stack.pop()
            stack.push(added(top, below[0]))
        case "SUB":
            top, below = stack.pop(), stack.pop()
            stack.push(added(top, -below[0]))
        case "CONSTANT":
            stack.push((char % 64, source))
        case "FORWARD":
            return pc + char % 64 + 1
        case "BACK":
            return pc - (char % 64 + 1)
        case "READ0":
            stack.push(cells[stack.pop()[0] % L])
        case "READ1":
            stack.push(cells[L + stack.pop()[0] % L])
        case "READ":
            stack.push(cells[stack.pop()[0] % T])
        case "WRITE0":
            value, at = stack.pop(), stack.pop()[0] % L
            cells[at] = value
        case "WRITE1":
            value, at = stack.pop(), stack.pop()[0] % L
            cells[L + at] = value
        case "WRITE":
            value, at = stack.pop(), stack.pop()[0] % T
            cells[at] = value
        case "COPY0":
            at = stack.pop()[0] % L
            cells[L + at] = cells[at]
        case "COPY1":
            at = stack.pop()[0] % L
            cells[at] = cells[L + at]
        case "COPY":
            to, at = stack.pop()[0] % T, stack.pop()[0] % T
            cells[to] = cells[at]
        case "OTHER":  # the same place in the other half
            place, came_from = stack.pop()
            stack.push((place ^ L, came_from))
        case "RESETTING WRITE1":
            value, at = stack.pop(), stack.pop()[0] % L
            if cells[L + at][0] == RESET_BYTE:
                cells[:L] = randomised(cells, pc)
            else:
                cells[L + at] = value
        case "RESETTING COPY0":
            at = stack.pop()[0] % L
            if cells[L + at][0] == RESET_BYTE:
                cells[:L] = randomised(cells, pc)
            else:
                cells[L + at] = cells[at]
        case _:
            raise ValueError(command)
    return pc + 1


def execute(language: str, cells: list[Cell], limit: int) -> tuple[int, int]:
    """Run the tape ``cells`` in place for at most ``limit`` steps; return (steps, operations).

    Semantics section 2, "Forth family". No-ops are steps but not operations; the program stops when the
    program counter has left the tape or the stack has overflowed.
    """
    commands = DIALECTS[language]
    stack = Stack()
    pc = steps = skipped = 0
    while steps < limit:
        steps += 1
        command = commands.get(cells[pc][0])
        if command is None:
            skipped += 1
            pc += 1
        else:
            pc = step(command, cells, stack, pc)
        if not 0 <= pc < T or stack.overflow:
            break
    return steps, steps - skipped


def run(language: str, tape: bytes, limit: int) -> Outcome:
    """Return what becomes of ``tape`` (2L bytes) within ``limit`` steps."""
    cells = [(char, position) for position, char in enumerate(tape)]
    steps, operations = execute(language, cells, limit)
    return Outcome(bytes(char for char, _ in cells), tuple(source for _, source in cells), steps, operations)
