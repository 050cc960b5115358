"""`bff_perm`: the commands are the bytes 1 to 10, in an order of their own, and 0 is NULL.

Tracing rule: that of the family (`sim.heads`).
"""

from sim.heads import make_language
from sim.language import Demonstration, Survey

BFF_PERM = make_language(
    "bff_perm",
    {symbol: (byte,) for byte, symbol in enumerate("0<>{}+-.,[]")},
    heads_on_tape=True,
    summary="`bff` with the bytes 1 to 10 as commands",
    survey=Survey(8192, 4096, 8, (1472,)),
    demonstration=Demonstration({"programs": 8192, "seed": 0}, 2048, 1422),
)
