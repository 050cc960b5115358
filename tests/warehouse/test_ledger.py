"""Locks within a process, and that one id never means two mechanisms in a run."""

from pathlib import Path

import numpy as np
import pytest

from warehouse import locks
from warehouse.errors import StoreFault
from warehouse.ledger import MechanismLedger


def mechanisms(**lists: list[int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return mechanisms by id, the names being ``m<id>``."""
    ids = np.array([int(name[1:]) for name in lists], np.int64)
    starts = np.cumsum([0, *map(len, lists.values())]).astype(np.int64)
    return ids, starts, np.array([write for each in lists.values() for write in each], np.uint32)


def test_the_same_mechanisms_may_come_again() -> None:
    ledger = MechanismLedger(lambda: iter([mechanisms(m3=[1, 2]), mechanisms(m5=[9])]))
    ledger.enter(*mechanisms(m0=[], m3=[1, 2], m4=[7], m5=[9], m9=[1]))
    ledger.enter(*mechanisms(m0=[], m4=[7], m8=[2, 1]))
    ledger.enter(*mechanisms(m8=[2, 1]))
    assert ledger._ids.tolist() == [0, 3, 4, 5, 8, 9]


@pytest.mark.parametrize("other", [[1], [2, 1], [1, 2, 0], []])
def test_a_collision_stops_the_run_by_name(other: list[int]) -> None:
    ledger = MechanismLedger(lambda: iter([mechanisms(m3=[1, 2])]))
    ledger.enter(*mechanisms(m7=[5]))
    with pytest.raises(StoreFault, match="share the id 3: a collision"):
        ledger.enter(*mechanisms(m1=[4], m3=other))


def test_a_lock_is_held_alone_or_shared(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    assert not locks.is_held(path)
    with locks.exclusive(path):
        assert locks.is_held(path)
        assert locks.try_exclusive(path) is None
    assert not locks.is_held(path)
    first, second = locks.shared(path), locks.shared(path)
    assert first is not None
    assert second is not None
    assert locks.try_exclusive(path) is None
    first.release()
    assert locks.try_exclusive(path) is None
    del second
    lock = locks.try_exclusive(path)
    assert lock is not None
    lock.release()
    lock.release()
