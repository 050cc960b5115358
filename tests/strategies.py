"""Hypothesis strategies shared by the tests: tapes, step limits, small soups.

Tapes come as 128 bytes. The adversarial ones aim at what makes an interpreter fast and wrong: nested
loops, loops that rewrite themselves, brackets made and unmade by copies, heads that wrap, cycles of
long period, programs that end just at the limit; in the Forth family stacks filled to the brim, jumps off
both ends, commands that overwrite themselves, the next one or a jump; in the subleq languages operands that
are the instruction itself, addresses that wrap, branches onto the last legal places.
"""

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

import sim
from tests.naive import forth, subleq
from tests.naive.bff import DIALECTS, L, T
from tests.naive.soup import Settings, adjacent
from tests.naive.twins import TWINS

COMMANDS = "<>{}+-.,[]"
LIMITS = (1, 2, 3, 63, 64, 127, 128, 129, 130, 255, 256, 1000, 4096, 8191, 8192, 8193, 32768)


def codes(language: str) -> dict[str, list[int]]:
    """Return the bytes of each command of ``language``, of ``"0"`` (NULL) and of ``""`` (no-op).

    A command that the language lacks is byte 0, as in its text form.
    """
    found: dict[str, list[int]] = {}
    for byte, command in enumerate(DIALECTS[language].commands):
        found.setdefault(command, []).append(byte)
    for command in (*COMMANDS, "0"):
        found.setdefault(command, [0])
    return found


def limits() -> SearchStrategy[int]:
    """Step limits: those around the tape's length and the default, or any up to 9000."""
    return st.one_of(st.sampled_from(LIMITS), st.integers(1, 9000))


def random_tapes(size: int = T) -> SearchStrategy[bytes]:
    """Tapes of any ``size`` bytes."""
    return st.binary(min_size=size, max_size=size)


def spelled(language: str, elements: SearchStrategy[str]) -> SearchStrategy[bytes]:
    """Tapes of 128 independent ``elements``: commands, ``"0"`` or ``""``, each as any byte that means it."""
    byte = {command: st.sampled_from(bytes_) for command, bytes_ in codes(language).items()}
    return st.lists(elements.flatmap(byte.__getitem__), min_size=T, max_size=T).map(bytes)


def dense_tapes(language: str) -> SearchStrategy[bytes]:
    """Tapes made mostly of commands; some of them of a few kinds only, so that loops last."""
    alphabets = (
        "<>{}+-.,[]0",
        "<>{}+-.,[]" * 3 + "0",
        "[]+-.,",
        "[]}.>",
        "[],<{",
        "[]+>",
        "[]-<",
        "[]{}<>.0",
        "..,,[]",
    )
    return st.sampled_from(alphabets).flatmap(lambda letters: spelled(language, st.sampled_from(letters)))


def sparse_tapes(language: str) -> SearchStrategy[bytes]:
    """Tapes of one command in eight bytes, the rest no-ops: straight runs, far brackets."""
    return spelled(language, st.sampled_from([*COMMANDS, *[""] * 70, *"00000"]))


@st.composite
def bodies(draw: DrawFn, depth: int = 3) -> str:
    """Draw a piece of program as op characters, ``0`` and spaces (no-ops), its brackets balanced."""
    if depth == 0:
        return draw(st.text("<>{}+-., 0", max_size=6))
    parts = draw(
        st.lists(st.one_of(st.text("<>{}+-., ", max_size=5), bodies(depth - 1).map("[{}]".format)), max_size=3)
    )
    return "".join(parts)


def spell(draw: DrawFn, language: str, text: str) -> bytes:
    """Return ``text`` (ops, ``0``, spaces) as bytes, drawing among bytes that mean the same."""
    by_command = codes(language)
    return bytes(draw(st.sampled_from(by_command["" if character == " " else character])) for character in text)


