"""Every file of a stored run cut short: `verify` names it, and no reader guesses."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.warehouse.making import CONFIG, SETTINGS
from warehouse.connection import connect
from warehouse.errors import StoreFault
from warehouse.reader import History
from warehouse.retention import thin
from warehouse.store import Store
from warehouse.transfer import copy_run
from warehouse.verify import verify
from warehouse.writer import RunWriter

SEGMENT = "segments/0000000128-0000000150"
FILES = [
    *(f"{SEGMENT}/{name}.parquet" for name in ("epochs", "reactions", "mechanisms", "mutations", "keyframes")),
    f"{SEGMENT}/resets.parquet",
    f"{SEGMENT}/manifest.json",
    "runs.parquet",
    "analyses/measures/0000000128-0000000150.parquet",
    "compact/0000000000-0000000150.parquet",
]

#: All rows of what can be asked, each a reader of other files.
QUERIES = [
    "SELECT run, epochs, status, mutation_rate FROM runs",
    "SELECT * FROM epochs ORDER BY epoch",
    "SELECT epoch, sum(steps), sum(right_program), count(DISTINCT mechanism) FROM reactions GROUP BY epoch ORDER BY 1",
    "SELECT * FROM mechanisms ORDER BY mechanism",
    "SELECT * FROM mutations ORDER BY ALL",
    "SELECT count(*), sum(from_site), sum(delta) FROM copies",
    "SELECT epoch, sum(token) FROM tokens GROUP BY epoch ORDER BY epoch",
    "SELECT sum(token), sum(char) FROM tokens_at('RUN', 149)",
    "SELECT * FROM lineage('RUN', 150, 3, 7)",
    "SELECT * FROM kept",
]


def ask(store: Store, run: str) -> dict[str, Any]:
    """Return what each query answers: its rows, or the fault."""
    answers: dict[str, Any] = {}
    with connect(store.path) as sql:
        for query in QUERIES:
            answers[query] = attempted(lambda query=query: sql.execute(query.replace("RUN", run)).fetchall())  # type: ignore[misc]
    return answers


def attempted(act: Callable[[], Any]) -> Any:
    try:
        return act()
    except StoreFault as error:
        return error


def extend(store: Store, _run: str) -> None:
    """Do what comes before anything is added to a run."""
    with RunWriter.open(store, CONFIG, SETTINGS) as writer:
        writer.check_last(1)


def states(store: Store, run: str) -> Any:
    with History(store, run) as history:
        logs = [(log.left.tolist(), log.total_steps) for log in history.logs(1, 150, with_costs=True)]
        return logs, history.tokens_at(150).origins.tolist(), history.epochs()["steps"].tolist()


READERS: dict[str, Callable[[Store, str], Any]] = {
    "states": states,
    "extend": extend,
    "copy": lambda store, run: copy_run(store, run, Store.open(store.path.parent / "other", create=True)).run,
    "thin": lambda store, run: thin(store, run, "keyframes").run,
}


@pytest.fixture(scope="session")
def answers(pattern: tuple[Path, str]) -> dict[str, Any]:
    """What the readers that change nothing say of the run as it was written."""
    store, run = Store.open(pattern[0]), pattern[1]
    return ask(store, run) | {"states": states(store, run)}


@pytest.mark.parametrize("name", FILES)
def test_a_file_cut_short_is_named_and_nothing_is_guessed(
    store: Store, run: str, answers: dict[str, Any], name: str
) -> None:
    path = store.run_folder(run) / name
    os.truncate(path, int(path.stat().st_size * 0.6))
    [line] = verify(store, run)
    assert str(path) in line
    asked = attempted(lambda: ask(store, run))
    said: dict[str, Any] = asked if isinstance(asked, dict) else {"connect": asked}
    said |= {reader: attempted(lambda read=read: read(store, run)) for reader, read in READERS.items()}  # type: ignore[misc]
    told = {reader: str(answer) for reader, answer in said.items() if isinstance(answer, StoreFault)}
    assert told, "nobody needs this file"
    assert all(str(path) in line and "\n" not in line for line in told.values()), told
    for reader, answer in said.items():
        assert reader in told or answer == answers.get(reader, answer), reader
