"""Figure 1 of the paper for any run: tokens and complexity over epochs, onsets and founders marked.

Agüera y Arcas et al. 2024, figure 1: unique tokens and the tokens that the 32 most frequent ones fill (log
scale, left), complexity (right). The same rows give the same bytes under the same matplotlib.
"""

import io
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

from analysis.curves import Curves, drawn
from analysis.flags import Flag, place
from analysis.transitions import THRESHOLD
from sim import InputError
from warehouse.reader import History
from warehouse.store import Store

Row = Mapping[str, Any]

SUFFIXES = (".png", ".svg")

# Okabe and Ito's palette: told apart by colour-blind readers, and by their greys.
_UNIQUE = "#0072B2"
_FREQUENT = "#56B4E9"
_COMPLEXITY = "#D55E00"
_MARK = "#222222"
_FAINT = "#8a8a8a"
_SHADE = "#fdf0e8"

_NAMES = {"open": "onset"}  # a label says "onset" of what the run's end leaves open

#: What all figures have in common, beside matplotlib's defaults.
STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",  # comes with matplotlib, so the letters are the same everywhere
    "font.size": 8.5,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "lines.solid_capstyle": "round",
    "xtick.direction": "out",
    "svg.fonttype": "path",
    "svg.hashsalt": "primordium",  # else each drawing names its elements at random
    "savefig.dpi": 220,
}
# Inches. The width is two columns of a paper; rows of labels make the figure taller, never the axes smaller.
_WIDTH, _AXES, _BELOW, _ROW, _TITLE = 7.2, 2.75, 0.95, 0.165, 0.36
_LEFT, _RIGHT = 0.085, 0.925  # of the width
_LETTER = 0.0093  # width of a label's letter, in widths of the axes
_FEW_POINTS = 24
_LABELLED_SURGES = 4


class Span(NamedTuple):
    """The epochs that a figure shows, from left to right."""

    first: float
    last: float

    def place(self, epoch: float) -> float:
        """Return where an epoch lies, 0 at the left to 1 at the right."""
        return (epoch - self.first) / (self.last - self.first)


def draw_run(store: Store, run: str, path: str | Path) -> Path:
    """Draw figure 1 of ``run`` (id or name) into ``path`` (.png or .svg) and return the path.

    Onsets and founders are those that the store holds; run the analyses first. Raises `InputError` for an
    unknown suffix, a path that can't be written, or a run of which nothing is stored.
    """
    target = checked_path(path)
    with History(store, run) as history:
        curves, onsets, founders = drawn(history)
        config = history.config
    title = f"{config.language}, {config.programs:,} programs, seed {config.seed}, {_mutation(config.mutation_rate)}"
    return save(figure_1(curves, onsets, founders, title=title, first=config.first), target)


def checked_path(path: str | Path) -> Path:
    """Return ``path`` if a figure can be written there; `InputError` says what else would do."""
    target = Path(path)
    if target.suffix.lower() not in SUFFIXES:
        raise InputError(f"figure {str(path)!r}: cannot draw {target.suffix or 'no suffix'!r}; allowed: .png, .svg")
    with suppress(OSError):  # what can't even be looked up is reported when it is written
        if target.is_dir():
            raise InputError(f"figure {str(path)!r}: is a directory; name a file in it")
        if not target.parent.is_dir():
            raise InputError(f"figure {str(path)!r}: no directory {str(target.parent)!r}; create it first")
    return target


def _mutation(rate: float) -> str:
    """Say a mutation rate as the paper does: one in so many bytes, where it is."""
    if rate == 0:
        return "no mutation"
    return f"mutation 1/{1 / rate:,.0f}" if (1 / rate).is_integer() else f"mutation {rate:.4g}"


