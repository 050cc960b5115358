"""The flows that Prefect's server starts, each in a process of its own: by a schedule, from its pages, by command.

They take what the commands of the same names take, and do the same work in the same store. Whatever ends one
early, a cancellation, a pause, a signal, it stores what it has simulated; whoever asks again goes on from there.
Import this module where Prefect is settled already: in a process that Prefect started, or after `flows.quiet`.
"""

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from prefect import State, flow
from prefect.futures import PrefectFuture
from prefect.logging import get_run_logger
from prefect.runtime import flow_run
from prefect.states import Completed, Failed

from analysis.catalogue import analyze as make_analyses
from flows import sweep_tasks
from flows.ahead import Ahead, live
from flows.deployments import FLOWS
from flows.estimate import cores
from flows.parameters import given, taking
from flows.pipeline import Pipeline, drive
from flows.progress import LogReporter
from flows.request import RunRequest, read_table
from flows.sweep import SweepDrive
from flows.sweep import live as live_sweeps
from flows.sweep_file import find_sweep, read_sweep, ready_sweeps
from flows.sweep_progress import LoggedSweep
from flows.tasks import publish, stages, threads
from sim import InputError
from warehouse.errors import StoreFault
from warehouse.record import run_id
from warehouse.store import Store

_EVERY = 30.0  # seconds between lines about progress in a run's log


def _name_of_run() -> str:
    """Return the id of the run that the flow run is about, its name on Prefect's pages."""
    with suppress(InputError):
        return run_id(_request(flow_run.parameters).config)
    return "refused"


def _name_of_analysis() -> str:
    return f"analyze {flow_run.parameters.get('run')}"


def _name_of_sweep() -> str:
    return f"sweep {flow_run.parameters.get('sweep')}"


@flow(name="primordium", flow_run_name=_name_of_run, task_runner=threads)
@taking(FLOWS["run"].options)
def run(**asked: Any) -> State[Any]:
    """Simulate, store and analyse one soup, as `primordium run` does."""
    try:
        with Pipeline(_request(asked), LogReporter(get_run_logger().info, _EVERY)) as pipeline:
            ahead = live[pipeline.run] = Ahead(pipeline)
            try:
                _simulate(ahead)
            finally:
                ahead.leave()
                live.pop(pipeline.run, None)
        publish(pipeline)
        return Completed(message=f"run {pipeline.run}: all stored and analysed")
    except (InputError, StoreFault) as error:
        return Failed(message=str(error))


@flow(name="primordium", flow_run_name=_name_of_analysis)
@taking(FLOWS["analyze"].options, FLOWS["analyze"].required)
def analyze(**asked: Any) -> State[Any]:
    """Make a run's analyses from the store, as `primordium analyze` does."""
    try:
        store = Store.open(Path(asked["store"]))
        say = get_run_logger().info
        made = make_analyses(store, asked["run"], only=asked["only"], rebuild=asked["rebuild"], progress=say)
    except (InputError, StoreFault) as error:
        return Failed(message=str(error))
    names = [row["analysis"] for row in made if row["made"]]
    return Completed(message=f"made: {', '.join(names)}" if names else "all analyses are up to date")


@flow(name="primordium", flow_run_name=_name_of_sweep, task_runner=sweep_tasks.threads)
@taking(FLOWS["sweep"].options, FLOWS["sweep"].required)
def sweep(**asked: Any) -> State[Any] | None:
    """Do what is missing of a sweep, as `primordium sweep` does."""
    try:
        path = find_sweep(asked["sweep"])
        if path is None:
            raise InputError(f"sweep {asked['sweep']!r}: no such file, nor a ready sweep: {', '.join(ready_sweeps())}")
        store = Path(asked["store"])
        wanted = read_sweep(path, store=store, full=asked["full"], force=asked["force"])
        display = LoggedSweep(get_run_logger().info)
        drive = SweepDrive(wanted, store, asked["workers"] or cores(), display, force=asked["force"])
    except (InputError, StoreFault) as error:
        return Failed(message=str(error))
    live_sweeps[wanted.name] = drive
    drive.start()
    try:
        return sweep_tasks.follow(drive)
    except BaseException:  # how Prefect says that the run is cancelled, paused or to end, and Python that it is
        drive.stop()
        _insist(drive.join)
        raise
    finally:
        live_sweeps.pop(wanted.name, None)


def _request(asked: dict[str, Any]) -> RunRequest:
    return read_table(given(FLOWS["run"].options, asked), "parameters")


def _simulate(ahead: Ahead) -> None:
    """Let the stages go and follow them as Prefect's tasks; without it, if it fails."""
    pipeline = ahead.pipeline
    begun: list[PrefectFuture[None]] = []
    try:
        pipeline.prepare()
        ahead.start()
        try:
            stages(ahead, begun)
        except Exception:
            ahead.join()
            if pipeline.failures:  # a stage's own
                raise
            if not pipeline.complete:
                drive(pipeline)
    except Exception:
        raise
    except BaseException:  # how Prefect says that the run is cancelled, paused or to end, and Python that it is
        if not pipeline.complete:
            _store_what_there_is(ahead, begun)
        raise


def _store_what_there_is(ahead: Ahead, begun: Sequence[PrefectFuture[None]]) -> None:
    """Stop at the next epoch and store; more signals meanwhile change nothing. Prefect kills after 30 s."""
    pipeline = ahead.pipeline
    pipeline.stop()

    def settle() -> None:
        try:
            ahead.join()
            for future in begun:
                with suppress(BaseException):  # a task that Prefect did not let begin ends with its signal
                    future.wait()
            pipeline.flush()
        except Exception as error:  # noqa: BLE001 -- then the run goes on from its commit before
            pipeline.reporter.note(f"not all that was simulated could be stored: {error!r}")

    _insist(settle)
    pipeline.reporter.note(f"stopped; asking again continues from state {pipeline.reached}")


def _insist(work: Callable[[], None]) -> None:
    """Do ``work`` to its end in a thread of its own, whatever signals come meanwhile."""
    working = threading.Thread(target=work, name="settle", daemon=True)
    working.start()
    while working.is_alive():
        with suppress(BaseException):
            working.join()