@st.composite
def placed(draw: DrawFn, language: str, text: str) -> bytes:
    """Draw a tape with ``text`` on it: where it starts, where the heads begin, and what fills the rest."""
    program = spell(draw, language, text)[:T]
    filler = draw(
        st.one_of(
            st.sampled_from([bytes([byte]) * T for byte in (0x00, 0x20, 0x01, 0x5B, 0x5D, 0x06, 0x07, 0xFF)]),
            random_tapes(),
        )
    )
    start = draw(st.one_of(st.just(2 if DIALECTS[language].heads else 0), st.integers(0, T - len(program))))
    tape = bytearray(filler)
    tape[start : start + len(program)] = program
    if DIALECTS[language].heads and draw(st.booleans()):
        # beyond 127 too: the top bit of a head's byte doesn't count
        tape[0] = draw(st.integers(0, 255))
        tape[1] = draw(st.integers(0, 255))
    return bytes(tape[:T])


@st.composite
def nested_tapes(draw: DrawFn, language: str) -> bytes:
    """Draw a tape with a few levels of loops, sometimes with one bracket too many."""
    text = draw(st.sampled_from(["", "[", "]", "[[", "]]"])) + "".join(draw(st.lists(bodies(), min_size=1, max_size=4)))
    return draw(placed(language, text + draw(st.sampled_from(["", "[", "]", "]]"]))))


@st.composite
def rewriting_tapes(draw: DrawFn, language: str) -> bytes:
    """Draw a loop whose heads stand in or near itself, so that it copies and increments its own code."""
    walk = draw(st.sampled_from(["", ">", "<", "}", "{", ">}", "<{", ">{", "<}", ">>}", "}}<"])) * draw(
        st.integers(1, 6)
    )
    loop = "".join(
        draw(st.lists(st.sampled_from([".", ",", "+", "-", ">", "<", "}", "{", ".}", ",<", " "]), max_size=8))
    )
    inner = draw(st.sampled_from(["", "[-]", "[+]", "[,]", "[.]", "[>]", "[}.>]"]))
    return draw(
        placed(language, walk + "[" + loop + inner + draw(st.sampled_from(["]", ">]", "+]", ".]", "", " ]"])) + walk)
    )


@st.composite
def bracket_tapes(draw: DrawFn, language: str) -> bytes:
    """Draw a tape on which copies and increments make and unmake brackets before they are reached."""
    near = draw(st.text("[]+-", min_size=1, max_size=8))
    edit = "".join(draw(st.lists(st.sampled_from([".}", ",>", "+", "-", ".}>", "+>", "-}", "<,", "{."]), max_size=20)))
    return draw(placed(language, draw(bodies(1)) + edit + near + draw(bodies(1)) + draw(st.text("[]", max_size=6))))


@st.composite
def wrapping_tapes(draw: DrawFn, language: str) -> bytes:
    """Draw a tape whose heads run round its ends, in a straight line or in a loop."""
    step = draw(st.sampled_from(["<", ">", "{", "}", "<{", ">}", "<}"]))
    work = draw(st.sampled_from([".", ",", "+", "-", "", ".+", ",-", "}."]))
    if draw(st.booleans()):
        return draw(placed(language, (step * draw(st.integers(1, 40)) + work) * draw(st.integers(1, 3))))
    return draw(
        placed(language, "[" + (step * draw(st.integers(1, 9)) + work) + draw(st.sampled_from(["]", " ]", ">]", "<]"])))
    )


@st.composite
def cycling_tapes(draw: DrawFn, language: str) -> bytes:
    """Draw a tape that repeats a state only after very many steps: counters, rotating copies, nested counters."""
    ticks = draw(st.sampled_from(["+", "-", "++", "--", "+++", "+-", "---"]))
    move = draw(st.sampled_from(["", ">", "<", "}", "{", ">}.", "}.>", "{,<", ".}", ",}"]))
    back = draw(st.sampled_from(["", "<", ">", "<<", ">>", "{", "}"]))
    loop = draw(
        st.sampled_from(
            ["[{t}{m}]", "[{m}{t}]", "[{m}[{t}]{b}]", "[{t}{m}{t}{b}]", "[[{m}{t}]{b}{t}]", "[{m}]{t}[{b}]"]
        )
    )
    lead = draw(st.sampled_from(["", "+", ">>>", "}}}}", "<", "{", "<{", "-"]))
    return draw(placed(language, lead + loop.format(t=ticks, m=move, b=back)))


