"""What a run came to, in markdown, for its page in Prefect."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from warehouse.connection import connect
from warehouse.reader import History
from warehouse.results import read_result
from warehouse.store import Store


#: The conditions of a sweep: how far its runs have come, and the share that had an onset.
CONDITIONS = """
    SELECT condition, count(*) AS planned, count(*) FILTER (s.done) AS done,
        count(*) FILTER (s.status = 'running') AS running, count(*) FILTER (s.error IS NOT NULL) AS failed,
        count(s.onset_epoch) AS onsets, count(s.onset_epoch) / nullif(count(*) FILTER (s.done), 0) AS share,
        wilson_low(count(s.onset_epoch), count(*) FILTER (s.done)) AS low,
        wilson_high(count(s.onset_epoch), count(*) FILTER (s.done)) AS high,
        quantile_disc(s.onset_epoch, 0.5) AS median_onset, max(s.planned_epochs) AS epochs
    FROM sweep_runs AS s WHERE s.sweep = ? GROUP BY s.condition, s.condition_rank ORDER BY s.condition_rank"""


def run_markdown(store: Store, run: str) -> str:
    """Return the run in a table: what was asked, and what is stored of it."""
    record = store.record(run)
    config, columns = record.config, History(store, run).epochs()
    measured = np.flatnonzero(~np.isnan(np.asarray(columns["complexity"], np.float64)))
    folder = store.run_folder(run)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    rows = [
        ("run", f"`{run}`" + (f" ({record.name})" if record.name else "")),
        ("language", config.language),
        ("programs", f"{config.programs}"),
        ("seed", f"{config.seed}"),
        ("mutation rate", f"{config.mutation_rate:g}"),
        ("last state", f"{record.epochs}"),
        ("operations", f"{int(np.sum(columns['operations'])):.4g}"),
        ("stored", f"{size / 1e6:.1f} MB, {size / 1e6 / max(record.epochs, 1):.3f} MB an epoch, in `{folder}`"),
    ]
    if len(measured):
        last = measured[-1]
        rows.append(("complexity", f"{columns['complexity'][last]:.2f} in state {int(columns['epoch'][last])}"))
    return _table(("", ""), rows)


def onsets_markdown(store: Store, run: str) -> str:
    """Return the onsets found, each with its founder where there is one."""
    onsets = read_result(store, run, "transitions") or []
    if not onsets:
        return "No onset: complexity stayed below 1."
    founders = {row["onset_epoch"]: row for row in reversed(read_result(store, run, "founders") or [])}
    header = ("onset at state", "kind", "ended", "peak complexity", "founder", "share")
    return _table(header, [_onset(onset, founders.get(onset["epoch"])) for onset in onsets])


def sweep_markdown(store: Store, sweep: str) -> str:
    """Return a sweep's conditions in a table, and the runs that failed."""
    with connect(store) as connection:
        found = connection.execute(CONDITIONS, [sweep])
        told = _table(tuple(found.columns), [tuple(_text(value) for value in row) for row in found])
        failed = connection.execute(
            "SELECT run, condition, seed, error FROM sweep_runs WHERE sweep = ? AND error IS NOT NULL", [sweep]
        ).fetchall()
    if not failed:
        return told
    header = ("failed run", "condition", "seed", "why")
    return told + "\n\n" + _table(header, [tuple(_text(value) for value in row) for row in failed])


def _text(value: object) -> str:
    return "" if value is None else f"{value:.3g}" if isinstance(value, float) else str(value)


def _onset(onset: dict[str, Any], founder: dict[str, Any] | None) -> tuple[str, ...]:
    ended = onset["ended_epoch"]
    who = share = ""
    if founder is not None:
        who = f"program {founder['program']} in state {founder['epoch']}"
        share = f"{founder['share']:.2f}"
    return (
        str(onset["epoch"]),
        onset["kind"],
        "" if ended is None else str(ended),
        f"{onset['peak_complexity']:.2f}",
        who,
        share,
    )


def _table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [header, ("---",) * len(header), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)
