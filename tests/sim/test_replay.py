"""A replayed history is the simulated one, state by state, executing nothing."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sim
from tests import strategies
from tests.naive.soup import Settings
from tests.sim.comparing import config_of, differing, history, packed, tuples
from tests.sim.test_soup import HISTORIES


@pytest.mark.parametrize("name", HISTORIES)
def test_replayed_tokens_are_the_naive_tracers(name: str) -> None:
    described, epochs = HISTORIES[name]
    states, records = history(described, epochs)
    soup = sim.Soup(config_of(described))
    replay = sim.Replay(64, packed(states[0]), 0)
    for n, record in enumerate(records, start=1):
        replay.apply(soup.advance())
        assert replay.epoch == n
        assert differing(tuples(replay.tokens()), states[n]) == [], f"state {n}"
        assert replay.chars.tobytes() == soup.chars.tobytes()
        if n % 10 == 0:
            assert replay.unique_origins() == record.unique_origins
            (unique, most), (expected_unique, expected_most) = replay.token_counts(), soup.token_counts()
            assert (unique, most.tolist()) == (expected_unique, expected_most.tolist())


@settings(max_examples=30)
@given(described=strategies.soups(), epochs=st.integers(1, 8), data=st.data())
def test_a_replay_may_start_at_any_state(described: Settings, epochs: int, data: st.DataObject) -> None:
    """And needs of the logs neither costs nor counts."""
    start = data.draw(st.integers(0, epochs - 1))
    soup = sim.Soup(config_of(described))
    for _ in range(start):
        soup.advance()
    replay = sim.Replay(64, soup.tokens(), start)
    for _ in range(start, epochs):
        log = soup.advance()
        replay.apply(dataclasses.replace(log, steps=None, operations=None, changed_cells=-1, unique_origins=-1))
        assert differing(tuples(replay.tokens()), tuples(soup.tokens())) == []


@pytest.mark.parametrize("language", sorted(sim.LANGUAGES))
@pytest.mark.parametrize("threads", [1, 2])
def test_a_soup_of_a_thousand_programs_replays(language: str, threads: int) -> None:
    soup = sim.Soup(sim.SoupConfig(language=language, programs=1000, geometry="mixed", seed=6, mutation=2**20))
    replay = sim.Replay(soup.config.program_length, soup.tokens(), 0, threads)
    for n in range(1, 81):
        if n % 25 == 0:
            soup.begin_segment()
        log = soup.advance()
        replay.apply(log)
        if n % 20 == 0:
            found, expected = replay.tokens(), soup.tokens()
            assert np.array_equal(found.chars, expected.chars), f"state {n}"
            assert np.array_equal(found.origins, expected.origins), f"state {n}"
            assert replay.unique_origins() == log.unique_origins


def test_tokens_given_to_a_replay_are_left_alone() -> None:
    soup = sim.Soup(sim.SoupConfig(language="bff", programs=16, seed=6, mutation=2**26))
    tokens = soup.tokens()
    kept = tuples(tokens)
    replay = sim.Replay(64, tokens, 0)
    for _ in range(5):
        replay.apply(soup.advance())
    assert tuples(tokens) == kept


def test_a_log_of_a_larger_soup_is_refused() -> None:
    small, large = (sim.Soup(sim.SoupConfig(language="bff", programs=n, seed=6)) for n in (16, 32))
    with pytest.raises(ValueError, match="programs beyond the 16"):
        sim.Replay(64, small.tokens(), 0).apply(large.advance())


def test_tokens_that_are_not_whole_programs_are_refused() -> None:
    tokens = sim.Soup(sim.SoupConfig(language="z80", width=3, height=2, seed=6)).tokens()
    with pytest.raises(ValueError, match="96 cells are not whole programs of 64"):
        sim.Replay(64, tokens, 0)
