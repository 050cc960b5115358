"""Where results come from: software, environment and resources of a stretch of work."""

import os
import platform
import resource
import sys
import time
from datetime import UTC, datetime
from importlib import metadata
from typing import Any

from sim import kernel_digest

_LIBRARIES = ("brotli", "duckdb", "llvmlite", "numba", "numpy", "prefect", "pyarrow")


def software() -> dict[str, str]:
    """Return the versions of Python, of this project and of the libraries that results pass through."""
    versions = {"python": platform.python_version()}
    for name in ("primordium", *_LIBRARIES):
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = "unknown"
    return versions


def environment() -> dict[str, Any]:
    """Return what of the machine can matter."""
    return {
        "platform": platform.platform(),
        "machine": platform.machine(),
        "processors": os.cpu_count(),
        "host": platform.node(),
    }


class Stretch:
    """One stretch of work on a run: begun when made, described when asked."""

    def __init__(self, first: int) -> None:
        self._first = first
        self._began_at = datetime.now(UTC)
        self._began_s = time.perf_counter()
        self._processor_s = time.process_time()

    def entry(self, last: int) -> dict[str, Any]:
        """Return the provenance of states after ``first`` up to ``last``, as it goes into the run's record."""
        usage = resource.getrusage(resource.RUSAGE_SELF)
        unit = 1 if sys.platform == "darwin" else 1024
        return {
            "first_state": self._first + 1,
            "last_state": last,
            "software": software(),
            "kernel_digest": kernel_digest(),
            "environment": environment(),
            "resources": {
                "elapsed_s": round(time.perf_counter() - self._began_s, 3),
                "processor_s": round(time.process_time() - self._processor_s, 3),
                "peak_memory_bytes": usage.ru_maxrss * unit,
            },
            "began_at": self._began_at.isoformat(timespec="seconds"),
            "ended_at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
