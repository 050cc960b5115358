"""The BFF family: two heads on one tape, ten commands (paper section 2; semantics.md section 2).

A family member is a table: which byte is which command, and whether the heads start at 0 or where the
first two bytes say. Some members have commands of their own: a copy that moves a head, brackets that jump
a fixed way. Here are the plain interpreter (the oracle for the fast engine), the step-by-step
walk, and the text form; `sim.heads_engine` has the fast paths.

Tracing rule: ``.`` and ``,`` copy a byte with its identity; ``+`` and ``-`` change a byte in place, which
keeps it; no byte comes from nowhere.
"""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.errors import InputError
from sim.heads_engine import run_heads
from sim.language import Language, Step

#: Which bytes each symbol stands for.
Codes = Mapping[str, tuple[int, ...]]

NOOP, NULL, LEFT0, RIGHT0, LEFT1, RIGHT1, DEC, INC, COPY01, COPY10, COPY10_RIGHT1, OPEN, CLOSE, SKIP8, BACK8 = range(15)

#: How each kind of byte is written; NULL is "0", a no-op has a glyph of its own.
SYMBOLS = {
    NULL: "0", LEFT0: "<", RIGHT0: ">", LEFT1: "{", RIGHT1: "}", DEC: "-", INC: "+",
    COPY01: ".", COPY10: ",", COPY10_RIGHT1: ",", OPEN: "[", CLOSE: "]", SKIP8: "[", BACK8: "]",
}  # fmt: skip
#: What each symbol means unless a member says otherwise.
KINDS = {symbol: kind for kind, symbol in SYMBOLS.items() if kind not in (COPY10_RIGHT1, SKIP8, BACK8)}

MEANINGS = {
    NOOP: "no-op", NULL: "zero", LEFT0: "head0 -= 1", RIGHT0: "head0 += 1", LEFT1: "head1 -= 1",
    RIGHT1: "head1 += 1", DEC: "tape[head0] -= 1", INC: "tape[head0] += 1",
    COPY01: "tape[head1] = tape[head0]", COPY10: "tape[head0] = tape[head1]",
    COPY10_RIGHT1: "tape[head0] = tape[head1], head1 += 1",
    OPEN: "if tape[head0] is zero, go past the matching ]",
    CLOSE: "if tape[head0] is not zero, go back to the matching [",
    SKIP8: "if tape[head0] is zero, go 9 bytes on",
    BACK8: "if tape[head0] is not zero, go 7 bytes back",
}  # fmt: skip

# Where a table keeps what is not "kind of byte b": after the 256 kinds.
HEADS, FOLD, COUNT, CUBES = 256, 257, 258, 259


def make_table(
    codes: Codes, *, heads_on_tape: bool, fold: int = 0xFF, kinds: Mapping[str, int] = KINDS
) -> NDArray[np.uint8]:
    """Return a family member's table.

    ``codes`` gives each symbol that the member has (commands and "0") its bytes, ``kinds`` what each symbol
    does. With ``heads_on_tape`` the heads start where bytes 0 and 1 say and execution starts at 2, else all
    start at 0. ``byte & fold`` must decide a byte's kind (the engine finds commands by it), and is 0 for
    the bytes that brackets take for zero.
    """
    commands = {value & fold for symbol, values in codes.items() if symbol != "0" for value in values}
    cubes = _cubes(commands, fold)
    table = np.zeros(CUBES + 16 * len(cubes), np.uint8)
    for symbol, values in codes.items():
        table[list(values)] = kinds[symbol]
    table[HEADS] = heads_on_tape
    table[FOLD] = fold
    table[COUNT] = len(cubes)
    for j, cube in enumerate(cubes):
        table[CUBES + 16 * j : CUBES + 16 * (j + 1)] = np.repeat(np.array(cube, np.uint8), 8)
    return table


