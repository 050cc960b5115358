"""Disk and time, before a run."""

from pathlib import Path

import pytest

from flows.estimate import amount, check_space, estimate
from sim import InputError, SoupConfig
from warehouse.record import RunSettings


def test_the_papers_soup_is_expected_to_take_what_its_busiest_run_took() -> None:
    expected = estimate(SoupConfig(), RunSettings(), 12288)
    assert 0.645e6 < expected.size / expected.epochs < 0.7e6


def test_more_epochs_programs_mutations_and_keyframes_take_more() -> None:
    little = estimate(SoupConfig(programs=4096), RunSettings(), 100).size
    assert estimate(SoupConfig(programs=4096), RunSettings(), 200).size > little
    assert estimate(SoupConfig(programs=8192), RunSettings(), 100).size > little
    assert estimate(SoupConfig(programs=4096, mutation=2**29), RunSettings(), 100).size > little
    assert estimate(SoupConfig(programs=4096), RunSettings(keyframe_every=1), 100).size > little


def test_time_goes_down_with_threads() -> None:
    one, all_cores = (estimate(SoupConfig(), RunSettings(), 100, threads).seconds for threads in (1, None))
    assert all_cores <= one


def test_a_disk_too_small_is_refused_in_one_line(tmp_path: Path) -> None:
    check_space(estimate(SoupConfig(programs=2), RunSettings(), 10), tmp_path / "not" / "yet")
    with pytest.raises(InputError) as caught:
        check_space(estimate(SoupConfig(), RunSettings(), 2**27 - 1), tmp_path / "not" / "yet")
    message = str(caught.value)
    assert message.startswith("no room for 134217727 epochs: about ")
    assert "--force" in message
    assert "\n" not in message
    assert not (tmp_path / "not").exists()


@pytest.mark.parametrize(
    ("size", "said"), [(12, "12 bytes"), (1500, "1.5 kB"), (450_000, "450 kB"), (6.4e9, "6.4 GB"), (1.1e12, "1.1 TB")]
)
def test_amounts_are_said_in_powers_of_1000(size: float, said: str) -> None:
    assert amount(size) == said
