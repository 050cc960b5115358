"""What `run` accepts, from options and from TOML, and what it says when it does not."""

from pathlib import Path

import pytest

from flows.options import OPTIONS, Kind
from flows.request import RunRequest, read_request
from sim import InputError, SoupConfig
from warehouse.record import RunSettings, run_id


def write(folder: Path, text: str) -> Path:
    path = folder / "soup.toml"
    path.write_text(text, encoding="utf-8")
    return path


def refusal(given: dict[str, object], config: Path | None = None) -> str:
    with pytest.raises(InputError) as caught:
        read_request(given, config)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_defaults_are_the_papers_soup(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PRIMORDIUM_STORE", raising=False)
    request = read_request({})
    assert request == RunRequest(config=SoupConfig(), settings=RunSettings(), epochs=2048, store=Path("store"))
    assert request.config.mutation == 2**18


def test_every_option_but_flags_and_lists_says_its_default_or_has_none() -> None:
    for option in OPTIONS:
        assert option.help
        if option.kind not in {Kind.FLAG, Kind.PLANTS} and option.default is not None:
            assert f"(default: {option.default})" in option.description
        assert (option.metavar == "") == (option.kind is Kind.FLAG)


def test_options_are_texts_as_typed() -> None:
    request = read_request(
        {
            "language": "bff",
            "programs": "8",
            "seed": str(2**64 - 1),
            "epochs": "0",
            "mutation_rate": "1e-2",
            "step_limit": "100",
            "initial_soup": "zero",
            "initial_program": "+-",
            "plant": ["3=[.]", "2=<"],
            "until_transition": True,
            "then": "0",
            "measure_every": "1",
            "keyframe_every": "16",
            "threads": "1",
            "name": "first",
            "direct": True,
            "force": None,
            "store": "elsewhere",
        }
    )
    assert request.config == SoupConfig(
        language="bff",
        programs=8,
        seed=2**64 - 1,
        mutation=10737418,
        step_limit=100,
        initial_soup="zero",
        plants=((0, b"+-"), (128, b"<"), (192, b"[.]")),
    )
    assert request.settings == RunSettings("first", 1, 16)
    assert (request.epochs, request.until_transition, request.then, request.threads) == (0, True, 0, 1)
    assert (request.direct, request.force, request.store) == (True, False, Path("elsewhere"))
    assert "force" not in request.given
    assert "seed" in request.given


def test_toml_has_the_same_options_with_underscores_and_options_win(tmp_path: Path) -> None:
    config = write(
        tmp_path,
        """
        language = "bff_noheads_4bit"
        programs = 4096
        seed = 18446744073709551615
        mutation_rate = 0
        plant = [{program = 3, text = "+"}]
        direct = true
        """,
    )
    request = read_request({"seed": "7"}, config)
    assert request.config.language == "bff_noheads_4bit"
    assert request.config.programs == 4096
    assert request.config.seed == 7
    assert request.config.mutation == 0
    assert request.config.plants[0][0] == 192
    assert request.direct
    assert read_request({}, config).config.seed == 2**64 - 1


def test_the_store_comes_from_option_then_file_then_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRIMORDIUM_STORE", "from-environment")
    config = write(tmp_path, 'store = "from-file"')
    assert read_request({}).store == Path("from-environment")
    assert read_request({}, config).store == Path("from-file")
    assert read_request({"store": "from-option"}, config).store == Path("from-option")


def test_an_initial_program_is_a_plant_at_program_0() -> None:
    planted, initial = read_request({"plant": ["0=[.]"]}), read_request({"initial_program": "[.]"})
    assert run_id(planted.config) == run_id(initial.config)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"programs": "7"}, "--programs: 7; allowed: even numbers from 2 on"),
        ({"programs": "0"}, "--programs: 0; allowed: even numbers from 2 on"),
        ({"programs": "-2"}, "--programs: -2; allowed: even numbers from 2 on"),
        ({"programs": "many"}, "--programs: 'many' is not a whole number; allowed: even numbers from 2 on"),
        ({"programs": "4194306"}, "--programs: 4194306; allowed: 2 to 4194304"),
        ({"epochs": "-1"}, "--epochs: -1; allowed: whole numbers from 0 to 134217727"),
        ({"epochs": "1.5"}, "--epochs: '1.5' is not a whole number; allowed: whole numbers from 0 to 134217727"),
        ({"seed": "-1"}, "--seed: -1; allowed: whole numbers from 0 to 18446744073709551615"),
        ({"seed": str(2**64)}, f"--seed: {2**64}; allowed: whole numbers from 0 to 18446744073709551615"),
        ({"mutation_rate": "1.1"}, "--mutation-rate: '1.1'; allowed: numbers from 0 to 1"),
        ({"mutation_rate": "-0.1"}, "--mutation-rate: '-0.1'; allowed: numbers from 0 to 1"),
        ({"mutation_rate": "nan"}, "--mutation-rate: 'nan'; allowed: numbers from 0 to 1"),
        ({"mutation_rate": "often"}, "--mutation-rate: 'often'; allowed: numbers from 0 to 1"),
        ({"step_limit": "0"}, "--step-limit: 0; allowed: whole numbers from 1 to 2147483647"),
        ({"geometry": "spiral"}, "--geometry: 'spiral'; allowed: mixed, fixed, cyclic, line, grid, graph, lattice"),
        ({"initial_soup": "warm"}, "--initial-soup: 'warm'; allowed: uniform, zero"),
        ({"then": "5"}, "--then: applies only with until-transition; add it or leave this out"),
        ({"measure_every": "0"}, "--measure-every: 0; allowed: whole numbers from 1 to 134217727"),
        ({"threads": "0"}, "--threads: 0; allowed: whole numbers from 1 to 1024"),
        ({"plant": ["3"]}, "--plant: '3'; allowed: PROGRAM=TEXT with PROGRAM a whole number, such as 3='[[{.>]-]'"),
        ({"plant": ["9=+"], "programs": "8"}, "--plant: there is no program 9; allowed: 0 to 7"),
        ({"plant": ["1=+", "1=-"]}, "--plant: two texts overlap at cell 64; plant them apart"),
        ({"initial_program": "++", "plant": ["0=-"]}, "--plant: two texts overlap at cell 0; plant them apart"),
        (
            {"plant": ["7=" + "+" * 65], "programs": "8"},
            "--plant: cells 448 to 512 do not all lie in the soup (0 to 511)",
        ),
        ({"initial_program": ""}, "--initial-program: nothing to plant at cell 0; give at least one byte"),
    ],
)
def test_what_cannot_be_is_refused_naming_option_and_allowed_values(given: dict[str, object], said: str) -> None:
    assert refusal(given) == said


