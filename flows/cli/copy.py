"""`primordium copy`: runs to another store."""

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from flows.cli.parser import UsageError, not_empty
from flows.cli.reading import open_store

if TYPE_CHECKING:
    from warehouse.store import Store
    from warehouse.transfer import Copied

EXAMPLES = (
    "primordium copy RUN --to /backup/soups",
    "primordium copy --all --to s3://bucket/soups",
    "primordium copy RUN --store s3://bucket/soups --to ./store",
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("runs", metavar="RUN", nargs="*", help="a run's id or name")
    parser.add_argument("--all", action="store_true", help="all runs of the store")
    parser.add_argument("--sweep", metavar="NAME", type=not_empty, help="the runs of a sweep that are there")
    parser.add_argument(
        "--to",
        metavar="STORE",
        type=not_empty,
        required=True,
        help="the other store: a folder, or s3://bucket/prefix; made if it is not there",
    )


def execute(arguments: argparse.Namespace) -> None:
    """Copy each run that is not there yet, and the sweeps that they belong to; print the runs' ids."""
    from flows.cli.show import megabytes
    from flows.cli.terminal import note
    from warehouse.sweeps import sweeps_of

    if [arguments.all, bool(arguments.runs), arguments.sweep is not None].count(True) != 1:
        raise UsageError("copy: name the runs to be copied, or --all, or --sweep NAME")
    store = open_store(arguments)
    named = list(dict.fromkeys(_named(store, arguments)))
    copy, copy_sweep, end = _ways(store, arguments.to)
    for sweep in sweeps_of(store, named):
        copy_sweep(sweep)
    for run in named:
        done = copy(run)
        note(f"run {run}: {megabytes(done.bytes)} copied" if done.made else f"run {run} is there already")
        if done.name_taken is not None:
            note(f"run {run}: the name {done.name_taken!r} is another run's there; the copy has none")
        print(run)
    end()


def _named(store: "Store", arguments: argparse.Namespace) -> list[str]:
    if arguments.sweep is not None:
        from warehouse.sweeps import read_plan, sweep_names

        if arguments.sweep not in sweep_names(store):
            raise UsageError(f"sweep {arguments.sweep!r}: {store.place} has no such sweep")
        there = set(store.run_ids())
        return [row.run for row in read_plan(store, arguments.sweep) if row.run in there]
    return store.run_ids() if arguments.all else [store.find(run).run for run in arguments.runs]


def _ways(
    store: "Store", place: str
) -> tuple[Callable[[str], "Copied"], Callable[[str], object], Callable[[], object]]:
    """Return how a run and a sweep come to the other store, and what is done there at the end."""
    from warehouse.object_client import object_url

    if object_url(place) is not None:
        from warehouse.publication import make_published, publish_run, publish_sweep

        objects = make_published(place)
        return lambda run: publish_run(store, run, objects), lambda sweep: publish_sweep(store, sweep, objects), int
    from warehouse.compaction import compact_store
    from warehouse.store import Store
    from warehouse.sweeps import copy_sweep
    from warehouse.transfer import copy_run

    target = Store.open(place, create=True)
    return (
        lambda run: copy_run(store, run, target),
        lambda sweep: copy_sweep(store, sweep, target),
        lambda: compact_store(target),
    )
