"""How Z80 instructions are written, and the colours of their first bytes."""

from sim.opcodes import SIZES, following, spell
from sim.processors import ARITHMETIC, EXCHANGE, IDLE, JUMP, LOAD, PORT, PREFIX, STACK, Colour
from sim.z80_opcodes import AFTER_DD, AFTER_DD_CB, MAIN, PAGES, Kind

_FAMILIES: dict[Colour, str] = {
    LOAD: "LD",
    STACK: "PUSH POP",
    EXCHANGE: "EX EXX",
    JUMP: "JP JR DJNZ CALL RET RST HALT",
    PORT: "IN OUT DI EI",
    PREFIX: "CB DD ED FD",
    IDLE: "NOP",
}
_COLOURS = {word: colour for colour, words in _FAMILIES.items() for word in words.split()}


def colour(byte: int) -> Colour:
    """Return the colour of a byte by what it does as an opcode without prefix."""
    return _COLOURS.get(PAGES[MAIN][byte].text.split()[0], ARITHMETIC)


def instruction(content: bytes, at: int, *, published: bool) -> tuple[str, int]:
    """Return the text and the length of the instruction at ``content[at]``, cut short where ``content`` ends.

    Of several index prefixes the last counts, but to the published core two of them are an instruction.
    """
    page, place, index, text = MAIN, at, "IX", ""
    while place < len(content) and page != AFTER_DD_CB:
        kind, a, _, text = PAGES[page][content[place]]
        place += 1
        if kind == Kind.INDEX_PREFIX:
            if published and page != MAIN:
                return "NOP", place - at
            index = "IX" if a == AFTER_DD else "IY"
        elif kind not in {Kind.ED_PREFIX, Kind.CB_PREFIX}:
            length = place - at + sum(SIZES[letter] for letter in following(text))
            return spell(text, content, place, at), min(length, len(content) - at)
        page = a
    if page == AFTER_DD_CB and place + 1 < len(content):
        # The displacement stands before the opcode.
        text = PAGES[page][content[place + 1]].text.replace("IX", index)
        return spell(text, content, place, at), place + 2 - at
    return text, len(content) - at
