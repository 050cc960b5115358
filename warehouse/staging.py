"""A segment being written: its files grow in the staging folder while a thread of its own encodes."""

import json
import queue
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from sim import EpochLog, Tokens
from sim.log import Int64, UInt32
from warehouse.encoding import (
    EventFile,
    FileFacts,
    RelationFile,
    enter_mutations,
    enter_reactions,
    keyframe_groups,
    mechanism_groups,
    mechanism_rows,
)
from warehouse.errors import fault
from warehouse.files import remove_tree, sync_file, sync_folder
from warehouse.schema import FILES, SEGMENT_FILES

#: How many epochs may wait for the encoder before `append` waits for it.
WAITING = 8
#: A busy stretch gets another keyframe where this lattice is met ...
BUSY_LATTICE = 64
#: ... and this many changes a cell have come together since the last keyframe.
BUSY_CHANGES = 16

#: Given a segment's mechanisms (ids, starts, writes), raises if an id names another list elsewhere in the run.
Ledger = Callable[[Int64, Int64, UInt32], None]


class StagedSegment:
    """States ``start`` + 1 to ``stop`` on their way into files; for the run's first segment ``start`` too.

    Give it `initial` (first segment only), then for every epoch in order `append` and, for every state that
    `wants_keyframe` (the first too), `keyframe`; then `finish` and `commit`. Errors of the encoding thread
    are raised by whichever call comes next. Nobody sees it before `commit`.
    """

    def __init__(
        self,
        folder: Path,
        start: int,
        stop: int,
        *,
        keyframe_every: int,
        program_length: int,
        ledger: Ledger,
        first: int = 0,
        publish: Callable[["StagedSegment"], None],
    ) -> None:
        self.start, self.stop, self.folder = start, stop, folder
        self._ledger, self._publish = ledger, publish
        self._keyframe_every = keyframe_every
        self._length = program_length
        self._first = first
        self._next = start + 1
        self._changed = 0
        self._kept: list[int] = []
        self._failure: BaseException | None = None
        self._facts: dict[str, FileFacts] = {}
        folder.mkdir(parents=True)
        self._rows: dict[str, list[int]] = {name: [] for name in FILES["epochs"].names}
        self._resets: dict[str, list[int]] = {name: [] for name in FILES["resets"].names}
        self._reactions = EventFile(folder / "reactions.parquet", "reactions")
        self._mutations = EventFile(folder / "mutations.parquet", "mutations")
        self._keyframes = RelationFile(folder / "keyframes.parquet", "keyframes")
        self._used = np.zeros(1024, np.bool_)
        self._last: EpochLog | None = None
        self._queue: queue.Queue[Callable[[], None] | None] = queue.Queue(WAITING)
        self._thread: threading.Thread | None = threading.Thread(target=self._encode, name="encoder", daemon=True)
        self._thread.start()

    def initial(self, unique_origins: int) -> None:
        """Add the run's first state, in which nothing has happened yet, to the counts of the epochs."""
        if self.start != self._first:
            raise ValueError(f"state {self._first} does not belong to the segment that starts at {self.start}")
        self._put(lambda: self._count(epoch=self.start, unique_origins=unique_origins))

    def append(self, log: EpochLog) -> None:
        """Add the next epoch's events; the log's arrays must stay as they are. Waits while the encoder is behind."""
        if log.epoch != self._next or log.epoch > self.stop:
            raise ValueError(f"epoch {log.epoch} given, {self._next} expected, {self.stop} the last")
        self._next += 1
        self._changed += log.changed_cells
        self._put(lambda: self._add(log))

    def wants_keyframe(self, epoch: int, cells: int) -> bool:
        """Tell whether the state just appended is to be kept whole.

        The run's first, and every `keyframe_every` states; besides, where much changes, every 64 or 128, so that no
        state is far to replay. That follows from the changes alone, so the same run gets the same keyframes.
        """
        return (
            epoch == self._first
            or epoch % self._keyframe_every == 0
            or (epoch % BUSY_LATTICE == 0 and self._changed >= BUSY_CHANGES * cells)
        )

    def keyframe(self, epoch: int, tokens: Tokens) -> None:
        """Keep state ``epoch``, the last one appended, whole."""
        if epoch != self._next - 1:
            raise ValueError(f"keyframe of state {epoch} given, state {self._next - 1} is the last appended")
        self._changed = 0
        self._kept.append(epoch)
        self._put(lambda: self._keep(epoch, tokens))

    def finish(self, stop: int | None = None) -> None:
        """Wait until all is encoded, then complete the files, the manifest excepted.

        ``stop``: the last epoch appended, where the segment ends before its planned end.
        """
        self.stop = self.stop if stop is None else stop
        if self._next != self.stop + 1:
            raise ValueError(f"the segment ends at {self.stop}, {self._next - 1} is the last epoch appended")
        if self._thread is not None:
            self._put(self._complete)
            self._join()
        self._raise_failure()

    def commit(self) -> None:
        """Make the segment lasting and visible, whole. If it fails it may be tried again."""
        self.finish()
        self._publish(self)

    def seal(self, kernel_digest: str) -> None:
        """Write the manifest and make everything lasting; `finish` came before."""
        described = {name: vars(self._facts[name]) for name in sorted(self._facts)}
        manifest = {
            "start": self.start,
            "stop": self.stop,
            "keyframes": self._kept,
            "kernel_digest": kernel_digest,
            "generator": None if self._last is None else self._last.generator,
            "files": described,
        }
        try:
            path = self.folder / "manifest.json"
            path.write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n")
            for file in (*described, path.name):
                sync_file(self.folder / file)
            sync_folder(self.folder)
        except OSError as error:
            raise fault(error, f"writing {self.folder}") from error

    def abandon(self) -> None:
        """Stop encoding and remove what was staged."""
        self._failure = self._failure or RuntimeError("the segment was abandoned")
        self._join()
        for file in (self._reactions, self._mutations, self._keyframes):
            file.abandon()
        remove_tree(self.folder)

    # ---- in the caller's thread

    def _put(self, work: Callable[[], None]) -> None:
        self._raise_failure()
        self._queue.put(work)

    def _join(self) -> None:
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
            self._thread = None

    def _raise_failure(self) -> None:
        if isinstance(self._failure, OSError):
            raise fault(self._failure, f"writing {self.folder}") from self._failure
        if self._failure is not None:
            raise self._failure

    # ---- in the encoder's thread

    def _encode(self) -> None:
        while (work := self._queue.get()) is not None:
            # after a failure the queue is only emptied, so that nobody waits for a place in it
            if self._failure is None:
                try:
                    work()
                except BaseException as error:  # noqa: BLE001 -- raised again in the caller's thread
                    self._failure = error

    def _add(self, log: EpochLog) -> None:
        if log.steps is None or log.operations is None:
            raise ValueError(f"the log of epoch {log.epoch} has no steps and operations")
        table = log.mechanisms
        self._last = log
        if len(table) > len(self._used):
            self._used = np.concatenate([self._used, np.zeros(2 * len(table) - len(self._used), np.bool_)])
        reactions = self._reactions.room(log.epoch, log.reactions)
        steps, operations, empty = enter_reactions(log, self._used, reactions)
        if log.reset is not None:
            self._resets["epoch"].append(log.epoch)
            self._resets["reset_index"].append(log.reset.index)
            self._resets["programs"].append(len(log.reset.chars) // self._length)
        enter_mutations(log, self._length, self._mutations.room(log.epoch, log.mutations))
        self._count(
            epoch=log.epoch,
            operations=operations,
            steps=steps,
            reactions=log.reactions,
            empty_reactions=empty,
            changed_cells=log.changed_cells,
            mutations=log.mutations,
            unique_origins=log.unique_origins,
        )

    def _count(self, **counts: int) -> None:
        for name, values in self._rows.items():
            values.append(counts.get(name, 0))

    def _keep(self, epoch: int, tokens: Tokens) -> None:
        for group in keyframe_groups(epoch, tokens, self._length):
            self._keyframes.write_group(group)

    def _complete(self) -> None:
        self._facts["reactions.parquet"] = self._reactions.close()
        self._facts["mutations.parquet"] = self._mutations.close()
        self._facts["keyframes.parquet"] = self._keyframes.close()
        self._facts["mechanisms.parquet"] = self._write("mechanisms", self._mechanisms())
        self._facts["resets.parquet"] = self._write("resets", [self._resets])
        self._facts["epochs.parquet"] = self._write("epochs", [self._rows])
        assert set(self._facts) == {f"{relation}.parquet" for relation in SEGMENT_FILES}

    def _mechanisms(self) -> Iterable[dict[str, Any]]:
        if self._last is None:
            return ()
        rows = mechanism_rows(self._last.mechanisms, np.flatnonzero(self._used))
        self._ledger(*rows)
        return mechanism_groups(*rows)

    def _write(self, relation: str, groups: Iterable[dict[str, Any]]) -> FileFacts:
        file = RelationFile(self.folder / f"{relation}.parquet", relation)
        for columns in groups:
            file.write_group(columns)
        return file.close()
