"""The log as a walk back needs it: who met whom and by which mechanism, newest epoch first, as fast as it reads.

`History.logs` gives every reaction its mechanism; a walk looks at a few reactions of an epoch. Here
mechanisms stay ids until one is wanted, and are read a row group at a time; where every program reacted the
left programs are not read at all: they are those that are not on the right.
"""

import bisect
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from sim import NOWHERE, MechanismTable
from sim.log import Bytes, Int32, Int64, UInt32
from warehouse.decoding import SegmentReader, open_parquet, reading
from warehouse.errors import StoreFault
from warehouse.reader import History

_THREADS = 2
_AHEAD = 4  # row groups


class Mechanisms:
    """The mechanisms of a segment, of which only the row groups asked for are read, and kept."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._groups: dict[int, tuple[Int64, Int32, tuple[Int32, ...]]] = {}

    def chosen(self, ids: Int64) -> MechanismTable:
        """Return the mechanisms with these ids (int64, ascending, each once); `StoreFault` if one is missing."""
        lists = [self._list_of(number) for number in ids.tolist()]
        starts = np.cumsum([0, *map(len, lists)])
        return MechanismTable(ids, starts, np.concatenate([np.empty(0, np.uint32), *lists]))

    @cached_property
    def targets(self) -> tuple[Int64, Int32, Int32]:
        """What each of all mechanisms writes to: ids (ascending), where each one's targets start, and targets.

        A third of what they hold: enough to know which ones a walk need not look at.
        """
        with reading(self._path):
            file = open_parquet(self._path)  # not the one that others read from: this may be a thread of its own
            groups = list(range(file.metadata.num_row_groups))
            columns = ["mechanism", "writes.list.element.target"]
            rows = file.read_row_groups(groups, columns=columns, use_threads=False).combine_chunks()
            lists = rows["writes"].combine_chunks()
            return rows["mechanism"].to_numpy(), lists.offsets.to_numpy(), lists.values.field("target").to_numpy()

    @cached_property
    def _file(self) -> Any:
        return open_parquet(self._path)

    @cached_property
    def _firsts(self) -> list[int]:
        """The smallest id of each row group; ids ascend."""
        with reading(self._path):
            metadata = self._file.metadata
            column = metadata.schema.names.index("mechanism")
            groups = map(metadata.row_group, range(metadata.num_row_groups))
            return [group.column(column).statistics.min for group in groups]

    def _list_of(self, number: int) -> UInt32:
        ids, starts, columns = self._group(max(bisect.bisect_right(self._firsts, number) - 1, 0))
        place = int(np.searchsorted(ids, number))
        if place == len(ids) or ids[place] != number:
            raise StoreFault(f"damaged file {self._path}: a mechanism of the reactions is missing")
        target, source, delta = (column[starts[place] : starts[place + 1]].astype(np.uint32) for column in columns)
        return target << np.uint32(16) | source << np.uint32(8) | delta

    def _group(self, group: int) -> tuple[Int64, Int32, tuple[Int32, ...]]:
        """Return a row group: ids, where each list starts, and targets, sources and deltas of all its writes."""
        if group not in self._groups:
            with reading(self._path):
                rows = self._file.read_row_group(group, use_threads=False)
                [lists] = rows["writes"].chunks
                target, source, delta = (lists.values.field(name) for name in ("target", "source", "delta"))
                if source.null_count:
                    source = source.fill_null(NOWHERE)
                columns = target.to_numpy(), source.to_numpy(), delta.to_numpy()
                self._groups[group] = rows["mechanism"].to_numpy(), lists.offsets.to_numpy(), columns
        return self._groups[group]


@dataclass(frozen=True)
class Edges:
    """One epoch's events; `epoch` is the n of the state it makes.

    Reactions by ascending left program: `left` and `right` (int32[R]; `left` is empty where every program
    reacted) and `mechanism` (int64[R], ids), whose lists `mechanisms` finds. Mutations by ascending cell:
    `mutated_cells` (int32[M]) and `mutated_chars` (uint8[M]). `reset_chars`: what a reset before them wrote
    to the first cells, empty if there was none.
    """

    epoch: int
    left: Int32
    right: Int32
    mechanism: Int64
    mechanisms: "Mechanisms"
    mutated_cells: Int32
    mutated_chars: Bytes
    reset_chars: Bytes


def edges_back(history: History, epoch: int, *, ahead: bool = False) -> Iterator[Edges]:
    """Yield the edges of epochs ``epoch``, ``epoch`` - 1, ... to the run's first.

    Raises `StoreFault` naming a damaged file, `ThinnedError` when it comes to an epoch whose log was thinned away.
    ``ahead``: read the targets of all mechanisms, in threads ahead of their use: most will be asked for.
    """
    oldest = history.kept.first_log(epoch) if epoch > history.first else history.first + 1
    if oldest <= epoch:
        yield from _stored_edges(history, oldest, epoch, ahead=ahead)
    if oldest > history.first + 1:
        raise history.kept.lacking_log(oldest - 1)


def _stored_edges(history: History, oldest: int, epoch: int, *, ahead: bool) -> Iterator[Edges]:
    """Yield the edges of epochs ``epoch`` to ``oldest``, which are all there."""
    segments = [segment for segment in reversed(history.segments) if oldest <= segment.stop and segment.start < epoch]
    with ThreadPoolExecutor(_THREADS, "edges") as pool:
        coming: deque[Future[list[Edges]]] = deque()
        readers = [SegmentReader(segment, history.config) for segment in segments]
        tables = [Mechanisms(reader.segment.file("mechanisms")) for reader in readers]

        def prepare(number: int) -> Future[None] | None:
            return (
                pool.submit(_prepare, readers[number], tables[number], ahead=ahead) if number < len(readers) else None
            )

        try:
            prepared = prepare(0)
            for number, reader in enumerate(readers):
                assert prepared is not None
                prepared.result()
                prepared = prepare(number + 1)
                for group in reversed(reader.groups_of(oldest, epoch)):
                    coming.append(pool.submit(_group, reader, group, history.config.programs, tables[number]))
                    if len(coming) > _AHEAD:
                        yield from (edges for edges in coming.popleft().result() if oldest <= edges.epoch <= epoch)
                # lets go of what was read
                readers[number] = SegmentReader(reader.segment, history.config)
                tables[number] = Mechanisms(reader.segment.file("mechanisms"))
            while coming:
                yield from (edges for edges in coming.popleft().result() if oldest <= edges.epoch <= epoch)
        finally:
            for future in coming:
                future.cancel()


def initial_chars(history: History, cells: Sequence[int]) -> list[int]:
    """Return the chars of some cells of the run's first state, reading no more of it than needed."""
    path = history.segment_of(history.first).file("keyframes")
    with reading(path):
        file = open_parquet(path)
        names = file.metadata.schema.names
        epoch, cell = names.index("epoch"), names.index("cell")
        groups = [file.metadata.row_group(number) for number in range(file.metadata.num_row_groups)]
        firsts = [g.column(cell).statistics.min for g in groups if g.column(epoch).statistics.max == history.first]
        chars: dict[int, int] = {}
        wanted = sorted(set(cells))
        for group in sorted({bisect.bisect_right(firsts, place) - 1 for place in wanted}):
            found = file.read_row_group(group, columns=["char"], use_threads=False)["char"].to_numpy()
            here = (place for place in wanted if 0 <= place - firsts[group] < len(found))
            chars |= {place: int(found[place - firsts[group]]) for place in here}
        return [chars[place] for place in cells]


