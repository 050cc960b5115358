"""A stored reaction as it was before its first step: what the store has is only what became of it."""

from typing import NamedTuple

from sim import EpochLog
from sim.log import Bytes
from warehouse.reader import History


class Reaction(NamedTuple):
    """A reaction of epoch `epoch`: its two programs and its tape after mutation, before execution."""

    epoch: int
    left: int
    right: int
    tape: bytes


def reaction_of(history: History, epoch: int, program: int) -> Reaction | None:
    """Return the reaction of ``program`` in ``epoch`` (1 to the last stored), None if it took part in none.

    Raises `StoreError` for an epoch that is not stored.
    """
    [log] = history.logs(epoch, epoch)
    [rows] = ((log.left == program) | (log.right == program)).nonzero()
    if not len(rows):
        return None
    left, right = int(log.left[rows[0]]), int(log.right[rows[0]])
    chars = history.tokens_at(epoch - 1).chars.copy()
    _make_ready(chars, log)
    programs = chars.reshape(-1, history.config.program_length)
    return Reaction(epoch, left, right, programs[left].tobytes() + programs[right].tobytes())


def _make_ready(chars: Bytes, log: EpochLog) -> None:
    """Do to the soup what comes before an epoch's reactions: a reset, and mutations where they come first."""
    if log.reset is not None:
        chars[: len(log.reset.chars)] = log.reset.chars
    if not log.mutations_after:
        chars[log.mutated_cells] = log.mutated_chars
