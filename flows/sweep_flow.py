"""Doing a sweep while Prefect watches it: its pages show the chunks, and nothing depends on it.

The sweep drives itself. If Prefect's server does not come up, or is lost, only the pages lack something.
"""

import json
import time

from flows import quiet
from flows.prefect_flow import FlowThread, drop_messages, start_up_limit, watch
from flows.sweep import SweepDrive, live


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
        trouble = watch(flow, drive, limit, drive.display.note)
    live.pop(name, None)
    if trouble and not drive.failed:  # with failed runs the flow has failed too, and they are told below
        drop_messages()
        drive.display.note(f"Prefect: {trouble}; the runs are stored all the same")
    drive.check()


def _call(drive: SweepDrive) -> None:
    from flows import sweep_tasks

    sweep_tasks.sweep_flow(drive.sweep.name, json.loads(drive.sweep.definition))
