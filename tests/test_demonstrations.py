"""The soups that the registry names as examples do pass a transition, at the epoch that it says."""

from pathlib import Path

import pytest

from flows.cli.application import main
from flows.cli.languages import example
from sim import LANGUAGES
from tests import readme
from warehouse import connect

SHOWN = [found for found in LANGUAGES.values() if found.demonstration is not None]
#: Programs times epochs that the tests of every day have time for.
QUICK = 4096 * 512


def _cost(name: str) -> int:
    shown = LANGUAGES[name].demonstration
    assert shown is not None
    options = dict(shown.options)
    return options.get("programs", options.get("width", 0) * options.get("height", 0)) * shown.epochs


@pytest.mark.parametrize(
    "name",
    [pytest.param(f.name, marks=[pytest.mark.slow] if _cost(f.name) > QUICK else []) for f in SHOWN],
)
def test_a_replicator_takes_over_when_the_registry_says(name: str, tmp_path: Path) -> None:
    found = LANGUAGES[name]
    words = readme.words_of(example(found) or "")[1:]
    assert main(["--store", str(tmp_path / "store"), *words, "--direct"]) == 0
    with connect(tmp_path / "store") as store:
        onsets = store.execute("SELECT epoch FROM transitions WHERE kind <> 'surge' ORDER BY rank").fetchall()
    assert found.demonstration is not None
    assert [epoch for (epoch,) in onsets][:1] == [found.demonstration.onset]


@pytest.mark.parametrize("name", [found.name for found in LANGUAGES.values() if found.survey is not None])
def test_surveys_are_sound(name: str) -> None:
    survey = LANGUAGES[name].survey
    assert survey is not None
    assert list(survey.passed) == sorted(survey.passed)
    assert len(survey.passed) <= survey.soups
    assert all(0 < epoch <= survey.epochs for epoch in survey.passed)
