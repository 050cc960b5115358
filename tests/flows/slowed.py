"""A small sweep in processes that take their time, so that they can be killed in the middle of it."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXT = """
name = "two"
seeds = {first = 0, count = 2}
[run]
language = "bff_noheads_4bit"
programs = 256
epochs = 300
"""

#: Every Python that starts has short segments, and epochs that take their time.
SITE = """
import sys
sys.path.insert(0, ROOT)
import time
import warehouse.record
from sim import Soup
warehouse.record.SEGMENT_CELLS = 64
advance = Soup.advance
Soup.advance = lambda soup: (time.sleep(0.005), advance(soup))[1]
"""


def python(folder: Path, *words: str) -> "subprocess.Popen[str]":
    (folder / "sitecustomize.py").write_text(SITE.replace("ROOT", repr(str(ROOT))), encoding="utf-8")
    return subprocess.Popen(
        [sys.executable, *words],
        env=os.environ | {"PYTHONPATH": str(folder)},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(what: Callable[[], object]) -> None:
    began = time.monotonic()
    while not what():
        assert time.monotonic() - began < 120
        time.sleep(0.02)
