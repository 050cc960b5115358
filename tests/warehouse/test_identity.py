"""Property: whatever events an epoch has, reading returns what was written (rows of any number, any value)."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sim import EpochLog, MechanismTable, SoupConfig, Tokens
from warehouse.reader import History
from warehouse.record import RunSettings
from warehouse.store import Store
from warehouse.writer import RunWriter

CONFIG = SoupConfig(programs=8, seed=1)
BYTE = st.integers(0, 255)
PLACE = st.integers(0, 127)
WRITES = st.builds(lambda target, source, delta: target << 16 | source << 8 | delta, PLACE, PLACE | st.just(255), BYTE)
LISTS = st.lists(WRITES, min_size=1, max_size=6, unique_by=lambda write: write >> 16).map(sorted)
TABLES = st.lists(LISTS, max_size=5, unique_by=tuple)


@st.composite
def runs(draw: st.DrawFn) -> tuple[list[EpochLog], list[Tokens]]:
    """A few epochs of anything: not a history that a soup could have, but one that the store must keep."""
    table = _table(draw(TABLES), draw)
    logs, keyframes = [], []
    for epoch in range(1, draw(st.integers(1, 6)) + 1):
        lefts = draw(st.lists(st.integers(0, 7), unique=True, max_size=4).map(sorted))
        cells = draw(st.lists(st.integers(0, CONFIG.cells - 1), unique=True, max_size=9).map(sorted))
        many = st.lists(st.integers(0, 2**31 - 1), min_size=len(lefts), max_size=len(lefts))
        logs.append(
            EpochLog(
                epoch=epoch,
                left=np.array(lefts, np.int32),
                right=np.array(draw(many), np.int32),
                mechanism=np.array([draw(st.integers(0, len(table) - 1)) for _ in lefts], np.int32),
                mechanisms=table,
                mutated_cells=np.array(cells, np.int32),
                mutated_chars=np.array([draw(BYTE) for _ in cells], np.uint8),
                steps=np.array(draw(many), np.int32),
                operations=np.array(draw(many), np.int32),
                changed_cells=draw(st.integers(0, CONFIG.cells)),
                unique_origins=draw(st.integers(1, CONFIG.cells)),
            )
        )
        keyframes.append(_tokens(draw(st.integers(0, 2**32))))
    return logs, keyframes


def _table(lists: list[list[int]], draw: st.DrawFn) -> MechanismTable:
    ids = draw(st.lists(st.integers(1, 2**63 - 1), min_size=len(lists), max_size=len(lists), unique=True))
    starts = np.cumsum([0, 0, *map(len, lists)]).astype(np.int64)
    writes = np.array([write for each in lists for write in each], np.uint32)
    return MechanismTable(np.array([0, *ids], np.int64), starts, writes)


def _tokens(seed: int) -> Tokens:
    random = np.random.default_rng(seed)
    origins = random.integers(0, 2**27, CONFIG.cells) << 28 | random.integers(0, CONFIG.cells, CONFIG.cells)
    return Tokens(origins, random.integers(0, 256, CONFIG.cells).astype(np.uint8))


def _events(log: EpochLog) -> dict[str, Any]:
    columns = ("left", "right", "steps", "operations", "mutated_cells", "mutated_chars")
    return {name: getattr(log, name).tolist() for name in columns} | {
        "epoch": log.epoch,
        "ids": log.mechanisms.ids[log.mechanism].tolist(),
        "lists": [log.mechanisms.list_of(index).tolist() for index in log.mechanism.tolist()],
        "counts": (log.changed_cells, log.unique_origins, log.empty_reactions),
    }


@settings(max_examples=25)
@given(runs())
def test_what_is_written_is_read(run: tuple[list[EpochLog], list[Tokens]]) -> None:
    logs, keyframes = run
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(Path(folder) / "store", create=True)
        with RunWriter.open(store, CONFIG, RunSettings(keyframe_every=1)) as writer:
            staged = writer.stage(0, len(logs))
            staged.initial(CONFIG.cells)
            for log, tokens in zip(logs, keyframes, strict=True):
                staged.append(log)
                assert staged.wants_keyframe(log.epoch, CONFIG.cells)
                staged.keyframe(log.epoch, tokens)
            staged.finish()
            staged.commit()
        with History(store, writer.run) as history:
            assert [_events(log) for log in history.logs(1, len(logs), with_costs=True)] == list(map(_events, logs))
            for log, tokens in zip(logs, keyframes, strict=True):
                read = history.tokens_at(log.epoch)
                assert np.array_equal(read.origins, tokens.origins)
                assert np.array_equal(read.chars, tokens.chars)
