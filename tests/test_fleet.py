"""The benchmark of many runs, once and small: that it says what it measured, and reckons rightly."""

from pathlib import Path

import pytest

from benchmarks import fleet


def test_it_makes_a_store_asks_it_and_sweeps(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = "--runs 3 --repeats 1 --soups 2 --programs 64 --epochs 8 --workers 1 --store"
    assert fleet.main([*words.split(), str(tmp_path / "store")]) == 0
    said = capsys.readouterr().out
    assert "### A store of 3 runs" in said
    for what in (*fleet.QUERIES, "opening", "1 worker"):
        assert f"| {what} |" in said
    assert "2 runs of 8 epochs" in said


def test_costs_are_reckoned_from_a_full_size_epoch(capsys: pytest.CaptureFixture[str]) -> None:
    assert fleet.main(["--cost", "90", "400", "--cpu-hour", "0.05", "--gb-month", "0.01"]) == 0
    said = capsys.readouterr().out
    assert "| simulated and stored | 400 | CPU-hours |" in said
    assert "| computing | 20.0 | euros |" in said
    assert "| on the disk, everything kept | 6,400 | GB |" in said
    assert "| keeping it | 64.0 | euros a month |" in said
    assert "| 4 machines of 8 cores | 0.5333 | days |" in said  # 32 rounds of 0.4 hours
