"""The tokens of any states as plain Parquet, for tools that know nothing of the store."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sim import Tokens
from warehouse.errors import StoreError
from warehouse.files import make_folder, replacing
from warehouse.reader import History
from warehouse.schema import RELATIONS

_CELL_MASK = (1 << 28) - 1
_ROWS = 1 << 20  # of a row group
_SORTED = ("program", "site", "born_epoch", "born_program", "born_site", "token")


def export_tokens(history: History, epochs: Sequence[int], folder: Path) -> Iterator[Path]:
    """Write one file a state of ascending ``epochs`` into ``folder``; yield each path when its file is whole.

    Columns and order of rows are those of the relation `tokens`. A file of the same name is replaced.
    Raises `StoreError` if the folder lies in the store or cannot be written.
    """
    folder = outside(history, folder)
    make_folder(folder)
    for epoch, replay in history.states(list(epochs)):
        path = folder / f"tokens-{history.run}-{epoch:010d}.parquet"
        with replacing(path) as part:
            _write(part, history, epoch, replay.tokens())
        yield path


def outside(history: History, path: Path) -> Path:
    """Return ``path``, absolute; `StoreError` if it lies in the store or, a file, where a folder is."""
    path = path.absolute()
    if path.resolve().is_relative_to(history.store.path.resolve()):
        raise StoreError(f"{path} lies in the store; choose a place outside it")
    return path


def _write(path: Path, history: History, epoch: int, tokens: Tokens) -> None:
    schema = RELATIONS["tokens"].schema
    settings = {"compression": "zstd", "use_dictionary": ["run", "char", "epoch"]}
    encodings = dict.fromkeys(_SORTED, "DELTA_BINARY_PACKED")
    with pq.ParquetWriter(path, schema, column_encoding=encodings, **settings) as writer:
        for start in range(0, len(tokens.chars), _ROWS):
            writer.write_table(_rows(history, epoch, tokens, start).cast(schema))


def _rows(history: History, epoch: int, tokens: Tokens, start: int) -> pa.Table:
    """Return the rows of the cells from ``start`` on, at most `_ROWS`."""
    chars, origins = tokens.chars[start : start + _ROWS], tokens.origins[start : start + _ROWS]
    length = history.config.program_length
    cells = np.arange(start, start + len(chars))
    born = origins & _CELL_MASK
    return pa.table(
        {
            "run": pa.DictionaryArray.from_arrays(np.zeros(len(chars), np.int8), [history.run]).cast(pa.string()),
            "epoch": np.full(len(chars), epoch),
            "program": cells // length,
            "site": cells % length,
            "token": origins << 8 | chars,
            "born_epoch": origins >> 28,
            "born_program": born // length,
            "born_site": born % length,
            "char": chars,
        }
    )
