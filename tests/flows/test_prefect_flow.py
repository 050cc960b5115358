"""The flow on Prefect's server: what its page shows, that it stays on this machine, and what its loss costs.

Each test runs the command in a process of its own, as people do; nothing of Prefect enters the tests' process.
"""

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from flows.pipeline import run_direct
from flows.progress import Reporter
from flows.request import read_request
from sim.jit import CACHE_FOLDER
from warehouse.store import Store

SOUP = {"language": "bff_noheads_4bit", "programs": "256", "seed": "5", "epochs": "200"}
SEGMENTS = ("0-64", "64-128", "128-192", "192-200")

#: The command with short segments, so that a small soup has several, and epochs that take their time. One that
#: is named in FAIL_AT fails, once; at epoch 100 it goes on when the file HOLD is gone.
COMMAND = """
import os, sys, time
import warehouse.record
from flows.cli import main
from sim import Soup
warehouse.record.SEGMENT_CELLS = 64
advance, failing = Soup.advance, {int(word) for word in os.environ.get("FAIL_AT", "").split()}
def slowly(soup):
    time.sleep(0.01)
    log = advance(soup)
    while log.epoch == 100 and os.path.exists(os.environ.get("HOLD", "")):
        time.sleep(0.01)
    if log.epoch in failing:
        failing.remove(log.epoch)
        raise OSError("a trouble that passes")
    return log
Soup.advance = slowly
sys.exit(main(sys.argv[1:]))
"""

#: Every attempt to reach anything, names included, goes into a file. Each Python that starts loads this.
WATCH = """
import os, sys
log = os.open(os.environ["WATCH_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
watched = {"connect", "sendto", "sendmsg", "getaddrinfo", "gethostbyname", "gethostbyaddr"}
def note(event, arguments):
    if event.startswith("socket.") and event[7:] in watched:
        shown = [each for each in arguments if isinstance(each, (str, bytes, tuple, int))]
        os.write(log, f"{os.getpid()} {event} {shown!r}\\n".encode())
os.write(log, f"{os.getpid()} starts {' '.join(sys.orig_argv[1:3])!r}\\n".encode())
sys.addaudithook(note)
"""
LOOPBACK = ("'127.0.0.1'", "'localhost'", "'::1'")
PATIENCE = 300  # seconds, on the busiest machine; a wait that succeeds ends at once


