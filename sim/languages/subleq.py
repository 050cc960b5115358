"""`subleq`: tape[a] -= tape[b], and a jump to c if the result is 0 or from 128 on; absolute addresses.

Tracing rule: the subtraction changes the byte at a in place, which keeps its identity; nothing is copied.
"""

from sim.language import Survey
from sim.subtract import advance_subleq, interpret_subleq, make_language


def _operands(_site: int, place: int, byte: int) -> str:
    return (f"a = {byte % 128}", f"b = {byte % 128}", f"c = {byte}")[place]


SUBLEQ = make_language(
    "subleq",
    interpret_subleq,
    advance_subleq,
    _operands,
    width=3,
    summary="one instruction: subtract, and jump if not positive",
    survey=Survey(8192, 4096, 8, ()),
)
