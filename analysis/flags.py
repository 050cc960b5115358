"""Where labels stand above a time axis: each on a pole at its moment, in rows, crossing no other.

A flag is text beside the top of a pole. Its pole passes through all rows below its own, so flags that are
close must be stacked in an order: the search tries the lowest row first, text to the right first.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

ROWS = 6
_GAP = 0.016  # beyond a text's end, to the next text or pole, in widths of the axes


@dataclass(frozen=True)
class Flag:
    """A placed label: pole at ``at`` (0 to 1 of the axis), text and a gap from ``start`` to ``stop`` in row ``row``."""

    text: str
    at: float
    start: float
    stop: float
    row: int

    @property
    def right(self) -> bool:
        """Whether the text stands to the right of its pole."""
        return self.stop > self.at


def place(labels: Sequence[tuple[float, str]], letter: float, rows: int = ROWS) -> list[Flag]:
    """Return the flags of ``labels`` (place 0 to 1, text), those for which there is room, by place.

    ``letter`` is the width of a letter in widths of the axes. Labels are placed from the last to the first.
    """
    placed: list[Flag] = []
    waiting = sorted(labels)
    while waiting:
        at, text = waiting.pop()
        found = next(
            (flag for flag in _choices(at, letter * len(text) + _GAP, text, rows, waiting) if not _taken(flag, placed)),
            None,
        )
        if found is not None:
            placed.append(found)
    return placed[::-1]


def _choices(at: float, width: float, text: str, rows: int, waiting: Sequence[tuple[float, str]]) -> Iterator[Flag]:
    """Yield where a flag may stand within the axis, lowest rows first.

    Below a text that covers poles of labels still ``waiting`` it leaves a row for each of them.
    """
    for row, right in product(range(rows), (True, False)):
        flag = Flag(text, at, at if right else at - width, at + width if right else at, row)
        covered = sum(flag.start < pole < at for pole, _ in waiting)
        if row >= covered and flag.start >= 0 and flag.stop <= 1:
            yield flag


def _taken(flag: Flag, placed: Sequence[Flag]) -> bool:
    return any(_collide(flag, other) for other in placed)


def _collide(one: Flag, other: Flag) -> bool:
    """Tell whether two flags' texts overlap or a pole runs through the other's text."""
    if one.row == other.row and one.start < other.stop and other.start < one.stop:
        return True
    return _crosses(one, other) or _crosses(other, one)


def _crosses(pole: Flag, text: Flag) -> bool:
    """Tell whether the pole of one flag reaches the text of another and stands within it."""
    return pole.row >= text.row and text.start < pole.at < text.stop
