"""From a segment's files back to arrays: the counterpart of `encoding`, checked while it reads."""

import contextlib
import json
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sim import NOWHERE, EpochLog, MechanismTable, SoupConfig, Tokens
from sim.initial import reset_chars
from sim.intrinsics import prefetch
from sim.jit import kernel
from sim.log import CELL_BITS, Bytes, Int64, Reset, UInt32
from warehouse.errors import StoreFault
from warehouse.mirrors import fetched
from warehouse.store import Span

_COSTS = ("steps", "operations")
_THREADS = 2
_PARTS = 8  # in which a file of mechanisms is read: more than threads, for one is quicker than another
_AHEAD = 12  # look-ups


@contextlib.contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn whatever goes wrong with a file's content into a `StoreFault` that names it."""
    try:
        yield
    except FileNotFoundError as error:
        raise StoreFault(f"missing file {path}") from error
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
        raise StoreFault(f"damaged file {path}: {' '.join(str(error).split())}") from error


def open_parquet(path: Path) -> pq.ParquetFile:
    """Open a Parquet file whose pages are checked against their checksums as they are read."""
    return pq.ParquetFile(fetched(path), memory_map=False, page_checksum_verification=True)


def read_manifest(segment: Span) -> dict[str, Any]:
    """Return a segment's manifest; `StoreFault` naming it if it is missing or damaged."""
    path = segment.path / "manifest.json"
    with reading(path):
        manifest: dict[str, Any] = json.loads(fetched(path).read_text())
        if (manifest["start"], manifest["stop"]) != (segment.start, segment.stop):
            raise ValueError(f"it is of the segment {manifest['start']}-{manifest['stop']}")
        return manifest


def read_whole(segment: Span, relation: str) -> pa.Table:
    """Return all rows of one of a segment's smaller files, compared with its checksum first.

    The large ones are read in parts, each page checked against its own checksum.
    """
    content = _checked(segment, relation)
    with reading(segment.file(relation)):
        return pq.ParquetFile(pa.BufferReader(content)).read(use_threads=False)


def _checked(segment: Span, relation: str) -> pa.Buffer:
    """Return a file's bytes, compared with its checksum."""
    path = segment.file(relation)
    facts = read_manifest(segment)["files"]
    with reading(path):
        content = fetched(path).read_bytes()
        if zlib.crc32(content) != facts[path.name]["crc32"]:
            raise ValueError("its checksum is not that of its manifest")
        return pa.py_buffer(content)


def read_mechanisms(segment: Span) -> tuple[Int64, Int64, UInt32]:
    """Return the mechanisms of a segment by ascending id: ids, starts and writes, as `sim.MechanismTable` has them.

    In threads: where programs compute there are millions, and whoever replays waits for them.
    """
    content = _checked(segment, "mechanisms")
    with reading(segment.file("mechanisms")), ThreadPoolExecutor(_THREADS, "mechanisms") as pool:
        groups = np.arange(pq.ParquetFile(pa.BufferReader(content)).num_row_groups)
        parts = np.array_split(groups, max(1, min(_PARTS, len(groups))))
        found = list(pool.map(lambda part: _mechanisms_of(content, part.tolist()), parts))
        ids, sizes, writes = (np.concatenate(arrays) for arrays in zip(*found, strict=True))
        return ids, np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)]), writes


def _mechanisms_of(content: pa.Buffer, groups: list[int]) -> tuple[Int64, Int64, UInt32]:
    """Return the mechanisms of some row groups: ids, sizes of their lists, and writes."""
    rows = pq.ParquetFile(pa.BufferReader(content)).read_row_groups(groups, use_threads=False)
    ids, sizes, writes = rows["mechanism"].to_numpy(), [], []
    for lists in rows["writes"].chunks:
        structs = lists.flatten()
        target, source, delta = (structs.field(name) for name in ("target", "source", "delta"))
        packed = np.empty(len(structs), np.uint32)
        _pack(target.to_numpy(), source.fill_null(NOWHERE).to_numpy(), delta.to_numpy(), packed)
        sizes.append(np.diff(lists.offsets.to_numpy()).astype(np.int64))
        writes.append(packed)
    return ids, _joint(sizes, np.int64), _joint(writes, np.uint32)


def _joint(arrays: Sequence[Any], kind: Any) -> Any:
    return np.concatenate([np.empty(0, kind), *arrays])


@kernel
def _pack(target: Any, source: Any, delta: Any, writes: Any) -> None:
    for i in range(len(writes)):
        writes[i] = target[i] << 16 | source[i] << 8 | delta[i]


@kernel
def _hashed(ids: Any, slots: Any) -> None:
    """Fill an open-addressing hash table (size a power of two) with the places of ``ids``; they are random already."""
    mask = len(slots) - 1
    for place in range(len(ids)):
        slot = ids[place] & mask
        while slots[slot] >= 0:
            slot = (slot + 1) & mask
        slots[slot] = place


