"""The reference program as yardstick: how long it takes from the same state, and the soup it ends with.

The binary is built from its own sources (cubff, ``make CUDA=0``, brotli 1.1 or newer) and given by path;
nothing of it is part of this project.
"""

import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sim import InputError, SoupConfig
from sim.log import Bytes

#: The instruction sets that it has.
LANGUAGES = (
    "bff",
    "bff_noheads",
    "bff_noheads_4bit",
    "bff_perm",
    "bff_selfmove",
    "bff8",
    "bff8_noheads",
    "forth",
    "forthcopy",
    "forthtrivial",
    "forthtrivial_reset",
    "subleq",
    "rsubleq4",
)
#: Epochs from one measured state to the next: the reference's own default.
INTERVAL = 64
#: What the reference counts as a replicator: programs of at least this score.
REPLICATOR = 5


class Finished(NamedTuple):
    """What a program did in its turn: the seconds it took, and what it ended with, the soup's bytes, to be compared."""

    seconds: float
    end: bytes


def advance(
    binary: Path,
    config: SoupConfig,
    start: int,
    chars: Bytes,
    epochs: int = INTERVAL,
    *,
    threads: int | None = None,
) -> Finished:
    """Let the reference advance state ``start``, whose bytes are ``chars``, by ``epochs``.

    Timed is the whole process: start, the soup loaded, the soup saved. It compresses the soup after every 64 epochs,
    counted from ``start``, where that can be had (see `_print_interval`), and at the end. ``threads``: default all
    cores. Raises `InputError` if the binary does not run.
    """
    seconds, ended, _ = _stretch(binary, config, start, chars, epochs, [], threads)
    return Finished(seconds, ended)


def score(binary: Path, config: SoupConfig, start: int, chars: Bytes) -> tuple[float, bytes, int]:
    """Let the reference score every program of state ``start`` + 1; return seconds, bytes, replicators.

    The seconds are those of one epoch with scores less those of one without.
    """
    plain, ended, _ = _stretch(binary, config, start, chars, 1, [], None)
    scored, _, log = _stretch(binary, config, start, chars, 1, ["--eval_selfrep"], None)
    return scored - plain, ended, int(log.split()[-1].split(",")[-1])


def whole_run(binary: Path, config: SoupConfig, epochs: int) -> float:
    """Return the seconds that the reference takes from the initial soup to state ``epochs``, keeping nothing.

    It cannot stop at any epoch; what it does beyond is taken off in proportion.
    """
    # It stops at the first callback whose label, one more than a multiple of the interval, is past max_epochs.
    done = -(-epochs // INTERVAL) * INTERVAL + 1
    began = time.perf_counter()
    _call(binary, config, ["--print_interval", str(INTERVAL), "--max_epochs", str(epochs)])
    return (time.perf_counter() - began) * epochs / done


def _print_interval(last: int) -> int:
    """Return after which multiples of epochs the reference is to stop for a while, so that it can end after ``last``.

    Its epochs count from 0, and it measures, saves and ends only after one that the interval divides. Where 64 does
    not divide the last, the last itself is the interval: then it measures once, at the end.
    """
    return INTERVAL if last % INTERVAL == 0 else last


def _stretch(
    binary: Path, config: SoupConfig, start: int, chars: Bytes, epochs: int, more: list[str], threads: int | None
) -> tuple[float, bytes, str]:
    """Return the seconds of a stretch, the soup's bytes at its end, and the log."""
    last = start + epochs - 1
    if last < 1:
        raise InputError(f"window: states {start} to {start + epochs}; the reference cannot be made to end there")
    with tempfile.TemporaryDirectory(prefix="primordium-reference-") as folder:
        begun, log = Path(folder, "start.dat"), Path(folder, "log.csv")
        header = np.array([1, config.programs, start], "<u8")
        begun.write_bytes(header.tobytes() + chars.tobytes())
        arguments = ["--print_interval", str(_print_interval(last)), "--max_epochs", str(last)]
        arguments += ["--save_interval", str(last), "--clear_interval", str(last)]
        arguments += ["--load", str(begun), "--checkpoint_dir", folder, "--log", str(log), *more]
        began = time.perf_counter()
        _call(binary, config, arguments, threads)
        seconds = time.perf_counter() - began
        try:
            return seconds, Path(folder, f"{last:010d}.dat").read_bytes()[header.nbytes :], log.read_text()
        except OSError as error:
            raise InputError(f"--reference {binary}: did not write what it should: {error}") from None


def _call(binary: Path, config: SoupConfig, arguments: list[str], threads: int | None = None) -> None:
    """Run the binary on ``config``; raises `InputError` if it cannot be run or fails."""
    command = [str(binary), "--lang", config.language, "--seed", str(config.seed), "--num", str(config.programs)]
    command += ["--mutation_prob", repr(config.mutation_rate), "--disable_output", *arguments]
    environment = os.environ | ({} if threads is None else {"OMP_NUM_THREADS": str(threads)})
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    except OSError as error:
        raise InputError(f"--reference {binary}: cannot be run: {error.strerror}") from None
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise InputError(f"--reference {binary}: exit code {done.returncode}: {last}")
