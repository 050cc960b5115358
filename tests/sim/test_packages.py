"""Languages of installed packages: found by their entry point, held to the contract, refused in one line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sim import InputError, Language, language
from sim.languages import BUILT_IN, LANGUAGES, REFUSED

ROOT = Path(__file__).parent.parent.parent

_MODULE = """
from dataclasses import replace
from sim.languages.subleq import SUBLEQ
TOY = replace(SUBLEQ, name="toy")
THIEF = replace(SUBLEQ, name="subleq")
STRANGE = 7
"""
_POINTS = """
[primordium.languages]
toy = toy_language:TOY
subleq = toy_language:THIEF
strange = toy_language:STRANGE
missing = toy_language:NOTHING
another = toy_language:TOY
"""


@pytest.fixture(scope="module", name="package")
def package_fixture(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment in which a package with languages is installed."""
    folder = tmp_path_factory.mktemp("package")
    (folder / "toy_language.py").write_text(_MODULE)
    described = folder / "toy_language-1.0.dist-info"
    described.mkdir()
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: toy-language\nVersion: 1.0\n")
    (described / "entry_points.txt").write_text(_POINTS)
    return os.environ | {"PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)])}


def test_a_package_brings_a_language(package: dict[str, str], tmp_path: Path) -> None:
    words = ["--store", str(tmp_path / "store"), "run", "--language", "toy", "--programs", "32", "--epochs", "4"]
    command = [sys.executable, "-m", "flows.cli", *words, "--direct"]
    done = subprocess.run(command, env=package, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_it_is_held_to_the_contract_by_one_command(package: dict[str, str]) -> None:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "tests/sim/test_contract.py",
        "-k",
        "toy",
    ]
    done = subprocess.run(command, env=package, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("strange", "is no sim.Language"),
        ("missing", "cannot be loaded"),
        ("another", "calls itself 'toy'"),
    ],
)
def test_what_is_no_language_is_told_when_it_is_asked_for(package: dict[str, str], name: str, said: str) -> None:
    command = [sys.executable, "-m", "flows.cli", "run", "--language", name, "--epochs", "1"]
    done = subprocess.run(command, env=package, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_package_does_not_take_the_name_of_another_language(package: dict[str, str]) -> None:
    code = "from sim.languages import LANGUAGES, REFUSED; print(LANGUAGES['subleq'].name, REFUSED['subleq'])"
    done = subprocess.run([sys.executable, "-c", code], env=package, capture_output=True, text=True, check=True)
    assert "bears the name of another language" in done.stdout


def test_without_packages_there_are_the_built_in_languages() -> None:
    assert set(BUILT_IN) <= set(LANGUAGES)
    assert all(isinstance(found, Language) for found in LANGUAGES.values())
    assert not set(REFUSED) & set(BUILT_IN)
    with pytest.raises(InputError, match="allowed"):
        language("nothing of the kind")
