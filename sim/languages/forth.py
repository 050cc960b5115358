"""`forth`: reads and writes through the stack, each half by its own address; no command copies.

Tracing rule: that of the family (`sim.stack_machine`): a byte read and written keeps its identity.
"""

from sim.language import Survey
from sim.stack import COMMON, HALVES, blended, make_language

FORTH = make_language(
    "forth",
    COMMON | HALVES,
    blended,
    summary="a stack machine that reads and writes both halves",
    survey=Survey(8192, 4096, 8, ()),
)
