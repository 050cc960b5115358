"""Documents that cannot rot: what the README and the help say is compared with what there is."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from analysis.catalogue import ANALYSES, MEASURES
from flows.cli.application import COMMANDS, build_parser, main
from sim import LANGUAGES
from tests import readme
from warehouse.columns import Table
from warehouse.schema import FILES, MACROS, RELATIONS

ROOT = Path(__file__).parent.parent
NAMES = [command.name for command in COMMANDS]
NAMES_OF_ANALYSES = (MEASURES, *(analysis.name for analysis in ANALYSES))
TABLES = [
    *(pytest.param(table, id=f"file-{name}") for name, table in FILES.items()),
    *(pytest.param(table, id=f"sql-{name}") for name, table in RELATIONS.items()),
]


def test_the_commands_are_those_of_the_contract() -> None:
    contract = "run runs show sql analyze lineage replicator score program trace verify export"
    assert set(contract.split()) <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_command_has_help_with_examples_that_parse(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name, "--help"]) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    _, heading, examples = shown.out.partition("\nexample:\n")
    assert heading, f"`primordium {name} --help` shows no example"
    lines = examples.strip().splitlines()
    for line in lines:
        words = readme.words_of(line)
        assert words[:2] == ["primordium", name], line
        assert build_parser(words[1:]).parse_args(words[1:]).command == name
    assert lines


@pytest.mark.parametrize("name", NAMES)
def test_every_option_says_what_it_does(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    main([name, "--help"])
    options = capsys.readouterr().out.partition("options:\n")[2].partition("\nexample:\n")[0]
    # argparse prints an option without help as a line of its own, followed by the next option
    bare = re.findall(r"^  (-\S+(?: \S+)?)\n(?=  -|\Z)", options + "\n", flags=re.MULTILINE)
    assert bare == []


def test_help_answers_at_once_because_nothing_heavy_is_imported() -> None:
    heavy = ["prefect", "duckdb", "pyarrow", "matplotlib", "numba"]
    script = (
        "import sys; from flows.cli import main; assert main(['--help']) == 0; "
        f"print('LOADED', *[name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.splitlines()[-1] == "LOADED"


@pytest.mark.parametrize("words", readme.commands("primordium"), ids=" ".join)
def test_every_command_in_the_readme_parses(words: list[str]) -> None:
    assert build_parser(words).parse_args(words).command in NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_command_appears_in_the_readme(name: str) -> None:
    assert re.search(rf"`{name}\b|primordium {name}\b", readme.text()), f"README.md does not name `primordium {name}`"


@pytest.mark.parametrize("words", readme.commands("make"), ids=" ".join)
def test_every_make_target_in_the_readme_exists(words: list[str]) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in words:
        if "=" not in target:
            assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), f"Makefile has no target {target}"


def test_the_readme_leads_with_the_two_commands() -> None:
    assert readme.commands("make")[:2] == [["demo"], ["test"]]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_is_in_the_readmes_table(language: str) -> None:
    assert re.search(rf"^\| *`{language}` *\|", readme.text(), flags=re.MULTILINE)


@pytest.mark.parametrize("table", TABLES)
def test_every_table_and_column_is_described(table: Table) -> None:
    assert table.grain
    assert set(table.key) <= {*table.names, "run"}
    assert len(set(table.names)) == len(table.names)
    for column in table.columns:
        assert len(column.meaning.split()) >= 2, f"{table.name}.{column.name} has no meaning"
        # a number without a unit is a puzzle; only identifiers and seeds have none
        plain = column.name in {"seed", "mechanism", "token"}
        numeric = str(column.type).startswith(("int", "uint", "double", "float"))
        assert column.unit or plain or not numeric, f"{table.name}.{column.name} has no unit"


def test_every_macro_is_described() -> None:
    assert all(meaning for meaning in MACROS.values())


@pytest.mark.parametrize("section", readme.SECTIONS, ids=lambda section: section.name)
def test_the_readmes_sections_are_what_the_code_makes(section: readme.Section) -> None:
    assert readme.written(section) == section.make(), "renew it with: python -m tests.readme"


@pytest.mark.parametrize("code", readme.blocks("python"))
def test_python_in_the_readme_compiles(code: str) -> None:
    compile(code, "README.md", "exec")


def test_every_analysis_is_told_of_with_what_it_is_made_from() -> None:
    rows = re.findall(
        r"^\| `(\w+)` \| (.*?) \|", (ROOT / "docs" / "analyses.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert [name for name, _ in rows][: len(NAMES_OF_ANALYSES)] == [*NAMES_OF_ANALYSES]


def test_files_that_the_readme_links_to_exist() -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", readme.text())
    missing = [link for link in links if not (ROOT / link).exists()]
    assert missing == []