@st.composite
def copier_tapes(draw: DrawFn, language: str) -> bytes:
    """Draw a tape of the kind that takes a soup over: a copy loop, mirrored or doubled, a few bytes damaged."""
    loop = draw(
        st.sampled_from(["[[{.>]-]", "[{.>]", "[<,}]", "[.}>]", "[>{.]", "[,>{]", "[[.>}]]", "[.>}+-]", "[}.>-+]"])
    )
    filler = spell(draw, language, draw(st.sampled_from(["0", " ", "+", "<"])))
    code = spell(draw, language, loop)
    fill = filler * (L - 2 * len(code))
    half = (
        code + fill + code[::-1] if draw(st.booleans()) else (bytes(2) + code + fill + fill + code)[:L].ljust(L, filler)
    )
    tape = bytearray(half + draw(st.one_of(st.just(half), st.just(bytes(L)), st.binary(min_size=L, max_size=L))))
    if DIALECTS[language].heads:
        tape[0], tape[1] = draw(st.sampled_from([(0x80, 0x40), (0x00, 0x40), (0x40, 0x00), (0x3F, 0x7F), (0x20, 0x21)]))
    for position, byte in draw(st.lists(st.tuples(st.integers(0, T - 1), st.integers(0, 255)), max_size=4)):
        tape[position] = byte
    return bytes(tape)


@st.composite
def far_bracket_tapes(draw: DrawFn, language: str) -> bytes:
    """Draw a tape of brackets that jump by eight, where the tape begins or ends or in a loop of eight bytes."""
    body = draw(st.lists(st.sampled_from(["<", ">", "{", "}", "+", "-", ".", ",", " ", "0"]), min_size=5, max_size=9))
    piece = draw(st.sampled_from(["{b}]", "[{b}]", "[{b}", "[[{b}]]", "{b}][{b}]", "{b}]{b}]"])).format(b="".join(body))
    program = spell(draw, language, piece)
    tape = bytearray(draw(placed(language, draw(st.sampled_from(["", "]", " ]", "["])) + piece)))
    at = draw(st.one_of(st.integers(0, 9), st.integers(T - 12, T - 1), st.integers(0, T - 1)))
    tape[at:T] = (program + bytes(tape[at + len(program) :]))[: T - at]
    return bytes(tape)


def adversarial_bff_tapes(language: str) -> SearchStrategy[bytes]:
    """Tapes of a BFF language of every kind above that was made to be awkward."""
    kinds = [
        nested_tapes(language),
        rewriting_tapes(language),
        bracket_tapes(language),
        wrapping_tapes(language),
        cycling_tapes(language),
        copier_tapes(language),
    ]
    if DIALECTS[language].jump is not None:
        kinds += [far_bracket_tapes(language)] * 2
    return st.one_of(kinds)


# Forth. A piece of program is a list of bytes; execution begins at byte 0 of the tape.

STILL = 0x3F  # a no-op in every language of the family
DUP, DROP, SWAP, IF0, INC, DEC, ADD, SUB = range(0x04, 0x0C)


def constant(value: int) -> int:
    """Return the command that pushes ``value`` (0 to 63)."""
    return 0x40 + value


def jump(distance: int) -> int:
    """Return the jump by ``distance``, -64 to 64; one as near as there is if it is beyond, or 0."""
    return 0x80 + min(distance, 64) - 1 if distance > 0 else 0xC0 + min(max(-distance, 1), 64) - 1


