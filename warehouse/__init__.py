"""The store: Parquet files, their schema, and SQL over them.

The names below are loaded when first used: DuckDB and kernels cost a second that many callers don't need.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from warehouse.connection import Connection, connect
    from warehouse.errors import StoreError, StoreFault
    from warehouse.reader import History
    from warehouse.record import RunRecord, RunSettings, run_id
    from warehouse.store import Store
    from warehouse.writer import RunWriter

__all__ = [
    "Connection",
    "History",
    "RunRecord",
    "RunSettings",
    "RunWriter",
    "Store",
    "StoreError",
    "StoreFault",
    "connect",
    "run_id",
]

_HOMES = {
    "Connection": "connection",
    "History": "reader",
    "RunRecord": "record",
    "RunSettings": "record",
    "Store": "store",
    "StoreError": "errors",
    "StoreFault": "errors",
    "connect": "connection",
    "RunWriter": "writer",
    "run_id": "record",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
