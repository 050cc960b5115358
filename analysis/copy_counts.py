"""What the reactions of one epoch copied: how much, how far on the tape, which way round."""

from typing import NamedTuple

import numpy as np

from sim import NOWHERE, EpochLog
from sim.jit import kernel
from sim.log import Bytes, Int32, Int64, UInt32
from warehouse.reader import read_only

_COPIED, _INCREMENTED, _BORN, _RIGHT, _LEFT, _DISTANCE, _FORWARD, _REVERSED, _ZEROS, _LOST = range(10)


class Copying(NamedTuple):
    """Counts of one epoch, in cells; `changed_cells` of `epochs` is the sum of the first three.

    - `copied`, `incremented`, `born`: changed cells of each kind of the relation `copies`
    - `to_right`, `to_left`: copied from the left program to the right one, and back; the other copies stayed
      within a program
    - `distance`: sum of |target - source| on the tape over the copied
    - `forward`, `reversed`: copied next to a copied one, the source one further on (one further back) than
      that of the cell before it on the tape
    - `zeros`: copied and 0 in the state that the epoch made
    - `mutations_kept`: mutated, and neither copied over nor born anew in the same epoch
    """

    copied: int
    incremented: int
    born: int
    to_right: int
    to_left: int
    distance: int
    forward: int
    reversed: int
    zeros: int
    mutations_kept: int


def copying_of(log: EpochLog, chars: Bytes, length: int) -> Copying:
    """Return what an epoch's reactions copied.

    ``chars`` (uint8[cells]) is the state that ``log`` made, of programs of ``length`` bytes.
    """
    mutated = np.zeros(len(chars), np.uint8)
    if not log.mutations_after:
        mutated[log.mutated_cells] = 1
    table = log.mechanisms
    columns = (log.left, log.right, log.mechanism, table.starts, table.writes, chars)
    left, right, mechanism, starts, writes, state = (read_only(column) for column in columns)
    counts = _count(left, right, mechanism, starts, writes, state, mutated, length)
    return Copying._make([*counts[:_LOST].tolist(), log.mutations - int(counts[_LOST])])


@kernel
def _count(
    left: Int32,
    right: Int32,
    mechanism: Int32,
    starts: Int64,
    writes: UInt32,
    chars: Bytes,
    mutated: Bytes,
    length: int,
) -> Int64:
    """Return the counts by the names above (int64[10]); ``mutated`` loses the marks of cells written over."""
    counts = np.zeros(10, np.int64)
    for row in range(len(left)):
        number = mechanism[row]
        target_before, source_before = np.int64(-2), np.int64(-2)
        for i in range(starts[number], starts[number + 1]):
            target = np.int64(writes[i] >> 16)
            source = np.int64((writes[i] >> 8) & 255)
            if source == target:
                counts[_INCREMENTED] += 1
                continue
            program = left[row] if target < length else right[row]
            cell = np.int64(program) * length + target % length
            counts[_LOST] += mutated[cell]
            mutated[cell] = 0
            if source == NOWHERE:
                counts[_BORN] += 1
                continue
            counts[_COPIED] += 1
            counts[_RIGHT] += source < length <= target
            counts[_LEFT] += target < length <= source
            counts[_DISTANCE] += abs(target - source)
            counts[_ZEROS] += chars[cell] == 0
            if target == target_before + 1:
                counts[_FORWARD] += source == source_before + 1
                counts[_REVERSED] += source == source_before - 1
            target_before, source_before = target, source
    return counts
