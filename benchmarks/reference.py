"""The reference program as yardstick: the same states, advanced by it and by us in turn, and compared.

The binary is built from its own sources (cubff, ``make CUDA=0``, brotli 1.1 or newer) and given by path;
nothing of it is part of this project.
"""

import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.report import Figure, middle
from sim import InputError, Soup, SoupConfig, Tokens

#: Epochs between the reference's callbacks; a window begins at a multiple of it.
INTERVAL = 64


def windows(binary: Path, config: SoupConfig, states: dict[int, Tokens], rounds: int) -> list[Figure]:
    """Advance each of ``states`` by 65 epochs, the reference and we in turn, ``rounds`` times; compare the soups.

    The reference ends at its first callback past the epoch asked for: hence 65. Raises `InputError` if the
    binary does not run, `AssertionError` if the soups differ.
    """
    figures = []
    for state, tokens in states.items():
        theirs, ours = [], []
        for _ in range(rounds):
            seconds, chars = _reference(binary, config, state, tokens)
            theirs.append(1000 * seconds / (INTERVAL + 1))
            seconds, own = _ours(config, state, tokens)
            ours.append(1000 * seconds / (INTERVAL + 1))
            if own != chars:
                raise AssertionError(f"seed {config.seed}: state {state + INTERVAL + 1} differs from the reference's")
        where = f"states {state} to {state + INTERVAL + 1}, seed {config.seed}"
        how = f"medians of {rounds} alternating runs; end states equal"
        figures += [
            Figure(f"reference, {where}", middle(theirs), "ms an epoch", how),
            Figure(f"simulated and traced, {where}", middle(ours), "ms an epoch", how),
            Figure(f"ratio, {where}", middle(theirs) / middle(ours), "times as fast", how),
        ]
    return figures


def whole_run(binary: Path, config: SoupConfig, epochs: int) -> float:
    """Return the seconds that the reference takes from the initial soup to state ``epochs``, keeping nothing.

    It cannot stop at any epoch; what it does beyond is taken off in proportion.
    """
    # It stops at the first callback whose label, one more than a multiple of the interval, is past max_epochs.
    done = -(-epochs // INTERVAL) * INTERVAL + 1
    began = time.perf_counter()
    _call(binary, config, ["--print_interval", str(INTERVAL), "--max_epochs", str(epochs)])
    return (time.perf_counter() - began) * epochs / done


def _reference(binary: Path, config: SoupConfig, state: int, tokens: Tokens) -> tuple[float, bytes]:
    """Return the seconds the reference takes for 65 epochs from ``state``, and the soup it ends with."""
    if state % INTERVAL:
        raise InputError(f"window: state {state} is not divisible by {INTERVAL}")
    with tempfile.TemporaryDirectory() as folder:
        start = Path(folder, "start.dat")
        header = np.array([1, config.programs, state], "<u8")
        start.write_bytes(header.tobytes() + tokens.chars.tobytes())
        arguments = ["--print_interval", str(INTERVAL), "--save_interval", str(INTERVAL)]
        arguments += ["--clear_interval", str(INTERVAL), "--max_epochs", str(state + INTERVAL)]
        arguments += ["--load", str(start), "--checkpoint_dir", folder]
        began = time.perf_counter()
        _call(binary, config, arguments)
        seconds = time.perf_counter() - began
        return seconds, Path(folder, f"{state + INTERVAL:010d}.dat").read_bytes()[header.nbytes :]


def _ours(config: SoupConfig, state: int, tokens: Tokens) -> tuple[float, bytes]:
    soup = Soup.resume(config, tokens, state)
    try:
        soup.begin_segment()
        began = time.perf_counter()
        for _ in range(INTERVAL + 1):
            soup.advance()
        return time.perf_counter() - began, soup.chars.tobytes()
    finally:
        soup.close()


def _call(binary: Path, config: SoupConfig, arguments: list[str]) -> None:
    """Run the binary on ``config``; raises `InputError` if it cannot be run or fails."""
    command = [str(binary), "--lang", config.language, "--seed", str(config.seed), "--num", str(config.programs)]
    command += ["--mutation_prob", repr(config.mutation_rate), "--disable_output", *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise InputError(f"--reference {binary}: cannot be run: {error.strerror}") from None
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise InputError(f"--reference {binary}: exit code {done.returncode}: {last}")
