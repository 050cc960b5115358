"""Prefect's own server on this machine, for runs that find no server configured.

It is what Prefect starts by itself in that case, with three differences: it ends with this process
however that ends (Prefect's outlives a killed one), Ctrl-C in the terminal reaches only us (Prefect's would be
gone before the flow's end is recorded), and the limit for its start is one that a fresh machine meets.

Run as a program, this module is that server: ``python -m flows.local_server DESCRIPTOR``, the descriptor of a
listening socket.
"""

import atexit
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from contextlib import suppress

_LOOPBACK = "127.0.0.1"
_POLL = 0.1
_PATIENCE = 5.0  # seconds for an orderly end

_SERVER_SETTINGS = {
    # As Prefect starts its own: no pages, no schedulers.
    "PREFECT_UI_ENABLED": "0",
    "PREFECT__SERVER_EPHEMERAL": "1",
    "PREFECT__SERVER_FINAL": "1",
    # We use no blocks; entering all known ones into a new database takes seconds.
    "PREFECT_SERVER_API_BLOCKS_REGISTER_ON_START": "false",
}


class LocalServer:
    """A running server process; `url` is where its API will be. Making one starts it and does not wait."""

    def __init__(self) -> None:
        with socket.create_server((_LOOPBACK, 0)) as listening:
            self.url = f"http://{_LOOPBACK}:{listening.getsockname()[1]}/api"
            self._output = tempfile.TemporaryFile()  # noqa: SIM115 - the process writes to it
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                [sys.executable, "-m", "flows.local_server", str(listening.fileno())],
                stdin=subprocess.PIPE,  # its end of file tells the server that we are gone
                stdout=self._output,
                stderr=subprocess.STDOUT,
                pass_fds=(listening.fileno(),),
                start_new_session=True,
                env={**os.environ, **_SERVER_SETTINGS},
            )
        # After Prefect has delivered its last messages, which it does before functions registered here are called.
        atexit.register(self.stop)

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def wait(self, limit: float) -> None:
        """Wait until the server answers; `RuntimeError` if it ends, or has not answered after ``limit`` seconds."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        began = time.monotonic()
        while self.alive:
            with suppress(urllib.error.URLError, OSError), opener.open(f"{self.url}/health", timeout=limit) as answer:
                if answer.status == 200:
                    return
            if time.monotonic() - began > limit:
                raise RuntimeError(f"its server did not answer within {limit:.0f} s")
            time.sleep(_POLL)
        self._output.seek(0)
        lines = self._output.read().decode(errors="replace").split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")
        raise RuntimeError(f"its server ended as it started: {last[:200]}")

    def stop(self) -> None:
        """End the server."""
        atexit.unregister(self.stop)
        self._process.terminate()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._output.close()


def _end_with_parent() -> None:
    """Wait until the other end of standard input is closed, which a parent's death does too; then end."""
    while os.read(0, 64):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_PATIENCE)
    os._exit(1)


def _serve(descriptor: str) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    application = "prefect.server.api.server:create_app"
    sys.argv = ["uvicorn", "--factory", application, "--fd", descriptor, "--log-level", "error", "--lifespan", "on"]
    runpy.run_module("uvicorn", run_name="__main__")


if __name__ == "__main__":
    _serve(sys.argv[1])
