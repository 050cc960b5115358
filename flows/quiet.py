"""Prefect's settings for a quiet, local, offline run; to be made before prefect is first imported.

A setting that is already in the environment is kept: what a person configured wins. Nothing calls home,
neither client nor server.
"""

import os
import tomllib
from collections.abc import Mapping, MutableMapping
from pathlib import Path

#: Folder of Prefect's own files in a store. It begins with a dot, and no reader of the store looks there.
HOME = ".prefect"

_LOOPBACK = ("127.0.0.1", "localhost", "::1")

SETTINGS = {
    # On a fresh machine the server answers after 12 to 31 s, busy ones take longer; Prefect would give it 20.
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
    # Usage statistics: the server's have one switch, the client's the other.
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    # Our own lines say what matters here. What goes wrong inside a flow is still logged to its page.
    "PREFECT_LOGGING_LEVEL": "ERROR",
    "PREFECT_LOGGING_INTERNAL_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
    "PREFECT_SERVER_LOGGING_LEVEL": "CRITICAL",
    # A lost server is given up after seconds (the default, 5 tries a request, takes minutes): the store has the data.
    "PREFECT_CLIENT_MAX_RETRIES": "2",
    # The store decides what is done; results kept by Prefect would be pickles that nobody reads.
    "PREFECT_RESULTS_PERSIST_BY_DEFAULT": "false",
}

#: Where a person serves runs, Prefect's own messages and patience are wanted: the rest of the above.
SERVED_RUN = {
    name: SETTINGS[name]
    for name in ("PREFECT_SERVER_ANALYTICS_ENABLED", "DO_NOT_TRACK", "PREFECT_RESULTS_PERSIST_BY_DEFAULT")
}


def prepare(
    store: Path, environment: MutableMapping[str, str] | None = None, settings: Mapping[str, str] = SETTINGS
) -> None:
    """Settle Prefect's environment for a run into the folder ``store``.

    ``environment`` is the process's own by default; ``settings`` are made in it. Prefect's files, its database of
    runs among them, go into the store, beside what they tell about, unless PREFECT_HOME says where, or Prefect's own
    profiles name a server. A prefect that is already imported keeps the settings it has.
    """
    environment = os.environ if environment is None else environment
    for name, value in settings.items():
        environment.setdefault(name, value)
    if not _names_server(environment):
        environment.setdefault("PREFECT_HOME", str(store.absolute() / HOME))
    if "PREFECT_HOME" in environment:
        # Prefect makes one level only; without the others its server never comes up, and does not say why.
        Path(environment["PREFECT_HOME"]).expanduser().mkdir(parents=True, exist_ok=True)
    for name in ("NO_PROXY", "no_proxy"):
        # A proxy for the internet must not be asked for a server on this machine.
        hosts = [host for host in environment.get(name, "").split(",") if host]
        if "*" not in hosts:
            environment[name] = ",".join([*hosts, *(host for host in _LOOPBACK if host not in hosts)])


def _names_server(environment: Mapping[str, str]) -> bool:
    """Return whether the profiles in the home folder name a server: then they are the person's choice."""
    home = environment.get("HOME")
    profiles = (Path(home) if home else Path.home()) / ".prefect" / "profiles.toml"
    try:
        tables = tomllib.loads(profiles.read_text(encoding="utf-8")).get("profiles", {})
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return False
    named = tables.values() if isinstance(tables, dict) else ()
    return any(isinstance(table, dict) and "PREFECT_API_URL" in table for table in named)
