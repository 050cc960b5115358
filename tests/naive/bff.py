"""The plain interpreter of the BFF languages: one step at a time, nothing skipped."""

from typing import NamedTuple

L = 64
T = 2 * L


class Dialect(NamedTuple):
    """How one language of the family reads its tape.

    ``commands`` gives the op character of each of the 256 byte values, ``"0"`` for a NULL byte and
    ``""`` for any other byte; ``heads`` says whether bytes 0 and 1 place the heads.
    """

    commands: tuple[str, ...]
    heads: bool


def _ascii() -> tuple[str, ...]:
    return tuple("0" if b == 0 else chr(b) if chr(b) in "<>{}+-.,[]" else "" for b in range(256))


def _four_bit() -> tuple[str, ...]:
    by_nibble = ["0", "", "", "", "", "", *"[]+-.,<>{}"]
    return tuple(by_nibble[b % 16] for b in range(256))


DIALECTS = {
    "bff": Dialect(_ascii(), heads=True),
    "bff_noheads": Dialect(_ascii(), heads=False),
    "bff_noheads_4bit": Dialect(_four_bit(), heads=False),
}


class Tape:
    """The bytes of a tape, and the only two ways in which a BFF program changes them."""

    def __init__(self, chars: bytes) -> None:
        self.chars = list(chars)

    def copy(self, target: int, source: int) -> None:
        """Overwrite byte ``target`` with byte ``source``."""
        self.chars[target] = self.chars[source]

    def add(self, at: int, delta: int) -> None:
        """Increment byte ``at`` by ``delta`` mod 256."""
        self.chars[at] = (self.chars[at] + delta) % 256


class TracedTape(Tape):
    """A tape that also knows, for each byte, which byte of the tape before execution it came from."""

    def __init__(self, chars: bytes) -> None:
        super().__init__(chars)
        self.sources = list(range(len(chars)))

    def copy(self, target: int, source: int) -> None:
        super().copy(target, source)
        self.sources[target] = self.sources[source]


class Outcome(NamedTuple):
    """A tape after execution: bytes, source index of each, steps taken, operations among them."""

    tape: bytes
    sources: tuple[int, ...]
    steps: int
    operations: int


def matching(commands: tuple[str, ...], chars: list[int], pc: int, way: int) -> int | None:
    """Return where the bracket at ``pc`` has its partner, looking ``way`` (1 or -1), or None."""
    depth = 0
    while 0 <= pc < len(chars):
        match commands[chars[pc]]:
            case "[":
                depth += way
            case "]":
                depth -= way
        if depth == 0:
            return pc
        pc += way
    return None


def execute(language: str, tape: Tape, limit: int) -> tuple[int, int]:
    """Run ``tape`` in place for at most ``limit`` steps; return (steps, operations).

    Semantics section 2, "BFF family". Brackets match on the tape as it is at that moment; heads wrap,
    the program counter doesn't; no-ops and NULL bytes are steps but not operations.
    """
    commands, heads = DIALECTS[language]
    chars = tape.chars
    head0, head1, pc = (chars[0] % T, chars[1] % T, 2) if heads else (0, 0, 0)
    steps = skipped = 0
    while steps < limit:
        steps += 1
        head0 %= T
        head1 %= T
        command = commands[chars[pc]]
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
            tape.add(head0, 1)
        elif command == "-":
            tape.add(head0, -1)
        elif command == ".":
            tape.copy(head1, head0)
        elif command == ",":
            tape.copy(head0, head1)
        else:
            is_null = commands[chars[head0]] == "0"
            if is_null == (command == "["):
                partner = matching(commands, chars, pc, 1 if command == "[" else -1)
                if partner is None:
                    break
                pc = partner
        pc += 1
        if pc >= T:
            break
    return steps, steps - skipped


def run(language: str, tape: bytes, limit: int) -> Outcome:
    """Return what becomes of ``tape`` (2L bytes) within ``limit`` steps."""
    traced = TracedTape(tape)
    steps, operations = execute(language, traced, limit)
    return Outcome(bytes(traced.chars), tuple(traced.sources), steps, operations)
