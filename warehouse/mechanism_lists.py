"""The mechanisms of a segment as arrays, and what reactions wrote looked up in them."""

from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sim import MechanismTable
from warehouse.decoding import read_mechanisms
from warehouse.errors import StoreFault
from warehouse.schema import WRITE
from warehouse.snapshot import Snapshot
from warehouse.store import Span

_NOWHERE = 255
_KEPT = 4  # segments


class MechanismLists:
    """The mechanisms of the segments last asked for."""

    def __init__(self) -> None:
        self._tables: OrderedDict[Path, MechanismTable] = OrderedDict()

    def of(self, snapshot: Snapshot, runs: NDArray[Any], epochs: NDArray[Any], ids: NDArray[Any]) -> pa.Array:
        """Return for each reaction (run, epoch, mechanism id) the list of its writes."""
        sizes = np.zeros(len(ids), np.int64)
        pieces: list[tuple[NDArray[Any], MechanismTable, NDArray[Any]]] = []
        for segment, rows in _by_segment(snapshot, runs, epochs).items():
            table = self._table(segment)
            place = np.minimum(np.searchsorted(table.ids, ids[rows]), len(table) - 1)
            if np.any(table.ids[place] != ids[rows]):
                raise StoreFault(
                    f"damaged file {segment.file('mechanisms')}: it lacks a mechanism that the segment's reactions name"
                )
            sizes[rows] = table.starts[place + 1] - table.starts[place]
            pieces.append((rows, table, place))
        offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])
        packed = np.empty(offsets[-1], np.uint32)
        for rows, table, place in pieces:
            _gather(packed, offsets[rows], table, place)
        return _lists(packed, offsets)

    def _table(self, segment: Span) -> MechanismTable:
        if segment.path not in self._tables:
            self._tables[segment.path] = MechanismTable(*read_mechanisms(segment))
            while len(self._tables) > _KEPT:
                self._tables.popitem(last=False)
        self._tables.move_to_end(segment.path)
        return self._tables[segment.path]


def _by_segment(snapshot: Snapshot, runs: NDArray[Any], epochs: NDArray[Any]) -> dict[Span, NDArray[Any]]:
    """Return which rows belong to which segment."""
    found: dict[Span, NDArray[Any]] = {}
    for run in np.unique(runs):
        of_run = np.flatnonzero(runs == run)
        segments = snapshot.files[run].segments
        number = np.searchsorted([span.stop for span in segments], epochs[of_run])
        for at in np.unique(number):
            found[segments[at]] = of_run[number == at]
    return found


def _gather(packed: NDArray[Any], to: NDArray[Any], table: MechanismTable, place: NDArray[Any]) -> None:
    """Copy the writes of the mechanisms at ``place`` to ``packed``, each list from its place in ``to`` on."""
    sizes = table.starts[place + 1] - table.starts[place]
    within = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    packed[np.repeat(to, sizes) + within] = table.writes[np.repeat(table.starts[place], sizes) + within]


def _lists(packed: NDArray[Any], offsets: NDArray[Any]) -> pa.Array:
    source = ((packed >> np.uint32(8)) & np.uint32(255)).astype(np.int32)
    fields = [
        pa.array((packed >> np.uint32(16)).astype(np.int32)),
        pa.array(source, mask=source == _NOWHERE),
        pa.array((packed & np.uint32(255)).astype(np.int32)),
    ]
    return pa.ListArray.from_arrays(offsets.astype(np.int32), pa.StructArray.from_arrays(fields, fields=list(WRITE)))