def forth_commands(language: str) -> SearchStrategy[int]:
    """Bytes that are commands: mostly those that move bytes or work on the stack, few of them jumps."""
    every = sorted(forth.DIALECTS[language])
    return st.one_of(
        st.sampled_from([byte for byte in every if byte < 0x40]),
        st.sampled_from([byte for byte in every if byte < 0x40]),
        st.integers(0x40, 0x7F),
        st.sampled_from([0x80, 0x81, 0x82, 0x85, 0xBF, 0xC0, 0xC1, 0xC4, 0xC9, 0xFF, STILL]),
    )


def dense_forth_tapes(language: str) -> SearchStrategy[bytes]:
    """Tapes made of commands; some of them of a few kinds only, so that stacks grow or run empty."""
    alphabets = st.one_of(
        st.just(forth_commands(language)),
        st.lists(forth_commands(language), min_size=1, max_size=6).map(st.sampled_from),
    )
    return alphabets.flatmap(lambda letters: st.lists(letters, min_size=T, max_size=T)).map(bytes)


@st.composite
def placed_forth(draw: DrawFn, language: str, program: list[int], *, anywhere: bool = True) -> bytes:
    """Draw a tape with ``program`` on it, at its beginning or ``anywhere``, and what fills the rest."""
    filler = draw(
        st.one_of(
            st.sampled_from([bytes([byte]) * T for byte in (0x00, 0x13, STILL, DUP, IF0, INC, 0x80, 0xC0, 0xFF)]),
            random_tapes(),
            dense_forth_tapes(language),
        )
    )
    room = T - min(len(program), T)
    # no farther than no-ops or one jump can lead to
    start = draw(st.one_of(st.just(0), st.just(0), st.integers(0, room))) if anywhere else 0
    tape = bytearray(filler)
    if start:
        tape[:start] = bytes([draw(st.sampled_from([STILL, 0x20, DROP]))]) * start
        tape[0] = draw(st.sampled_from([tape[0], jump(start)]))
    tape[start : start + len(program)] = bytes(program)
    return bytes(tape[:T])


@st.composite
def forth_loops(draw: DrawFn, language: str) -> bytes:
    """Draw a loop without end, or one byte from it: the jump back may be too short or too long."""
    lead = draw(st.lists(forth_commands(language), max_size=5))
    body = draw(st.lists(st.one_of(forth_commands(language), st.sampled_from([INC, DEC, IF0, DROP])), max_size=12))
    back = jump(-len(body) + draw(st.sampled_from([0, 0, 0, -1, 1, -len(lead)])))
    return draw(placed_forth(language, [*lead, *body, back]))


@st.composite
def brimming_stacks(draw: DrawFn, language: str) -> bytes:
    """Draw a counted loop that leaves about 128 entries on the stack, then commands that need or make room."""
    entries = draw(st.integers(124, 131))
    where = draw(st.integers(40, 60))
    lead = [constant(where), 0x00]  # reads how often to go round: READ0, and READ in forthcopy
    counted = [DUP, INC, IF0, jump(2), jump(-4)]
    after = draw(
        st.lists(st.one_of(st.sampled_from([DUP, DROP, SWAP, INC, ADD]), forth_commands(language)), max_size=9)
    )
    tape = bytearray(draw(placed_forth(language, [*lead, *counted, *after], anywhere=False)))
    if draw(st.booleans()):  # nothing more to push: it may end with a stack just full
        end = len(lead) + len(counted) + len(after)
        tape[end:] = bytes([STILL]) * (T - end)
    tape[where] = (256 - (entries - 1)) % 256
    return bytes(tape)


@st.composite
def forth_jumps(draw: DrawFn, language: str) -> bytes:
    """Draw jumps that lead just off an end of the tape, just not, or onto each other."""
    tape = bytearray(draw(placed_forth(language, draw(st.lists(forth_commands(language), max_size=6)))))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.one_of(st.integers(0, 12), st.integers(60, 70), st.integers(T - 8, T - 1)))
        to = draw(st.one_of(st.sampled_from([-2, -1, 0, 1, T - 2, T - 1, T, T + 1]), st.integers(at - 64, at + 64)))
        tape[at] = jump(to - at)
    if draw(st.booleans()):
        tape[0] = jump(64)
        tape[64] = jump(draw(st.integers(58, 64)))
    return bytes(tape)


