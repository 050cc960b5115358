"""`forthcopy`: one address for both halves, a command that copies, and one that changes an address's half.

Tracing rule: that of the family (`sim.stack_machine`); the exclusive-or with 64 keeps a byte's identity.
"""

from sim.language import Survey
from sim.stack import COMMON, blended, make_language
from sim.stack_machine import COPY, READ, WRITE, XOR64

FORTHCOPY = make_language(
    "forthcopy",
    COMMON | {0x00: READ, 0x01: WRITE, 0x02: COPY, 0x03: XOR64},
    blended,
    summary="Forth with one address for both halves, and a copy",
    survey=Survey(8192, 4096, 8, ()),
)
