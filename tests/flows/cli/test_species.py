"""`primordium species` and `primordium search`, compared with SQL over the same store."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.flows.cli.conftest import Answer, call
from tests.flows.cli.test_bad_input import assert_refused
from warehouse import connect

Ask = Callable[..., Answer]


def test_species_of_a_state_are_those_of_sql(ask: Ask, store: Path) -> None:
    found = ask("species", "small", "--epoch", 500, "--limit", 9, "--format", "json").json
    columns = "species, abundance, share, variants, program, text"
    with connect(store) as sql:
        expected = sql.sql(
            f"SELECT {columns} FROM species_at('small', 500) ORDER BY abundance DESC, program LIMIT 9"
        ).fetchall()
    assert [tuple(row[name] for name in columns.split(", ")) for row in found] == expected
    assert [(row["epoch"], row["rank"]) for row in found] == [(500, rank) for rank in range(1, 10)]
    shown = ask("species", "small", "--epoch", 500, "--limit", 2)
    assert shown.out.splitlines()[1].split()[:4:3] == [str(found[0]["abundance"]), str(found[0]["program"])]
    assert shown.out.splitlines()[1].endswith(found[0]["species"])
    assert "among 4096 in state 500" in shown.err


def test_succession_is_the_relation(ask: Ask, store: Path) -> None:
    found = ask("species", "small", "--format", "json").json
    with connect(store) as sql:
        expected = sql.sql("SELECT epoch, last_epoch, family, species FROM succession ORDER BY rank").fetchall()
    assert [(row["epoch"], row["last_epoch"], row["family"], row["species"]) for row in found] == expected
    assert found[-1]["last_epoch"] == 512
    line = ask("species", "small").out.splitlines()[-1]
    assert line.split()[2] == "512"
    assert line.endswith(found[-1]["species"])


def test_search_of_a_state_agrees_with_sql(ask: Ask, store: Path) -> None:
    with connect(store) as sql:
        [(text,)] = sql.sql(
            "SELECT species[1:12] FROM species_at('small', 512) ORDER BY abundance DESC LIMIT 1"
        ).fetchall()
        query = """SELECT count(*) AS copies, min(program), text FROM programs_at('small', 512)
            WHERE contains(species, ?) GROUP BY bytes, text ORDER BY copies DESC, min(program)"""
        expected = sql.sql(query, [text]).fetchall()
    answer = ask("search", "small", "--species", "--text", text, "--epoch", 512, "--limit", 7, "--format", "json")
    assert [(row["copies"], row["program"], row["text"]) for row in answer.json] == expected[:7]
    assert f"{sum(row[0] for row in expected)} programs of state 512 match, {len(expected)} distinct" in answer.err
    assert expected


def test_search_over_keyframes_and_to_the_first_epoch(ask: Ask, store: Path) -> None:
    with connect(store) as sql:
        life = """SELECT species, born_epoch, born_program FROM species_lives
            WHERE born_epoch > 0 ORDER BY peak_abundance DESC LIMIT 1"""
        [(text, born, program)] = sql.sql(life).fetchall()
        kept = [row[0] for row in sql.sql("SELECT DISTINCT epoch FROM tokens ORDER BY epoch").fetchall()]
        query = "SELECT epoch, count(*) FROM programs_at('small', ?) WHERE species = ? GROUP BY epoch ORDER BY epoch"
        expected = sql.sql(query, [kept, text]).fetchall()
    asked = ("search", "small", "--species", "--whole", "--text", text, "--format", "json")
    assert [(row["epoch"], row["programs"]) for row in ask(*asked).json] == expected
    [row] = ask(*asked, "--first").json
    assert (row["epoch"], row["program"]) == (born, program)
    assert len(ask(*asked, "--within", 1).json) >= len(ask(*asked).json)


def test_nothing_found_prints_no_rows(ask: Ask) -> None:
    assert ask("search", "small", "--hex", "00" * 64, "--format", "json").json == []
    answer = ask("search", "small", "--hex", "00" * 64, "--first")
    assert (answer.code, answer.err) == (0, "no program of any keyframe matches\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["species", "small", "--epoch", "513"], "512"),
        (["search", "small"], "--text --hex --regex"),
        (["search", "small", "--regex", "("], "regex"),
        (["search", "small", "--hex", "0"], "odd number"),
        (["search", "small", "--text", "["  * 65], "1 to 64"),
        (["search", "small", "--text", "[[", "--within", "2"], "find everything"),
        (["search", "small", "--text", "[[", "--epoch", "1", "--first"], "not allowed with"),
    ],
)  # fmt: skip
def test_bad_input_is_refused(ask: Ask, words: list[str], said: str) -> None:
    assert_refused(ask(*words), said)


def test_run_that_was_not_analysed_says_so(tmp_path: Path, store: Path) -> None:
    shutil.copytree(store, tmp_path / "store")
    for file in (tmp_path / "store").glob("runs/*/analyses/succession.parquet"):
        file.unlink()
    answer = call("--store", tmp_path / "store", "species", "small")
    assert answer.code == 0
    assert "primordium analyze" in answer.err
