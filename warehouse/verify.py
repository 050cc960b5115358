"""Whether the store keeps its word: every file against its checksum, the counts, and the keyframes by replay."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from sim import EpochLog, InputError, Replay, Tokens
from sim.initial import imported_tokens
from warehouse.decoding import open_parquet, read_manifest, reading
from warehouse.errors import StoreFault, ThinnedError
from warehouse.files import sha256_of
from warehouse.kept import Kept
from warehouse.reader import History
from warehouse.schema import FILES, SEGMENT_FILES
from warehouse.sealed import check_sealed
from warehouse.store import EVERYTHING, RunFiles, Span, Store

Progress = Callable[[str], None]


def verify(store: Store, run: str, progress: Progress | None = None) -> list[str]:
    """Check all that is stored of a run; return one line for each thing found wrong, none if the store is whole.

    Files are compared with the checksums in the manifests, or with the digests that they carry; the log is
    replayed from the first state and compared with every keyframe, its rows with the counts in `epochs`. Replay is
    left out where files are damaged. Of a thinned run every stretch of its log that is there is replayed from the
    keyframe before it, and `epochs` compared with what is there. ``run`` is an id or a name; raises
    `StoreError` if there is none.
    """
    tell = progress or (lambda _: None)
    try:
        history = History(store, run)
    except StoreFault as error:
        return [str(error)]
    with history:
        files = store.files(history.run)
        found = list(_damage(files, tell))
        if not found:
            found = list(_contradictions(history, tell))
    return found


def _damage(files: RunFiles, tell: Progress) -> Iterator[str]:
    """Yield a line for each file that is not as it was written."""
    sealed = [
        (files.folder / "runs.parquet", "runs"),
        *((span.path, "measures") for span in files.measures),
        *(((files.compact.path, "compact"),) if files.compact else ()),
        *((path, name) for name, path in files.results.items()),
    ]
    for path, relation in sealed:
        try:
            check_sealed(path, relation)
        except FileNotFoundError:
            yield f"missing file {path}"
        except StoreFault as error:
            yield str(error)
    for segment in files.segments:
        tell(f"checksums of states {segment.start} to {segment.stop}")
        yield from _damage_of_segment(segment)


def _damage_of_segment(segment: Span) -> Iterator[str]:
    try:
        described = read_manifest(segment)["files"]
    except StoreFault as error:
        yield str(error)
        return
    for relation in SEGMENT_FILES:
        path = segment.file(relation)
        facts: dict[str, Any] | None = described.get(path.name)
        if facts is None:
            yield f"damaged file {segment.path / 'manifest.json'}: it does not name {path.name}"
        elif not path.exists():
            yield f"missing file {path}"
        elif path.stat().st_size != facts["bytes"]:
            yield f"damaged file {path}: {path.stat().st_size} bytes instead of {facts['bytes']}"
        elif sha256_of(path) != facts["sha256"]:
            yield f"damaged file {path}: its checksum is not that of its manifest"
        else:
            yield from _wrong_shape(path, relation, facts["rows"])


def _wrong_shape(path: Path, relation: str, rows: int) -> Iterator[str]:
    try:
        with reading(path):
            file = open_parquet(path)
            if file.metadata.num_rows != rows:
                yield f"damaged file {path}: {file.metadata.num_rows} rows instead of {rows}"
            if file.schema_arrow.remove_metadata() != FILES[relation].schema:
                yield f"file {path} has other columns than {relation}"
    except StoreFault as error:
        yield str(error)


def _contradictions(history: History, tell: Progress) -> Iterator[str]:
    """Yield a line for each way in which the log, the counts and the keyframes disagree."""
    keyframes = history.keyframe_epochs
    if history.last < 0:
        return
    first = history.first
    if history.retention == EVERYTHING and (not keyframes or keyframes[0] != first):
        yield f"run {history.run} has no keyframe of state {first}"
        return
    try:
        counts = {name: column.tolist() for name, column in history.epochs(compacted=False).items()}
        if history.config.start is not None and first in keyframes:
            tokens = history.tokens_at(first)
            if not _same(imported_tokens(history.config, tokens.chars), tokens):
                yield f"keyframe {first} does not hold the tokens of an imported state"
        waiting = set(keyframes)
        for begin in _beginnings(history.kept):
            replay = Replay(history.config.program_length, history.tokens_at(begin), begin)
            yield from _compared(history, replay, counts, waiting)
            for log in history.logs(begin + 1, history.kept.last_log(begin + 1), with_costs=True):
                replay.apply(log)
                yield from _miscounted(log, {name: column[log.epoch - first] for name, column in counts.items()})
                if log.epoch in waiting:
                    tell(f"replayed to keyframe {log.epoch}")
                    yield from _compared(history, replay, counts, waiting)
    except (StoreFault, ThinnedError, InputError) as error:
        yield str(error)


def _beginnings(kept: Kept) -> list[int]:
    """Return the keyframes to which no log leads: state 0 and, of a thinned run, one after each gap."""
    return [epoch for epoch in kept.keyframes if kept.first_log(epoch) > epoch]


def _compared(history: History, replay: Replay, counts: dict[str, Any], waiting: set[int]) -> Iterator[str]:
    epoch = replay.epoch
    waiting.discard(epoch)
    path = history.segment_of(epoch).file("keyframes")
    if not _same(replay.tokens(), history.tokens_at(epoch)):
        yield f"keyframe {epoch} in {path} is not what the log gives when replayed"
    origins = replay.unique_origins()
    counted = counts["unique_origins"][epoch - history.first]
    if origins != counted:
        yield f"epochs: unique_origins of state {epoch} is {counted}, its tokens have {origins}"


def _same(replayed: Tokens, stored: Tokens) -> bool:
    return np.array_equal(replayed.origins, stored.origins) and np.array_equal(replayed.chars, stored.chars)


def _miscounted(log: EpochLog, counts: dict[str, Any]) -> Iterator[str]:
    sizes = np.diff(log.mechanisms.starts)
    seen = {
        "reactions": log.reactions,
        "mutations": log.mutations,
        "empty_reactions": log.empty_reactions,
        "steps": log.total_steps,
        "operations": log.total_operations,
        "changed_cells": int(sizes[log.mechanism].sum()),
    }
    for name, value in seen.items():
        if counts[name] != value:
            yield f"epochs: {name} of epoch {log.epoch} is {counts[name]}, its rows give {value}"