@kernel
def _places(wanted: Any, ids: Any, slots: Any, places: Any) -> int:
    """Find each of ``wanted`` in the table; return how many are not there."""
    mask = len(slots) - 1
    missing = 0
    for i in range(len(wanted)):
        # Slots and ids lie anywhere in tens of megabytes: both are asked for in good time.
        if i + 2 * _AHEAD < len(wanted):
            prefetch(slots, wanted[i + 2 * _AHEAD] & mask)
        if i + _AHEAD < len(wanted):
            prefetch(ids, np.int64(max(slots[wanted[i + _AHEAD] & mask], 0)))
        slot = wanted[i] & mask
        while slots[slot] >= 0 and ids[slots[slot]] != wanted[i]:
            slot = (slot + 1) & mask
        places[i] = slots[slot]
        if slots[slot] < 0:
            missing += 1
    return missing


@kernel
def _joined(born_epoch: Any, born_relative: Any, char: Any, first: int, origins: Any, chars: Any) -> None:
    """Put columns of a keyframe together again, for the cells ``first`` and on."""
    for i in range(len(char)):
        origins[i] = np.int64(born_epoch[i]) << CELL_BITS | np.int64(born_relative[i] + first + i)
        chars[i] = char[i]


class SegmentReader:
    """One segment's events and keyframes as arrays. Its methods may be called from several threads.

    What all its epochs share (counts, mechanisms, mutations) is read when first needed and kept.
    """

    def __init__(self, segment: Span, config: SoupConfig) -> None:
        self.segment = segment
        self._config = config

    @cached_property
    def counts(self) -> dict[str, Int64]:
        """The relation `epochs` of the segment: an array (int64) a column, the run's first state left out."""
        path = self.segment.file("epochs")
        rows = read_whole(self.segment, "epochs")
        with reading(path):
            counts = {name: rows[name].to_numpy().astype(np.int64) for name in rows.column_names}
            counts = {name: column[counts["epoch"] > self.segment.start] for name, column in counts.items()}
            if not np.array_equal(counts["epoch"], np.arange(self.segment.start + 1, self.segment.stop + 1)):
                raise ValueError("its epochs are not those of the segment")
            return counts

    @cached_property
    def stored(self) -> dict[str, Int64]:
        """`counts` of the epochs whose logs are there, 0 for those that were thinned away."""
        stretches = read_manifest(self.segment).get("logs")
        if stretches is None:
            return self.counts
        there = np.zeros(self.segment.epochs, np.bool_)
        for first, last in stretches:
            there[first - self.segment.start - 1 : last - self.segment.start] = True
        return {name: column * there for name, column in self.counts.items()}

    @cached_property
    def mechanisms(self) -> MechanismTable:
        """The segment's mechanisms, the empty one first even if no reaction was empty."""
        ids, starts, writes = read_mechanisms(self.segment)
        if len(ids) == 0 or ids[0] != 0:
            ids, starts = np.concatenate([np.zeros(1, np.int64), ids]), np.concatenate([np.zeros(1, np.int64), starts])
        return MechanismTable(ids, starts, writes)

    @cached_property
    def _slots(self) -> Any:
        ids = self.mechanisms.ids
        slots = np.full(1 << (2 * len(ids)).bit_length(), -1, np.int32)
        _hashed(ids, slots)
        return slots

    @cached_property
    def mutations(self) -> tuple[Any, Any, Any]:
        """Cells and chars of all mutations of the segment, and where each epoch's begin."""
        path = self.segment.file("mutations")
        rows = read_whole(self.segment, "mutations")
        with reading(path):
            program, site, char = (rows[name].to_numpy() for name in ("program", "site", "char"))
            starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(self.stored["mutations"])])
            if starts[-1] != len(char):
                raise ValueError(f"it has {len(char)} rows, the epochs counted {starts[-1]}")
            return program * np.int32(self._config.program_length) + site, char.astype(np.uint8), starts

    @cached_property
    def groups(self) -> list[tuple[int, int]]:
        """The first and last epoch of each row group of `reactions`; one of all epochs if there are no rows."""
        path = self.segment.file("reactions")
        with reading(path):
            metadata = open_parquet(path).metadata
            sizes = [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)]
            ends = np.cumsum(self.stored["reactions"])
            bounds = np.searchsorted(ends, np.cumsum(sizes))
            if metadata.num_rows != (ends[-1] if len(ends) else 0) or not np.array_equal(
                ends[bounds], np.cumsum(sizes)
            ):
                raise ValueError(f"it has {metadata.num_rows} rows, the epochs counted otherwise")
            # epochs without reactions go with the row group that follows, the last ones with the last
            lasts = [*(self.segment.start + 1 + int(bound) for bound in bounds[:-1]), self.segment.stop]
            return list(zip([self.segment.start + 1, *(last + 1 for last in lasts)], lasts, strict=False))

    def prepare(self) -> "SegmentReader":
        """Read what all epochs share."""
        _ = self.counts, self._slots, self.mutations, self.groups
        return self

    def logs(self, group: int, *, with_costs: bool) -> list[EpochLog]:
        """Return the epochs of one row group, ascending; steps and operations only if asked for."""
        path = self.segment.file("reactions")
        names = ["left_program", "right_program", "mechanism", *(_COSTS if with_costs else ())]
        table, (cells, chars, starts) = self.mechanisms, self.mutations
        with reading(path):
            file = open_parquet(path)
            present = [group] if file.metadata.num_row_groups else []
            rows = file.read_row_groups(present, columns=names, use_threads=False)
            columns = {name: rows[name].to_numpy() for name in names}
            places = np.empty(len(rows), np.int32)
            missing = _places(columns["mechanism"], table.ids, self._slots, places)
            if missing:
                raise ValueError(f"{missing} reactions of row group {group} have a mechanism that the segment lacks")
        first, last = self.groups[group]
        logs, at = [], 0
        for epoch in range(first, last + 1):
            k = epoch - self.segment.start - 1
            here = slice(at, at + int(self.stored["reactions"][k]))
            at = here.stop
            mutated = slice(int(starts[k]), int(starts[k + 1]))
            logs.append(
                EpochLog(
                    epoch=epoch,
                    left=columns["left_program"][here],
                    right=columns["right_program"][here],
                    mechanism=places[here],
                    mechanisms=table,
                    mutated_cells=cells[mutated],
                    mutated_chars=chars[mutated],
                    steps=columns["steps"][here] if with_costs else None,
                    operations=columns["operations"][here] if with_costs else None,
                    changed_cells=int(self.counts["changed_cells"][k]),
                    unique_origins=int(self.counts["unique_origins"][k]),
                    mutations_after=self._config.mutation_order == "after",
                    reset=self.reset(epoch),
                )
            )
        return logs

    def reset(self, epoch: int) -> Reset | None:
        """Return the reset with which an epoch began; its bytes follow from the seed."""
        index = self._config.reset_index(epoch)
        return Reset(index, reset_chars(self._config, index)) if index else None

    def groups_of(self, first: int, last: int) -> list[int]:
        """Return the row groups that hold epochs ``first`` to ``last``."""
        return [i for i, (begin, end) in enumerate(self.groups) if begin <= last and end >= first]

    def keyframe(self, epoch: int, cells: int, submit: Any) -> Tokens:
        """Return the tokens of a state kept whole; ``submit`` runs a function in a thread and returns its future."""
        origins, chars = np.empty(cells, np.int64), np.empty(cells, np.uint8)

        def join(columns: dict[str, Any], first: int, stop: int) -> None:
            epochs, relative, char = columns["born_epoch"], columns["born_relative"], columns["char"]
            _joined(epochs, relative, char, first, origins[first:stop], chars[first:stop])

        self._read_keyframe(epoch, cells, ["born_epoch", "born_relative", "char"], join, submit)
        return Tokens(origins, chars)

    def keyframe_chars(self, epoch: int, cells: int, submit: Any) -> Bytes:
        """Return the bytes of a state kept whole, nothing else read; ``submit`` as for `keyframe`."""
        chars = np.empty(cells, np.uint8)

        def join(columns: dict[str, Any], first: int, stop: int) -> None:
            chars[first:stop] = columns["char"]

        self._read_keyframe(epoch, cells, ["char"], join, submit)
        return chars

    def _read_keyframe(
        self, epoch: int, cells: int, names: list[str], join: Callable[[dict[str, Any], int, int], None], submit: Any
    ) -> None:
        """Read columns of a keyframe; ``join`` takes those of the cells from its second argument up to its third."""
        path = self.segment.file("keyframes")
        with reading(path):
            metadata = open_parquet(path).metadata
            groups = _groups_of_keyframe(metadata, epoch)
            sizes = [metadata.row_group(group).num_rows for group in groups]
            if sum(sizes) != cells:
                raise ValueError(f"state {epoch} has {sum(sizes)} cells in it instead of {cells}")

            def read(group: int, first: int) -> None:
                with reading(path):
                    rows = open_parquet(path).read_row_group(group, columns=names, use_threads=False)
                    join({name: rows[name].to_numpy() for name in names}, first, first + len(rows))

            starts = np.cumsum([0, *sizes[:-1]])
            for future in [submit(read, *work) for work in zip(groups, starts.tolist(), strict=True)]:
                future.result()


def _groups_of_keyframe(metadata: Any, epoch: int) -> Sequence[int]:
    """Return the row groups of one keyframe, by the smallest epoch that each records."""
    column = metadata.schema.names.index("epoch")
    groups = range(metadata.num_row_groups)
    return [i for i in groups if metadata.row_group(i).column(column).statistics.min == epoch]