class Place:
    """A folder with a store to be, in an environment in which nothing of Prefect is set, its home included."""

    def __init__(self, folder: Path) -> None:
        (folder / "site").mkdir()
        (folder / "site" / "sitecustomize.py").write_text(WATCH, encoding="utf-8")
        self.store, self.hold, self._log = folder / "store", folder / "hold", folder / "watched.txt"
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PREFECT", "DO_NOT_TRACK", "PRIMORDIUM", "PYTHON"))
        } | {
            "HOME": str(folder / "not" / "there"),
            "PYTHONPATH": str(folder / "site"),
            "WATCH_LOG": str(self._log),
            "HOLD": str(self.hold),
            "PRIMORDIUM_CACHE": str(CACHE_FOLDER.parent),  # by default in the home
        }

    def start(self, *words: str) -> "subprocess.Popen[str]":
        """Start the command, as a terminal does: the leader of a group of processes."""
        options = [word for name, value in SOUP.items() for word in (f"--{name}", value)]
        return subprocess.Popen(
            [sys.executable, "-c", COMMAND, "run", "--store", str(self.store), *options, *words],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def watched(self) -> list[str]:
        return self._log.read_text(encoding="utf-8").splitlines()

    def strangers(self) -> list[str]:
        """Return the attempts to reach anything but this machine."""
        attempts = [line for line in self.watched() if " starts " not in line]
        return [line for line in attempts if not any(name in line for name in LOOPBACK)]

    def servers(self) -> list[int]:
        """Return the servers that were started, as processes."""
        return [int(line.split()[0]) for line in self.watched() if "flows.local_server" in line]


def wait_until(condition: Callable[[], bool]) -> None:
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < PATIENCE
        time.sleep(0.05)


def is_there(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def history(store: Path) -> dict[str, bytes]:
    """Return the files of all runs that must be the same however they came about."""
    paths = [path for path in store.glob("runs/*/*/**/*") if path.is_file() and path.name != ".lock"]
    return {path.relative_to(store).as_posix(): path.read_bytes() for path in paths}


def ask(home: Path, query: str) -> list[tuple[str, ...]]:
    """Return the rows of a query on Prefect's database in the folder ``home``."""
    with contextlib.closing(sqlite3.connect(home / "prefect.db")) as database:
        return [tuple(map(str, row)) for row in database.execute(query)]


def first_segment_is_seen(home: Path) -> bool:
    """Whether Prefect, its files in the folder ``home``, has taken note of the newest run's first segment."""
    begun = "select id from flow_run where state_name = 'Running'"
    seen = (
        f"select 1 from task_run where name = 'measure 0-64' and state_name = 'Completed' and flow_run_id in ({begun})"
    )
    with contextlib.suppress(sqlite3.OperationalError):  # not made yet, or being written
        return bool(ask(home, seen))
    return False


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.fixture(scope="module")
def direct(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The history of the soup, made without Prefect."""
    store = tmp_path_factory.mktemp("direct") / "store"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("warehouse.record.SEGMENT_CELLS", 64)
        run_direct(read_request(SOUP | {"store": str(store)}), Reporter())
    return history(store)


class Finished(NamedTuple):
    """A command that has ended."""

    place: Place
    process: int
    code: int
    said: str
    told: str


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """The command on a machine that knows nothing of Prefect yet; one epoch fails at first."""
    place = Place(tmp_path_factory.mktemp("undisturbed"))
    place.environment["FAIL_AT"] = "100"
    command = place.start()
    said, told = command.communicate(timeout=PATIENCE)
    return Finished(place, command.pid, command.returncode, said, told)


def take_database(finished: Finished, home: Path) -> None:
    """Give Prefect's home the other's database: to make one takes a server ten seconds."""
    home.mkdir(parents=True)
    shutil.copy(finished.place.store / ".prefect" / "prefect.db", home)


def test_the_page_reads_as_the_pipeline_and_nothing_leaves_this_machine(
    undisturbed: Finished, direct: dict[str, bytes]
) -> None:
    place, process, code, said, told = undisturbed
    [run] = Store.open(place.store).run_ids()
    assert (code, said) == (0, f"{run}\n"), told
    assert history(place.store) == direct
    for word in ("Traceback", "ERROR", "WARN", "refect.", "elemetry"):
        assert word not in told

    home = place.store / ".prefect"
    assert ask(home, "select name, state_name from flow_run") == [(run, "Completed")]
    names = [f"{stage} {segment}" for segment in SEGMENTS for stage in ("simulate", "snapshot", "measure")]
    tasks = ask(home, "select name, state_name from task_run")
    assert sorted(tasks) == sorted((name, "Completed") for name in [*names, "analyse"])
    tried = ask(home, "select name from task_run where run_count > 1")
    assert tried == [("simulate 64-128",)]
    artifacts = {row[0]: row[1] for row in ask(home, "select key, data from artifact where type = 'markdown'")}
    assert sorted(artifacts) == [f"onsets-{run}", f"summary-{run}"]
    assert "| language | bff_noheads_4bit |" in artifacts[f"summary-{run}"]
    assert "No onset" in artifacts[f"onsets-{run}"]

    assert place.strangers() == []
    [server] = place.servers()
    assert any(line.startswith(f"{process} socket.connect") for line in place.watched())
    assert not is_there(server)
    assert not (place.store.parent / "not").exists()


def test_an_attempt_to_leave_this_machine_would_be_seen(place: Place) -> None:
    for attempt in (
        "socket.getaddrinfo('prefect.invalid', 443)",
        "socket.socket(type=socket.SOCK_DGRAM).connect(('192.0.2.1', 9))",
    ):
        subprocess.run(
            [sys.executable, "-c", f"import socket\n{attempt}"],
            env=place.environment,
            stderr=subprocess.DEVNULL,
            check=False,
        )
    assert [line.split()[1] for line in place.strangers()] == ["socket.getaddrinfo", "socket.connect"]


def test_a_server_lost_in_mid_flow_fails_nothing(place: Place, direct: dict[str, bytes], undisturbed: Finished) -> None:
    take_database(undisturbed, place.store / ".prefect")
    place.hold.touch()
    command = place.start()
    wait_until(lambda: first_segment_is_seen(place.store / ".prefect"))
    [server] = place.servers()
    os.kill(server, signal.SIGKILL)
    place.hold.unlink()
    said, told = command.communicate(timeout=PATIENCE)
    assert command.returncode == 0, told
    [run] = Store.open(place.store).run_ids()
    assert said == f"{run}\n"
    assert "the run is complete all the same" in told.splitlines()[-1]
    assert history(place.store) == direct


def test_a_configured_server_that_does_not_answer_fails_nothing(place: Place, direct: dict[str, bytes]) -> None:
    place.environment["PREFECT_API_URL"] = "http://127.0.0.1:9/api"
    command = place.start()
    _, told = command.communicate(timeout=PATIENCE)
    assert command.returncode == 0, told
    assert "Prefect: " in told
    assert history(place.store) == direct
    assert place.servers() == []


def test_a_configured_server_is_used_and_sees_a_run_that_ctrl_c_ends(
    place: Place, tmp_path: Path, server: str, direct: dict[str, bytes]
) -> None:
    place.environment["PREFECT_API_URL"] = server
    place.hold.touch()
    command = place.start()
    wait_until(lambda: first_segment_is_seen(tmp_path / "elsewhere"))
    os.killpg(command.pid, signal.SIGINT)
    place.hold.unlink()
    said, told = command.communicate(timeout=PATIENCE)
    assert (command.returncode, said) == (1, ""), told
    assert "the same command continues it" in told.splitlines()[-1]
    [record] = Store.open(place.store).runs()
    assert record.status == "interrupted"
    assert 64 <= record.epochs < 200
    assert place.servers() == []
    last = "select name, state_name from flow_run order by start_time desc limit 1"
    assert ask(tmp_path / "elsewhere", last) == [(record.run, "Cancelled")]

    command = place.start("--direct")
    command.communicate(timeout=PATIENCE)
    assert command.returncode == 0
    assert history(place.store) == direct


def test_ctrl_c_while_the_server_starts_waits_for_nobody(place: Place, undisturbed: Finished) -> None:
    take_database(undisturbed, place.store / ".prefect")
    command = place.start("--epochs", "100000", "--force")
    wait_until(lambda: any(place.store.glob("runs/*/staging/*")) and bool(place.servers()))
    os.killpg(command.pid, signal.SIGINT)
    said, told = command.communicate(timeout=PATIENCE)
    assert (command.returncode, said) == (1, ""), told
    assert "the same command continues it" in told.splitlines()[-1]
    [record] = Store.open(place.store).runs()
    assert record.status == "interrupted"
    assert record.epochs >= 0
    [server] = place.servers()
    assert not is_there(server)


@pytest.fixture
def server(tmp_path: Path, undisturbed: Finished) -> Iterator[str]:
    """A server that another process has started; yields the address of its API. It ends with that process."""
    take_database(undisturbed, tmp_path / "elsewhere")
    program = (
        "import time; from flows.local_server import LocalServer; server = LocalServer(); server.wait(300);"
        "print(server.url, server._process.pid, flush=True); time.sleep(600)"
    )
    environment = os.environ | {"PREFECT_HOME": str(tmp_path / "elsewhere"), "DO_NOT_TRACK": "1"}
    with subprocess.Popen([sys.executable, "-c", program], env=environment, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        url, process = owner.stdout.readline().split()
        yield url
        assert is_there(int(process))
        owner.kill()  # which it cannot answer: the server must notice by itself
    wait_until(lambda: not is_there(int(process)))
