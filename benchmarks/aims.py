"""What is asked of this program's speed: contests with the reference, and figures of its own; each under a name.

131072 programs where nothing else is said. After a transition, where only a soup of fewer programs is known to have
one soon, its population stands so many times over in a soup of that size.
"""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks import commands, reference
from benchmarks.contests import Contest, GridContest, Rivals, ScoreContest, traced
from benchmarks.report import Figure, middle, rounded
from benchmarks.states import States, Window, initial_state
from sim import LANGUAGES, Language, SoupConfig

FULL = 131072
#: Epochs after an onset, at least, until a soup counts as taken over.
_TAKEN_OVER = 192


@dataclass(frozen=True)
class Setting:
    """What the measuring of every row may need: the other programs, kept states, and how often each has its turn."""

    rivals: Rivals
    states: States
    rounds: int


def contests() -> dict[str, Contest | GridContest | ScoreContest]:
    """Return the rows of ratios by name."""
    before, after = _window("bff_noheads", 29, 64), _window("bff_noheads", 29, 1024)
    crowded = _window("bff_noheads", 2, 11968)
    grid = SoupConfig(language="z80_zff", width=200, height=200, seed=1878)
    return {
        "bff_noheads-before": Contest("`bff_noheads` before a transition", before, {"traced": 20, "stored": 12}),
        "bff_noheads-after": Contest("`bff_noheads` after a transition", after, {"traced": 18, "stored": 12}),
        "bff_noheads-crowded": Contest("`bff_noheads` after a takeover", crowded, {"traced": 45, "stored": 20}),
        "bff_noheads_4bit": Contest(
            "`bff_noheads_4bit` through a transition",
            _window("bff_noheads_4bit", 10248, 129, 512),
            {"stored": 20},
            once=True,
        ),
        "bff-before": Contest("`bff` before a transition", _window("bff", 12, 64), {"stored": 10}),
        "bff-after": Contest("`bff` after a transition", _demonstrated(LANGUAGES["bff"]), {"stored": 12}),
        "forthtrivial-before": Contest(
            "`forthtrivial` before a transition", _window("forthtrivial", 10248, 64), {"stored": 6}
        ),
        "forthtrivial-after": Contest(
            "`forthtrivial` after a transition", _window("forthtrivial", 10248, 320), {"stored": 6}
        ),
        **_others(),
        "z80_zff-early": GridContest("Z80 grid early", Window(grid, 64, 128), 2),
        "z80_zff-late": GridContest("Z80 grid late", Window(grid, 512, 128), 2),
        "scores-before": ScoreContest("scores of all programs before a transition", before, 5),
        "scores-after": ScoreContest("scores of all programs after a transition", after, 10),
    }


def figures() -> dict[str, Callable[[Setting], list[Figure]]]:
    """Return the rows of the other figures by name."""
    return {
        "warm-start": _warm_start,
        "cold-cache": _cold_cache,
        "peak-memory": _peak_memory,
        "threads": _threads,
        "sizes": _sizes,
        WORKED_EXAMPLE: _worked_example,
    }


#: The row that takes minutes by itself.
WORKED_EXAMPLE = "worked-example"


def _window(name: str, seed: int, start: int, epochs: int = 64) -> Window:
    return Window(SoupConfig(language=name, programs=FULL, seed=seed), start, epochs)


