"""Locks between processes: who holds one, and when it ends."""

import subprocess
import sys
from pathlib import Path

from warehouse import locks

LEFT_HELD = """
import posix, sys
from pathlib import Path
from warehouse import locks

posix.kept = locks.exclusive(Path(sys.argv[1]))  # outlives what `locks` has imported
"""


def test_a_lock_still_held_when_the_interpreter_ends_says_nothing(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", LEFT_HELD, str(tmp_path / "lock")],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stderr == ""
    assert not locks.is_held(tmp_path / "lock")


def test_a_lock_ends_with_its_object_or_when_it_is_released(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    kept = locks.exclusive(path)
    assert locks.is_held(path)
    assert locks.try_exclusive(path) is None
    kept.release()
    kept.release()
    assert not locks.is_held(path)
    again = locks.try_exclusive(path)
    assert locks.is_held(path)
    del again
    assert not locks.is_held(path)
