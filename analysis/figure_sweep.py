"""A sweep in one picture: how many soups have had no onset yet, with bands, and how their complexity goes.

Above, Kaplan and Meier's curve of each condition with its 95 % band (`survival`); below, the quantiles of complexity
(`fan`) of each condition. Runs that stopped early leave a fan: it then tells of those that went on.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from analysis.figures import STYLE, checked_path, save
from analysis.transitions import THRESHOLD
from sim import InputError
from warehouse.connection import connect
from warehouse.store import Store

Row = Mapping[str, Any]

# Okabe and Ito's palette without yellow, which is too faint for lines.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#222222")
_WIDTH, _CURVES, _FAN, _LINE = 7.2, 2.6, 1.45, 0.17  # inches
_COLUMNS = 3
_MOST = 24  # conditions


def draw_sweep(store: Store, sweep: str, path: str | Path) -> Path:
    """Draw what is done of a sweep into ``path`` (.png or .svg) and return the path.

    Raises `InputError` for an unknown suffix, a path that can't be written, a sweep of which nothing is done or that
    has more than 24 conditions.
    """
    target = checked_path(path)
    with connect(store) as connection:
        survival = _rows(connection.execute("FROM survival(?)", [sweep]))
        fan = _rows(connection.execute("FROM fan(?, 'complexity')", [sweep]))
    conditions = list(dict.fromkeys(row["condition"] for row in survival))
    if not conditions:
        raise InputError(f"sweep {sweep}: none of its runs is done yet; there is nothing to draw")
    if len(conditions) > _MOST:
        raise InputError(f"sweep {sweep}: {len(conditions)} conditions; a figure holds {_MOST}; ask in SQL instead")
    return save(sweep_figure(sweep, survival, fan), target)


def sweep_figure(sweep: str, survival: Sequence[Row], fan: Sequence[Row]) -> Figure:
    """Return the figure of rows of `survival` and `fan`."""
    conditions = list(dict.fromkeys(row["condition"] for row in survival))
    rows = -(-len(conditions) // _COLUMNS)
    columns = min(_COLUMNS, len(conditions))
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(STYLE)
        legend = _LINE * -(-len(conditions) // 2) + 0.1 if len(conditions) > 1 else 0.05
        heights = [0.45, _CURVES, 0.5 + legend, *[_FAN + 0.5] * rows]
        height = sum(heights)
        figure = Figure(figsize=(_WIDTH, height))
        curves = figure.add_axes((0.085, 1 - sum(heights[:2]) / height, 0.885, _CURVES / height))
        last = max(1, *(row["epoch"] for row in survival))
        for place, condition in enumerate(conditions):
            own = [row for row in survival if row["condition"] == condition]
            _draw_survival(curves, own, condition, _COLOURS[place % len(_COLOURS)], last, dashed=place >= len(_COLOURS))
        _finish_survival(curves, last, len(conditions), legend_at=-0.42 / _CURVES)
        highest = max([1.25, *(row["p95"] * 1.05 for row in fan)])
        for place, condition in enumerate(conditions):
            top = sum(heights[:3]) + (place // columns) * (_FAN + 0.5) + 0.2
            width = (0.885 - 0.04 * (columns - 1)) / columns
            axes = figure.add_axes(
                (0.085 + (place % columns) * (width + 0.04), 1 - (top + _FAN) / height, width, _FAN / height)
            )
            own = [row for row in fan if row["condition"] == condition]
            _draw_fan(axes, own, condition, _COLOURS[place % len(_COLOURS)], highest, first=place % columns == 0)
        figure.text(0.085, 1 - 0.2 / height, f"sweep {sweep}", fontsize=9, ha="left", va="center")
        return figure


def _draw_survival(axes: Axes, rows: Sequence[Row], condition: str, colour: str, last: int, *, dashed: bool) -> None:
    """Draw a curve in steps with its band; ticks where runs ended without an onset."""
    epochs = [row["epoch"] for row in rows]
    values = [row["survival"] for row in rows]
    # Where no band can be said, at 1 and 0, it has no width.
    low = [row["survival"] if row["low"] is None else row["low"] for row in rows]
    high = [row["survival"] if row["high"] is None else row["high"] for row in rows]
    runs = max(row["at_risk"] for row in rows)
    counted = f"{sum(row['onsets'] for row in rows)} of {runs}"
    label = f"{condition}: {counted}" if condition else f"{counted} had an onset"
    style = (0, (4, 1.5)) if dashed else "-"
    axes.fill_between(epochs, low, high, step="post", color=colour, alpha=0.14, lw=0)
    axes.step(epochs, values, where="post", color=colour, lw=1.4, ls=style, label=label)
    cut = [row for row in rows if row["censored"] and row["epoch"] < last]
    axes.plot([row["epoch"] for row in cut], [row["survival"] for row in cut], "|", color=colour, ms=5, mew=0.8)


def _finish_survival(axes: Axes, last: int, conditions: int, legend_at: float) -> None:
    axes.set_xlim(0, last)
    axes.set_ylim(0, 1.03)
    axes.set_xlabel("epoch")
    axes.set_ylabel("share of soups without an onset")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}"))
    axes.spines["right"].set_visible(False)
    axes.grid(axis="y", color="#e6e6e6", lw=0.5)
    axes.set_axisbelow(True)
    if conditions > 1:
        axes.legend(
            loc="upper center", bbox_to_anchor=(0.5, legend_at), bbox_transform=axes.transAxes, ncols=2, frameon=False,
            fontsize=7.8, borderaxespad=0, borderpad=0, handlelength=1.8, labelspacing=0.35,
        )  # fmt: skip
    else:
        axes.set_title(axes.get_legend_handles_labels()[1][0], fontsize=8, loc="right")


def _draw_fan(axes: Axes, rows: Sequence[Row], condition: str, colour: str, highest: float, *, first: bool) -> None:
    """Draw the median of complexity, and what half and nine tenths of the runs lie in."""
    epochs = [row["epoch"] for row in rows]
    for low, high, alpha in (("p05", "p95", 0.16), ("p25", "p75", 0.3)):
        axes.fill_between(
            epochs, [row[low] for row in rows], [row[high] for row in rows], color=colour, alpha=alpha, lw=0
        )
    axes.plot(epochs, [row["p50"] for row in rows], color=colour, lw=1.2)
    axes.axhline(THRESHOLD, color="#8a8a8a", lw=0.6, ls=(0, (1, 2)))
    axes.set_xlim(0, max([1, *epochs]))
    axes.set_ylim(min([0.0, *(row["p05"] for row in rows)]), highest)
    axes.set_title(condition or "complexity, bits per byte", fontsize=7.2, loc="left", pad=3)
    axes.spines["right"].set_visible(False)
    axes.tick_params(labelsize=7)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}"))
    axes.locator_params(axis="x", nbins=4)
    if first:
        axes.set_ylabel("complexity", fontsize=7.5)


def _rows(result: Any) -> list[Row]:
    return [dict(zip(result.columns, row, strict=True)) for row in result]
