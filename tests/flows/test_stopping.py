"""When a run that goes on until its transition stops."""

import pytest

from flows.stopping import Goal

MOST = 10**6


def goal_of(then: int, complexities: list[float]) -> tuple[int, int]:
    """Return (goal, states seen) of lattice states 0, 64, 128, ... with these complexities."""
    goal, seen = Goal(MOST, then), 0
    for epoch, value in zip(range(0, MOST, 64), complexities, strict=False):
        if goal.wants(epoch):
            goal.see(epoch, value)
            seen += 1
    return goal.epoch, seen


def test_without_an_onset_it_never_stops() -> None:
    assert goal_of(256, [0.1, 0.99, 0.5]) == (MOST, 3)


def test_it_stops_a_number_of_epochs_after_the_lattice_state_that_showed_the_onset() -> None:
    assert goal_of(256, [0.1, 0.2, 1.0, 2.0, 2.0, 2.0, 2.0, 0.1])[0] == 128 + 256


def test_what_comes_at_the_stop_and_later_does_not_matter() -> None:
    assert goal_of(100, [0.1, 1.5, 1.4, 0.2, 0.2]) == (164, 3)
    assert goal_of(64, [0.1, 1.5, 0.2]) == (128, 2)


def test_a_surge_that_sinks_before_the_stop_is_none() -> None:
    assert goal_of(256, [0.1, 1.5, 1.2, 0.9, 0.2, 3.0, 3.0])[0] == 5 * 64 + 256


def test_then_0_stops_at_the_onset_itself() -> None:
    assert goal_of(0, [0.1, 1.5])[0] == 64


def test_a_soup_that_begins_above_the_threshold_must_sink_first() -> None:
    assert goal_of(0, [1.5, 1.5])[0] == MOST
    assert goal_of(0, [1.5, 0.5, 1.5])[0] == 128


@pytest.mark.parametrize("epoch", [1, 63, 65])
def test_only_lattice_states_are_wanted(epoch: int) -> None:
    assert not Goal(MOST, 256).wants(epoch)
    assert Goal(MOST, 256).wants(64)


def test_the_state_asked_for_is_the_last() -> None:
    goal = Goal(100, 256)
    goal.see(0, 0.0)
    goal.see(64, 1.0)
    assert goal.epoch == 100
    assert not goal.wants(128)


def test_without_then_nothing_is_wanted() -> None:
    goal = Goal(100, None)
    assert goal.epoch == 100
    assert not goal.wants(64)


def test_states_that_are_simulated_again_are_seen_again() -> None:
    goal = Goal(MOST, 100)
    for epoch, value in ((0, 0.1), (64, 0.2), (128, 1.5)):
        goal.see(epoch, value)
    assert goal.epoch == 228
    goal.forget_after(70)
    assert goal.epoch == MOST
    goal.see(128, 1.5)
    assert goal.epoch == 228
    goal.forget_after(128)
    assert goal.epoch == 228