@st.composite
def forth_tests_at_the_end(draw: DrawFn, language: str) -> bytes:
    """Draw IF0 among the last bytes, reached with a zero, another byte or nothing on the stack."""
    tape = bytearray([STILL]) * T
    if draw(st.booleans()):
        tape[:2] = bytes([jump(64), STILL])
        tape[64] = jump(draw(st.integers(54, 60)))
    for at in range(T - 4, T):
        tape[at] = draw(st.one_of(st.sampled_from([IF0, IF0, STILL, INC, DEC, 0x40, 0x41]), forth_commands(language)))
    tape[draw(st.integers(T - 3, T - 1))] = IF0
    lead = draw(st.lists(st.sampled_from([0x40, 0x41, DEC, DUP]), max_size=2))
    tape[2 : 2 + len(lead)] = bytes(lead)
    return bytes(tape)


@st.composite
def forth_writes(draw: DrawFn, language: str) -> bytes:
    """Draw a write of a byte, often a jump, onto the write itself, the command after it or a jump, in a loop."""
    fetched = draw(st.integers(20, 63))
    value = draw(st.sampled_from([[constant(fetched), 0x00], [constant(fetched), 0x01], [constant(8)], [DUP, INC]]))
    more = draw(st.lists(forth_commands(language), max_size=4))
    # the write's own place, the next, the loop's jump, or anywhere near
    end = len(value) + 1
    to = draw(st.one_of(st.sampled_from([end, end + 1, end + 1 + len(more)]), st.integers(0, 12)))
    if language == "forthcopy":
        stored = draw(st.sampled_from([[constant(to), *value, 0x01], [constant(fetched), constant(to), 0x02]]))
    else:
        stored = draw(st.sampled_from([[constant(to), *value, 0x02], [constant(to), 0x0D]]))
    program = [*stored, *more]
    tape = bytearray(draw(placed_forth(language, [*program, jump(-len(program))], anywhere=False)))
    jumps_and_all = st.one_of(st.integers(0x80, 0x8F), st.integers(0xC0, 0xCF), st.integers(0, 255))
    for at in (fetched, L + fetched, L + to):
        tape[at] = draw(jumps_and_all)
    return bytes(tape)


def forth_write(language: str) -> SearchStrategy[int]:
    """Return the commands that write the byte on top of the stack."""
    return st.just(0x01) if language == "forthcopy" else st.sampled_from([0x02, 0x03])


@st.composite
def forth_sums(draw: DrawFn, language: str) -> bytes:
    """Draw bytes computed from constants, bytes read and nothing, written where they can be seen."""
    place = st.integers(0, 63).map(constant)
    read = st.tuples(place, st.sampled_from([0x00, 0x00, 0x01])).map(list)
    operand = st.one_of(place.map(lambda byte: [byte]), read, st.sampled_from([[DUP], []]))
    sums = st.sampled_from([[ADD], [SUB], [SWAP, SUB], [INC], [DEC], [ADD, ADD], [DUP, ADD], [0x03, ADD], [DROP, 0x03]])
    if language == "forthcopy":  # where 0x03 makes a place of the other half, and of a byte beyond 127 too
        sums = st.one_of(sums, st.sampled_from([[0x03], [DEC, 0x03], [SUB], [SUB, 0x03]]))
    program = []
    for _ in range(draw(st.integers(1, 4))):
        address = draw(st.one_of(st.integers(32, 63).map(lambda to: [constant(to)]), read, st.just([DEC])))
        parts = [draw(operand), draw(operand), draw(sums), draw(st.sampled_from([[], [], [SUB], [ADD]]))]
        program += [*address, *(byte for part in parts for byte in part), draw(forth_write(language))]
    return draw(placed_forth(language, program, anywhere=draw(st.booleans())))


