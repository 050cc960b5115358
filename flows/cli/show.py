"""`primordium show`: a run's summary, and its figure."""

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.cli.output import print_json, print_rows
from flows.cli.parser import add_format, add_run
from flows.cli.reading import open_store

if TYPE_CHECKING:
    from flows.cli.terminal import Page
    from warehouse.record import RunRecord
    from warehouse.store import Store

EXAMPLES = ("primordium show RUN", "primordium show RUN --figure run.png")
_BYTES_OF_A_TOKEN = 8
_POISONED = 0.05  # share of zero bytes worth telling: random soups have 0.004

Summary = dict[str, Any]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add_run(parser)
    parser.add_argument("--figure", metavar="FILE", type=Path, help="draw figure 1 of the paper there, .png or .svg")
    add_format(parser)


def execute(arguments: argparse.Namespace) -> None:
    """Draw the figure if one is asked for, then print the summary."""
    store = open_store(arguments)
    record = store.find(arguments.run)
    if arguments.figure is not None:
        from analysis.figures import draw_run
        from flows.cli.terminal import note

        note(f"figure: {draw_run(store, record.run, arguments.figure)}")
    summary = summary_of(store, record)
    if arguments.format == "json":
        print_json(summary)
    elif arguments.format == "csv":
        print_rows(("field", "value"), flattened(summary), "csv")
    else:
        _print_for_people(summary)


def summary_of(store: "Store", record: "RunRecord") -> Summary:
    """Return what the store tells of a run: record, sizes in bytes, onsets, founders, phases (null: not analysed)."""
    from warehouse.results import read_result

    told = ("configuration", "provenance")
    return {
        **{name: value for name, value in record.row().items() if name not in told},
        "states": store.files(record.run).states,
        "bytes": sizes_of(store, record.run),
        "work": work_of(record),
        "imported_epoch": record.config.start and record.config.start.epoch,
        "transitions": read_result(store, record.run, "transitions"),
        "founders": _without_bytes(read_result(store, record.run, "founders")),
        "phases": read_result(store, record.run, "phases"),
    }


def _without_bytes(founders: list[dict[str, Any]] | None) -> list[dict[str, Any]] | None:
    """Leave out each byte's birth: `primordium replicator` tells it."""
    if founders is None:
        return None
    return [{name: value for name, value in row.items() if name not in {"born", "bytes"}} for row in founders]


def sizes_of(store: "Store", run: str) -> dict[str, int]:
    """Return the bytes on disk of a run by relation, of everything else, and of all."""
    from warehouse.schema import SEGMENT_FILES

    files = store.files(run)
    sizes = {name: sum(span.file(name).stat().st_size for span in files.segments) for name in SEGMENT_FILES}
    total = sum(path.stat().st_size for path in files.folder.rglob("*") if path.is_file())
    return {**sizes, "other": total - sum(sizes.values()), "total": total}


def work_of(record: "RunRecord") -> dict[str, float]:
    """Return what making the run took, all stretches of work together: epochs, seconds, and the peak of memory."""
    stretches = record.provenance
    return {
        "epochs": sum(max(stretch["last_state"], 0) - max(stretch["first_state"] - 1, 0) for stretch in stretches),
        "elapsed_s": sum(stretch["resources"]["elapsed_s"] for stretch in stretches),
        "peak_memory_bytes": max((stretch["resources"]["peak_memory_bytes"] for stretch in stretches), default=0),
    }


