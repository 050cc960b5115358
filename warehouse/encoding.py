"""How rows become bytes: the encoding of every column, and files written row group by row group.

Measured on soups of 131072 programs before and after a takeover (65536 reactions an epoch); `python -m benchmarks
--windows STATE` prints what each relation costs of the processor:

- `left_program` ascends: deltas, 19 kB an epoch. `right_program` is 17 bits of noise: its bytes split into
  streams, 144 kB; deltas would be 151 kB.
- `mechanism` has some 500 to 13,000 values an epoch, most of them used again or never: a dictionary for each
  row group, 20 to 200 kB; the ids themselves, 8 random bytes each, must not repeat with every epoch. Where
  programs count, most lists occur once and their ids are half of it; row groups of 32 epochs instead of 16
  would save 4 % of that, a column of segment-wide numbers half, but then the file would not say `mechanism`.
- the ids in `mechanisms` ascend: deltas, 42 bits each of some million a segment.
- `steps` and `operations`: split into streams, 8 to 39 and 38 to 58 kB, faster than a dictionary.
- `epoch` hardly varies: written plainly it costs zstd nothing, and no encoder's work either.
- a keyframe's `born_relative` changes by a constant along copied stretches: deltas, 4 to 11 MB; split into streams
  5 to 16 MB after a takeover, though 2 to 7 MB before one. The other columns cost less split or plain than as deltas,
  which take twice as long; those of the place compress to nothing either way.
- pages of 131072 rows, where pyarrow's own have 20000: zstd begins each page anew, and so a 30th of an epoch's
  reactions is lost and a sixth of the time.

Higher levels of zstd gain a few per cent elsewhere for several times the work; lower ones lose much and save little.
A mechanism is looked up in pyarrow's hash table even if a `DictionaryArray` is given: it writes the indices of strings
as they are, those of numbers not. Bytes depend on the rows alone: row groups end after an epoch, once they have
`GROUP_ROWS` rows.
"""

import contextlib
import hashlib
import io
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from sim import EpochLog, MechanismTable, Tokens
from sim.intrinsics import prefetch
from sim.jit import kernel
from sim.log import CELL_BITS
from warehouse.schema import FILES

Array = NDArray[Any]

#: Rows after which a row group ends: sixteen epochs of 65536 reactions.
GROUP_ROWS = 1 << 20
#: Cells in a row group of a keyframe.
KEYFRAME_GROUP_ROWS = 1 << 20
#: Mechanisms in a row group: few, for a walk back wants one here and one there.
MECHANISM_GROUP_ROWS = 1 << 11
#: Rows in a page: half a megabyte of a column, which a processor's own cache holds.
PAGE_ROWS = 1 << 17
LEVEL = 1

#: A larger dictionary is given up, for then most of a row group's mechanisms occur once in it.
_DICTIONARY_BYTES = 1 << 22

#: Mechanisms ahead for which memory is asked.
_AHEAD = 16

_PLAIN, _DELTA, _SPLIT, _DICTIONARY = "PLAIN", "DELTA_BINARY_PACKED", "BYTE_STREAM_SPLIT", "dictionary"
_ENCODINGS: dict[str, dict[str, str]] = {
    "epochs": dict.fromkeys(FILES["epochs"].names, _DELTA),
    "reactions": {
        "epoch": _PLAIN,
        "left_program": _DELTA,
        "right_program": _SPLIT,
        "mechanism": _DICTIONARY,
        "steps": _SPLIT,
        "operations": _SPLIT,
    },
    "mechanisms": {
        "mechanism": _DELTA,
        "writes.list.element.target": _SPLIT,
        "writes.list.element.source": _SPLIT,
        "writes.list.element.delta": _SPLIT,
    },
    "mutations": {"epoch": _PLAIN, "program": _DELTA, "site": _SPLIT, "char": _SPLIT},
    "resets": dict.fromkeys(FILES["resets"].names, _DELTA),
    "keyframes": {
        "epoch": _PLAIN,
        "program": _SPLIT,
        "site": _PLAIN,
        "cell": _SPLIT,
        "born_epoch": _PLAIN,
        "born_relative": _DELTA,
        "char": _SPLIT,
    },
}
#: Columns whose smallest and largest value a row group records, for queries to skip it.
_STATISTICS = {
    "epochs": ["epoch"],
    "reactions": ["epoch"],
    "mechanisms": ["mechanism"],
    "mutations": ["epoch"],
    "resets": ["epoch"],
    "keyframes": ["epoch", "program", "cell"],
}


@dataclass(frozen=True)
class FileFacts:
    """What the manifest keeps of a file; `crc32` is for those who check at every use and cannot wait for SHA-256."""

    rows: int
    bytes: int
    sha256: str
    crc32: int