def figure_1(
    curves: Curves, onsets: Sequence[Row] = (), founders: Sequence[Row] = (), title: str = "", first: int = 0
) -> Figure:
    """Return the figure of a run that begins with state ``first``.

    ``onsets`` and ``founders`` are rows of `transitions` and `founders`.
    """
    with mpl.rc_context():
        mpl.rcdefaults()  # a reader's own matplotlibrc must not change the picture
        mpl.rcParams.update(STYLE)
        span = Span(first, max(float(curves.epochs[-1]), first + 1.0) if len(curves.epochs) else first + 1.0)
        flags = _flags(onsets, founders, span)
        rows = max((flag.row + 1 for flag in flags), default=0)
        height = _BELOW + _AXES + _ROW * rows + _TITLE
        figure = Figure(figsize=(_WIDTH, height))
        tokens = figure.add_subplot()
        figure.subplots_adjust(left=_LEFT, right=_RIGHT, bottom=_BELOW / height, top=(_BELOW + _AXES) / height)
        complexity = tokens.twinx()
        _draw_onsets(tokens, onsets, span)
        _draw_tokens(tokens, curves, span)
        _draw_complexity(complexity, curves)
        _draw_flags(complexity, flags)
        _draw_founders(complexity, founders, span)
        _draw_legend(figure, onsets, founders)
        figure.text(_LEFT, 1 - 0.15 / height, title, fontsize=9, ha="left", va="center")
        return figure


def save(figure: Figure, path: Path) -> Path:
    """Write ``figure`` to ``path`` by its suffix, with nothing in it that changes by the day.

    Raises `InputError` if the path can't be written.
    """
    kind = path.suffix.lower()[1:]
    metadata: dict[str, Any] = {"Date": None, "Creator": "primordium"} if kind == "svg" else {"Software": "primordium"}
    content = io.BytesIO()
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(STYLE)
        figure.savefig(content, format=kind, metadata=metadata)
    try:
        path.write_bytes(content.getvalue())
    except OSError as error:
        raise InputError(f"figure {str(path)!r}: cannot be written ({error.strerror}); choose another path") from error
    return path


def _draw_tokens(axes: Axes, curves: Curves, span: Span) -> None:
    """Draw both token curves over a log scale of whole decades."""
    marks = _marks(curves)
    axes.plot(curves.epochs, curves.unique_tokens, color=_UNIQUE, lw=1.5, clip_on=False, **marks)
    axes.plot(curves.epochs, curves.frequent_tokens, color=_FREQUENT, lw=1.5, clip_on=False, **marks)
    values = np.concatenate([curves.unique_tokens, curves.frequent_tokens, [1.0]])[:-1]
    values = values[values > 0] if np.any(values > 0) else np.ones(1)
    axes.set_yscale("log")
    axes.set_ylim(10.0 ** np.floor(np.log10(values.min())), 10.0 ** (np.floor(np.log10(values.max())) + 1))
    axes.set_xlim(span.first, span.last)
    axes.yaxis.set_major_locator(LogLocator(10, numticks=12))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}"))
    axes.set_xlabel("epoch")
    axes.set_ylabel("tokens", color=_UNIQUE)
    axes.tick_params(axis="y", colors=_UNIQUE)
    axes.grid(axis="y", color="#e6e6e6", lw=0.5)
    axes.set_axisbelow(True)


def _draw_complexity(axes: Axes, curves: Curves) -> None:
    """Draw complexity and the threshold that makes an onset."""
    axes.plot(curves.epochs, curves.complexity, color=_COMPLEXITY, lw=1.5, clip_on=False, **_marks(curves))
    highest = float(curves.complexity.max()) if len(curves.complexity) else 0.0
    axes.set_ylim(min(0.0, *curves.complexity.tolist(), 0.0), max(1.25, 1.08 * highest))
    axes.axhline(THRESHOLD, color=_COMPLEXITY, lw=0.6, ls=(0, (1, 2)), alpha=0.8)
    axes.set_ylabel("complexity, bits per byte", color=_COMPLEXITY)
    axes.tick_params(axis="y", colors=_COMPLEXITY)


def _marks(curves: Curves) -> dict[str, Any]:
    """Return how a curve's points are drawn: seen only where they are few."""
    return {"marker": "o", "ms": 2.6} if len(curves.epochs) <= _FEW_POINTS else {}


def _draw_onsets(axes: Axes, onsets: Sequence[Row], span: Span) -> None:
    """Mark each onset by a line, and shade the epochs until it ended."""
    for row in onsets:
        ended = span.last if row["ended_epoch"] is None else float(row["ended_epoch"])
        axes.axvspan(row["epoch"], ended, color=_SHADE, lw=0, zorder=0)
        axes.axvline(row["epoch"], zorder=1, **_line(row))


