"""The flow `primordium` and its tasks: three a segment, then the analyses.

Tasks are told a run and a segment; the soup stays in the `Pipeline` of this process, whose stages go ahead: a task
lasts as long as its stage, and tries again what failed (`flows.ahead`). Prefect neither caches nor keeps results, for
the store decides what is done. Import this module after `flows.quiet.prepare`.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from prefect import State, flow, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import TaskRun
from prefect.futures import PrefectFuture
from prefect.states import Cancelled
from prefect.task_runners import ThreadPoolTaskRunner
from prefect.tasks import Task

from flows.ahead import Ahead, live
from flows.pipeline import Pipeline, RunInterrupted, Segment
from flows.summary import onsets_markdown, run_markdown
from sim import InputError
from warehouse.errors import StoreFault


def _may_pass(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """Tell whether trying again may help: not where the input or the store is at fault, nor after a signal."""
    error = state.result(raise_on_failure=False)
    return not isinstance(error, InputError | StoreFault | RunInterrupted)


@task(cache_policy=NO_CACHE, task_run_name="simulate {start}-{stop}", retries=2, retry_condition_fn=_may_pass)
def simulate(run: str, start: int, stop: int) -> None:
    """Simulate the states start + 1 to stop; a retry begins from the last commit."""
    live[run].simulate(Segment(start, stop))


@task(cache_policy=NO_CACHE, task_run_name="snapshot {start}-{stop}")
def snapshot(run: str, start: int, stop: int) -> None:
    """Commit the simulated segment to the store."""
    live[run].snapshot(Segment(start, stop))


@task(cache_policy=NO_CACHE, task_run_name="measure {start}-{stop}", retries=2, retry_condition_fn=_may_pass)
def measure(run: str, start: int, stop: int) -> None:
    """Store the measures of the committed segment."""
    live[run].measure(Segment(start, stop))


@task(cache_policy=NO_CACHE, task_run_name="analyse", retries=1, retry_condition_fn=_may_pass)
def analyse(run: str) -> None:
    """Bring the run's analyses up to date."""
    live[run].analyse()


#: One simulates, two store and measure. Prefect's types do not let its futures stand for their base class.
threads: Any = ThreadPoolTaskRunner(max_workers=3)


@flow(flow_run_name="{run}", task_runner=threads)
def primordium(run: str, options: dict[str, Any]) -> State[Any] | None:
    """Simulate, snapshot and analyse one soup. ``options`` says which, for the run's page."""
    del options
    if not stages(live[run], []):
        return Cancelled(message="stopped; what was simulated is stored and the same command continues it")
    publish(live[run].pipeline)
    return None


def stages(ahead: Ahead, begun: list[PrefectFuture[None]]) -> bool:
    """Follow all stages of a live run as tasks; return False if it was asked to stop before its end.

    Called within a flow. ``begun`` takes the tasks, for a caller that is interrupted.
    """

    def after(before: Sequence[PrefectFuture[None]], what: Task[..., None], *told: int) -> PrefectFuture[None]:
        """Start a task; on the run's page an arrow leads to it from each task that came before."""
        begun.append(what.submit(ahead.pipeline.run, *told, wait_for=list(before), return_state=False))
        return begun[-1]

    stored: list[PrefectFuture[None]] = []
    simulated: list[PrefectFuture[None]] = []
    for start, stop in ahead.segments():
        simulated = [after(simulated, simulate, start, stop)]
        _finish(simulated)
        _finish(stored)  # one segment behind, never two: that bounds the memory
        snapped = after(simulated, snapshot, start, stop)
        stored = [snapped, after([snapped], measure, start, stop)]
    _finish(stored)
    if ahead.stopping and not ahead.complete:
        return False
    _finish([after(stored, analyse)])
    return True


def _finish(tasks: Sequence[PrefectFuture[None]]) -> None:
    """Wait for tasks; raises what made one fail."""
    for future in tasks:
        future.result()


def publish(pipeline: Pipeline) -> None:
    """Put a summary and the onsets on the flow run's page."""
    store, run = pipeline.store, pipeline.run
    with suppress(Exception):  # the run is complete; a page without them is no failure
        create_markdown_artifact(run_markdown(store, run), key=f"summary-{run}", description=f"run {run}")
        create_markdown_artifact(onsets_markdown(store, run), key=f"onsets-{run}", description=f"onsets of run {run}")
