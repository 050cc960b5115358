"""Scores of programs that stand in no soup: those of a soup that is made of them."""

import numpy as np

from analysis.scoring import score_programs
from sim import SoupConfig, language, self_replication_scores

PALINDROME = "[[{.>]-]" + "\u0120" * 48 + "]-]>.{[["


def test_a_known_replicator_among_others_scores_as_in_a_soup() -> None:
    texts = np.zeros((3, 64), np.uint8)
    texts[1] = np.frombuffer(language("bff_noheads").parse(PALINDROME), np.uint8)
    scores = score_programs(SoupConfig(language="bff_noheads", programs=8), texts)
    assert scores.tolist() == [0, 64, 0]


def test_foods_are_those_of_a_soup_of_these_programs() -> None:
    config = SoupConfig(language="bff_noheads_4bit", programs=4, seed=5)
    texts = np.random.default_rng(1).integers(0, 256, (4, 64), np.uint8)
    for trial in (0, 3):
        scores = score_programs(config, texts, trial)
        assert scores.tolist() == self_replication_scores(config, texts.ravel(), trial).tolist()


def test_soups_of_every_geometry_give_their_language_and_limit() -> None:
    config = SoupConfig(language="z80_zff", width=4, height=4, step_limit=1)
    assert score_programs(config, np.zeros((0, 16), np.uint8)).tolist() == []
    assert score_programs(config, np.zeros((1, 16), np.uint8)).tolist() == [0]