@st.composite
def moved_forth(draw: DrawFn, language: str) -> bytes:
    """Draw a command moved to where it is executed next, so that it isn't where it came from."""
    lead = draw(st.lists(st.sampled_from([STILL, DROP, 0x4A]), max_size=4))
    far = draw(st.integers(40, 63))
    source = draw(st.one_of(st.integers(0, len(lead) + 5), st.just(far)))
    code = [constant(len(lead) + 5), constant(source), 0x00, 0x01 if language == "forthcopy" else 0x02]
    tape = bytearray(
        draw(placed_forth(language, [*lead, *code, 0x5E, STILL, draw(forth_write(language))], anywhere=False))
    )
    tape[far] = draw(st.one_of(st.integers(0x40, 0x7F), st.integers(0, 255)))
    return bytes(tape)


@st.composite
def reset_tapes(draw: DrawFn) -> bytes:
    """Draw writes to the right half, some of whose bytes are those that reset the left one."""
    writes = st.sampled_from([[0x0C], [INC, DUP, 0x0C], [constant(9), 0x03], [DUP, 0x03], [DEC, 0x0C, 0x0C], [0x0D]])
    pieces = draw(st.lists(st.one_of(writes, forth_commands("forth").map(lambda byte: [byte])), min_size=1, max_size=9))
    program = [byte for piece in pieces for byte in piece]
    tape = bytearray(draw(placed_forth("forthtrivial_reset", [*program, jump(-len(program))])))
    for at in draw(st.lists(st.one_of(st.integers(L, L + 12), st.integers(L, T - 1)), max_size=9)):
        tape[at] = 0x13
    return bytes(tape)


FORTH_COPIERS = ("0C0804812CC4", "0C091F1F04C4", "0C083F1504923FD7", "4040400003080404C4", "0404030208C4", "0D0804C2")


@st.composite
def forth_copiers(draw: DrawFn) -> bytes:
    """Draw a tape of the kind that takes a soup over, a few bytes damaged, some of the food 0x13."""
    code = bytes.fromhex(draw(st.sampled_from(FORTH_COPIERS)))
    fill = draw(st.one_of(st.sampled_from([bytes(L), bytes([0x13]) * L]), st.binary(min_size=L, max_size=L)))
    half = (code + fill)[:L]
    tape = bytearray(half + draw(st.one_of(st.just(half), st.just(fill), st.binary(min_size=L, max_size=L))))
    for position, byte in draw(
        st.lists(st.tuples(st.integers(0, T - 1), st.one_of(st.just(0x13), st.integers(0, 255))), max_size=4)
    ):
        tape[position] = byte
    return bytes(tape)


def adversarial_forth_tapes(language: str) -> SearchStrategy[bytes]:
    """Tapes of a Forth language that were made to be awkward."""
    return st.one_of(
        forth_sums(language),
        moved_forth(language),
        reset_tapes(),
        forth_loops(language),
        brimming_stacks(language),
        forth_jumps(language),
        forth_tests_at_the_end(language),
        forth_writes(language),
        forth_copiers(),
    )


def _instructions(language: str) -> list[int]:
    """Return where instructions stand that follow each other from byte 0."""
    size = 4 if language == "rsubleq4" else 3
    return list(range(0, T - size + 1, size))


@st.composite
def operands(draw: DrawFn, pc: int, size: int) -> int:
    """Draw a place that the instruction at ``pc`` may well stumble over: its own, the next one's, an end."""
    return draw(
        st.one_of(
            st.integers(pc, pc + 2 * size - 1),
            st.sampled_from([0, 1, 2, 3, L - 1, L, T - 4, T - 3, T - 2, T - 1]),
            st.integers(0, T - 1),
        )
    )


