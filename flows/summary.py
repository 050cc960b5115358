"""What a run came to, in markdown, for its page in Prefect."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from warehouse.reader import History
from warehouse.results import read_result
from warehouse.store import Store
from warehouse.sweeps import PlannedRun


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
        (
            "stored",
            f"{size / 1e6:.1f} MB, {size / 1e6 / max(record.epochs - config.first, 1):.3f} MB an epoch, in `{folder}`",
        ),
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


def sweep_markdown(plan: Sequence[PlannedRun], done: Collection[PlannedRun], failed: Mapping[str, str]) -> str:
    """Return a sweep's conditions in a table, and its failed runs with the reason."""
    conditions = dict.fromkeys(row.condition for row in plan)
    counts = [
        (name, str(sum(row.condition == name for row in plan)), str(sum(row.condition == name for row in done)))
        for name in conditions
    ]
    told = _table(("condition", "runs", "done"), counts)
    return told + "\n\n" + _table(("failed run", "why"), list(failed.items())) if failed else told


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
