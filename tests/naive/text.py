"""The text form of programs: op characters, ``0`` for NULL, one glyph for any other byte.

Semantics section 2, "Text".
"""

from tests.naive.bff import DIALECTS

OPS = "[]+-.,<>{}"


def _glyphs() -> list[str]:
    glyphs = [chr(0x100 + b) for b in range(256)]
    glyphs[0xC4 : 0xCC + 1] = "ABCDEFGHI"
    glyphs[0xF1 : 0xF3 + 1] = "JKL"
    return glyphs


GLYPHS = _glyphs()


def parse(language: str, text: str) -> bytes:
    """Return the bytes ``text`` stands for; ValueError for a character that stands for none."""
    parsed = []
    for character in text:
        if character == "0" or character in OPS:
            # Where several bytes are the same command, text means the highest of them.
            commands = DIALECTS[language].commands
            parsed.append(max(b for b in range(256) if commands[b] == character))
        else:
            parsed.append(GLYPHS.index(character))
    return bytes(parsed)


def show(language: str, program: bytes) -> str:
    """Return ``program`` as text."""
    return "".join(DIALECTS[language].commands[b] or GLYPHS[b] for b in program)
