"""`bff_selfmove`: seven commands; head1 moves only by copying, and a zero byte is the command `>`.

Byte 4, written `,`, copies from head1 to head0 and moves head1 on. There is no NULL: brackets test for the
value 0, and the text's `0`, `.`, `{` and `}` all mean byte 0.
Tracing rule: that of the family (`sim.heads`).
"""

from sim.heads import COPY10_RIGHT1, KINDS, make_language
from sim.language import Survey

BFF_SELFMOVE = make_language(
    "bff_selfmove",
    {symbol: (byte,) for byte, symbol in enumerate("><+-,[]")},
    heads_on_tape=True,
    kinds=KINDS | {",": COPY10_RIGHT1},
    summary="seven commands: `,` moves head1 on, a zero byte is `>`",
    survey=Survey(8192, 4096, 8, ()),
)
