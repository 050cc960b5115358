"""Onsets against the naive twin, and on curves drawn by hand."""

from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.transitions import Onset, find_onsets, lattice
from tests.naive import onsets as naive


class Curve:
    """A complexity for each state, and which states were asked for."""

    def __init__(self, values: Sequence[float]) -> None:
        self.values = values
        self.asked: list[int] = []

    def __call__(self, epochs: Sequence[int]) -> Iterator[tuple[int, float]]:
        assert list(epochs) == sorted(set(epochs))
        for epoch in epochs:
            self.asked.append(epoch)
            yield epoch, self.values[epoch]

    def onsets(self) -> list[Onset]:
        return find_onsets(len(self.values) - 1, self)


def steps(*pieces: tuple[int, float]) -> Curve:
    """A curve of constant pieces: (states, complexity)."""
    return Curve([value for states, value in pieces for _ in range(states)])


@st.composite
def curves(draw: st.DrawFn) -> list[float]:
    """Curves that rest, climb and collapse: stretches of a few to some hundred states around the threshold."""
    stretches = draw(
        st.lists(
            st.tuples(
                st.one_of(st.integers(1, 5), st.integers(1, 400), st.sampled_from([63, 64, 65, 128, 256])),
                st.sampled_from([-0.1, 0.5, 0.999, 1.0, 1.5, 4.0]),
            ),
            min_size=1,
            max_size=9,
        )
    )
    return [value for states, value in stretches for _ in range(states)]


@given(curves())
def test_onsets_agree_with_the_naive_twin(values: list[float]) -> None:
    found = Curve(values).onsets()
    assert [(o.epoch, o.ended_epoch, o.kind) for o in found] == [tuple(onset) for onset in naive.onsets(values)]


@given(curves())
def test_peak_is_the_largest_at_the_onset_and_on_the_lattice_until_its_end(values: list[float]) -> None:
    last = len(values) - 1
    for rank, onset in enumerate(Curve(values).onsets(), 1):
        stop = last + 1 if onset.ended_epoch is None else onset.ended_epoch
        seen = [values[n] for n in range(onset.epoch, stop) if n == onset.epoch or n % 64 == 0 or n == last]
        assert onset.rank == rank
        assert onset.peak_complexity == max(seen)


@given(curves())
def test_no_state_is_asked_for_beyond_those_that_decide(values: list[float]) -> None:
    curve = Curve(values)
    found = curve.onsets()
    expected = lattice(len(values) - 1)
    for onset in found:
        expected = [*expected, *range((onset.epoch - 1) // 64 * 64 + 1, onset.epoch + 1)]
    assert curve.asked == expected


@pytest.mark.parametrize(
    ("last", "states"), [(0, [0]), (1, [0, 1]), (64, [0, 64]), (65, [0, 64, 65]), (130, [0, 64, 128, 130])]
)
def test_lattice_is_every_64th_state_and_the_last(last: int, states: list[int]) -> None:
    assert lattice(last) == states


def test_quiet_run_has_no_onset() -> None:
    assert steps((1000, 0.99)).onsets() == []


def test_run_that_begins_above_the_threshold_has_no_onset_until_it_falls() -> None:
    assert steps((300, 2.0)).onsets() == []
    assert [onset.epoch for onset in steps((300, 2.0), (100, 0.5), (100, 2.0)).onsets()] == [400]


def test_dips_and_peaks_between_lattice_states_are_not_seen() -> None:
    assert steps((70, 0.5), (40, 3.0), (200, 0.5)).onsets() == []
    [onset] = steps((100, 0.5), (30, 2.0), (40, 0.1), (500, 2.0)).onsets()
    assert (onset.epoch, onset.ended_epoch) == (100, None)


def test_first_state_at_the_threshold_counts_though_the_next_falls_below() -> None:
    [onset] = steps((70, 0.5), (1, 1.0), (50, 0.5), (400, 2.0)).onsets()
    assert onset.epoch == 70


@pytest.mark.parametrize(
    ("after", "kind", "ended"),
    [
        ([(256, 2.0), (1, 0.0)], "transition", 320),
        ([(192, 2.0), (1, 0.0)], "surge", 256),
        ([(256, 2.0)], "open", None),
        ([(257, 2.0)], "transition", None),
    ],
)
def test_kind_is_told_by_256_epochs(after: list[tuple[int, float]], kind: str, ended: int | None) -> None:
    [onset] = steps((64, 0.5), *after).onsets()
    assert onset == Onset(1, 64, ended, kind, 2.0)


def test_last_state_is_on_the_lattice_whatever_its_number() -> None:
    assert steps((130, 0.5), (2, 1.5)).onsets() == [Onset(1, 130, None, "open", 1.5)]


def test_ranks_go_by_time() -> None:
    found = steps((64, 0.5), (64, 1.2), (64, 0.5), (64, 1.1), (64, 0.5), (400, 3.0)).onsets()
    assert [(o.rank, o.epoch, o.kind) for o in found] == [(1, 64, "surge"), (2, 192, "surge"), (3, 320, "transition")]