def flattened(value: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield (path, scalar) for everything in a summary: transitions.0.epoch."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from flattened(item, f"{prefix}.{name}" if prefix else str(name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from flattened(item, f"{prefix}.{index}")
    else:
        yield prefix, value


def _print_for_people(summary: Summary) -> None:
    from flows.cli.terminal import Page, facts

    page = Page()
    page.print(f"run {summary['run']}{_named(summary)}", style="bold")
    facts(page, _told(summary), indent="  ")
    onsets = summary["transitions"]
    if onsets is None:
        page.print(f"  not analysed yet: primordium analyze {summary['run']}")
        return
    page.print("onsets" if onsets else "no onset: its complexity never rose to 1", style="bold")
    _print_onsets(page, onsets, summary["founders"] or [])
    if summary["phases"]:
        page.print("phases", style="bold")
        for row in summary["phases"]:
            page.print(f"  {row['phase']:<10} {row['first_epoch']:>6} to {row['last_epoch']:>6}{_alive(row)}")


def _print_onsets(page: "Page", onsets: list[dict[str, Any]], founders: list[dict[str, Any]]) -> None:
    for row in onsets:
        ended = "lasts" if row["ended_epoch"] is None else f"ended by state {row['ended_epoch']}"
        page.print(f"  {row['kind']} at epoch {row['epoch']}, {ended}, peak complexity {row['peak_complexity']:.2f}")
        if not row["founders_sought"]:
            page.print("    founders are sought of the 8 highest surges only; this is none of them")
        for founder in founders:
            if founder["onset_epoch"] == row["epoch"]:
                page.print(
                    f"    founder {founder['rank']}: program {founder['program']} in state {founder['epoch']}, "
                    f"share {founder['share']:.2f}, score {founder['score']}"
                )


def _alive(phase: Mapping[str, Any]) -> str:
    """Say how many programs replicate in a phase, and how much of the soup is zero where that is much."""
    told = []
    if phase["replicating_share"] is not None:
        told.append(f"{phase['replicating_share']:.0%} replicate")
    if (phase["peak_zero_share"] or 0) >= _POISONED:
        told.append(f"up to {phase['peak_zero_share']:.1%} zeros")
    return "".join(f", {words}" for words in told)


def _named(summary: Summary) -> str:
    return f" ({summary['name']})" if summary["name"] else ""


def _told(summary: Summary) -> Iterator[tuple[str, str]]:
    """Yield what is told of a run, name by name."""
    yield "status", f"{summary['status']}, {summary['epochs']} epochs of {summary['requested_epochs']} asked for"
    yield (
        "language",
        f"{summary['language']} (programs of {summary['program_length']} bytes, {summary['step_limit']} steps)",
    )
    begun = f"imported at state {summary['imported_epoch']}" if summary["imported_epoch"] is not None else ""
    begun = begun or f"initially {summary['initial_soup']}"
    yield "soup", f"{summary['programs']} programs, {summary['geometry']}, {begun}"
    yield (
        "seed",
        f"{summary['seed']}, mutation rate {summary['mutation_rate']:.10g} ({summary['mutation_order']} reactions)",
    )
    yield "kept", f"measured every {summary['measure_every']}, whole every {summary['keyframe_every']} epochs"
    yield "created", f"{summary['created_at']:%Y-%m-%d %H:%M:%S} UTC"
    work = summary["work"]
    if work["epochs"]:
        speed = work["epochs"] / work["elapsed_s"]
        took = f"{work['epochs']} epochs in {work['elapsed_s']:.0f} s, compiling and storing included"
        yield "made", f"{took}: {speed:.1f} epochs/s; at most {megabytes(work['peak_memory_bytes'])} of memory"
    sizes, states = summary["bytes"], summary["states"]
    if states:
        raw = states * summary["programs"] * summary["program_length"] * _BYTES_OF_A_TOKEN
        yield (
            "size",
            (
                f"{megabytes(sizes['total'])}, {sizes['total'] / states / 1000:.0f} kB an epoch; "
                f"raw tokens: {megabytes(raw)} ({raw / sizes['total']:.0f} times)"
            ),
        )
        yield "", ", ".join(f"{name} {megabytes(size)}" for name, size in sizes.items() if name != "total")


def megabytes(size: int) -> str:
    """Return a size in bytes as people say it."""
    unit, name = (1e9, "GB") if size >= 1e9 else (1e6, "MB") if size >= 1e6 else (1e3, "kB")
    return f"{size / unit:.3g} {name}"