def _cubes(commands: AbstractSet[int], fold: int) -> list[tuple[int, int]]:
    """Return few (mask, value): a byte is one of the ``commands`` iff ``byte & mask == value`` for one of them.

    Greedy: each next one has the most commands that no former one has.
    """
    found: dict[frozenset[int], tuple[int, int]] = {}
    for value in commands:
        found[frozenset([value])] = (fold, value)
    for bit in (1 << k for k in range(8) if fold >> k & 1):
        for members, (mask, value) in list(found.items()):
            both = members | {member ^ bit for member in members}
            if both <= commands:
                found[both] = (mask & ~bit, value & ~bit)
    cubes: list[tuple[int, int]] = []
    left = set(commands)
    while left:
        best = max(found, key=lambda members: len(members & left))
        left -= best
        cubes.append(found[best])
    return cubes


def interpret(tape: Any, sources: Any, limit: int, table: Any) -> int:
    """Run a tape of the family, one step at a time; see `sim.language.Language.execute`."""
    length = len(tape)
    fold = table[257]
    head0 = head1 = pc = 0
    if table[256] != 0:
        head0, head1, pc = int(tape[0]), int(tape[1]), 2
    steps = operations = 0
    while steps < limit:
        steps += 1
        head0 %= length
        head1 %= length
        kind = table[tape[pc]]
        if kind > 1:
            operations += 1
        if kind == 2:
            head0 -= 1
        elif kind == 3:
            head0 += 1
        elif kind == 4:
            head1 -= 1
        elif kind == 5:
            head1 += 1
        elif kind == 6:
            tape[head0] = (int(tape[head0]) - 1) & 0xFF
        elif kind == 7:
            tape[head0] = (int(tape[head0]) + 1) & 0xFF
        elif kind == 8:
            tape[head1] = tape[head0]
            sources[head1] = sources[head0]
        elif kind == 9:
            tape[head0] = tape[head1]
            sources[head0] = sources[head1]
        elif kind == 10:
            tape[head0] = tape[head1]
            sources[head0] = sources[head1]
            head1 += 1
        elif kind == 11 and tape[head0] & fold == 0:
            depth = 1
            position = pc
            while depth > 0 and position < length - 1:
                position += 1
                other = table[tape[position]]
                if other == 11:
                    depth += 1
                elif other == 12:
                    depth -= 1
            if depth > 0:
                break
            pc = position
        elif kind == 12 and tape[head0] & fold != 0:
            depth = 1
            position = pc
            while depth > 0 and position > 0:
                position -= 1
                other = table[tape[position]]
                if other == 12:
                    depth += 1
                elif other == 11:
                    depth -= 1
            if depth > 0:
                break
            pc = position
        elif kind == 13 and tape[head0] & fold == 0:
            pc += 8
        elif kind == 14 and tape[head0] & fold != 0:
            pc -= 8
            if pc < 0:
                break
        pc += 1
        if pc >= length:
            break
    return (steps << 32) | operations


def walk(table: NDArray[np.uint8], tape_bytes: bytes, limit: int) -> Iterator[Step]:
    """Yield each step of running ``tape_bytes`` (2L bytes), no-ops included, at most ``limit``.

    One step is one call of the plain interpreter's rules on a tape kept here, so that what is shown is
    what is simulated: the steps up to n are those of a run with limit n.
    """
    tape = bytearray(tape_bytes)
    sources = list(range(len(tape)))
    length = len(tape)
    fold = int(table[FOLD])
    head0 = head1 = pc = 0
    if table[HEADS]:
        head0, head1, pc = tape[0] % length, tape[1] % length, 2
    for number in range(1, limit + 1):
        byte, here, heads = tape[pc], pc, (head0, head1)
        kind = int(table[byte])
        writes: tuple[tuple[int, int | None, int], ...] = ()
        stop = False
        if kind in (LEFT0, RIGHT0):
            head0 = (head0 + (1 if kind == RIGHT0 else -1)) % length
        elif kind in (LEFT1, RIGHT1):
            head1 = (head1 + (1 if kind == RIGHT1 else -1)) % length
        elif kind in (DEC, INC):
            tape[head0] = (tape[head0] + (1 if kind == INC else -1)) & 0xFF
            writes = ((head0, sources[head0], tape[head0]),)
        elif kind in (COPY01, COPY10, COPY10_RIGHT1):
            source, target = (head0, head1) if kind == COPY01 else (head1, head0)
            tape[target], sources[target] = tape[source], sources[source]
            writes = ((target, sources[target], tape[target]),)
            head1 = (head1 + (kind == COPY10_RIGHT1)) % length
        elif (kind in (OPEN, SKIP8) and tape[head0] & fold == 0) or (kind in (CLOSE, BACK8) and tape[head0] & fold):
            match = pc + 8 if kind == SKIP8 else pc - 8 if kind == BACK8 else _matching(table, tape, pc)
            stop = match is None or match < 0
            pc = pc if match is None else match
        yield Step(number, here, byte, SYMBOLS.get(kind, MEANINGS[NOOP]), heads, writes)
        pc += 1
        if stop or pc >= length:
            return


