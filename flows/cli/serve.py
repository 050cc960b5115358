"""`primordium serve`: deployments of the flows, on a Prefect server."""

import argparse
from pathlib import Path

from flows.cli.parser import UsageError, store_path, whole

EXAMPLES = (
    "primordium serve --limit 1",
    "primordium serve serve.toml  # deployments, schedules and parameters from a file",
    "primordium serve --work-pool soups  # leave the runs to: prefect worker start --pool soups",
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "config", metavar="SERVE.toml", nargs="?", type=Path, help="deployments as TOML (docs/scheduling.md)"
    )
    when = parser.add_mutually_exclusive_group()
    when.add_argument("--cron", metavar="CRON", help='when to run with the defaults, in UTC: "0 22 * * *"')
    when.add_argument(
        "--interval",
        metavar="SECONDS",
        type=whole("interval", 60),
        help="seconds from one such run to the next",
    )
    parser.add_argument("--limit", metavar="N", type=whole("limit", 1), help="runs at once (default: any number)")
    parser.add_argument("--work-pool", metavar="POOL", help="register with this work pool and end: workers run them")


def execute(arguments: argparse.Namespace) -> None:
    """Serve until a signal comes, or register with a work pool."""
    if arguments.config and (arguments.cron or arguments.interval or arguments.limit):
        raise UsageError("--cron, --interval and --limit stand in the file if there is one (docs/scheduling.md)")
    if arguments.work_pool and arguments.limit:
        raise UsageError("--limit: a worker has its own: prefect worker start --limit N")
    from flows import quiet
    from flows.cli.terminal import note
    from flows.deployments import default_plan, read_plan
    from warehouse.store import Store

    plan = (
        read_plan(arguments.config)
        if arguments.config
        else default_plan(arguments.limit, arguments.cron, arguments.interval)
    )
    store = Store.open(store_path(arguments), create=True).path
    quiet.prepare(store, settings=quiet.SERVED_RUN)
    from flows.serving import register, serve

    if arguments.work_pool:
        register(plan, store, arguments.work_pool, note)
    else:
        serve(plan, store, note)
