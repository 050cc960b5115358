"""What of a run's history is there: which states can be told exactly, and which epochs' logs, once it was thinned.

A state is *whole* if it is a keyframe, or the logs of all epochs from a keyframe to it are there. A segment's
manifest names the epochs whose logs it holds (`logs`: first and last of each stretch) where these are not all, and
the keyframes that were made when it was thinned (`added`).
"""

import bisect
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

from warehouse.decoding import read_manifest
from warehouse.errors import ThinnedError
from warehouse.store import EVERYTHING, RunFiles, Span

#: A stretch of epochs or states: first and last.
Stretch = tuple[int, int]

_TOLD = 6  # stretches named in an error


class Kept:
    """What the files of a run hold; reads their manifests when that is asked for and the run was thinned."""

    def __init__(self, files: RunFiles) -> None:
        self._files = files

    @cached_property
    def keyframes(self) -> list[int]:
        """The states kept whole, ascending."""
        return [epoch for segment in self._files.segments for epoch in read_manifest(segment)["keyframes"]]

    @cached_property
    def logs(self) -> list[Stretch]:
        """The epochs whose logs are there, in stretches as long as can be."""
        if self._files.retention == EVERYTHING:
            return [(self._files.first + 1, self._files.last)] if self._files.last > self._files.first else []
        return joined(stretch for segment in self._files.segments for stretch in logs_of(segment))

    @property
    def gone(self) -> list[Stretch]:
        """The epochs whose logs were thinned away, in stretches as long as can be."""
        found, begin = [], self._files.first + 1
        for first, last in (*self.logs, (self._files.last + 1, self._files.last)):
            if begin < first:
                found.append((begin, first - 1))
            begin = last + 1
        return found

    @cached_property
    def states(self) -> list[Stretch]:
        """The states that are whole, in stretches as long as can be."""
        if self._files.retention == EVERYTHING:
            return [(self._files.first, self._files.last)] if self._files.last >= 0 else []
        return joined((epoch, self.last_log(epoch + 1)) for epoch in self.keyframes)

    def first_log(self, epoch: int) -> int:
        """Return the first of the epochs up to ``epoch`` whose logs are all there; ``epoch`` + 1 if its own is not."""
        stretch = _holding(self.logs, epoch)
        return epoch + 1 if stretch is None else stretch[0]

    def last_log(self, epoch: int) -> int:
        """Return the last of the epochs from ``epoch`` on whose logs are all there; ``epoch`` - 1 if its own is not."""
        stretch = _holding(self.logs, epoch)
        return epoch - 1 if stretch is None else stretch[1]

    def has_state(self, epoch: int) -> bool:
        """Tell whether a stored state is whole."""
        return _holding(self.states, epoch) is not None

    def check_states(self, epochs: Iterable[int]) -> None:
        """Raise `ThinnedError` unless all of these stored states are whole."""
        if self._files.retention == EVERYTHING:
            return
        for epoch in epochs:
            if not self.has_state(epoch):
                raise ThinnedError(
                    f"run {self._files.run} was thinned (--keep {self._files.retention}): state {epoch} is not there;"
                    f" whole states: {told(self.states)} (relation kept)"
                )

    def lacking_log(self, epoch: int) -> ThinnedError:
        """Return what to raise where the log of an epoch is needed and not there."""
        return ThinnedError(
            f"run {self._files.run} was thinned (--keep {self._files.retention}): the log of epoch {epoch} is not"
            f" there; logs: {told(self.logs)}; whole states: {told(self.states)} (relation kept)"
        )


def rows_of(files: RunFiles) -> list[dict[str, Any]]:
    """Return the rows of the relation `kept` of a run, without `run`."""
    kept = Kept(files)
    counts = [(files.first, files.last)] if files.last >= 0 else []
    return [
        {"first_epoch": first, "last_epoch": last, "what": what}
        for what, stretches in (("counts", counts), ("states", kept.states), ("logs", kept.logs))
        for first, last in stretches
    ]


def logs_of(segment: Span, manifest: dict[str, Any] | None = None) -> list[Stretch]:
    """Return the epochs whose logs a segment holds, in stretches; ``manifest`` is its own, if it was read already."""
    stretches = (manifest or read_manifest(segment)).get("logs")
    if stretches is None:
        return [(segment.start + 1, segment.stop)] if segment.epochs else []
    return [(first, last) for first, last in stretches]


def joined(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Return stretches, ascending, those together that overlap or follow one another."""
    found: list[Stretch] = []
    for first, last in sorted(stretches):
        if found and first <= found[-1][1] + 1:
            found[-1] = found[-1][0], max(found[-1][1], last)
        else:
            found.append((first, last))
    return found


def common(some: Sequence[Stretch], others: Sequence[Stretch]) -> list[Stretch]:
    """Return what is in both, in stretches, ascending."""
    pairs = ((max(one[0], other[0]), min(one[1], other[1])) for one in some for other in others)
    return sorted((first, last) for first, last in pairs if first <= last)


def told(stretches: Sequence[Stretch]) -> str:
    """Return stretches in words: 0, 64 to 128, 256."""
    words = [str(first) if first == last else f"{first} to {last}" for first, last in stretches[:_TOLD]]
    if len(stretches) > _TOLD:
        words.append(f"{len(stretches) - _TOLD} more up to {stretches[-1][1]}")
    return ", ".join(words) or "none"


def _holding(stretches: Sequence[Stretch], epoch: int) -> Stretch | None:
    place = bisect.bisect_right(stretches, epoch, key=lambda stretch: stretch[0]) - 1
    return stretches[place] if place >= 0 and epoch <= stretches[place][1] else None
