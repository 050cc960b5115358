"""Measures of a state against the naive twin, by hand, and against the reference's log."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis import measures
from sim import Soup, SoupConfig
from tests.naive import measures as naive
from tests.naive.golden import golden, remake


def as_chars(content: bytes) -> measures.Bytes:
    return np.frombuffer(content, np.uint8)


@given(st.one_of(st.binary(min_size=1, max_size=600), st.text("ab\0", min_size=1, max_size=600).map(str.encode)))
def test_measures_agree_with_the_naive_twin(content: bytes) -> None:
    row = measures.measure(as_chars(content), 7, np.array([3, 1], np.int64))
    assert tuple(row) == measures.COLUMNS
    assert row["zero_share"] == naive.zero_share(content)
    assert row["brotli_size"] == naive.brotli_size(content)
    assert row["bits_per_byte"] == naive.bits_per_byte(content)
    assert row["shannon_entropy"] == pytest.approx(naive.shannon_entropy(content), rel=1e-14, abs=1e-15)
    assert row["complexity"] == pytest.approx(naive.complexity(content), rel=1e-13, abs=1e-13)
    assert row["complexity"] == measures.complexity(as_chars(content))


@given(st.binary(max_size=300))
def test_histogram_counts_every_byte(content: bytes) -> None:
    counts = measures.byte_counts(as_chars(content))
    assert counts.tolist() == [content.count(value) for value in range(256)]


def test_histogram_takes_read_only_and_strided_bytes() -> None:
    chars = np.arange(2048, dtype=np.uint8)
    chars.flags.writeable = False
    assert measures.byte_counts(chars).tolist() == [8] * 256
    assert measures.byte_counts(chars[::2]).tolist() == [8, 0] * 128


def test_entropy_of_hand_made_histograms() -> None:
    counts = np.zeros(256, np.int64)
    assert measures.shannon_entropy(counts) == 0
    counts[7] = 5
    assert math.copysign(1, measures.shannon_entropy(counts)) == 1
    assert measures.shannon_entropy(counts) == 0
    counts[8] = 5
    assert measures.shannon_entropy(counts) == 1
    assert measures.shannon_entropy(np.full(256, 32768)) == 8


def test_logarithm_is_exact_at_powers_of_two_and_within_a_few_ulps_elsewhere() -> None:
    assert measures.log2(2.0 ** np.arange(-40.0, 40.0, dtype=np.float64)).tolist() == list(range(-40, 40))
    values = np.random.default_rng(0).random(20000) + 1e-7
    expected = np.array([math.log2(value) for value in values])
    assert np.all(np.abs(measures.log2(values) - expected) <= 4 * np.spacing(np.abs(expected)))


def test_logarithm_keeps_its_bits() -> None:
    """Rows are compared byte by byte between machines: these are the bits, whatever the C library's are."""
    values = np.array([1 / 3, 0.1, 0.7, 0.0039, 1 / 8388608, 1 - 2**-53])
    assert [value.hex() for value in measures.log2(values).tolist()] == [
        "-0x1.95c01a39fbd69p+0",
        "-0x1.a934f0979a371p+1",
        "-0x1.0776228967d12p-1",
        "-0x1.0012ecc213338p+3",
        "-0x1.7000000000000p+4",
        "-0x1.71547652b82fep-53",
    ]


def test_top_share_counts_at_most_32_tokens_in_any_order() -> None:
    chars = np.zeros(100, np.uint8)
    counts = np.array([1] * 32 + [10], np.int64)
    row = measures.measure(chars, 33, counts)
    assert row["top32_share"] == 41 / 100
    assert row["unique_tokens"] == 33


def test_figures_are_plain_numbers() -> None:
    row = measures.measure(np.zeros(64, np.uint8), 1, np.array([64], np.int64))
    assert {type(row[name]) for name in ("unique_tokens", "brotli_size")} == {int}
    assert {type(row[name]) for name in set(row) - {"unique_tokens", "brotli_size"}} == {float}


@pytest.mark.parametrize("language", golden("brotli_sizes")["sizes"])
def test_brotli_size_of_a_full_soup_is_the_reference_s_own(language: str) -> None:
    """State 1 only: `tests.sim.test_soup` follows the same soups on."""
    figures = golden("brotli_sizes")
    soup = Soup(SoupConfig(language=language, programs=figures["programs"], seed=figures["seed"]))
    soup.advance()
    assert measures.brotli_size(soup.chars) == figures["sizes"][language]["1"], remake("brotli_sizes")
    soup.close()
