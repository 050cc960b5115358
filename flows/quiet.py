"""Prefect's settings for a quiet, local, offline run; to be made before prefect is first imported.

A setting that is already in the environment is kept: what a person configured wins. Without a configured
server Prefect starts its own on the loopback interface, as a process that ends with ours; its database lies
in the store, beside what it tells about. Nothing calls home, neither client nor server.
"""

import os
import tomllib
from collections.abc import MutableMapping
from pathlib import Path

#: Folder of Prefect's own files in a store. Begins with a dot: no reader of the store looks there.
HOME = ".prefect"

_LOOPBACK = ("127.0.0.1", "localhost", "::1")

SETTINGS = {
    # On a fresh machine the server comes up in 12 to 31 s; Prefect gives it 20.
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
    "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "true",
    # Usage statistics: the server's have one switch, the client's the other.
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    # Our own lines say what matters. What goes wrong inside a flow is still logged to its run page.
    "PREFECT_LOGGING_LEVEL": "ERROR",
    "PREFECT_LOGGING_INTERNAL_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
    "PREFECT_SERVER_LOGGING_LEVEL": "CRITICAL",
    # A lost server is given up after seconds (the default, 5 tries, takes two minutes): the store has the data.
    "PREFECT_CLIENT_MAX_RETRIES": "2",
    # The store decides what is done; results kept by Prefect would be pickles that nobody reads.
    "PREFECT_RESULTS_PERSIST_BY_DEFAULT": "false",
}


def prepare(store: Path, environment: MutableMapping[str, str] | None = None) -> None:
    """Settle Prefect's environment for a run into the folder ``store``.

    ``environment`` is the process's own by default. Has no effect on a prefect that is already imported.
    """
    environment = os.environ if environment is None else environment
    for name, value in SETTINGS.items():
        environment.setdefault(name, value)
    if "PREFECT_HOME" not in environment and not _configured(_default_home(environment)):
        # Missing parents would let the server wait out any limit: Prefect makes one level only.
        home = store.absolute() / HOME
        home.mkdir(parents=True, exist_ok=True)
        environment["PREFECT_HOME"] = str(home)
    elif "PREFECT_HOME" in environment:
        Path(environment["PREFECT_HOME"]).expanduser().mkdir(parents=True, exist_ok=True)
    for name in ("NO_PROXY", "no_proxy"):
        # A proxy for the internet must not be asked for the server on this machine.
        hosts = [host for host in environment.get(name, "").split(",") if host]
        if "*" not in hosts:
            environment[name] = ",".join([*hosts, *(host for host in _LOOPBACK if host not in hosts)])


def _default_home(environment: MutableMapping[str, str]) -> Path:
    return Path(environment.get("HOME") or Path.home()) / ".prefect"


def _configured(home: Path) -> bool:
    """Return whether the profiles in ``home`` name a server: then they are the person's choice."""
    try:
        profiles = tomllib.loads((home / "profiles.toml").read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return False
    tables = profiles.get("profiles", {})
    return any("PREFECT_API_URL" in table for table in tables.values() if isinstance(table, dict))
