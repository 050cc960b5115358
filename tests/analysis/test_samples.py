"""Samples of programs, and how far what they tell may be off, against the naive twins and known values."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.samples import mean_and_error, sampled, wilson
from tests.naive import trends as naive


@given(
    seed=st.integers(0, 2**64 - 1), epoch=st.integers(0, 2**27), programs=st.integers(2, 300), size=st.integers(1, 300)
)
def test_sample_is_the_naive_twins(seed: int, epoch: int, programs: int, size: int) -> None:
    assert sampled(seed, epoch, programs, size).tolist() == naive.sampled(seed, epoch, programs, size)


def test_every_program_is_as_likely_as_any() -> None:
    drawn = np.bincount(np.concatenate([sampled(7, epoch, 64, 16) for epoch in range(2000)]), minlength=64)
    # 500 each; the standard deviation of one is 19.4
    assert drawn.sum() == 32000
    assert 420 < drawn.min() <= drawn.max() < 580


def test_other_epochs_and_seeds_draw_others() -> None:
    draws = {tuple(sampled(seed, epoch, 4096, 128).tolist()) for seed in range(5) for epoch in range(5)}
    assert len(draws) == 25


@pytest.mark.parametrize(
    ("found", "size", "programs", "interval"),
    [
        (0, 10, 10**9, (0.0, 0.2775)),  # z^2 / (n + z^2)
        (81, 263, 10**9, (0.2553, 0.3662)),  # Newcombe 1998, table I
        (15, 148, 10**9, (0.0624, 0.1605)),  # the same
        (3, 12, 12, (0.25, 0.25)),
        (0, 2, 2, (0.0, 0.0)),
    ],
)
def test_wilson_interval_of_known_samples(found: int, size: int, programs: int, interval: tuple[float, float]) -> None:
    assert wilson(found, size, programs) == pytest.approx(interval, abs=5e-5)


@given(st.data())
def test_wilson_interval_solves_its_equation(data: st.DataObject) -> None:
    programs = data.draw(st.integers(2, 10**6))
    size = data.draw(st.integers(1, min(programs, 2000)))
    found = data.draw(st.integers(0, size))
    low, high = wilson(found, size, programs)
    assert (low, high) == pytest.approx(naive.wilson(found, size, programs), abs=1e-6)
    assert 0 <= low <= found / size + 1e-12
    assert found / size - 1e-12 <= high <= 1


@given(st.lists(st.integers(0, 64), min_size=2, max_size=200), st.integers(0, 10**5))
def test_error_of_a_mean_is_the_naive_twins(values: list[int], more: int) -> None:
    programs = len(values) + more
    mean, error = mean_and_error(np.array(values, np.int64), programs)
    assert mean == sum(values) / len(values)
    assert error == pytest.approx(naive.standard_error(values, programs), rel=1e-9, abs=1e-12)


def test_a_single_program_has_no_error_to_tell() -> None:
    assert mean_and_error(np.array([48]), 100) == (48.0, 0.0)