@st.composite
def targets(draw: DrawFn, pc: int, size: int) -> int:
    """Draw where the instruction at ``pc`` may jump to: itself, its neighbours, just on or off the ends."""
    return draw(
        st.one_of(
            st.sampled_from(
                [0, pc - size, pc, pc + size, *[T - size] * 4, -1, 1, T - size - 1, T - size + 1, T - 1, T]
            ),
            st.integers(0, T - 1),
        )
    )


@st.composite
def subleq_programs(draw: DrawFn, language: str) -> bytes:
    """Draw a tape of instructions whose operands and branches aim at code, at ends and round them."""
    size = 4 if language == "rsubleq4" else 3
    tape = bytearray(draw(st.one_of(random_tapes(), st.sampled_from([bytes([byte]) * T for byte in (0, 1, 127, 255)]))))
    for pc in _instructions(language)[: draw(st.integers(1, 42))]:
        top = draw(st.sampled_from([0, 0, 128]))  # 128 more is the same place
        if language == "rsubleq4":
            places = [(draw(operands(pc, size)) - pc + top) % 256 for _ in range(3)]
            tape[pc : pc + 4] = bytes([*places, (draw(targets(pc, size)) - pc) % 256])
        else:
            places = [(draw(operands(pc, size)) + top) % 256 for _ in range(2)]
            tape[pc : pc + 3] = bytes([*places, draw(targets(pc, size)) % 256])
    return bytes(tape)


@st.composite
def subleq_counters(draw: DrawFn, language: str) -> bytes:
    """Draw a loop of one or two instructions that count cells down, for very long or without end."""
    tape = bytearray(draw(st.one_of(st.just(bytes(T)), random_tapes())))
    cells = draw(st.lists(st.integers(16, T - 1), min_size=3, max_size=3))
    if language == "rsubleq4":
        tape[:8] = bytes([cells[0], cells[0], cells[1], draw(st.sampled_from([0, 4, 8])), 1, 1, 1, 0])
        tape[4:8] = bytes([cells[2] - 4, cells[2] - 4, cells[1] - 4, draw(st.sampled_from([252, 0, 4, 248]))])
    else:
        tape[:3] = bytes([cells[0], cells[1], draw(st.sampled_from([0, 3, 6]))])
        tape[3:6] = bytes([cells[2], cells[1], draw(st.sampled_from([0, 3, 6, 1]))])
    tape[cells[1]] = draw(st.sampled_from([0, 1, 255, 3, 128]))
    return bytes(tape)


RSUBLEQ4_COPIER = bytes.fromhex("091014040405130400000C04FDFD0904F808F9F400FFFFC0B7")


@st.composite
def subleq_copiers(draw: DrawFn) -> bytes:
    """Draw the paper's rsubleq4 replicator on a tape with any food, a few bytes damaged."""
    half = RSUBLEQ4_COPIER + draw(st.binary(min_size=L - len(RSUBLEQ4_COPIER), max_size=L - len(RSUBLEQ4_COPIER)))
    tape = bytearray(half + draw(st.one_of(st.just(half), st.just(bytes(L)), st.binary(min_size=L, max_size=L))))
    for position, byte in draw(st.lists(st.tuples(st.integers(0, T - 1), st.integers(0, 255)), max_size=3)):
        tape[position] = byte
    return bytes(tape)


def adversarial_subleq_tapes(language: str) -> SearchStrategy[bytes]:
    """Tapes of a subleq language that were made to be awkward."""
    return st.one_of(subleq_programs(language), subleq_programs(language), subleq_counters(language), subleq_copiers())


def adversarial_tapes(language: str) -> SearchStrategy[bytes]:
    """Tapes of every kind above that was made to be awkward in ``language``."""
    if language in DIALECTS:
        return adversarial_bff_tapes(language)
    if language in forth.DIALECTS:
        return adversarial_forth_tapes(language)
    if language in subleq.DIALECTS:
        return adversarial_subleq_tapes(language)
    return random_tapes()


