"""pyarrow without pandas, in a process that is a command's alone: half a second less before it does anything."""

import sys
from collections.abc import Sequence


class _NoPandas:
    """Says of pandas that it is not there."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: object = None) -> None:  # noqa: ARG002
        if name == "pandas":
            raise ModuleNotFoundError("pandas is not looked for", name=name)


def without_pandas() -> None:
    """Let pyarrow believe that there is no pandas, unless it is imported already; anybody else may still import it.

    pyarrow looks for pandas once, at the first value that it converts, only to ask whether that is a series.
    """
    refusal = _NoPandas()
    sys.meta_path.insert(0, refusal)
    try:
        import pyarrow as pa

        pa.scalar(0)
    finally:
        sys.meta_path.remove(refusal)