def _matching(table: NDArray[np.uint8], tape: bytearray, pc: int) -> int | None:
    """Return where the bracket at ``pc`` has its match; None if nowhere."""
    depth = 0
    direction = 1 if table[tape[pc]] == OPEN else -1
    stop = len(tape) if direction > 0 else -1
    for position in range(pc, stop, direction):
        kind = table[tape[position]]
        depth += direction * ((kind == OPEN) - int(kind == CLOSE))
        if depth == 0:
            return position
    return None


# The reference prints these bytes, whose letters in that range are digraphs or look alike, as plain letters.
_GLYPHS = {0xC4 + i: letter for i, letter in enumerate("ABCDEFGHI")} | {
    0xF1 + i: letter for i, letter in enumerate("JKL")
}
_BYTES = {glyph: byte for byte, glyph in _GLYPHS.items()}


def format_text(table: NDArray[np.uint8], program: bytes) -> str:
    """Print bytes in the reference's text form: a command's symbol, "0", else one glyph a byte."""
    return "".join(SYMBOLS.get(int(table[byte])) or _GLYPHS.get(byte, chr(0x100 + byte)) for byte in program)


def parse_text(name: str, codes: Codes, text: str) -> bytes:
    """Read the text form: a symbol gives the highest byte of its class, a glyph its own byte.

    A symbol that the member does not have is read as byte 0, as by the reference. Raises `InputError` at the first
    character that is neither (where the reference would hang).
    """
    content = bytearray()
    for place, character in enumerate(text):
        if character in KINDS:
            content.append(max(codes.get(character, (0,))))
        elif character in _BYTES:
            content.append(_BYTES[character])
        elif 0x100 <= ord(character) <= 0x1FF and ord(character) - 0x100 not in _GLYPHS:
            content.append(ord(character) - 0x100)
        else:
            raise InputError(
                f"{name} text: character {character!r} at position {place} is no element; "
                f"use {''.join(KINDS)} or U+0100 + byte (a space is U+0120)"
            )
    return bytes(content)


def _colour(kind: int, byte: int) -> tuple[int, int, int]:
    """Return the colour of a byte in the reference's picture of a soup."""
    if kind in (OPEN, CLOSE, SKIP8, BACK8):
        return 0, 192, 0
    if kind in (DEC, INC, COPY01, COPY10, COPY10_RIGHT1):
        return 200, 0, 200
    if kind in (LEFT0, RIGHT0, LEFT1, RIGHT1):
        return 200, 128, 220
    if kind == NULL:
        return 255, 0, 0
    grey = 192 + byte // 4
    return grey, grey, grey


def make_language(
    name: str, codes: Codes, *, heads_on_tape: bool, fold: int = 0xFF, kinds: Mapping[str, int] = KINDS,
    **options: Any,
) -> Language:  # fmt: skip
    """Return a member of the family; ``codes``, ``fold`` and ``kinds`` as in `make_table`.

    ``options`` are further fields of `Language`.
    """
    table = make_table(codes, heads_on_tape=heads_on_tape, fold=fold, kinds=kinds)
    return Language(
        name=name,
        execute=interpret,
        engine=run_heads,
        table=table,
        parse=lambda text: parse_text(name, codes, text),
        format=lambda program: format_text(table, program),
        disassemble=lambda program: [MEANINGS[int(table[byte])] for byte in program],
        colour=lambda byte: _colour(int(table[byte]), byte),
        walk=lambda tape, limit: walk(table, tape, limit),
        **options,
    )
