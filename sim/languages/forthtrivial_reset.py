"""`forthtrivial_reset`: `forthtrivial` whose right half can guard itself: a byte 13 there is not overwritten.

WRITE1 and COPY0 that would overwrite it fill the left half with random bytes instead, drawn from the tape.
Tracing rule: that of the family (`sim.stack_machine`); the 64 bytes of a left half so filled come from nowhere.
"""

from sim.language import Survey
from sim.stack import COMMON, HALVES, by_kind, make_language
from sim.stack_machine import COPY1, RESET_COPY0, RESET_WRITE1

FORTHTRIVIAL_RESET = make_language(
    "forthtrivial_reset",
    COMMON | HALVES | {0x03: RESET_WRITE1, 0x0C: RESET_COPY0, 0x0D: COPY1},
    by_kind,
    summary="`forthtrivial` with a byte that guards the right half",
    survey=Survey(8192, 4096, 8, ()),
)
