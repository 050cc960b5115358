"""Every language's plain interpreter by its name: a tape of 2L bytes and a step limit in, the outcome out."""

from collections.abc import Callable
from functools import partial

from tests.naive import bff, forth, subleq
from tests.naive.bff import Outcome

TWINS: dict[str, Callable[[bytes, int], Outcome]] = {
    **{name: partial(bff.run, name) for name in bff.DIALECTS},
    **{name: partial(forth.run, name) for name in forth.DIALECTS},
    **{name: partial(subleq.run, name) for name in subleq.DIALECTS},
}


def run(language: str, tape: bytes, limit: int) -> Outcome:
    """Return what becomes of ``tape`` within ``limit`` steps of ``language``."""
    return TWINS[language](tape, limit)