def _demonstrated(found: Language) -> Window:
    """Return a window after the transition of the soup that demonstrates a language."""
    assert found.demonstration is not None
    options = found.demonstration.options
    start = -(-(found.demonstration.onset + _TAKEN_OVER) // 64) * 64
    return replace(_window(found.name, options["seed"], start), tiles=FULL // options["programs"])


def _others() -> dict[str, Contest]:
    """Return what the reference has besides: the first states, and those after a transition where one is known."""
    own = {"bff_noheads", "bff_noheads_4bit", "bff", "forthtrivial"}
    rows = {}
    for name in reference.LANGUAGES:
        if name in own:
            continue
        rows[name] = Contest(f"`{name}`, first states", _window(name, 0, 64), {"stored": 3})
        if LANGUAGES[name].demonstration is not None:
            after = _demonstrated(LANGUAGES[name])
            rows[f"{name}-after"] = Contest(f"`{name}` after a transition", after, {"stored": 3})
    return rows


def _warm_start(setting: Setting) -> list[Figure]:
    options = ("--language", "bff_noheads", "--seed", "29")
    commands.run(options, 1)  # compiles
    seen = [commands.run(options, 1) for _ in range(setting.rounds)]
    how = f"`bff_noheads`, kernels in their cache; median of {setting.rounds}"
    return [
        Figure("`run --direct` until its first epoch", middle([run.begun for run in seen]), "s", how, "under 2"),
        Figure("`run --direct` until that is stored", middle([run.stored for run in seen]), "s", "a run of one epoch"),
    ]


def _cold_cache(_: Setting) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="primordium-cache-") as cache:
        seen = commands.run(("--language", "bff_noheads", "--seed", "29"), 1, Path(cache))
    what, how = "with an empty cache of kernels", "`bff_noheads`; one run of one epoch"
    return [
        Figure(f"`run --direct` {what} until its first epoch", seen.begun, "s", how, "under 30"),
        Figure(f"`run --direct` {what} until its end", seen.whole, "s", "kernels of storing and of the analyses too"),
    ]


def _peak_memory(_: Setting) -> list[Figure]:
    seen = commands.run(("--language", "bff_noheads", "--seed", "29"), 1280)
    return [
        Figure("peak memory of `run --direct`", seen.gigabytes, "GB", "`bff_noheads`, seed 29, 1280 epochs", "under 3"),
    ]


def _worked_example(_: Setting) -> list[Figure]:
    seen = commands.run(("--language", "bff_noheads", "--seed", "2"), 12288)
    how = "`bff_noheads`, seed 2, 12288 epochs: traced, stored, analysed with founders; once"
    return [
        Figure("the whole worked example", seen.whole / 60, "min", how, "under 6"),
        Figure("its peak memory", seen.gigabytes, "GB", how, "under 3"),
    ]


def _threads(setting: Setting) -> list[Figure]:
    """Return how many times as fast two threads are as one, ours and beside it the reference's."""
    found = []
    for name in ("bff_noheads-before", "bff_noheads-after"):
        window = contests()[name].window
        state = window.state(setting.states)
        traced(state, window.epochs)
        ours: dict[int, list[float]] = {1: [], 2: []}
        theirs: dict[int, list[float]] = {1: [], 2: []}
        for _ in range(setting.rounds):
            for threads in (1, 2):
                ours[threads].append(traced(state, window.epochs, threads).seconds)
                if setting.rivals.reference:
                    run = reference.advance(
                        setting.rivals.reference, state.config, state.epoch, state.tokens.chars, window.epochs,
                        threads=threads,
                    )  # fmt: skip
                    theirs[threads].append(run.seconds)
        own = f"the reference {rounded(middle(theirs[1]) / middle(theirs[2]))}" if theirs[1] else "reference not given"
        how = f"`bff_noheads`, {window}, traced; {own}; medians of {setting.rounds}"
        found.append(
            Figure("two threads against one", middle(ours[1]) / middle(ours[2]), "times as fast", how, "at least 1.8")
        )
    return found


def _sizes(setting: Setting) -> list[Figure]:
    """Return what a program costs in soups of different sizes."""
    return [cost(1 << power, min(max(1 << 23 >> power, 8), 256), setting.rounds) for power in (12, 14, 16, 17, 18, 20)]


def cost(programs: int, epochs: int, rounds: int) -> Figure:
    """Return the nanoseconds that a program of a soup costs in each of its first ``epochs`` epochs, traced."""
    state = initial_state(SoupConfig(language="bff_noheads", programs=programs, seed=29))
    traced(state, min(epochs, 8))
    seconds = [traced(state, epochs).seconds for _ in range(rounds)]
    how = f"`bff_noheads`, first {epochs} epochs, traced; median of {rounds}"
    return Figure(f"a program's epoch among {programs}", 1e9 * middle(seconds) / programs / epochs, "ns", how)
