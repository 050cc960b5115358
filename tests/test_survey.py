"""The survey of transitions: what it prints is what a language's file then says."""

import pytest

from benchmarks import survey
from sim import SoupConfig, Survey


def test_it_prints_what_the_registry_keeps(capsys: pytest.CaptureFixture[str]) -> None:
    words = "--language bff_noheads_4bit --programs 4096 --epochs 128 --soups 2 --processes 1"
    assert survey.main(words.split()) == 0
    *lines, last = capsys.readouterr().out.splitlines()
    assert lines == ["seed 0: 64", "seed 1: 128"]
    assert last == str(Survey(4096, 128, 2, (64, 128)))


def test_a_soup_without_a_transition_has_none() -> None:
    assert survey.onset(SoupConfig(language="subleq", programs=64, seed=1), 128) is None


def test_bad_arguments_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert survey.main(["--language", "bff", "--programs", "3"]) == 2
    assert "programs: 3" in capsys.readouterr().err
