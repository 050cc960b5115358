"""The SQL cookbook: every query answers, with the columns of its printed answer, and on the demo run exactly so.

The demo run takes minutes to make: its answers are compared with ``--run-slow``, or where the environment variable
PRIMORDIUM_DEMO names a store that has it.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.cli.application import main
from sim import SoupConfig
from tests import cookbook, readme
from tests.warehouse.recorded import Twin, make
from warehouse.connection import Connection, connect
from warehouse.record import RunSettings

DEMO = os.environ.get("PRIMORDIUM_DEMO")
RECIPES = [pytest.param(recipe, id=recipe.question) for recipe in cookbook.recipes()]

SMALL = "run --language bff_noheads_4bit --programs 2048 --seed 0 --epochs 192 --name demo --direct"


def made(store: Path, command: list[str]) -> Path:
    assert main(["--store", str(store), *command]) == 0
    assert main(["--store", str(store), "analyze", "demo"]) == 0
    return store


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """A run called `demo` that is over in seconds: a takeover is in it."""
    with connect(made(tmp_path_factory.mktemp("small") / "store", SMALL.split())) as connection:
        yield connection


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """The run of the printed answers."""
    store = Path(DEMO) if DEMO else made(tmp_path_factory.mktemp("demo") / "store", command())
    with connect(store) as connection:
        yield connection


def command() -> list[str]:
    """Return the arguments with which the cookbook says its run is made, without Prefect."""
    [found] = re.findall(r"^primordium (run .*)$", cookbook.text(), re.MULTILINE)
    return [*readme.words_of(found), "--direct"]


def test_there_are_a_dozen_questions_or_more() -> None:
    assert len(RECIPES) >= 12
    assert len(RECIPES) == len(re.findall("^## ", cookbook.text(), re.MULTILINE))
    assert len({recipe.question for recipe in cookbook.recipes()}) == len(RECIPES)


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_question_has_an_answer_and_a_way_to_read_it(recipe: cookbook.Recipe) -> None:
    assert recipe.question.endswith("?")
    assert len(recipe.answer.splitlines()) > 2, "no rows; renew the answers with: python -m tests.cookbook STORE"
    after = cookbook.text().partition(recipe.answer)[2].partition("\n## ")[0]
    assert after.removeprefix("```\n").strip().endswith("."), "a sentence says how to read the answer"


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_query_runs_and_gives_the_columns_of_its_answer(small: Connection, recipe: cookbook.Recipe) -> None:
    assert cookbook.answered(small, recipe.query).partition("\n")[0].split() == recipe.columns


def test_answers_are_renewed_of_the_questions_named(
    small: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (
        "# Of\n\n## {0}?\n\n```sql\nSET VARIABLE a = 1; SELECT getvariable('a') AS one\n```\n\n```text\n{1}```\n\nSo.\n"
    )
    book = tmp_path / "book.md"
    book.write_text(page.format("First", "") + page.format("Second", ""), encoding="utf-8")
    monkeypatch.setattr(cookbook, "COOKBOOK", book)
    cookbook.renew(small, "cond?")
    assert book.read_text(encoding="utf-8") == page.format("First", "") + page.format("Second", "one\n───\n  1\n")
    assert [recipe.columns for recipe in cookbook.recipes()] == [[], ["one"]]


def test_tokens_that_outlived_their_last_copier_are_the_naive_tracers(tmp_path: Path) -> None:
    config, last = SoupConfig(language="bff_noheads_4bit", programs=16, seed=3, mutation=2**23, step_limit=300), 40
    store, twin = make(tmp_path / "store", config, last, RunSettings(name="demo")), Twin.of(config, last)
    copied = set()
    for record in twin.records[last - 8 :]:
        tokens = list(twin.states[record.epoch - 1])
        for cell, char in record.mutations:
            tokens[cell] = (record.epoch, cell, char)
        for copy in record.copies:
            if copy.kind == "copied" and copy.from_program is not None and copy.from_site is not None:
                copied.add(tokens[64 * copy.from_program + copy.from_site][:2])
    then = {token[:2] for token in twin.states[last - 8]}
    idle = [token[:2] for token in twin.states[last] if token[:2] in then - copied]
    expected = (len(set(idle)), len(idle), sum(epoch == 0 for epoch, _ in set(idle)))
    [recipe] = (recipe for recipe in cookbook.recipes() if "outlived" in recipe.question)
    with connect(store) as sql:
        assert sql.sql(recipe.query).fetchall()[0][:3] == expected
    assert 0 < expected[0] < len(then)


@pytest.mark.parametrize(
    "recipe", [pytest.param(*p.values, id=p.id, marks=[] if DEMO else pytest.mark.slow) for p in RECIPES]
)
def test_answers_are_those_of_the_demo_run(demo: Connection, recipe: cookbook.Recipe) -> None:
    assert cookbook.answered(demo, recipe.query) == recipe.answer, "renew with: python -m tests.cookbook STORE"
