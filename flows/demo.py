"""``make demo``: a replicator is born in the paper's own setting, and what the store knows of it.

Nothing but calls of `primordium`, each shown before its answer. A second call finds the run in the store
and answers at once.
"""

# ruff: noqa: T201 -- its job is to print
import subprocess
import sys
import time
from pathlib import Path

from flows.cli import main
from warehouse.connection import connect

STORE = "store"
FIGURE = Path("demo") / "bff_noheads-seed-29.png"
RUN = ("--language", "bff_noheads", "--programs", "131072", "--seed", "29", "--epochs", "1280")


# Places in them are those of the run's first founder.
QUESTIONS = (
    (
        "How did the takeover go?",
        """SELECT epoch, round(complexity, 2) AS complexity, unique_tokens, round(top32_share, 3) AS top32_share,
       changed_cells, reactions - empty_reactions AS busy_reactions
FROM epochs
WHERE run = '{run}' AND complexity IS NOT NULL AND epoch BETWEEN {onset} - 192 AND {onset} + 192
ORDER BY epoch""",
    ),
    (
        "Which bytes fill the soup at the end, and where and when were they born?",
        """SELECT count(*) AS cells, born_epoch, born_program, born_site, char
FROM tokens_at('{run}', 1280) GROUP BY ALL ORDER BY cells DESC, born_epoch, born_program, born_site LIMIT 8""",
    ),
    (
        "By which steps did byte 0 of the founder (program {program} in state {epoch}) get there?",
        """SELECT epoch, event, program, site, char, from_program, from_site, delta
FROM lineage('{run}', {epoch}, {program}, 0) ORDER BY epoch DESC LIMIT 12""",
    ),
)


class DemoFailed(SystemExit):
    """A command of the demo failed; it has said why."""


def demonstrate() -> None:
    """Run the soup, then print what it found and the answers to three questions."""
    began = time.monotonic()
    run = _simulate()
    took = time.monotonic() - began
    print(
        f"{took:.0f} s for this, compiling, storing, analysing and the start of Prefect's server included", flush=True
    )
    FIGURE.parent.mkdir(exist_ok=True)
    _primordium("show", run, "--figure", str(FIGURE))
    print(f"the picture, figure 1 of the paper for this soup: {FIGURE.absolute()}")
    _primordium("replicator", run)
    for question, query in questions(run):
        print(f"\n-- {question}")
        _primordium("sql", query)
    print(f"\ndone in {time.monotonic() - began:.0f} s; more: primordium --help")


def questions(run: str) -> list[tuple[str, str]]:
    """Return the three questions on the run, in words and in SQL."""
    with connect(STORE) as connection:
        found = connection.execute(
            "SELECT onset_epoch, epoch, program FROM founders WHERE run = ? ORDER BY onset_epoch, rank LIMIT 1", [run]
        ).fetchone()
    if found is None:
        raise DemoFailed("the soup has no founder: it should pass its transition between states 896 and 960")
    onset, epoch, program = found
    places = {"run": run, "onset": onset, "epoch": epoch, "program": program}
    return [(question.format(**places), query.format(**places)) for question, query in QUESTIONS]


def _simulate() -> str:
    """Run the soup as a person would, in a process of its own; return the run's id."""
    print(f"$ primordium run {' '.join(RUN)}", flush=True)
    command = [sys.executable, "-m", "flows.cli", "--store", STORE, "run", *RUN]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)  # noqa: S603 -- our own command
    if done.returncode != 0:
        raise DemoFailed(done.returncode)
    print(done.stdout, end="")
    return done.stdout.splitlines()[-1]


def _primordium(*words: str) -> None:
    """Call `primordium` and show the call."""
    quoted = [f'"{word}"' if " " in word else word for word in words]
    print(f"\n$ primordium {' '.join(quoted)}", flush=True)
    if code := main(["--store", STORE, *words]):
        raise DemoFailed(code)


if __name__ == "__main__":
    demonstrate()
