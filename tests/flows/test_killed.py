"""kill -9, again and again, and the same command after it."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flows.pipeline import run_direct
from flows.progress import Reporter
from flows.request import read_import, read_request
from tests.naive.golden import FOLDER
from warehouse.store import Store

SOUP = {"language": "bff_noheads_4bit", "programs": "512", "seed": "3", "epochs": "400", "measure_every": "16"}

#: The command with segments of 64 epochs, and epochs that take their time, so that kills meet it everywhere.
COMMAND = """
import sys, time
import warehouse.record
from flows.cli import main
from sim import Soup
warehouse.record.SEGMENT_CELLS = 64
advance = Soup.advance
Soup.advance = lambda soup: (time.sleep(0.002), advance(soup))[1]
sys.exit(main(sys.argv[1:]))
"""


def start(store: Path) -> "subprocess.Popen[bytes]":
    options = [word for key, value in SOUP.items() for word in (f"--{key.replace('_', '-')}", value)]
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, "run", "--direct", "--store", str(store), *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def wait_for_simulation(process: "subprocess.Popen[bytes]") -> bool:
    """Return when the run is about to simulate; False if it ended instead."""
    assert process.stderr is not None
    return any(line.startswith(b"making machine code") for line in process.stderr)


def files(store: Path) -> dict[str, bytes]:
    paths = [path for path in store.glob("runs/*/*/**/*") if path.is_file() and path.name != ".lock"]
    return {path.relative_to(store).as_posix(): path.read_bytes() for path in paths}


@pytest.mark.parametrize("kills", [2, pytest.param(10, marks=pytest.mark.slow)])
def test_a_killed_run_completes_with_the_files_of_an_undisturbed_one(
    tmp_path: Path, kills: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance, met = random.Random(kills), 0
    for _ in range(kills):
        with start(tmp_path / "killed") as process:
            if wait_for_simulation(process):
                time.sleep(chance.uniform(0, 1.5))
                process.kill()
                met += 1
    assert met  # with some luck a run gets through between two kills; then the others find nothing to do
    with start(tmp_path / "killed") as process:
        process.communicate()
    assert process.returncode == 0
    monkeypatch.setattr("warehouse.record.SEGMENT_CELLS", 64)
    run_direct(read_request(SOUP | {"store": str(tmp_path / "undisturbed")}), Reporter())
    assert files(tmp_path / "killed") == files(tmp_path / "undisturbed")
    [record] = Store.open(tmp_path / "killed").runs()
    assert (record.epochs, record.status) == (400, "complete")


#: The import of a checkpoint, ended at each of some renames, before it and after it, and then undisturbed.
IMPORT = """
import os, sys
from pathlib import Path
import analysis.catalogue, flows.pipeline, flows.request, warehouse.record
from flows.cli import main
warehouse.record.SEGMENT_CELLS = 64

def ending(kind, place, when):
    real = getattr(Path, kind)
    def rename(path, target):
        met = place in str(target)
        if met and when == "before":
            os._exit(9)
        done = real(path, target)
        if met:
            os._exit(9)
        return done
    setattr(Path, kind, rename)

def child(*disturbed):
    pid = os.fork()
    if pid == 0:
        if disturbed:
            ending(*disturbed)
        os._exit(main(sys.argv[1:]))
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

points = [("replace", "/runs.parquet"), ("rename", "0000000257-0000000257"), ("rename", "0000000257-0000000320"),
          ("replace", "/measures/0000000257-0000000320")]
print([child(kind, place, when) for kind, place in points for when in ("before", "after")], child())
"""


def test_a_killed_import_completes_with_the_files_of_an_undisturbed_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = FOLDER / "exchange-257.dat"
    words = ["--checkpoint", file, "--language", "bff_noheads_4bit", "--epochs", "340", "--store", tmp_path / "killed"]
    command = [sys.executable, "-c", IMPORT, "import", "--direct", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    ended, last = done.stdout.splitlines()[-1].rsplit(" ", 1)
    assert (ended.count("9"), last) == (8, "0"), done.stderr
    monkeypatch.setattr("warehouse.record.SEGMENT_CELLS", 64)
    options = {"language": "bff_noheads_4bit", "epochs": "340", "store": str(tmp_path / "undisturbed")}
    run_direct(read_import(options, file), Reporter())
    assert files(tmp_path / "killed") == files(tmp_path / "undisturbed")
