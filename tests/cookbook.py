"""The SQL cookbook as data: its questions with query and answer.

``python -m tests.cookbook STORE`` answers every question anew from a store whose run `demo` is that of the
cookbook's first lines, and writes the answers into it; ``python -m tests.cookbook STORE WORDS`` only the questions
that have these words. A new question is a heading, its query, an empty answer and a sentence.
"""

import io
import re
import sys
from pathlib import Path
from typing import NamedTuple

from flows.cli.output import print_rows
from warehouse.connection import Connection, connect

COOKBOOK = Path(__file__).parent.parent / "docs" / "cookbook.md"

_RECIPE = re.compile(
    r"^## (?P<question>.*?)\n.*?^```sql\n(?P<query>.*?)^```\n+^```text\n(?P<answer>.*?)^```\n", re.MULTILINE | re.DOTALL
)


class Recipe(NamedTuple):
    """A question, its query (statements parted by ``;``, the last one answers) and its answer as a table."""

    question: str
    query: str
    answer: str

    @property
    def columns(self) -> list[str]:
        """The names of the answer's columns."""
        return self.answer.partition("\n")[0].split()


def text() -> str:
    """Return the cookbook."""
    return COOKBOOK.read_text(encoding="utf-8")


def recipes() -> list[Recipe]:
    """Return the cookbook's recipes, in order."""
    return [Recipe(found["question"], found["query"], found["answer"]) for found in _RECIPE.finditer(text())]


def answered(connection: Connection, query: str) -> str:
    """Return the answer to a query as `primordium sql` prints it."""
    result, out = connection.sql(query), io.StringIO()
    print_rows(result.columns, result.fetchall(), "table", out)
    return out.getvalue()


def renew(connection: Connection, words: str = "") -> None:
    """Answer the questions that have ``words`` in them anew and write the answers into the cookbook."""

    def renewed(found: re.Match[str]) -> str:
        if words not in found["question"]:
            return found[0]
        start, stop = (place - found.start() for place in found.span("answer"))
        return found[0][:start] + answered(connection, found["query"]) + found[0][stop:]

    COOKBOOK.write_text(_RECIPE.sub(renewed, text()), encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) not in {2, 3}:
        raise SystemExit("usage: python -m tests.cookbook STORE [WORDS], a store with the run `demo`")
    with connect(sys.argv[1]) as opened:
        renew(opened, *sys.argv[2:])
