"""The command, started again and again to die at one moment of a run's life, each time in a process of its own.

    python -m tests.flows.dying_command STORE MOMENT [STORE MOMENT ...] -- COMMAND...

For each store the command is given with ``--store STORE`` to a child that meets its fault at the MOMENT:

- ``module:name CALL`` or ``module:Class.name CALL`` as one word, ``module:name@CALL``: it ends at once, without any
  clean-up, when that function is called for the CALL-th time
- ``full@BYTES``: no file may grow beyond BYTES
- ``powerless``: it has not root's power to write where the permissions say no
- ``undisturbed``

Forked, for importing takes longer than dying. Prints a line for each: its exit code, and the last line on its stderr.
"""

import ctypes
import os
import resource
import sys

import analysis.catalogue  # noqa: F401 -- loaded before forking, as the next two
import flows.pipeline
import flows.request  # noqa: F401
import warehouse.record
from flows.cli import main
from flows.machine_code import make_machine_code
from sim import SoupConfig
from tests.warehouse.writing_process import die_at

CAPABILITIES = 0x20080522  # version 3 of Linux's structures


def meet(moment: str) -> None:
    kind, _, number = moment.partition("@")
    if kind == "full":
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(number), resource.RLIM_INFINITY))
    elif kind == "powerless":
        header, none = (ctypes.c_uint32 * 2)(CAPABILITIES, 0), (ctypes.c_uint32 * 6)()
        assert ctypes.CDLL(None).capset(header, none) == 0
    elif kind != "undisturbed":
        die_at(kind, int(number))


def child(moment: str, words: list[str]) -> tuple[int, str]:
    told, other = os.pipe()  # no file: there may be no room for what is told
    process = os.fork()
    if process == 0:
        os.dup2(other, 2)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        meet(moment)
        code = main(words)
        sys.stderr.flush()
        os._exit(code)
    os.close(other)
    with os.fdopen(told) as stream:
        lines = stream.read().splitlines() or [""]
    _, status = os.waitpid(process, 0)
    return os.waitstatus_to_exitcode(status), lines[-1]


def work(jobs: list[str], command: list[str]) -> None:
    warehouse.record.SEGMENT_CELLS = 64
    os.fsync = lambda fd: None  # noqa: ARG005 -- no power cut is tried
    make_machine_code(SoupConfig(language="bff_noheads_4bit"))
    for store, moment in zip(jobs[0::2], jobs[1::2], strict=True):
        code, line = child(moment, ["--store", store, *command])
        sys.stdout.write(f"{code} {line}\n")


if __name__ == "__main__":
    border = sys.argv.index("--")
    work(sys.argv[1:border], sys.argv[border + 1 :])
