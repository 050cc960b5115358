"""The public exercisers of both processors, where a folder of them is named: see `tests.exercisers`."""

import os
from pathlib import Path

import pytest

from tests.exercisers import Exerciser

FOLDER = "PRIMORDIUM_EXERCISERS"

#: What each prints when all is well.
PROGRAMS = {
    "prelim.com": ("z80", "Preliminary tests complete"),
    "zexdoc.com": ("z80", "Tests complete"),
    "zexall.com": ("z80", "Tests complete"),
    "TST8080.COM": ("i8080", "CPU IS OPERATIONAL"),
    "8080PRE.COM": ("i8080", "Preliminary tests complete"),
    "CPUTEST.COM": ("i8080", "CPU TESTS OK"),
    "8080EXM.COM": ("i8080", "Tests complete"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", PROGRAMS)
def test_an_exerciser_finds_no_fault(name: str) -> None:
    if FOLDER not in os.environ:
        pytest.skip(f"{FOLDER} does not name a folder of exercisers (CP/M programs)")
    path = Path(os.environ[FOLDER]) / name
    if not path.exists():
        pytest.skip(f"{path.name} is not in {FOLDER}")
    processor, success = PROGRAMS[name]
    printed = "".join(Exerciser(processor, path.read_bytes()))
    assert success in printed
    assert "ERROR" not in printed.upper()
    assert "FAIL" not in printed.upper()
