"""Figure 3 of the paper for any founder: the reaction that assembled it, in snapshots, its bytes' ways between them.

Agüera y Arcas et al. 2024, figure 3: the tape after some steps, instructions in their colours, and lines from
where a byte stood to where it was copied. The same reaction gives the same bytes under the same matplotlib.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from analysis.emergence import lasting_writes
from analysis.figures import STYLE, checked_path, save
from analysis.founders import Row
from analysis.reactions import Reaction, reaction_of
from sim import InputError, Language, language
from warehouse.reader import History

_SNAPSHOTS = 4
_WIDTH, _ROW, _STRIP, _ABOVE, _BELOW = 7.2, 0.85, 0.16, 0.45, 0.35  # inches
_GAP = 2  # columns between the halves
_SIDES = {"left": "#0072B2", "right": "#D55E00"}
_PLAIN = (0.93, 0.93, 0.93)
_GREY = 24  # colours whose parts differ by less tell nothing on paper


class Snapshot(NamedTuple):
    """A tape after `step` steps, and for each of its bytes the place where it stood at first (None: nowhere)."""

    step: int
    tape: bytes
    sources: tuple[int | None, ...]


def draw_assembly(history: History, founders: Sequence[Row], path: str | Path) -> Path:
    """Draw the reaction that assembled the first of ``founders`` that has one into ``path``; return the path.

    Raises `InputError` for an unknown suffix, a path that can't be written, or if no reaction assembled any.
    """
    target = checked_path(path)
    found = assembling(history, founders)
    if found is None:
        raise InputError("figure: no reaction assembled a founder of this run; there is nothing to draw")
    founder, reaction = found
    config = history.config
    spoken = language(config.language)
    title = (
        f"{config.language}, seed {config.seed}: programs {reaction.left:,} and {reaction.right:,} react in"
        f" epoch {reaction.epoch:,} and assemble the founder of state {founder['epoch']:,}"
    )
    return save(figure_3(spoken, snapshots(spoken, reaction, config.step_limit), title), target)


def assembling(history: History, founders: Sequence[Row]) -> tuple[Row, Reaction] | None:
    """Return the first of ``founders`` that a reaction assembled, with that reaction; None if there is none."""
    for founder in founders:
        epoch, program = int(founder["assembled_epoch"]), int(founder["assembled_program"])
        reaction = reaction_of(history, epoch, program) if epoch > history.first else None
        if reaction is not None:
            return founder, reaction
    return None


def snapshots(spoken: Language, reaction: Reaction, limit: int, count: int = _SNAPSHOTS) -> list[Snapshot]:
    """Return the tape before and after its execution, and between when equal parts of what stayed were done."""
    lasting = [row["step"] for row in lasting_writes(spoken, reaction.tape, limit)]
    wanted = {lasting[len(lasting) * part // (count - 1) - 1] for part in range(1, count)} if lasting else set()
    tape, sources = bytearray(reaction.tape), list[int | None](range(len(reaction.tape)))
    found = [Snapshot(0, bytes(tape), tuple(sources))]
    for step in spoken.walk(reaction.tape, limit):
        for target, source, char in step.writes:
            tape[target], sources[target] = char, source
        if step.number in wanted:
            found.append(Snapshot(step.number, bytes(tape), tuple(sources)))
    return found


def ways(one: Snapshot, other: Snapshot) -> list[tuple[int, int]]:
    """Return (from, to) for each byte that another stands in place of in the ``other``, later snapshot.

    From where it stood in ``one``: at its first place, if it still did, else at the nearest that held it then.
    """
    found = []
    for place, (before, source) in enumerate(zip(one.sources, other.sources, strict=True)):
        if source is None or source == before:
            continue
        held = [at for at, origin in enumerate(one.sources) if origin == source] or [source]
        found.append((source if source in held else min(held, key=lambda at: (abs(at - place), at)), place))
    return found


def figure_3(spoken: Language, taken: Sequence[Snapshot], title: str = "") -> Figure:
    """Return the figure of some snapshots, the first at the top."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(STYLE)
        height = _ABOVE + _BELOW + _STRIP + _ROW * (len(taken) - 1)
        figure = Figure(figsize=(_WIDTH, height))
        axes = figure.add_axes((0.085, _BELOW / height, 0.9, 1 - (_ABOVE + _BELOW) / height))
        axes.set_axis_off()
        axes.set_xlim(0, 2 * spoken.program_length + _GAP)
        axes.set_ylim(_ROW * (len(taken) - 1) + _STRIP, 0)
        for row, snapshot in enumerate(taken):
            _draw_tape(axes, spoken, snapshot, row * _ROW)
        for row in range(1, len(taken)):
            _draw_ways(axes, spoken, ways(taken[row - 1], taken[row]), row * _ROW)
        figure.legend(
            handles=[Patch(color=colour, label=f"from the {side} program") for side, colour in _SIDES.items()],
            loc="lower center", ncols=2, frameon=False, fontsize=8,
        )  # fmt: skip
        figure.text(0.085, 1 - 0.16 / height, title, fontsize=7.5, ha="left", va="center")
        return figure


def _column(spoken: Language, place: int) -> int:
    return place + _GAP * (place >= spoken.program_length)


def _draw_tape(axes: Axes, spoken: Language, snapshot: Snapshot, top: float) -> None:
    """Draw one tape as coloured cells, instructions with their text."""
    half = spoken.program_length
    for start in (0, half):
        content = snapshot.tape[start : start + half]
        colours = np.array([[_colour(spoken, byte) for byte in content]])
        left = _column(spoken, start)
        axes.imshow(colours, extent=(left, left + half, top + _STRIP, top), aspect="auto", interpolation="nearest")
        for place, byte in enumerate(content):
            text = spoken.format(bytes([byte]))
            if len(text) == 1 and _colour(spoken, byte) != _PLAIN:  # the instructions, as in the paper
                axes.text(left + place + 0.5, top + _STRIP / 2, text, fontsize=5, ha="center", va="center_baseline")
    axes.text(-1, top + _STRIP / 2, f"step {snapshot.step:,}", fontsize=6.5, ha="right", va="center")


def _colour(spoken: Language, byte: int) -> tuple[float, float, float]:
    """Return a byte's colour, light enough to read the text on it; a plain one's is nearly white."""
    colour = spoken.colour(byte)
    if colour is None or max(colour) - min(colour) < _GREY:
        return _PLAIN
    red, green, blue = (0.45 + 0.55 * part / 255 for part in colour)
    return red, green, blue


def _draw_ways(axes: Axes, spoken: Language, moved: Sequence[tuple[int, int]], bottom: float) -> None:
    """Draw lines from the tape above to the one at ``bottom``."""
    lines = [
        [(_column(spoken, one) + 0.5, bottom - _ROW + _STRIP), (_column(spoken, other) + 0.5, bottom)]
        for one, other in moved
    ]
    colours = [_SIDES["left" if one < spoken.program_length else "right"] for one, _ in moved]
    axes.add_collection(LineCollection(lines, colors=colours, linewidths=0.6, alpha=0.7), autolim=False)
