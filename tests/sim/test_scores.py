"""Self-replication scores: the reference's figures, and the naive twin on programs good, bad and damaged."""

import hashlib
import random
from typing import Any

import numpy as np
import pytest

import sim
from tests.naive import selfrep
from tests.naive.golden import golden, remake
from tests.sim.families import configured
from tests.sim.test_soup import replicator

LANGUAGES = ["bff", "bff_noheads", "bff_noheads_4bit"]


def scores(config: sim.SoupConfig, programs: list[bytes], e: int) -> list[int]:
    chars = np.frombuffer(b"".join(programs), np.uint8)
    found: list[int] = sim.self_replication_scores(config, chars, e).tolist()
    return found


@pytest.mark.parametrize("run", golden("scores")["soups"], ids=lambda run: run["language"])
def test_scores_of_whole_soups_are_the_references(run: dict[str, Any]) -> None:
    """And, on the way, the states and the operations summed since state 0."""
    config = configured(run)
    soup = sim.Soup(config)
    operations = 0
    for state in run["states"]:
        while soup.epoch < state["epoch"]:
            operations += soup.advance().total_operations
        where = f"state {state['epoch']}; {remake('scores')}"
        assert hashlib.sha256(soup.chars.tobytes()).hexdigest() == state["sha256"], where
        assert operations == state["total_operations"], where
        found = sim.self_replication_scores(config, soup.chars, state["epoch"] - 1)
        assert hashlib.sha256(bytes(found.tolist())).hexdigest() == state["scores_sha256"], where


@pytest.mark.parametrize(
    "program", golden("scores")["single_programs"], ids=lambda found: f"{found['language']} {found['name']}"
)
def test_known_programs_score_wherever_they_stand(program: dict[str, Any]) -> None:
    """The reference's figure is of a soup of 1, which no run can be; for these programs any noise gives the same."""
    (expected,) = set(program["scores"].values())
    filler = bytes(64)
    own = bytes.fromhex(program["program"]).ljust(64, b"\0")
    config = sim.SoupConfig(language=program["language"], programs=4, seed=7)
    assert scores(config, [filler, own, filler, own], 100) == [0, expected, 0, expected]


@pytest.mark.parametrize("language", LANGUAGES)
def test_scores_of_damaged_replicators_are_the_naive_twins(language: str) -> None:
    """Damage makes scores of all sizes; 13 trials, 5 executions and a vote each."""
    random_ = random.Random(f"damage {language}")
    programs = []
    for k in range(12):
        damaged = bytearray(replicator(language))
        for _ in range(k):
            damaged[random_.randrange(64)] = random_.choice([random_.randrange(256), 0, ord("+"), 0xFD])
        programs.append(bytes(damaged))
    config = sim.SoupConfig(language=language, programs=12, seed=2**64 - 7, step_limit=2000)
    expected = [
        selfrep.score(language, program, seed=config.seed, e=77, programs=12, index=k, limit=2000)
        for k, program in enumerate(programs)
    ]
    assert scores(config, programs, 77) == expected
    assert len(set(expected)) > 2, "the cases should tell right from wrong"


@pytest.mark.parametrize("language", LANGUAGES)
def test_scores_of_some_programs_are_those_of_all(language: str) -> None:
    config = sim.SoupConfig(language=language, programs=64, seed=5, plants=((640, replicator(language)),))
    soup = sim.Soup(config)
    for _ in range(3):
        soup.advance()
    everyone = sim.self_replication_scores(config, soup.chars, 2)
    assert everyone.shape == (64,)
    assert everyone.max() == 64, "the planted program lives on"
    some = np.array([63, 0, 10, 10, int(everyone.argmax())], np.int64)
    assert sim.self_replication_scores(config, soup.chars, 2, some).tolist() == everyone[some].tolist()


def test_a_score_depends_on_epoch_seed_and_place() -> None:
    """Where a program only half works, other noise gives other scores: the noise is really drawn anew."""
    damaged = bytearray(replicator("bff_noheads"))
    damaged[30:34] = b"<+>-"
    programs = [bytes(damaged)] * 64
    by_place = scores(sim.SoupConfig(language="bff_noheads", programs=64, seed=1, step_limit=300), programs, 0)
    expected = [
        selfrep.score("bff_noheads", programs[0], seed=1, e=0, programs=64, index=k, limit=300) for k in range(0, 64, 8)
    ]
    assert by_place[::8] == expected
