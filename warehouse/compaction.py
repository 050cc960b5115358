"""The small relations of a finished run in one file, so that a store of many runs is quick to ask."""

import numpy as np
import pyarrow as pa

from warehouse.reader import History
from warehouse.schema import FILES
from warehouse.sealed import write_sealed
from warehouse.store import Store, span_name


def compact(store: Store, run: str) -> None:
    """Write all of a run's `epochs`, measures included, to one file; same rows, same bytes.

    The caller is the run's writer.
    """
    table = FILES["compact"]
    path = store.run_folder(run) / "compact"
    with History(store, run) as history:
        if history.last < 0:
            return
        columns = history.epochs(compacted=False)
        path /= f"{span_name(0, history.last)}.parquet"
    arrays = []
    for column in table.columns:
        values = columns[column.name]
        missing = np.isnan(values) if values.dtype.kind == "f" else values < 0
        arrays.append(pa.array(values, column.type, mask=missing if column.nullable else None))
    write_sealed(path, "compact", pa.Table.from_arrays(arrays, schema=table.schema))
