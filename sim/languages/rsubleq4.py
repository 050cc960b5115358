"""`rsubleq4`: tape[a] = tape[b] - tape[c], and a jump by d if the result is 0 or from 128 on; all relative.

Tracing rule: the byte written at a has the identity of operand b, whatever c is.
"""

from sim.language import Survey
from sim.subtract import advance_rsubleq4, interpret_rsubleq4, make_language


def _operands(site: int, place: int, byte: int) -> str:
    offset = byte - 256 if byte >= 128 else byte
    return (
        f"{'abcd'[place]} = {offset:+d} (at {(site + offset) % 128})"
        if place < 3
        else f"d = {offset:+d} (to {site + offset})"
    )


RSUBLEQ4 = make_language(
    "rsubleq4",
    interpret_rsubleq4,
    advance_rsubleq4,
    _operands,
    width=4,
    summary="the same with relative addresses and four operands",
    survey=Survey(8192, 4096, 8, ()),
)
