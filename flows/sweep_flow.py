"""Doing a sweep while Prefect watches it: its pages show the chunks, and nothing depends on it.

The sweep drives itself. If Prefect's server does not come up, or is lost, only the pages lack something.
"""

import json
import time

from flows import quiet
from flows.prefect_flow import FlowThread, drop_messages, start_up_limit, watch
from flows.sweep import SweepDrive, live

_IMPORT = 10.0  # seconds that importing Prefect may take


def sweep_with_prefect(drive: SweepDrive) -> None:
    """Do all that is left of a sweep as a Prefect flow; raises what `SweepDrive.check` does."""
    if not drive.left:
        drive.start()
        return
    quiet.prepare(drive.folder)
    limit, name = start_up_limit(), drive.sweep.name
    flow = FlowThread(lambda: _call(drive), limit)
    live[name] = drive
    with drive.stopping_by_signals():
        drive.start()
        flow.start()
        while drive.busy:
            time.sleep(0.1)
        drive.join()
        if drive.stopping and flow.begun is None:
            flow.imported.wait(_IMPORT)  # a process that ends while a thread imports compiled modules is aborted
            trouble = ""
        else:
            if flow.begun is None:
                drive.display.note("all runs have ended; waiting for Prefect to take note")
                _wait_for_begin(flow, limit)
            trouble = watch(flow, drive, limit)
    live.pop(name, None)
    if trouble and not drive.failed:  # with failed runs the flow has failed too, and they are told below
        drop_messages()
        drive.display.note(f"Prefect: {trouble}; the runs are stored all the same")
    drive.check()


def _call(drive: SweepDrive) -> None:
    from flows import sweep_tasks

    sweep_tasks.sweep_flow(drive.sweep.name, json.loads(drive.sweep.definition))


def _wait_for_begin(flow: FlowThread, limit: float) -> None:
    began = time.monotonic()
    while flow.is_alive() and flow.begun is None and time.monotonic() - began < limit:
        flow.join(0.1)