def _line(row: Row) -> dict[str, Any]:
    """Return how an onset's line is drawn: surges fainter."""
    surge = row["kind"] == "surge"
    return {"color": _FAINT if surge else _MARK, "lw": 0.8 if surge else 0.9, "ls": (0, (4, 2.5))}


def _draw_founders(axes: Axes, founders: Sequence[Row], span: Span) -> None:
    """Mark each onset's first founder on the epoch axis; further founders smaller and hollow."""
    for row in founders:
        first = row["rank"] == 1
        axes.plot(
            [span.place(row["epoch"])], [0.0], "^", transform=axes.transAxes, clip_on=False, zorder=5 if first else 4,
            ms=6 if first else 4.5, mfc=_MARK if first else "white", mec=_MARK, mew=0.8,
        )  # fmt: skip


def _flags(onsets: Sequence[Row], founders: Sequence[Row], span: Span) -> list[Flag]:
    """Place the labels, saying as much as there is room for: every lasting onset, and surges where they are few."""
    surges = sum(row["kind"] == "surge" for row in onsets)
    named = [row for row in onsets if row["kind"] != "surge" or surges <= _LABELLED_SURGES]
    flags: list[Flag] = []
    for detail in (" (founder: program {program:,}, epoch {epoch:,})", " (founder: epoch {epoch:,})", ""):
        labels = [(span.place(row["epoch"]), _label(row, founders, detail)) for row in named]
        flags = place(labels, _LETTER)
        if len(flags) == len(named):
            break
    return flags


def _label(row: Row, founders: Sequence[Row], detail: str) -> str:
    """Return an onset's label, with ``detail`` filled in from its first founder if it has one."""
    founder = next((f for f in founders if f["onset_epoch"] == row["epoch"] and f["rank"] == 1), None)
    name = f"{_NAMES.get(row['kind'], row['kind'])} {row['epoch']:,}"
    return name if founder is None else name + detail.format(**founder)


def _draw_flags(axes: Axes, flags: Sequence[Flag]) -> None:
    """Draw the labels above the frame, each beside its pole."""
    row_height = _ROW / _AXES
    for flag in flags:
        bottom = 1 + row_height * flag.row
        axes.plot(
            [flag.at, flag.at],
            [1, bottom + 0.8 * row_height],
            transform=axes.transAxes,
            clip_on=False,
            color=_MARK,
            lw=0.7,
        )
        axes.annotate(
            flag.text, (flag.at, bottom + 0.45 * row_height), (3 if flag.right else -3, 0), xycoords="axes fraction",
            textcoords="offset points", fontsize=7.6, ha="left" if flag.right else "right", va="center", color=_MARK,
        )  # fmt: skip


def _draw_legend(figure: Figure, onsets: Sequence[Row], founders: Sequence[Row]) -> None:
    """Explain every kind of mark that the picture holds, below it."""
    entries: list[Any] = [
        Line2D([], [], color=_UNIQUE, lw=1.5, label="unique tokens"),
        Line2D([], [], color=_FREQUENT, lw=1.5, label="top 32 tokens"),
        Line2D([], [], color=_COMPLEXITY, lw=1.5, label="complexity"),
    ]
    surges = [row for row in onsets if row["kind"] == "surge"]
    lasting = [row for row in onsets if row["kind"] != "surge"]
    if lasting:
        entries.append(Line2D([], [], label="transition", **_line(lasting[0])))
    if surges:
        entries.append(Line2D([], [], label=f"surge ({len(surges)})", **_line(surges[0])))
    if onsets:
        entries.append(Patch(color=_SHADE, lw=0, label="complexity above 1"))
    if founders:
        entries.append(Line2D([], [], color=_MARK, marker="^", ms=6, lw=0, label="founder"))
    figure.legend(
        handles=entries, loc="lower center", bbox_to_anchor=((_LEFT + _RIGHT) / 2, 0.0), ncols=4, frameon=False,
        fontsize=8, handlelength=2.0, columnspacing=1.8,
    )  # fmt: skip
