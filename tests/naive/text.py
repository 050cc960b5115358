"""The text form of programs: semantics section 2, "Text".

In the BFF family op characters, ``0`` for NULL and one glyph for any other byte; elsewhere hex digits.
"""

import string

from tests.naive.bff import DIALECTS

OPS = "[]+-.,<>{}"


def _glyphs() -> list[str]:
    glyphs = [chr(0x100 + b) for b in range(256)]
    glyphs[0xC4 : 0xCC + 1] = "ABCDEFGHI"
    glyphs[0xF1 : 0xF3 + 1] = "JKL"
    return glyphs


GLYPHS = _glyphs()


def parse(language: str, text: str) -> bytes:
    """Return the bytes ``text`` stands for; ValueError for text that stands for none."""
    return _parse_ops(language, text) if language in DIALECTS else _parse_hex(text)


def show(language: str, program: bytes) -> str:
    """Return ``program`` as text."""
    if language not in DIALECTS:
        return program.hex().upper()
    return "".join(DIALECTS[language].commands[b] or GLYPHS[b] for b in program)


def _parse_ops(language: str, text: str) -> bytes:
    parsed = []
    for character in text:
        if character == "0" or character in OPS:
            # Where several bytes are the same command, text means the highest of them; where none is, byte 0.
            commands = DIALECTS[language].commands
            parsed.append(max((b for b in range(256) if commands[b] == character), default=0))
        else:
            parsed.append(GLYPHS.index(character))
    return bytes(parsed)


def _parse_hex(text: str) -> bytes:
    if len(text) % 2:
        raise ValueError("an odd number of hex digits")
    digits = [string.hexdigits.index(digit) for digit in text]  # 0-9, a-f, then A-F
    values = [digit - 6 if digit >= 16 else digit for digit in digits]
    return bytes(16 * high + low for high, low in zip(values[::2], values[1::2], strict=True))