def tapes(language: str) -> SearchStrategy[bytes]:
    """Tapes of every kind."""
    if language in DIALECTS:
        return st.one_of(random_tapes(), dense_tapes(language), sparse_tapes(language), adversarial_tapes(language))
    if language in forth.DIALECTS:
        return st.one_of(random_tapes(), dense_forth_tapes(language), adversarial_tapes(language))
    return st.one_of(random_tapes(), adversarial_tapes(language))


def seeds() -> SearchStrategy[int]:
    """Seeds: the ends of the range, or anything between."""
    return st.one_of(st.sampled_from([0, 1, 2**31, 2**32 - 1, 2**63 - 1, 2**63, 2**64 - 1]), st.integers(0, 2**64 - 1))


LANGUAGES = tuple(sorted(sim.LANGUAGES.keys() & TWINS))
"""Those that have both a kernel and a naive twin."""


@st.composite
def soups(draw: DrawFn, languages: Sequence[str] = LANGUAGES) -> Settings:
    """Draw a small soup: up to 24 programs, any seed and rate, perhaps planted, perhaps zero at first."""
    language = draw(st.sampled_from(list(languages)))
    programs = 2 * draw(st.integers(1, 12))
    mutation = draw(st.one_of(st.sampled_from([0, 1, 2**18, 2**24, 2**28, 2**30]), st.integers(0, 2**30)))
    plants: list[tuple[int, bytes]] = []
    free = 0  # the first cell behind the last plant
    for planted in draw(
        st.lists(st.one_of(st.binary(min_size=1, max_size=90), adversarial_tapes(language)), max_size=3)
    ):
        cell = free + draw(st.integers(0, 80))
        if cell + len(planted) <= programs * L:
            plants.append((cell, planted))
            free = cell + len(planted)
    limit = draw(st.one_of(st.sampled_from([1, 2, 127, 128, 129, 8191, 8192]), st.integers(1, 3000)))
    return Settings(language, programs, draw(seeds()), mutation, limit, draw(st.booleans()), adjacent(plants))


@st.composite
def geometries(draw: DrawFn) -> dict[str, Any]:
    """Draw a geometry with its sizes, as fields of `Settings`."""
    kind = draw(st.sampled_from(["mixed", "fixed", "cyclic", "line", "grid", "graph", "lattice"]))
    if kind == "fixed":
        return {"geometry": kind, "programs": 2 ** draw(st.integers(1, 6))}
    if kind in {"grid", "lattice"}:
        low = 2 if kind == "lattice" else 1
        width, height = draw(st.tuples(st.integers(low, 7), st.integers(low, 7)).filter(lambda s: s[0] * s[1] % 2 == 0))
        radius = {"radius": draw(st.integers(1, 9))} if kind == "grid" else {}
        return {"geometry": kind, "programs": width * height, "width": width, "height": height, **radius}
    programs = 2 * draw(st.integers(1, 24))
    if kind == "line":
        return {"geometry": kind, "programs": programs, "radius": draw(st.integers(1, programs + 2))}
    if kind == "graph":
        one = st.integers(0, programs - 1)
        pairs = draw(st.lists(st.tuples(one, one).filter(lambda p: p[0] != p[1]), min_size=1, max_size=3 * programs))
        return {"geometry": kind, "programs": programs, "interactions": tuple(pairs)}
    return {"geometry": kind, "programs": programs}


@st.composite
def placed_soups(draw: DrawFn) -> Settings:
    """Draw a small soup of any geometry, any seed and rate, perhaps reset now and then."""
    chosen = draw(geometries())
    language = draw(st.sampled_from([*LANGUAGES, "z80", "z80_zff"]))
    mutation = draw(st.one_of(st.sampled_from([0, 2**18, 2**26, 2**30]), st.integers(0, 2**30)))
    reset = 0 if chosen["geometry"] == "lattice" else draw(st.sampled_from([0, 0, 1, 2, 3]))
    common: dict[str, Any] = {"seed": draw(seeds()), "zero": draw(st.booleans()), "reset_interval": reset}
    return Settings(language, mutation=mutation, step_limit=200, **common, **chosen)
