"""The flow `sweep` and its task, one a chunk of runs. Import it after `flows.quiet.prepare`.

The runs are simulated by the sweep's own processes (`flows.sweep`), whether Prefect sees it or not: a task lasts as
long as the runs of its chunk and tells how they ended. The store decides what is done, so nothing is cached.
"""

from contextlib import suppress
from typing import Any

from prefect import State, flow, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.states import Cancelled
from prefect.task_runners import ThreadPoolTaskRunner

from flows.summary import sweep_markdown
from flows.sweep import SweepDrive, live
from warehouse.errors import StoreFault


@task(cache_policy=NO_CACHE, task_run_name="runs {first}-{last}")
def chunk(sweep: str, first: int, last: int) -> None:
    """Follow runs ``first`` to ``last`` of those that were left; fails if one of them does."""
    failures = live[sweep].wait((first - 1, last))
    if failures:
        raise StoreFault("; ".join(failures))


#: Prefect's types do not let its futures stand for their base class.
threads: Any = ThreadPoolTaskRunner(max_workers=2)


@flow(name="sweep", flow_run_name="{sweep}", task_runner=threads)
def sweep_flow(sweep: str, options: dict[str, Any]) -> State[Any] | None:
    """Follow a sweep chunk by chunk. ``options`` is its definition, for the page."""
    del options
    return follow(live[sweep])


def follow(drive: SweepDrive) -> State[Any] | None:
    """Follow a live sweep that has been started to its end, its chunks as tasks. Called within a flow."""
    sweep = drive.sweep.name
    futures = [chunk.submit(sweep, first + 1, stop) for first, stop in drive.chunks]
    for future in futures:
        future.wait()
    if drive.stopping and not drive.complete:
        return Cancelled(message="stopped; what was simulated is stored and the same command continues it")
    with suppress(Exception):  # the sweep is done; a page without it is no failure
        plan = [each.planned for each in drive.sweep.members]
        told = sweep_markdown(plan, drive.done(), drive.failed)
        create_markdown_artifact(told, key="sweep", description=f"sweep {sweep}")
    for future in futures:
        future.result()
    return None
