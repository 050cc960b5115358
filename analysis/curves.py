"""The curves of figure 1: measured states of a run, and by replay those that show how an onset went.

States are measured every 64 epochs as a rule, and a takeover may pass between two of them: a straight line
would cross the threshold far from the onset it is marked with. So the stretch around each onset is filled in,
and in a run that is quickly replayed all of it.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from analysis.measures import measure
from sim import InputError
from warehouse.reader import History
from warehouse.results import read_result

Float64 = NDArray[np.float64]
Row = Mapping[str, Any]

_FILLED = 8  # states measured between two neighbours around an onset
_ONSETS = 8  # onsets that are filled in, the earliest: each costs some seconds at full size
_ALL = 200  # states of a small run that are drawn
_SMALL = 1 << 28  # cells x epochs: replayed in a second or two


@dataclass(frozen=True)
class Curves:
    """States of a run: `epochs`, tokens by count, complexity in bits per byte (float64 each, same length)."""

    epochs: Float64
    unique_tokens: Float64
    frequent_tokens: Float64
    complexity: Float64


class Drawn(NamedTuple):
    """What figure 1 of a run shows: its curves, and the rows of `transitions` and `founders`."""

    curves: Curves
    onsets: list[Any]
    founders: list[Any]


def drawn(history: History) -> Drawn:
    """Return what figure 1 shows; onsets and founders are those that the store holds.

    Raises `InputError` if nothing is stored of the run.
    """
    if history.last < 0:
        raise InputError(f"run {history.run}: nothing of it is stored yet; there is nothing to draw")
    onsets = read_result(history.store, history.run, "transitions") or []
    founders = read_result(history.store, history.run, "founders") or []
    return Drawn(filled_in(curves_of(history.epochs(), history.config.cells), history, onsets), onsets, founders)


def curves_of(columns: Mapping[str, NDArray[Any]], cells: int) -> Curves:
    """Return the measured rows of the relation `epochs` (``columns`` by name, NaN where not measured)."""
    measured = ~np.isnan(np.asarray(columns["complexity"], np.float64))
    epoch, unique, share, complexity = (
        np.asarray(columns[name], np.float64)[measured]
        for name in ("epoch", "unique_tokens", "top32_share", "complexity")
    )
    return Curves(epoch, unique, share * cells, complexity)


def filled_in(curves: Curves, history: History, onsets: Iterable[Row]) -> Curves:
    """Return ``curves`` with further states measured by replay: around the ``onsets``, and all over a small run.

    States that were thinned away are left out.
    """
    measured = [int(n) for n in curves.epochs]
    wanted = states_around(measured, [int(row["epoch"]) for row in onsets][:_ONSETS])
    cells, first, last = history.config.cells, history.first, history.last
    if cells * (last - first) <= _SMALL:
        wanted |= {*range(first, last, max(1, (last - first) // _ALL))}
    points = []
    for epoch, replay in history.states(list(filter(history.kept.has_state, sorted(wanted.difference(measured))))):
        row = measure(replay.chars, *replay.token_counts())
        points.append((epoch, row["unique_tokens"], row["top32_share"] * cells, row["complexity"]))
    if not points:
        return curves
    stored = np.stack([curves.epochs, curves.unique_tokens, curves.frequent_tokens, curves.complexity])
    together = np.concatenate([stored, np.array(points, np.float64).T], axis=1)
    return Curves(*together[:, np.argsort(together[0])])


def states_around(measured: Sequence[int], onsets: Sequence[int]) -> set[int]:
    """Return states between the neighbours in ``measured`` (ascending) around each onset, itself one of them."""
    chosen: set[int] = set()
    for onset in onsets:
        place = bisect_left(measured, onset)
        if 0 < place < len(measured):
            before, after = measured[place - 1], measured[place]
            chosen |= {*range(before, after, max(1, (after - before) // _FILLED)), onset}
    return chosen
