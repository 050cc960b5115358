"""`bff_perm`: the commands are the bytes 1 to 10, in an order of their own, and 0 is NULL.

Tracing rule: that of the family (`sim.heads`).
"""

from sim.heads import make_language

BFF_PERM = make_language(
    "bff_perm",
    {symbol: (byte,) for byte, symbol in enumerate("0<>{}+-.,[]")},
    heads_on_tape=True,
    summary="`bff` with the bytes 1 to 10 as commands",
)
