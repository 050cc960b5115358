"""Deployments told to Prefect's server, and the process that starts their runs.

`serve` stays and starts runs itself; `register` leaves them to the workers of a work pool.
"""

import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import ConcurrencyLimitConfig
from prefect.deployments.runner import RunnerDeployment
from prefect.exceptions import ObjectNotFound
from prefect.runner import Runner
from prefect.schedules import Cron, Interval, Schedule
from prefect.settings import PREFECT_API_URL
from prefect.types.entrypoint import EntrypointType
from prefect.utilities.callables import ParameterSchema

from flows import served
from flows.deployments import FLOWS, Deployment, Plan, names_of
from flows.ending import Ending
from flows.quiet import SERVED_RUN
from sim import InputError

TAG = "primordium"


class _Closed(ParameterSchema):
    """A schema of parameters that refuses unknown ones; Prefect's own lets them pass until the run begins."""

    additionalProperties: Literal[False] = False  # noqa: N815 -- JSON schema's word


def serve(plan: Plan, store: Path, say: Callable[[str], None]) -> None:
    """Offer the plan's deployments and start their runs, into ``store``, until a signal ends this process.

    Its runs are stopped then, and what they have simulated is stored.

    Raises `InputError` for what Prefect does not take, `ConnectionError`.
    """
    url = _server()
    made = [_made(each, store) for each in plan.deployments]
    say(f"serving {names_of(plan.deployments)} into {store}; pages: {url.removesuffix('/api')}; Ctrl-C ends it")
    runner = Runner(pause_on_shutdown=True, limit=plan.limit)
    for deployment in made:
        runner.add_deployment(deployment)
    ending = Ending(runner, say)
    _be_patient(say, ending)
    ending.serve()


def register(plan: Plan, store: Path, pool: str, say: Callable[[str], None]) -> None:
    """Leave the plan's deployments to the workers of the work pool ``pool``. Raises what `serve` does."""
    _server()
    with get_client(sync_client=True) as client:
        try:
            client.read_work_pool(pool)
        except ObjectNotFound:
            raise InputError(
                f"--work-pool: no work pool {pool!r}; make it: prefect work-pool create {pool} --type process"
            ) from None
    for each in plan.deployments:
        _made(each, store, pool).apply()
    say(f"work pool {pool} has {names_of(plan.deployments)} into {store}; run them: prefect worker start --pool {pool}")


def _server() -> str:
    """Return the address of the server's API; it answers."""
    url = PREFECT_API_URL.value()
    if url is None:
        raise InputError(
            "no Prefect server is configured; start one: prefect server start, and name it:"
            " export PREFECT_API_URL=http://127.0.0.1:4200/api"
        )
    with get_client(sync_client=True) as client:
        trouble = client.api_healthcheck()
    if trouble is not None:
        raise ConnectionError(f"Prefect's server {url} does not answer: {' '.join(str(trouble).split())}")
    return str(url)


def _made(deployment: Deployment, store: Path, pool: str | None = None) -> RunnerDeployment:
    """Return the deployment as Prefect has it."""
    flow: Any = getattr(served, FLOWS[deployment.flow].entrypoint.rpartition(".")[2])
    try:
        made: RunnerDeployment = flow.to_deployment(
            deployment.name,
            schedule=_schedule(deployment),
            parameters={**deployment.parameters, "store": str(store)},
            concurrency_limit=None if deployment.limit is None else ConcurrencyLimitConfig(limit=deployment.limit),
            description=deployment.description,
            tags=[TAG, *deployment.tags],
            paused=False,
            work_pool_name=pool,
            job_variables={"env": _environment()} if pool else None,
            entrypoint_type=EntrypointType.MODULE_PATH,
        )
    except ValueError as error:
        raise InputError(f"deployment {deployment.name}: {' '.join(str(error).split())}") from None
    made._parameter_openapi_schema = closed(made._parameter_openapi_schema, store)  # noqa: SLF001 -- no public way
    return made


def closed(schema: ParameterSchema, store: Path) -> ParameterSchema:
    """Return a flow's schema that takes no unknown parameters, and no store but ``store``."""
    told = schema.model_dump()
    for described in told["properties"].values():
        if described.get("default", ...) is None:  # none is given, and a form must not send null for it
            del described["default"]
    told["properties"]["store"] |= {"readOnly": True, "enum": [str(store)], "default": str(store)}
    return _Closed(**told, additionalProperties=False)


def _schedule(deployment: Deployment) -> Schedule | None:
    if deployment.cron is not None:
        return Cron(deployment.cron, timezone=deployment.timezone)
    if deployment.interval is not None:
        return Interval(timedelta(seconds=deployment.interval))
    return None


def _environment() -> dict[str, str]:
    """Return what a worker's process needs beyond its own environment."""
    kept = {name: os.environ[name] for name in ("PRIMORDIUM_CACHE",) if name in os.environ}
    return SERVED_RUN | kept


def _be_patient(say: Callable[[str], None], ending: Ending) -> None:
    """Let Prefect's runner wait for a server that is gone, and start nothing more at the end.

    After some questions without an answer it would end, and its runs with it, or hear of no cancellation any more.
    There is no public way; if the private one has changed, it does so, and what the runs have simulated is stored.
    """
    with suppress(AttributeError, ImportError):
        from prefect._internal.observers import FlowRunCancellingObserver

        look: Callable[..., Awaitable[None]] = FlowRunCancellingObserver._check_for_cancelled_flow_runs  # noqa: SLF001

        async def look_patiently(self: Any) -> None:
            with suppress(Exception):  # the question for new runs meets the same, and says so
                await look(self)

        FlowRunCancellingObserver._check_for_cancelled_flow_runs = look_patiently  # type: ignore[method-assign] # noqa: SLF001
    with suppress(AttributeError, ImportError):
        from prefect.runner._scheduled_run_poller import ScheduledRunPoller

        ask: Callable[..., Awaitable[None]] = ScheduledRunPoller._get_and_submit_flow_runs  # noqa: SLF001
        lost = False

        async def ask_patiently(self: Any, *told: Any, **named: Any) -> None:
            nonlocal lost
            if ending.begun:
                return
            try:
                await ask(self, *told, **named)
            except Exception as error:  # noqa: BLE001 -- whatever it is, the runs that are going on matter more
                if not lost:
                    say(f"Prefect's server does not answer ({type(error).__name__}); runs go on, asking again")
                lost = True
            else:
                if lost:
                    say("Prefect's server is back")
                lost = False

        ScheduledRunPoller._get_and_submit_flow_runs = ask_patiently  # type: ignore[method-assign] # noqa: SLF001