def test_unknown_languages_are_refused_naming_those_there_are() -> None:
    assert refusal({"language": "befunge"}).startswith("--language: 'befunge'; allowed: ")
    assert "bff_noheads" in refusal({"language": "befunge"})


def test_a_name_that_looks_like_an_id_is_refused() -> None:
    assert refusal({"name": "0123456789abcdef"}).startswith("--name: '0123456789abcdef' looks like a run's id")


def test_text_that_is_not_a_program_is_refused() -> None:
    assert refusal({"language": "bff_noheads_4bit", "initial_program": "£"}).startswith("--initial-program: ")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("programs = 7", "programs: 7; allowed: even numbers from 2 on"),
        ("programs = true", "programs: True is not a whole number; allowed: even numbers from 2 on"),
        ('programs = "8"', "programs: '8' is not a whole number; allowed: even numbers from 2 on"),
        ("mutation_rate = 2", "mutation_rate: 2; allowed: numbers from 0 to 1"),
        ("mutation_rate = false", "mutation_rate: False is not a number; allowed: numbers from 0 to 1"),
        ("mutation_rate = nan", "mutation_rate: nan is not a number; allowed: numbers from 0 to 1"),
        ("language = 3", "language: 3 is not a text; allowed: "),
        ('direct = "yes"', "direct: 'yes'; allowed: true, false"),
        ("mutation-rate = 0", "mutation-rate: unknown key; allowed: "),
        ("[run]\nseed = 1", "run: unknown key; allowed: "),
        ('plant = "3=+"', "plant: '3=+'; allowed: [{program = 3, text = \"...\"}]"),
        ("plant = [{program = 3}]", "plant: {'program': 3}; allowed: [{program = 3, text = \"...\"}]"),
        ('plant = [{program = -3, text = "+"}]', "plant: program -3; allowed: whole numbers from 0 on"),
        ("plant = [{program = 3, text = 4}]", "plant: text 4 of program 3 is not a text"),
        ("name = 16", "name: 16 is not a text; allowed: a text"),
    ],
)
def test_what_a_file_cannot_say_is_refused_naming_file_and_key(tmp_path: Path, text: str, said: str) -> None:
    config = write(tmp_path, text)
    assert refusal({}, config).startswith(f"{config}: {said}")


def test_files_that_cannot_be_read_are_refused_by_name(tmp_path: Path) -> None:
    missing = tmp_path / "none.toml"
    assert refusal({}, missing) == f"{missing}: cannot be read: No such file or directory"
    assert refusal({}, tmp_path) == f"{tmp_path}: cannot be read: Is a directory"
    malformed = write(tmp_path, "seed = \n")
    assert refusal({}, malformed).startswith(f"{malformed}: is not TOML: ")
    malformed.write_bytes(b"name = '\xff'")
    assert refusal({}, malformed).startswith(f"{malformed}: is not UTF-8 text")
