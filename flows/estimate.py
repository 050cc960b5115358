"""What a run will take, said before it begins: disk and time.

The figures are those of soups of copying languages where they take most, in long phases of computing programs, so
that a disk that is found big enough is so. Time is that of one machine of 2026, and a hint.
"""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from flows.progress import duration
from sim import InputError, SoupConfig
from warehouse.record import RunSettings

# Bytes, measured on the bff_noheads soup of 131072 programs and seed 2, states 1000 to 11500.
_REACTION = 7.5  # with its mechanism, steps, operations, and its part of the mechanisms' lists
_MUTATION = 3.5
_KEYFRAME_CELL = 4.8
_KEYFRAMES = 256  # epochs from keyframe to keyframe, if not less is asked for; more where much changes, but then small

_SECONDS_PER_REACTION = 1.8e-6  # of one core
_SECONDS_PER_EPOCH = 0.5e-3


@dataclass(frozen=True)
class Estimate:
    """What ``epochs`` more will take: bytes on disk and seconds."""

    epochs: int
    size: float
    seconds: float

    def __str__(self) -> str:
        each = self.size / max(self.epochs, 1)
        return f"{self.epochs} epochs: about {amount(self.size)} ({amount(each)} an epoch) and {duration(self.seconds)}"


def estimate(config: SoupConfig, settings: RunSettings, epochs: int, threads: int | None = None) -> Estimate:
    """Return what ``epochs`` more of a soup will take with ``threads`` (None: all cores)."""
    reactions = config.programs / 2
    keyframes = min(_KEYFRAMES, settings.keyframe_every)
    each = (
        reactions * _REACTION
        + config.cells * config.mutation_rate * _MUTATION
        + config.cells * _KEYFRAME_CELL / keyframes
    )
    seconds = _SECONDS_PER_EPOCH + reactions * _SECONDS_PER_REACTION / min(threads or cores(), cores())
    return Estimate(epochs, each * epochs + config.cells * _KEYFRAME_CELL, seconds * epochs)


def check_space(expected: Estimate, folder: Path) -> None:
    """Raise `InputError` if what is expected does not fit on the disk of ``folder``, which need not exist yet."""
    place = folder.absolute()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    if expected.size > free:
        raise InputError(
            f"no room for {expected}; {place} has {amount(free)} left; ask for fewer epochs, take another --store,"
            " or give --force"
        )


def amount(size: float) -> str:
    """Return a number of bytes as people say it, in powers of 1000."""
    for unit, name in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if size >= unit:
            return f"{size / unit:.3g} {name}"
    return f"{size:.0f} bytes"


def cores() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