def _prepare(reader: SegmentReader, mechanisms: Mechanisms, *, ahead: bool) -> None:
    """Read what all epochs of a segment share."""
    _ = reader.counts, reader.mutations, reader.groups
    if ahead:
        _ = mechanisms.targets


def _group(reader: SegmentReader, group: int, programs: int, mechanisms: Mechanisms) -> list[Edges]:
    """Return the epochs of one row group, newest first."""
    first, last = reader.groups[group]
    counts = reader.stored["reactions"][first - reader.segment.start - 1 : last - reader.segment.start]
    whole = bool(np.all(2 * counts == programs))
    names = ["right_program", "mechanism"] if whole else ["left_program", "right_program", "mechanism"]
    path = reader.segment.file("reactions")
    with reading(path):
        rows = open_parquet(path).read_row_group(group, columns=names, use_threads=False)
        columns: dict[str, Any] = {name: rows[name].to_numpy() for name in names}
        if len(rows) != counts.sum():
            raise ValueError(f"row group {group} has {len(rows)} rows, the epochs counted {counts.sum()}")
    cells, chars, starts = reader.mutations
    ends = np.cumsum(counts)
    found = []
    for number, end in reversed(list(enumerate(ends))):
        here, k = slice(end - counts[number], end), first + number - reader.segment.start - 1
        mutated = slice(int(starts[k]), int(starts[k + 1]))
        left = np.empty(0, np.int32) if whole else columns["left_program"][here]
        right, mechanism = columns["right_program"][here], columns["mechanism"][here]
        reset = reader.reset(first + number)
        anew = reset.chars if reset else np.empty(0, np.uint8)
        found.append(Edges(first + number, left, right, mechanism, mechanisms, cells[mutated], chars[mutated], anew))
    return found
