"""The rows behind the figures of a run: what `figures` and `figure_assembly` draw, for other tools to draw."""

from collections.abc import Iterator
from typing import Any

from analysis.curves import Drawn, drawn
from analysis.figure_assembly import assembling, snapshots
from warehouse.reader import History
from warehouse.results import read_result

Row = dict[str, Any]

_ONSET = ("rank", "epoch", "ended_epoch", "kind", "peak_complexity")
_FOUNDER = ("onset_epoch", "rank", "program", "epoch", "share")


def figure_rows(history: History) -> Iterator[tuple[str, list[Row]]]:
    """Yield the name of each table of `warehouse.figure_tables.FIGURES` that the run has, and its rows.

    Onsets and founders are those that the store holds. Raises `InputError` if nothing is stored of the run.
    """
    shown = drawn(history)
    yield "figure_1", _placed(history, _points(shown, history.config.cells))
    yield "figure_1_onsets", _placed(history, [{name: row[name] for name in _ONSET} for row in shown.onsets])
    yield "figure_1_founders", _placed(history, [{name: row[name] for name in _FOUNDER} for row in shown.founders])
    rows = _tapes(history)
    if rows:
        yield "figure_3", _placed(history, rows)


def _placed(history: History, rows: list[Row]) -> list[Row]:
    return [{"run": history.run} | row for row in rows]


def _points(shown: Drawn, cells: int) -> list[Row]:
    curves = shown.curves
    columns = (curves.epochs, curves.unique_tokens, curves.frequent_tokens, curves.complexity)
    return [
        # a count again, then the share as `epochs` has it
        {"epoch": int(n), "unique_tokens": int(unique), "top32_share": round(count) / cells, "complexity": value}
        for n, unique, count, value in zip(*(column.tolist() for column in columns), strict=True)
    ]


def _tapes(history: History) -> list[Row]:
    found = assembling(history, read_result(history.store, history.run, "founders") or [])
    if found is None:
        return []
    _, reaction = found
    config, programs = history.config, (reaction.left, reaction.right)

    def place(index: int | None) -> tuple[int | None, int | None]:
        if index is None:
            return None, None
        half, site = divmod(index, config.program_length)
        return programs[half], site

    rows = []
    for taken in snapshots(config.instruction_set, reaction, config.step_limit):
        for index, (char, source) in enumerate(zip(taken.tape, taken.sources, strict=True)):
            (program, site), (from_program, from_site) = place(index), place(source)
            rows.append(
                {
                    "epoch": reaction.epoch,
                    "left_program": reaction.left,
                    "right_program": reaction.right,
                    "step": taken.step,
                    "program": program,
                    "site": site,
                    "char": char,
                    "from_program": from_program,
                    "from_site": from_site,
                }
            )
    return rows
