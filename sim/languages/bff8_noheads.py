"""`bff8_noheads`: `bff8` with both heads at 0 and execution from byte 0.

Tracing rule: that of the family (`sim.heads`).
"""

from sim.heads import BACK8, KINDS, SKIP8, make_language
from sim.language import Survey
from sim.languages.bff_noheads import ASCII

BFF8_NOHEADS = make_language(
    "bff8_noheads",
    ASCII,
    heads_on_tape=False,
    kinds=KINDS | {"[": SKIP8, "]": BACK8},
    summary="`bff8` with both heads at 0",
    survey=Survey(8192, 4096, 8, ()),
)
