"""How fast a stored run is replayed, and how long its queries take."""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.report import Figure, middle
from sim import Replay
from warehouse import connect
from warehouse.reader import History
from warehouse.store import Store

QUESTIONS = (
    "SELECT max(complexity), arg_max(epoch, complexity) FROM epochs WHERE run = $run",
    "SELECT epoch, complexity FROM epochs WHERE run = $run AND complexity IS NOT NULL ORDER BY epoch",
    "SELECT epoch // 64, sum(operations), avg(changed_cells) FROM epochs WHERE run = $run GROUP BY 1 ORDER BY 1",
    "SELECT count(*) FROM epochs WHERE empty_reactions * 2 > reactions",
)


def replay(folder: Path, run: str) -> list[Figure]:
    """Replay the whole run from state 0; return epochs per second."""
    history = _history(folder, run)
    state = history.tokens_at(0)
    began = time.perf_counter()
    soup = Replay(history.config.program_length, state, 0)
    for log in history.logs(1, history.last):
        soup.apply(log)
    seconds = time.perf_counter() - began
    return [Figure(f"replay of states 1 to {history.last}", history.last / seconds, "epochs/s", "log read included")]


def latencies(folder: Path, run: str, repeats: int) -> list[Figure]:
    """Time queries, each on a connection of its own; the longest of ``repeats`` where the place matters."""
    history = _history(folder, run)
    _ask_tokens(folder, run, 1)  # kernels of the queries compiled or loaded
    _ask_lineage(folder, run, (1, 0, 0))
    return [
        _connecting(folder, repeats),
        _tokens(folder, run, history, repeats),
        _lineage(folder, run, history, repeats),
        *(_question(folder, run, text, repeats) for text in QUESTIONS),
    ]


def worst_epochs(history: History) -> list[int]:
    """Return the states farthest from the keyframe before them, those with most changed cells between first."""
    changed = np.asarray(history.epochs()["changed_cells"], np.float64).cumsum()
    keyframes = sorted(history.keyframe_epochs)
    gaps = [(first, stop - 1) for first, stop in zip(keyframes, [*keyframes[1:], history.last + 1], strict=True)]
    return [last for _, last in sorted(gaps, key=lambda gap: changed[gap[0]] - changed[gap[1]])]


def _history(folder: Path, run: str) -> History:
    return History(Store.open(folder), run)


def _connecting(folder: Path, repeats: int) -> Figure:
    def ask() -> None:
        with connect(folder) as connection:
            connection.execute("SELECT count(*) FROM runs").fetchall()

    return Figure("connect and list the runs", middle(_times(ask, repeats)), "s", f"median of {repeats}")


def _tokens(folder: Path, run: str, history: History, repeats: int) -> Figure:
    epochs = worst_epochs(history)[:repeats]
    slowest = max(_seconds(partial(_ask_tokens, folder, run, epoch)) for epoch in epochs)
    how = f"longest of states {', '.join(map(str, epochs))}: just before a keyframe, most cells changed"
    return Figure("all of `tokens_at`", slowest, "s", how, "under 3")


def _lineage(folder: Path, run: str, history: History, repeats: int) -> Figure:
    config = history.config
    places = [(config.programs * k // repeats, config.program_length * k // repeats) for k in range(repeats)]
    slowest = max(_seconds(partial(_ask_lineage, folder, run, (history.last, *place))) for place in places)
    how = f"{history.last} epochs back; longest of {repeats}"
    return Figure("`lineage` of one byte", slowest, "s", how, "under 5 for 5000")


def _ask_tokens(folder: Path, run: str, epoch: int) -> None:
    """Read every token of a state, on a connection of its own: nothing is kept from an earlier query."""
    with connect(folder) as connection:
        query = "SELECT count(*), sum(token_char(token)) FROM tokens_at($run, $epoch)"
        connection.execute(query, {"run": run, "epoch": epoch}).fetchall()


def _ask_lineage(folder: Path, run: str, place: tuple[int, int, int]) -> None:
    """Follow the byte at (epoch, program, site) back, on a connection of its own."""
    epoch, program, site = place
    with connect(folder) as connection:
        query = "SELECT count(*) FROM lineage($run, $epoch, $program, $site)"
        values = {"run": run, "epoch": epoch, "program": program, "site": site}
        connection.execute(query, values).fetchall()


def _question(folder: Path, run: str, text: str, repeats: int) -> Figure:
    with connect(folder) as connection:
        values = {"run": run} if "$run" in text else {}
        longest = max(_times(lambda: connection.execute(text, values).fetchall(), repeats))
    return Figure(f"`{text}`", longest, "s", f"longest of {repeats}", "under 0.1")


def _times(ask: Callable[[], object], repeats: int) -> list[float]:
    return [_seconds(ask) for _ in range(repeats)]


def _seconds(ask: Callable[[], object]) -> float:
    began = time.perf_counter()
    ask()
    return time.perf_counter() - began