class _Hashed(io.RawIOBase):
    """A file that takes its own checksums while it is written."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb", buffering=1 << 20)
        self._digest = hashlib.sha256()
        self._crc32 = 0
        self._size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._digest.update(data)
        self._crc32 = zlib.crc32(data, self._crc32)
        self._size += len(data)
        return self._file.write(data)

    def tell(self) -> int:
        return self._size

    def flush(self) -> None:
        if not self._file.closed:
            self._file.flush()

    def close(self) -> None:
        self._file.close()
        super().close()

    def facts(self, rows: int) -> FileFacts:
        return FileFacts(rows, self._size, self._digest.hexdigest(), self._crc32)


class RelationFile:
    """A file of one relation, written row group by row group."""

    def __init__(self, path: Path, relation: str) -> None:
        encodings = _ENCODINGS[relation]
        self._schema = FILES[relation].schema
        self._sink = _Hashed(path)
        self._rows = 0
        self._writer = pq.ParquetWriter(
            self._sink,
            self._schema,
            compression="zstd",
            compression_level=LEVEL,
            max_rows_per_page=PAGE_ROWS,
            dictionary_pagesize_limit=_DICTIONARY_BYTES,
            use_dictionary=[column for column, how in encodings.items() if how == _DICTIONARY],
            column_encoding={column: how for column, how in encodings.items() if how != _DICTIONARY},
            write_statistics=_STATISTICS[relation],
            write_page_checksum=True,
            store_schema=False,
        )

    def write_group(self, columns: Mapping[str, Any]) -> None:
        """Write one row group: an array a column, all of one length; an empty group is left out."""
        arrays = [pa.array(columns[field.name], field.type) for field in self._schema]
        table = pa.Table.from_arrays(arrays, schema=self._schema)
        if len(table):
            self._writer.write_table(table, row_group_size=len(table))
            self._rows += len(table)

    def close(self) -> FileFacts:
        """Finish the file and return what it holds."""
        self._writer.close()
        self._sink.close()
        return self._sink.facts(self._rows)

    def abandon(self) -> None:
        """Close the file as far as it came."""
        self._writer.is_open = False  # else its finaliser would try to write a footer
        with contextlib.suppress(OSError):
            self._sink.close()


class EventFile:
    """A file of events epoch by epoch (reactions or mutations), grouped into row groups of whole epochs."""

    def __init__(self, path: Path, relation: str) -> None:
        self._file = RelationFile(path, relation)
        # Filled again for every row group: fresh memory is handed out page by page, which takes longer than the copy.
        self._columns = {field.name: np.empty(0, field.type.to_pandas_dtype()) for field in FILES[relation].schema}
        self._rows = 0

    def room(self, epoch: int, rows: int) -> dict[str, Array]:
        """Return an array a column, `epoch` excepted, to be filled with an epoch's events before any other call."""
        if self._rows >= GROUP_ROWS:
            self._flush()
        first, self._rows = self._rows, self._rows + rows
        for name, column in self._columns.items():
            if self._rows > len(column):
                self._columns[name] = np.empty(GROUP_ROWS + rows, column.dtype)
                self._columns[name][:first] = column[:first]
        views = {name: column[first : self._rows] for name, column in self._columns.items()}
        views.pop("epoch")[:] = epoch
        return views

    def close(self) -> FileFacts:
        """Write what waits, finish the file and return what it holds."""
        self._flush()
        return self._file.close()

    def abandon(self) -> None:
        """Close the file as far as it came."""
        self._file.abandon()

    def _flush(self) -> None:
        self._file.write_group({name: column[: self._rows] for name, column in self._columns.items()})
        self._rows = 0


def enter_reactions(log: EpochLog, used: Array, columns: Mapping[str, Array]) -> tuple[int, int, int]:
    """Fill the columns with an epoch's reactions; return the sums of steps and of operations, and the empty reactions.

    Marks in ``used`` (bool, an index of the log's table each) the mechanisms that occur.
    """
    columns["left_program"][:] = log.left
    columns["right_program"][:] = log.right
    empty = _named(log.mechanism, log.mechanisms.ids, used, columns["mechanism"])
    return _copied(log.steps, columns["steps"]), _copied(log.operations, columns["operations"]), empty


def enter_mutations(log: EpochLog, program_length: int, columns: Mapping[str, Array]) -> None:
    """Fill the columns with an epoch's mutations."""
    np.divmod(log.mutated_cells, program_length, out=(columns["program"], columns["site"]))
    columns["char"][:] = log.mutated_chars


@kernel
def _named(indices: Any, ids: Any, used: Any, column: Any) -> int:
    """Put each mechanism's id in the column and mark it as used; return how often it is the empty one."""
    empty = 0
    for i in range(len(indices)):
        index = indices[i]
        column[i] = ids[index]
        used[index] = True
        empty += index == 0
    return empty


