"""Hypothesis strategies shared by the tests: tapes, step limits, small soups.

Tapes come as 128 bytes. The adversarial ones aim at what makes an interpreter fast and wrong: nested
loops, loops that rewrite themselves, brackets made and unmade by copies, heads that wrap, cycles of
long period, programs that end just at the limit.
"""

from collections.abc import Sequence

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from tests.naive.bff import DIALECTS, L, T
from tests.naive.soup import Settings, adjacent

COMMANDS = "<>{}+-.,[]"
LIMITS = (1, 2, 3, 63, 64, 127, 128, 129, 130, 255, 256, 1000, 4096, 8191, 8192, 8193, 32768)


def codes(language: str) -> dict[str, list[int]]:
    """Return the bytes of each command of ``language``, of ``"0"`` (NULL) and of ``""`` (no-op)."""
    found: dict[str, list[int]] = {}
    for byte, command in enumerate(DIALECTS[language].commands):
        found.setdefault(command, []).append(byte)
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


def adversarial_tapes(language: str) -> SearchStrategy[bytes]:
    """Tapes of every kind above that was made to be awkward."""
    return st.one_of(
        nested_tapes(language),
        rewriting_tapes(language),
        bracket_tapes(language),
        wrapping_tapes(language),
        cycling_tapes(language),
        copier_tapes(language),
    )


def tapes(language: str) -> SearchStrategy[bytes]:
    """Tapes of every kind."""
    return st.one_of(random_tapes(), dense_tapes(language), sparse_tapes(language), adversarial_tapes(language))


def seeds() -> SearchStrategy[int]:
    """Seeds: the ends of the range, or anything between."""
    return st.one_of(st.sampled_from([0, 1, 2**31, 2**32 - 1, 2**63 - 1, 2**63, 2**64 - 1]), st.integers(0, 2**64 - 1))


@st.composite
def soups(draw: DrawFn, languages: Sequence[str] = tuple(DIALECTS)) -> Settings:
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
