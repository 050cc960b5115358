"""`forthtrivial`: the paper's Forth (section 3.1.1): `forth` and two commands that copy between the halves.

Tracing rule: that of the family (`sim.stack_machine`).
"""

from sim.language import Demonstration, Survey
from sim.stack import COMMON, HALVES, by_kind, make_language
from sim.stack_machine import COPY0, COPY1

FORTHTRIVIAL = make_language(
    "forthtrivial",
    COMMON | HALVES | {0x0C: COPY0, 0x0D: COPY1},
    by_kind,
    summary="the paper's Forth: `forth` with copies between the halves",
    survey=Survey(8192, 4096, 8, (64, 896, 1024, 1024, 1472, 1856, 1984, 2176)),
    demonstration=Demonstration({"programs": 8192, "seed": 1}, 512, 36),
)
