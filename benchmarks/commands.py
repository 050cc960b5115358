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
    """What was seen of a command: seconds until it simulated, had a segment stored, and had ended; its peak memory."""

    begun: float
    stored: float
    whole: float
    gigabytes: float


class CommandFailedError(Exception):
    """A command that was to be timed failed; the message is its last line."""


def run(options: Sequence[str], epochs: int, cache: Path | None = None) -> Observed:
    """Run ``primordium run --direct`` with ``options`` to state ``epochs`` in a new store that is removed afterwards.

    ``cache``: where compiled kernels are (default: where they always are). Its beginning is seen by what it writes: the
    folder of a segment that is being simulated, then the segment itself.
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
                begun, stored, peak = _watch(process, store)
            except BaseException:
                process.kill()
                raise
        whole = time.perf_counter() - began
        if process.returncode:
            said.seek(0)
            raise CommandFailedError((said.read().strip().splitlines() or ["no message"])[-1])
        return Observed(begun - began, stored - began, whole, gigabytes(peak))


def _watch(process: subprocess.Popen[bytes], store: Path) -> tuple[float, float, int]:
    """Wait for the process; return when (`time.perf_counter`) it simulated and had stored, and its peak memory."""
    begun: float | None = None
    stored: float | None = None
    while True:
        # Not the process's own `wait`: only this one tells the memory of this one child.
        ended, status, used = os.wait4(process.pid, os.WNOHANG)
        now = time.perf_counter()
        if stored is None and (ended or any(store.glob("runs/run=*/segments/*"))):
            stored = now
        if begun is None and (stored or any(store.glob("runs/run=*/staging/*"))):
            begun = now
        if ended:
            process.returncode = os.waitstatus_to_exitcode(status)
            return begun or now, stored or now, used.ru_maxrss
        time.sleep(_LOOK_SECONDS if stored is None else _WAIT_SECONDS)