@kernel
def _copied(values: Any, column: Any) -> int:
    """Put the values in the column; return their sum."""
    total = 0
    for i in range(len(values)):
        column[i] = values[i]
        total += values[i]
    return total


def keyframe_groups(epoch: int, tokens: Tokens, program_length: int) -> Iterator[dict[str, Array]]:
    """Yield the rows of a keyframe as columns, a row group at a time, each in the memory of the one before."""
    cells = len(tokens.chars)
    names = FILES["keyframes"].names
    kept = {name: np.empty(min(cells, KEYFRAME_GROUP_ROWS), np.int32) for name in names}
    kept["epoch"][:] = epoch
    for start in range(0, cells, KEYFRAME_GROUP_ROWS):
        stop = min(start + KEYFRAME_GROUP_ROWS, cells)
        columns = {name: column[: stop - start] for name, column in kept.items()}
        _placed(
            tokens.origins[start:stop],
            start,
            program_length,
            *(columns[name] for name in ("program", "site", "cell", "born_epoch", "born_relative")),
        )
        columns["char"][:] = tokens.chars[start:stop]
        yield columns


@kernel
def _placed(
    origins: Any, first: int, length: int, program: Any, site: Any, cell: Any, born_epoch: Any, born_relative: Any
) -> None:
    """Split the origins of cells ``first`` and on into columns."""
    for i in range(len(origins)):
        here = first + i
        cell[i] = here
        born_epoch[i] = origins[i] >> CELL_BITS
        born_relative[i] = (origins[i] & ((1 << CELL_BITS) - 1)) - here
    begin = first
    while begin < first + len(origins):
        number, start = begin // length, begin % length
        count = min(length - start, first + len(origins) - begin)
        for i in range(count):
            program[begin - first + i] = number
            site[begin - first + i] = start + i
        begin += count


def mechanism_rows(table: MechanismTable, used: Array) -> tuple[Array, Array, Array]:
    """Return the mechanisms of ``table`` with these indices by ascending id: ids, starts and writes.

    ``used`` (int64) may name one mechanism under several indices; it is returned once.
    """
    ids = table.ids[used]
    order = np.argsort(ids)
    ids = ids[order]
    new = np.ones(len(ids), np.bool_)
    new[1:] = ids[1:] != ids[:-1]
    chosen = used[order][new]
    starts = np.zeros(len(chosen) + 1, np.int64)
    np.cumsum(table.starts[chosen + 1] - table.starts[chosen], out=starts[1:])
    writes = np.empty(starts[-1], np.uint32)
    _gathered(table.starts, table.writes, chosen, starts, writes)
    return ids[new], starts, writes


@kernel
def _gathered(all_starts: Any, all_writes: Any, chosen: Any, starts: Any, writes: Any) -> None:
    """Put the chosen mechanisms' writes one after the other, each at its start."""
    for k in range(len(chosen)):
        # They lie anywhere: where many, memory is asked for ahead.
        if k + 2 * _AHEAD < len(chosen):
            prefetch(all_starts, chosen[k + 2 * _AHEAD])
            prefetch(all_writes, all_starts[chosen[k + _AHEAD]])
        at = all_starts[chosen[k]]
        for i in range(starts[k + 1] - starts[k]):
            writes[starts[k] + i] = all_writes[at + i]


def mechanism_groups(ids: Array, starts: Array, writes: Array) -> Iterator[dict[str, Any]]:
    """Yield mechanisms as columns of their relation, a row group at a time; a write's source 255 becomes null."""
    for first in range(0, len(ids), MECHANISM_GROUP_ROWS):
        ends = starts[first : first + MECHANISM_GROUP_ROWS + 1]
        yield _mechanism_columns(
            ids[first : first + MECHANISM_GROUP_ROWS], ends - ends[0], writes[int(ends[0]) : int(ends[-1])]
        )


def _mechanism_columns(ids: Array, starts: Array, writes: Array) -> dict[str, Any]:
    source = ((writes >> np.uint32(8)) & np.uint32(255)).astype(np.int32)
    fields = {
        "target": pa.array((writes >> np.uint32(16)).astype(np.int32)),
        "source": pa.array(source, mask=source == 255),
        "delta": pa.array((writes & np.uint32(255)).astype(np.int32)),
    }
    kind = FILES["mechanisms"].column("writes").type
    element = kind.value_type
    structs = pa.StructArray.from_arrays(list(fields.values()), fields=list(element))
    return {"mechanism": ids, "writes": pa.ListArray.from_arrays(starts.astype(np.int32), structs, type=kind)}
