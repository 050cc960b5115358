"""Reading a run's history: logs in either direction, tokens of any state, states in one pass."""

import bisect
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
from itertools import groupby
from types import TracebackType
from typing import Any, Self

import numpy as np

from sim import EpochLog, Replay, SoupConfig, Tokens
from sim.log import Bytes
from warehouse.decoding import SegmentReader, read_manifest, read_whole
from warehouse.errors import StoreError, StoreFault
from warehouse.kept import Kept
from warehouse.schema import FILES, MEASURES
from warehouse.sealed import read_sealed
from warehouse.store import RunFiles, Span, Store

#: Threads that decode, and row groups read ahead of the one in use (25 MB each, sixteen epochs at full size).
THREADS = 2
AHEAD = 3
#: Segments whose shared parts are kept in memory.
KEPT = 3
#: Loading a keyframe takes as long as this many reactions or changed cells, times the soup's cells, of replay.
LOADING = 4

Array = np.ndarray[Any, Any]


class History:
    """What is stored of a run, as it was when this was made: later commits are not seen.

    ``run`` is an id or a name; ``files`` takes another moment's files than the present ones.
    While it is open none of its files is removed; `close` (or the end of a ``with`` block, or of the object's
    life) lets them go. Its methods may be called from several threads.
    Raises `StoreError` if there is no such run, `ThinnedError` when something is needed that was thinned away,
    `StoreFault` naming a damaged file when that is needed.
    """

    def __init__(self, store: Store, run: str, files: RunFiles | None = None) -> None:
        self.store = store
        self.record = store.find(run)
        self._lock = store.hold()
        self._files = files or store.files(self.record.run)
        self.kept = Kept(self._files)
        self._readers: dict[int, SegmentReader] = {}
        self._guard = threading.Lock()

    @property
    def run(self) -> str:
        """The run's id."""
        return self.record.run

    @property
    def config(self) -> SoupConfig:
        """The soup's configuration."""
        return self.record.config

    @property
    def segments(self) -> tuple[Span, ...]:
        """The stored segments, in order."""
        return self._files.segments

    @property
    def first(self) -> int:
        """The state that the history begins with: 0, or the imported one."""
        return self.config.first

    @property
    def last(self) -> int:
        """The last stored state; -1 if nothing is stored."""
        return self._files.last

    @property
    def retention(self) -> str:
        """The policy to which the run was thinned last."""
        return self._files.retention

    @property
    def keyframe_epochs(self) -> list[int]:
        """The states kept whole, ascending."""
        return self.kept.keyframes

    def close(self) -> None:
        """Let the files go; again does nothing."""
        if self._lock is not None:
            self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def generator(self, epoch: int) -> tuple[int, int] | None:
        """Return the last stored point of a lattice's generator up to state ``epoch``: (epoch, its state after it).

        None where the geometry has no generator, or nothing is stored of it yet.
        """
        for segment in reversed(self.segments):
            state = read_manifest(segment)["generator"] if segment.stop <= epoch else None
            if state is not None:
                return segment.stop, state
        return None

    def segment_of(self, epoch: int) -> Span:
        """Return the segment that holds state ``epoch``."""
        self._check(epoch)
        return next(segment for segment in self.segments if epoch <= segment.stop)

    def logs(self, first: int, last: int, *, reverse: bool = False, with_costs: bool = False) -> Iterator[EpochLog]:
        """Yield the logs of epochs ``first`` to ``last``, both included, newest first if ``reverse``.

        Reads ahead in threads. Steps and operations are read only ``with_costs``. Logs of one segment share
        one table of mechanisms. Where one is asked for that was thinned away, those before it come first.
        """
        if first > last:
            return
        self._check(first, made=True)
        self._check(last, made=True)
        begin = max(first, self.kept.first_log(last)) if reverse else first
        end = last if reverse else min(last, self.kept.last_log(first))
        if begin <= end:
            yield from self._stored_logs(begin, end, reverse=reverse, with_costs=with_costs)
        if (begin, end) != (first, last):
            raise self.kept.lacking_log(begin - 1 if reverse else end + 1)

    def _stored_logs(self, first: int, last: int, *, reverse: bool, with_costs: bool) -> Iterator[EpochLog]:
        """Yield logs that are all there."""
        segments = [s for s in self.segments if s.stop >= first and s.start < last]
        if reverse:
            segments.reverse()
        with ThreadPoolExecutor(THREADS, "reader") as pool:
            waiting: deque[Future[list[EpochLog]]] = deque()
            try:
                for reader, group in self._groups(pool, segments, first, last, reverse=reverse):
                    waiting.append(pool.submit(reader.logs, group, with_costs=with_costs))
                    if len(waiting) > AHEAD:
                        yield from _chosen(waiting.popleft().result(), first, last, reverse=reverse)
                while waiting:
                    yield from _chosen(waiting.popleft().result(), first, last, reverse=reverse)
            finally:
                for future in waiting:
                    future.cancel()

    def _groups(
        self, pool: ThreadPoolExecutor, segments: Sequence[Span], first: int, last: int, *, reverse: bool
    ) -> Iterator[tuple[SegmentReader, int]]:
        """Yield the row groups to be read, in order, preparing each segment while the one before is read."""
        coming: deque[Future[SegmentReader]] = deque()
        for place in range(len(segments) + 1):
            if place < len(segments):
                coming.append(pool.submit(self._reader(segments[place]).prepare))
            if place > 0:
                reader = coming.popleft().result()
                groups = reader.groups_of(first, last)
                yield from ((reader, group) for group in (reversed(groups) if reverse else groups))

    def tokens_at(self, epoch: int) -> Tokens:
        """Return the tokens of state ``epoch``: those of the keyframe before it, replayed."""
        self._check_states([epoch])
        keyframe = self._keyframe_before(epoch)
        if keyframe == epoch:
            return self._keyframe(epoch)
        [(_, replay)] = self.states([epoch])
        return replay.tokens()

    def states(self, epochs: Sequence[int]) -> Iterator[tuple[int, Replay]]:
        """Yield (epoch, replay standing at it) for ascending ``epochs``, in one pass.

        The replay goes on with the next state asked for: take what is needed of it before.
        """
        self._check_states(epochs)
        for keyframe, leg in self._legs(epochs):
            with ThreadPoolExecutor(1, "prepare") as pool:  # the log's mechanisms, while the keyframe is read
                if leg[-1] > keyframe:
                    pool.submit(self._reader(self.segment_of(keyframe + 1)).prepare)
                replay = Replay(self.config.program_length, self._keyframe(keyframe), keyframe)
            logs = self.logs(keyframe + 1, leg[-1])
            for epoch in leg:
                while replay.epoch < epoch:
                    replay.apply(next(logs))
                yield epoch, replay

    def chars(self, epochs: Sequence[int]) -> Iterator[tuple[int, Bytes]]:
        """Yield (epoch, bytes of the state by cell) for ascending ``epochs``: of keyframes read, of others replayed.

        uint8[cells]; take what is needed of it before the next is asked for.
        """
        self._check_states(epochs)
        kept = set(self.keyframe_epochs)
        for whole, group in groupby(epochs, key=kept.__contains__):
            if whole:
                for epoch in group:
                    with ThreadPoolExecutor(THREADS, "keyframe") as pool:
                        reader = self._reader(self.segment_of(epoch))
                        yield epoch, reader.keyframe_chars(epoch, self.config.cells, pool.submit)
            else:
                yield from ((epoch, replay.chars) for epoch, replay in self.states(list(group)))

    def epochs(self, *, compacted: bool = True) -> dict[str, Array]:
        """Return the relation `epochs` of the run, by column, from state `first` on; NaN or -1 where not measured.

        Reads the one compacted file if there is one, unless not ``compacted``.
        """
        if compacted and self._files.compact is not None:
            rows = read_sealed(self._files.compact.path, "compact")[0]
            return {name: _filled(rows[name]) for name in rows.column_names}
        counted: dict[str, list[Array]] = {name: [] for name in FILES["epochs"].names}
        for segment in self.segments:
            rows = read_whole(segment, "epochs")
            for name, parts in counted.items():
                parts.append(rows[name].to_numpy())
        columns: dict[str, Array] = {
            name: np.concatenate(parts) if parts else np.empty(0, np.int64) for name, parts in counted.items()
        }
        return columns | self._measures(len(columns["epoch"]))

    def _measures(self, states: int) -> dict[str, Array]:
        columns: dict[str, Array] = {
            column.name: np.full(states, np.nan) if column.type == "double" else np.full(states, -1, np.int64)
            for column in MEASURES
        }
        for span in self._files.measures:
            rows = read_sealed(span.path, "measures")[0]
            for name, column in columns.items():
                column[rows["epoch"].to_numpy() - self.first] = _filled(rows[name])
        return columns

    def _legs(self, epochs: Sequence[int]) -> list[tuple[int, list[int]]]:
        """Split ascending ``epochs`` where it is cheaper to load a keyframe than to replay up to it."""
        legs: list[tuple[int, list[int]]] = []
        for epoch in epochs:
            keyframe = self._keyframe_before(epoch)
            reached = legs[-1][1][-1] if legs else epoch
            replayable = legs and self.kept.last_log(reached + 1) >= keyframe
            if replayable and self._effort(reached, keyframe) <= LOADING * self.config.cells:
                legs[-1][1].append(epoch)
            else:
                legs.append((keyframe, [epoch]))
        return legs

    @cached_property
    def _efforts(self) -> Array:
        """What replay from state `first` on takes: reactions met and cells changed up to each state from it on."""
        columns = self.epochs()
        return np.cumsum(columns["reactions"] + columns["changed_cells"])

    def _effort(self, start: int, stop: int) -> int:
        return int(self._efforts[stop - self.first] - self._efforts[start - self.first]) if stop > start else 0

    def _keyframe_before(self, epoch: int) -> int:
        place = bisect.bisect_right(self.keyframe_epochs, epoch)
        if place == 0:
            raise StoreFault(
                f"run {self.run} has no keyframe up to state {epoch}; `primordium verify` tells what is damaged"
            )
        return self.keyframe_epochs[place - 1]

    def _keyframe(self, epoch: int) -> Tokens:
        with ThreadPoolExecutor(THREADS, "keyframe") as pool:
            return self._reader(self.segment_of(epoch)).keyframe(epoch, self.config.cells, pool.submit)

    def _reader(self, segment: Span) -> SegmentReader:
        """Return the segment's reader, one of the last few used if it is among them."""
        with self._guard:
            reader = self._readers.pop(segment.start, None) or SegmentReader(segment, self.config)
            self._readers[segment.start] = reader
            while len(self._readers) > KEPT:
                del self._readers[next(iter(self._readers))]
            return reader

    def _check_states(self, epochs: Sequence[int]) -> None:
        for epoch in epochs:
            self._check(epoch)
        self.kept.check_states(epochs)

    def _check(self, epoch: int, *, made: bool = False) -> None:
        """Raise `StoreError` unless state ``epoch`` is stored, and ``made`` by an epoch of the log if that is asked."""
        if not self.first + made <= epoch <= self.last:
            stored = f"its last stored epoch is {self.last}" if self.last >= 0 else "nothing of it is stored yet"
            if 0 <= epoch <= self.first <= self.last:
                stored = f"it begins with state {self.first}"
            raise StoreError(f"epoch: {epoch} is not stored of run {self.run}; {stored}")


def read_only(array: Array) -> Array:
    """Return a view of ``array`` that cannot be written: one type, hence one build of a kernel."""
    view = array.view()
    view.flags.writeable = False
    return view


def _chosen(logs: list[EpochLog], first: int, last: int, *, reverse: bool) -> Iterator[EpochLog]:
    for log in reversed(logs) if reverse else logs:
        if first <= log.epoch <= last:
            yield log


def _filled(column: Any) -> Array:
    """Return an Arrow column as an array, NaN or -1 for null."""
    missing = float("nan") if column.type == "double" else -1
    return column.fill_null(missing).to_numpy()  # type: ignore[no-any-return]
