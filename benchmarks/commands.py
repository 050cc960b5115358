"""`primordium run --direct` as a person starts it: in a process of its own, timed from outside."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from benchmarks.storage import gigabytes

_LOOK_SECONDS, _WAIT_SECONDS = 0.002, 0.02


class Observed(NamedTuple):
    """What was seen of a command: seconds to its first stored epoch and to its end, its peak memory."""

    first: float
    whole: float
    gigabytes: float


class CommandFailedError(Exception):
    """A command that was to be timed failed; the message is its last line."""


def run(options: Sequence[str], epochs: int, cache: Path | None = None) -> Observed:
    """Run ``primordium run --direct`` with ``options`` to state ``epochs`` in a new store that is removed afterwards.

    ``cache``: where compiled kernels are (default: where they always are). `Observed.first` is to be trusted where
    ``epochs`` is 1: it is seen when the first segment is committed.
    """
    environment = os.environ | ({"PRIMORDIUM_CACHE": str(cache)} if cache else {})
    with TemporaryDirectory(prefix="primordium-command-") as folder, Path(folder, "said").open("w+") as said:
        store = Path(folder, "store")
        command = [sys.executable, "-m", "flows.cli", "--store", str(store), "run", "--direct", *options]
        began = time.perf_counter()
        with subprocess.Popen(
            [*command, "--epochs", str(epochs)], env=environment, stdout=subprocess.DEVNULL, stderr=said
        ) as process:
            try:
                first, peak = _watch(process, store)
            except BaseException:
                process.kill()
                raise
        whole = time.perf_counter() - began
        if process.returncode:
            said.seek(0)
            raise CommandFailedError((said.read().strip().splitlines() or ["no message"])[-1])
        return Observed(first - began, whole, gigabytes(peak))


def _watch(process: subprocess.Popen[bytes], store: Path) -> tuple[float, int]:
    """Wait for the process; return when (`time.perf_counter`) it had committed a segment, and its peak memory."""
    first: float | None = None
    while True:
        # Not the process's own `wait`: only this one tells the memory of this one child.
        ended, status, used = os.wait4(process.pid, os.WNOHANG)
        if first is None and (ended or any(store.glob("runs/run=*/segments/*/manifest.json"))):
            first = time.perf_counter()
        if ended:
            process.returncode = os.waitstatus_to_exitcode(status)
            return first or time.perf_counter(), used.ru_maxrss
        time.sleep(_LOOK_SECONDS if first is None else _WAIT_SECONDS)
