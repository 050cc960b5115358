"""Tapes of a processor that do nothing but go round, told before they are run.

A third of a Z80 grid's tapes and more neither write to memory nor choose where to go, whatever their registers: a walk
over their opcodes tells it in a tenth of the time that running them takes. Conditions are known as long as flags are
those at the start.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numba.np.numpy_support import carray
from numpy.typing import NDArray

from sim.halves import byte_at, signed_at, word_at
from sim.intrinsics import stack_words
from sim.jit import inlined
from sim.language import LONGEST
from sim.opcodes import Instruction

# A way, what an opcode means to a walk: its bytes (1 to 3), the page of what follows it, and bits.
_LENGTH, _PAGE = 0x03, 0x70
#: It ends the walk: it may store, halt, or choose by what only a run knows.
ENDS = 0x100
#: It sets flags; it asks for them.
SETS, ASKS = 0x200, 0x400
#: It jumps to the word, or by the byte, after its opcode.
JUMPS, TURNS = 0x800, 0x1000


def way(length: int, bits: int = 0, page: int = 0) -> int:
    """Return the way of an opcode with its operands of ``length`` bytes, followed by an opcode of ``page``."""
    return length | page << 4 | bits


def way_if(length: int, taken: int, mask: int, value: int, flags: int) -> int:
    """Return the way of what does ``taken`` where F under ``mask`` is ``value``; ``flags``: F at the start."""
    return way(length, (taken if flags & mask == value else 0) | (ASKS if mask else 0))


def tabulate_ways(
    pages: Sequence[Sequence[Instruction]], way_of: Callable[[int, Instruction], int]
) -> NDArray[np.uint16]:
    """Return the ways of all instructions, by ``page << 8 | opcode``; ``way_of(page, instruction)`` is one's."""
    return np.array([way_of(page, i) for page, instructions in enumerate(pages) for i in instructions], np.uint16)


@inlined
def goes_round(memory: Any, ways: Any) -> Any:
    """Return whether a run that begins at 0 never ends, and never writes to ``memory``.

    ``memory``: uint8[M], M a power of two up to `LONGEST`. If in doubt the answer is no.
    """
    mask = len(memory) - 1
    # Looked up all together: one after another, each would wait for the one before it.
    met_at = carray(stack_words(LONGEST), (LONGEST,))
    for i in range(np.uint64(len(memory))):
        met_at[i] = ways[memory[i]]
    pc = page = seen = np.int64(0)
    # So many instructions, and it has been somewhere twice.
    left = len(memory)
    while left > 0:
        met = met_at[pc & mask]
        if page:
            met = np.int64(ways[page << 4 | byte_at(memory, mask, pc)])
        if met & ENDS:
            return False
        seen |= met
        if met & (JUMPS | TURNS):
            pc = word_at(memory, mask, pc + 1) if met & JUMPS else pc + 2 + signed_at(memory, mask, pc + 1)
        else:
            pc += met & _LENGTH
        page = met & _PAGE
        left -= page == 0
        if (pc & mask) | page == 0:
            break  # back at its start
    return seen & (SETS | ASKS) != SETS | ASKS
