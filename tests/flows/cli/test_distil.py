"""`primordium distil`: what people see, and that it is what the relation `distillations` and the analysis say."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from analysis.distillation import distil
from sim import SoupConfig, language
from tests import readme
from tests.flows.cli.conftest import Answer, call
from tests.flows.cli.test_bad_input import assert_refused
from warehouse import connect

Ask = Callable[..., Answer]
FIGURE_4 = "[[{.>]-]" + "Ġ" * 48 + "]-]>.{[["


def test_the_working_bytes_are_marked_under_the_text() -> None:
    shown = call("distil", "--language", "bff_noheads", "--text", FIGURE_4).out.splitlines()
    lines = {line[:12].strip(): line[12:] for line in shown[1:5]}
    assert shown[0] == "typed program (bff_noheads)"
    assert lines["text"] == FIGURE_4
    assert lines[""] == " +^^^^" + " " * 52 + "^^^^+"
    assert lines["sanitised"] == "Ġ[{.>]Ġ" + "Ġ" * 50 + "Ġ]>.{[Ġ"
    assert lines["core"] == "[{.>]]>.{["
    assert "working     10 of 64 bytes (+); 8 of them are missed even alone (^)" in shown
    assert "how         copies 64 of its 64 bytes in reverse order, by `.`" in shown
    assert shown[-3] == "equal %    " + " " + "  100" * 16
    assert shown[-1] == "last score  64"


def test_the_readme_shows_what_is_printed() -> None:
    [block] = [block for block in readme.blocks("") if block.startswith("program 43776 in state 837 (bff_noheads)")]
    text = block.splitlines()[1].removeprefix("text").strip()
    printed = call("distil", "--language", "bff_noheads", "--text", text).out.splitlines()
    assert block.splitlines()[1:] == printed[1:]


def test_a_text_of_two_digits_a_byte_has_two_marks_a_byte() -> None:
    shown = call("distil", "--language", "forthtrivial", "--text", "0c0804812cc4").out.splitlines()
    assert shown[2] == " " * 12 + "^^^^^^    ^^"


def test_a_program_that_does_not_replicate_says_so() -> None:
    shown = call("distil", "--language", "forthtrivial", "--text", "0C").out.splitlines()
    assert "score       1: no replicator, nothing to distil" in shown
    assert not any(line.startswith(("sanitised", "core", "working")) for line in shown)


def test_a_stored_program_is_told_as_the_relation_has_it(ask: Ask, store: Path) -> None:
    with connect(store) as connection:
        result = connection.execute("SELECT * EXCLUDE (run) FROM distillations ORDER BY origin, epoch, program LIMIT 1")
        [row] = result.fetchall()
        columns = result.columns
    expected = dict(zip(columns, row, strict=True))
    words = ("--epoch", expected["epoch"], "--program", expected["program"], "--format", "json")
    [found] = ask("distil", "small", *words).json
    assert expected.pop("origin") == "founder"
    assert found == expected | {"bytes": expected["bytes"].hex()}


def test_rows_are_exact_and_obey_the_step_limit() -> None:
    words = ("distil", "--language", "bff", "--text", "ƀŀ[.>}]", "--step-limit", 200)
    [row] = csv.DictReader(io.StringIO(call(*words, "--format", "csv").out))
    program = language("bff").parse("ƀŀ[.>}]").ljust(64, b"\0")
    told = distil(SoupConfig(language="bff", programs=2, step_limit=200), program)
    assert set(row) == {"epoch", "program", *told}
    assert (row["epoch"], row["bytes"], row["text"]) == ("", program.hex(), told["text"])
    assert json.loads(row["fidelity"]) == told["fidelity"]
    assert float(row["as_left"]) == told["as_left"] < 1
    assert (int(row["score"]), int(row["copied"])) == (told["score"], told["copied"])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "--language is missing"),
        (["--language", "bff"], "--text is missing"),
        (["--text", "+"], "--language is missing"),
        (["--language", "nonsense", "--text", "+"], "bff_noheads"),
        (["--language", "bff", "--text", "+" * 65], "65 bytes"),
        (["--language", "bff", "--text", "é"], "position 0"),
        (["--language", "bff", "--text", "+", "--epoch", "3"], "--epoch needs a RUN"),
        (["--language", "bff", "--text", "+", "--step-limit", "0"], "step limit"),
        (["small", "--epoch", "3"], "--program is missing"),
        (["small", "--epoch", "3", "--program", "0", "--text", "+"], "--text is for a typed program"),
        (["small", "--epoch", "3", "--program", "0", "--step-limit", "9"], "--step-limit is for a typed program"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_cannot_be_distilled_is_refused(ask: Ask, words: list[str], said: str) -> None:
    assert_refused(ask("distil", *words), said)
