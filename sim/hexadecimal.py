"""The text form of the languages whose bytes have no symbols: two hexadecimal digits a byte, nothing between.

Semantics.md section 2, "Text".
"""

from sim.errors import InputError

DIGITS = "0123456789ABCDEF"


def format_hex(program: bytes) -> str:
    """Print bytes as the reference does: two capital digits each."""
    return program.hex().upper()


def parse_hex(name: str, text: str) -> bytes:
    """Read digits of either case; ``name`` is the language's, for messages.

    Raises `InputError` at the first character that is no digit, and for an odd number of digits (the
    reference exits at both).
    """
    for place, character in enumerate(text):
        if character not in DIGITS and character not in DIGITS.lower():
            raise InputError(
                f"{name} text: character {character!r} at position {place} is no hexadecimal digit; "
                "write two digits a byte and nothing between"
            )
    if len(text) % 2:
        raise InputError(f"{name} text: {len(text)} hex digits, an odd number; each byte needs two")
    return bytes.fromhex(text)
