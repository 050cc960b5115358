"""When a run that goes on until its transition stops."""

import pytest

from flows.stopping import StopRule


def stop_of(then: int, complexities: list[float], last: int = 10**6) -> tuple[int | None, int]:
    """Return (stop, states seen) of lattice states 0, 64, 128, ... with these complexities."""
    rule, seen = StopRule(then), 0
    for epoch, value in zip(range(0, last, 64), complexities, strict=False):
        if rule.wants(epoch):
            rule.see(epoch, value)
            seen += 1
    return rule.stop, seen


def test_without_an_onset_it_never_stops() -> None:
    assert stop_of(256, [0.1, 0.99, 0.5]) == (None, 3)


def test_it_stops_a_number_of_epochs_after_the_lattice_state_that_showed_the_onset() -> None:
    assert stop_of(256, [0.1, 0.2, 1.0, 2.0, 2.0, 2.0, 2.0, 0.1])[0] == 128 + 256


def test_what_comes_at_the_stop_and_later_does_not_matter() -> None:
    assert stop_of(100, [0.1, 1.5, 1.4, 0.2, 0.2]) == (164, 3)
    assert stop_of(64, [0.1, 1.5, 0.2]) == (128, 2)


def test_a_surge_that_sinks_before_the_stop_is_none() -> None:
    assert stop_of(256, [0.1, 1.5, 1.2, 0.9, 0.2, 3.0, 3.0])[0] == 5 * 64 + 256


def test_then_0_stops_at_the_onset_itself() -> None:
    assert stop_of(0, [0.1, 1.5])[0] == 64


def test_a_soup_that_begins_above_the_threshold_must_sink_first() -> None:
    assert stop_of(0, [1.5, 1.5])[0] is None
    assert stop_of(0, [1.5, 0.5, 1.5])[0] == 128


@pytest.mark.parametrize("epoch", [1, 63, 65])
def test_only_lattice_states_are_wanted(epoch: int) -> None:
    assert not StopRule(256).wants(epoch)
    assert StopRule(256).wants(64)
