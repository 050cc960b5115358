"""The small relations of all runs in one table each, for a session to read them from one file."""

import contextlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pyarrow.parquet as pq

from warehouse.errors import StoreFault
from warehouse.schema import FILES, RELATIONS
from warehouse.sealed import read_sealed
from warehouse.snapshot import Snapshot
from warehouse.store import RunFiles, Span

_MISSING = -1


def empty(relation: str) -> pa.Table:
    """Return no rows, with the columns of a relation's files."""
    if relation in FILES and relation != "epochs":
        return FILES[relation].schema.empty_table()
    return RELATIONS[relation].schema.empty_table()


def gathered(snapshot: Snapshot, relation: str, check: Callable[[], None]) -> pa.Table:
    """Return `runs`, or an analysis's results, of all runs; `StoreFault` naming a damaged file.

    ``check`` is called at every run, to stop by raising.
    """
    if relation == "runs":
        rows = [record.row() for record in snapshot.records()]
        return pa.Table.from_pylist(rows, RELATIONS["runs"].schema)
    parts = []
    for run, files in snapshot.files.items():
        check()
        with contextlib.suppress(FileNotFoundError):  # results may be taken away, to be made again
            if relation in files.results:
                parts.append(_of_run(run, read_sealed(files.results[relation], relation)[0]))
    return _together(relation, parts)


def merged_epochs(snapshot: Snapshot, check: Callable[[], None]) -> pa.Table:
    """Return the relation `epochs` of all runs; ``check`` is called at each, to stop by raising."""

    def part(run: str) -> pa.Table:
        check()
        return _of_run(run, epochs_of(snapshot.files[run]))

    runs = [run for run, files in snapshot.files.items() if files.segments]
    with ThreadPoolExecutor(2) as pool:
        parts = list(pool.map(part, runs))
    return _together("epochs", parts)


def epochs_of(files: RunFiles) -> pa.Table:
    """Return the relation `epochs` of one run, without its column `run`."""
    schema = FILES["compact"].schema
    with contextlib.suppress(FileNotFoundError):  # it is made again when a state was measured since
        if files.compact is not None:
            return read_sealed(files.compact.path, "compact")[0].cast(schema)
    counts = pa.concat_tables([_read(span) for span in files.segments]).cast(FILES["epochs"].schema)
    measures = pa.concat_tables(
        [FILES["measures"].schema.empty_table(), *(read_sealed(span.path, "measures")[0] for span in files.measures)]
    )
    joined = counts.join(measures, keys="epoch", join_type="left outer").sort_by("epoch")
    return joined.select(schema.names).cast(schema)


def _read(span: Span) -> pa.Table:
    path = span.file("epochs")
    try:
        return pq.ParquetFile(path, page_checksum_verification=True).read(use_threads=False)
    except (OSError, pa.ArrowException) as error:
        raise StoreFault(f"damaged file {path}: {' '.join(str(error).split())}") from error


def _of_run(run: str, rows: pa.Table) -> pa.Table:
    return rows.replace_schema_metadata(None).add_column(
        0, pa.field("run", pa.string(), False), pa.repeat(run, len(rows))
    )


def _together(relation: str, parts: Sequence[pa.Table]) -> pa.Table:
    schema = RELATIONS[relation].schema
    return pa.concat_tables([schema.empty_table(), *(part.cast(schema) for part in parts)])
