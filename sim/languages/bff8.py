"""`bff8`: BFF whose brackets jump a fixed way: `[` nine bytes on, `]` seven back; heads start as in `bff`.

A `]` that jumps from before byte 8 stops the program.
Tracing rule: that of the family (`sim.heads`).
"""

from sim.heads import BACK8, KINDS, SKIP8, make_language
from sim.language import Demonstration, Survey
from sim.languages.bff_noheads import ASCII

BFF8 = make_language(
    "bff8",
    ASCII,
    heads_on_tape=True,
    kinds=KINDS | {"[": SKIP8, "]": BACK8},
    summary="`bff` whose brackets jump 9 bytes on and 7 back",
    survey=Survey(8192, 4096, 8, (2496,)),
    demonstration=Demonstration({"programs": 8192, "seed": 3}, 3072, 2463),
)
