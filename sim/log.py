"""What an epoch leaves behind: its events, and the tokens of a state."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CELL_BITS = 28
CHAR_BITS = 8

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]
UInt32 = NDArray[np.uint32]
Bytes = NDArray[np.uint8]


@dataclass(eq=False)
class Tokens:
    """The tokens of one state, by cell.

    `origins` (int64[cells]) is ``epoch born << 28 | cell born``, `chars` (uint8[cells]) the bytes
    themselves. The token, as everywhere outside, is ``origin << 8 | char``.
    """

    origins: Int64
    chars: Bytes

    def packed(self) -> Int64:
        """Return the tokens as int64[cells]."""
        return (self.origins << CHAR_BITS) | self.chars


@dataclass(eq=False)
class MechanismTable:
    """The mechanisms that a stretch of epochs used, each once; grows at its end only.

    `ids` (int64[K]) are their lasting names. Mechanism k is ``writes[starts[k]:starts[k + 1]]``
    (uint32, ascending): each ``target << 16 | source << 8 | delta``, source 255 for a byte born from
    nowhere. Mechanism 0 is the empty one, its id 0. The order of the others depends on thread timing.
    """

    ids: Int64
    starts: Int64
    writes: UInt32

    def __len__(self) -> int:
        return len(self.ids)

    def list_of(self, index: int) -> UInt32:
        """Return the writes of mechanism ``index``."""
        return self.writes[self.starts[index] : self.starts[index + 1]]


@dataclass(eq=False)
class Reset:
    """A reset with which an epoch begins: its number, from 1, and the bytes of the first cells (uint8)."""

    index: int
    chars: Bytes


@dataclass(eq=False)
class EpochLog:
    """One epoch's events; `epoch` is the n of the state it makes.

    Reactions, by ascending left program (int32[R]): `left`, `right`, `mechanism` (index into
    `mechanisms`), `steps`, `operations`; the last two are None where a reader left them out. Mutations, by
    ascending cell: `mutated_cells` (int32[M]), `mutated_chars` (uint8[M]). `changed_cells` is the number
    of cells that the reactions changed, `unique_origins` the distinct origins in state n; -1 if unknown.
    `mutations_after`: mutations came after the reactions. `reset`: the reset before both, if there was one.
    `generator`: the state (uint64) of a lattice's generator after the epoch.
    """

    epoch: int
    left: Int32
    right: Int32
    mechanism: Int32
    mechanisms: MechanismTable
    mutated_cells: Int32
    mutated_chars: Bytes
    steps: Int32 | None = None
    operations: Int32 | None = None
    changed_cells: int = -1
    unique_origins: int = -1
    mutations_after: bool = False
    reset: Reset | None = None
    generator: int | None = None

    @property
    def reactions(self) -> int:
        """How many tapes were executed."""
        return len(self.left)

    @property
    def empty_reactions(self) -> int:
        """How many executions changed no cell."""
        return int(np.count_nonzero(self.mechanism == 0))

    @property
    def mutations(self) -> int:
        """How many cells mutated, including those whose byte stayed equal."""
        return len(self.mutated_cells)

    @property
    def total_steps(self) -> int:
        """Steps of all reactions."""
        return _total(self.steps)

    @property
    def total_operations(self) -> int:
        """Operations of all reactions."""
        return _total(self.operations)


def _total(column: Int32 | None) -> int:
    if column is None:
        raise ValueError("this log was read without its costs")
    return int(column.sum(dtype=np.int64))
