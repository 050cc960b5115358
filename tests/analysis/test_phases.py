"""Phases of a run: against the naive twin, on curves drawn by hand, and on a stored run."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.phases import find_phases
from tests.naive import trends as naive


def phases(origins: list[int], *onsets: tuple[int, int | None]) -> list[tuple[str, int, int]]:
    rows: list[dict[str, Any]] = [{"epoch": epoch, "ended_epoch": ended} for epoch, ended in onsets]
    found = find_phases(len(origins) - 1, rows, np.array(origins, np.int64))
    return [(phase.phase, phase.first_epoch, phase.last_epoch) for phase in found]


@st.composite
def courses(draw: st.DrawFn) -> tuple[list[int], list[tuple[int, int | None]]]:
    """Origins that rest, fall and recover over stretches, and onsets between them with or without an end."""
    stretches = draw(
        st.lists(
            st.tuples(st.one_of(st.integers(1, 40), st.integers(200, 400)), st.integers(1, 1000)),
            min_size=1,
            max_size=7,
        )
    )
    origins = [value for states, value in stretches for _ in range(states)]
    borders = sorted(draw(st.sets(st.integers(1, max(1, len(origins) - 1)), max_size=5)))
    borders = [border for border in borders if border < len(origins)]
    ended: list[int | None] = [*borders[1::2], None]
    return origins, list(zip(borders[::2], ended, strict=False))


@given(courses())
def test_phases_are_the_naive_twins(course: tuple[list[int], list[tuple[int, int | None]]]) -> None:
    origins, onsets = course
    found = phases(origins, *onsets)
    assert found == naive.phases(len(origins) - 1, onsets, origins)
    firsts, lasts = [first for _, first, _ in found], [last for _, _, last in found]
    assert firsts == [0, *(last + 1 for last in lasts[:-1])]  # no gap, no overlap
    assert lasts[-1] == len(origins) - 1


@pytest.mark.parametrize("states", [1, 2, 300])
def test_without_an_onset_all_is_pre_life(states: int) -> None:
    assert phases([9] * states) == [("pre-life", 0, states - 1)]


def test_a_takeover_that_lasts() -> None:
    origins = [1000] * 50 + [800, 600, 400, 200, 100, 50] + [30] * 300
    assert phases(origins, (50, None)) == [
        ("pre-life", 0, 49),
        ("transition", 50, 51),
        ("takeover", 52, 54),  # 50 halves no more
        ("steady", 55, 355),
    ]


def test_takeover_collapse_second_takeover() -> None:
    origins = [1000] * 100 + [900, 300] + [250] * 100 + [240, 100] + [5] * 300
    assert phases(origins, (100, 192), (202, None)) == [
        ("pre-life", 0, 99),
        ("transition", 100, 100),
        ("takeover", 101, 191),
        ("collapse", 192, 201),
        ("transition", 202, 202),
        ("takeover", 203, 203),
        ("steady", 204, 503),
    ]


def test_where_no_replicator_takes_over_the_transition_lasts() -> None:
    assert phases([1000] * 10 + [900] * 600, (10, None)) == [("pre-life", 0, 9), ("transition", 10, 609)]


@pytest.mark.parametrize(("rest", "steady"), [(256, []), (257, [("steady", 12, 268)])])
def test_a_steady_state_is_seen_256_epochs_later(rest: int, steady: list[tuple[str, int, int]]) -> None:
    found = phases([1000] * 10 + [900, 90] + [9] * rest, (10, None))
    assert found[3:] == steady


def test_a_slow_takeover_rests_as_long_as_its_transition_took() -> None:
    slow = [1000 - n for n in range(501)]  # halves after 500 epochs
    origins = slow + [400] * 300 + [100] * 700
    found = phases(origins, (0 + 1, None))
    assert [name for name, _, _ in found] == ["pre-life", "transition", "takeover", "steady"]
    assert found[3][1] == 801
