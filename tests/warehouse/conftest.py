"""Fixtures of the store's tests."""

import os
import shutil
from pathlib import Path

import pytest

from tests.objects import bucket, server
from tests.warehouse.making import SEGMENT, make_run
from warehouse.store import Store

__all__ = ["bucket", "server"]


@pytest.fixture(autouse=True)
def unsynced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Power cuts are not tried here, and waiting for a disk a thousand times is no test either."""
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "store", create=True)


@pytest.fixture
def short_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("warehouse.record.segment_length", lambda _programs: SEGMENT)


@pytest.fixture(scope="session")
def pattern(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A store with a run of 150 epochs, made once and copied for each test."""
    folder = tmp_path_factory.mktemp("pattern") / "store"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("warehouse.record.segment_length", lambda _programs: SEGMENT)
        run = make_run(Store.open(folder, create=True), 150)
    return folder, run


@pytest.fixture
def run(store: Store, short_segments: None, pattern: tuple[Path, str]) -> str:
    """A run of 150 epochs in `store`: two whole segments and a tail."""
    assert short_segments is None
    shutil.copytree(pattern[0], store.path, dirs_exist_ok=True)
    return pattern[1]
