"""The functions behind the relations: each returns the paths of the Parquet files that answer a question.

DuckDB calls them while it binds a query, so their arguments are constants by then. What they compute
(a state's tokens, a byte's lineage, the small relations of all runs in one file) goes into the session's
cache. A path says what is in the file; a file that was dropped meanwhile is made again when it is opened.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial, wraps
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from warehouse.descendants import descendant_counts, write_descendants
from warehouse.errors import StoreFault
from warehouse.gathered import GATHERED_ROWS, OF_SWEEPS, empty, epochs_of, gathered
from warehouse.lineage import Event, events_table, walk_back
from warehouse.mechanism_lists import MechanismLists
from warehouse.program_ancestry import ancestry, as_table, contributors, parents, program_histories
from warehouse.reader import History
from warehouse.readonly import CACHE, STORE
from warehouse.record import RETENTIONS, RunRecord
from warehouse.schema import OF_RUNS, RESULTS, SEGMENT_FILES
from warehouse.session_cache import SessionCache
from warehouse.snapshot import Snapshot
from warehouse.sql_errors import QueryInterrupted, SQLError
from warehouse.states import STATES, replayed, texts
from warehouse.store import EVERYTHING, Span

#: Relations that need their run's program length beside their rows, and the segments' file that they read.
WITH_LENGTH = {"copies": "reactions", "tokens": "keyframes"}
#: Relations of which a thinned run has fewer rows than it had.
_OF_LOGS = frozenset({"reactions", "mechanisms", "mutations", "copies"})
_OF_STATES = frozenset({"tokens", "keyframes"})
_MANY = 4096  # states in one question
# Files of the cache that are the same whatever is committed later.
_LASTING = (
    "state/", "lineage/", "ancestry/", "parents/", "contributors/", "descendants/", "descendant_counts/", "empty/",
)  # fmt: skip


class Functions:
    """What a session's functions share: the snapshot they answer from, the cache, and the sign to stop.

    `failure` is the error that last ended one of them, for DuckDB passes on only its text. `asked` are the relations
    whose files were asked for.
    """

    def __init__(self, snapshot: Snapshot, cache: SessionCache) -> None:
        self.snapshot = snapshot
        self.cache = cache
        self.stop = threading.Event()
        self.failure: BaseException | None = None
        self.asked: set[str] = set()
        self._histories: dict[str, History] = {}
        self._lists = MechanismLists()
        self._lock = threading.RLock()
        self._installing = False

    @contextlib.contextmanager
    def installing(self) -> Iterator[None]:
        """Return typed empty files meanwhile: DuckDB looks at them when a view is made."""
        self._installing = True
        yield
        self._installing = False

    def replace(self, snapshot: Snapshot) -> None:
        """Answer from another snapshot from now on; states stay in the cache, for they never change."""
        with self._lock:
            self.close()
            self.snapshot = snapshot
            self._lists = MechanismLists()
            self._chars.cache_clear()
            self.cache.forget(lambda name: name.startswith(_LASTING))

    def close(self) -> None:
        """Let go of the snapshot's files."""
        for history in self._histories.values():
            history.close()
        self._histories.clear()
        self.snapshot.release()

    def check(self) -> None:
        """Raise `QueryInterrupted` if somebody asked to stop."""
        if self.stop.is_set():
            raise QueryInterrupted("the query was interrupted")

    def guarded(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return ``function`` with every error it raises kept in `failure`."""

        @wraps(function)  # DuckDB counts the parameters of its signature
        def call(*arguments: Any) -> Any:
            try:
                with self._lock:
                    return function(*arguments)
            except BaseException as error:
                self.note(error)
                raise

        return call

    def partly_there(self) -> str | None:
        """Return one line if a relation that was asked for has only a part of what some runs had; None if not."""
        thinned = {run: files.retention for run, files in self.snapshot.files.items() if files.retention != EVERYTHING}
        nothing_left = [run for run, retention in thinned.items() if retention == RETENTIONS[-1]]
        runs = list(thinned) if self.asked & _OF_LOGS else nothing_left if self.asked & _OF_STATES else []
        if not runs:
            return None
        named = runs[0] if len(runs) == 1 else f"{runs[0]} and {len(runs) - 1} more"
        relations = ", ".join(sorted(self.asked & (_OF_LOGS | _OF_STATES)))
        return f"{relations}: of what was thinned away there are no rows (run {named}); relation kept has what is there"

    def note(self, error: BaseException) -> None:
        """Keep an error for the connection to raise; the first of a query counts."""
        if self.failure is None:
            self.failure = error

    # -- functions of SQL ------------------------------------------------------------------------

    def files(self, relation: str) -> list[str]:
        """Return the files of a relation, all runs together; a typed empty one if there are none."""
        keys = "length=0/run=none" if relation in WITH_LENGTH else "run=none"
        nothing = [f"{CACHE}empty/{keys}/{WITH_LENGTH.get(relation, relation)}.parquet"]
        if self._installing:
            return nothing
        self.asked.add(relation)
        if relation in SEGMENT_FILES and relation != "epochs":
            found = [self._in_store(span.file(relation)) for _, span in self._segments()]
        elif relation in WITH_LENGTH:
            file = WITH_LENGTH[relation]
            lengths = {record.run: record.config.program_length for record in self.snapshot.records()}
            found = [self._in_store(span.file(file), f"length={lengths[run]}/") for run, span in self._segments()]
        elif relation == "epochs":
            found = self._epochs()
        elif relation in {*OF_RUNS, "paper_shares", *RESULTS, *OF_SWEEPS}:
            found = [f"{CACHE}gathered/{relation}.parquet"]
        else:
            found = []
        return found or nothing

    def state(self, relation: str, run: str | None, epochs: str | None) -> list[str]:
        """Return the files of a relation of single states; ``epochs`` is a number or a list of them, as text."""
        record = self.snapshot.find(run)
        wanted = [self._epoch(record, number) for number in _numbers(relation, epochs)]
        if len(wanted) > _MANY:
            raise SQLError(f"{relation}: {len(wanted)} epochs at once; ask for at most {_MANY}")
        names = {epoch: _state_name(relation, record, epoch) for epoch in wanted}
        missing = [epoch for epoch, name in names.items() if self.cache.path(name) is None]
        for epoch, table in STATES[relation](self.history(record.run), missing, self.check) if missing else ():
            self.cache.make(names[epoch], partial(_write, table))
        return [CACHE + name for name in names.values()]

    def lineage(self, run: str | None, epoch: int | None, program: int | None, site: int | None) -> str:
        """Return the file of one byte's lineage."""
        record = self.snapshot.find(run)
        n = self._epoch(record, epoch)
        p = _index("program", program, record.config.programs)
        s = _index("site", site, record.config.program_length)
        return CACHE + self._lineage(record.run, n, p, s)

    def ancestry(
        self, relation: str, run: str | None, epoch: int | None, program: int | None, state: int | None
    ) -> str:
        """Return the file of `ancestry`, `parents` or (whose ``state`` counts) `contributors` of one program."""
        record = self.snapshot.find(run)
        n, first = self._epoch(record, epoch), record.config.first
        p = _index("program", program, record.config.programs)
        return CACHE + self._ancestry(relation, record.run, n, p, _index("state", state, n + 1, first))

    def descent(
        self,
        relation: str,
        run: str | None,
        epoch: int | None,
        program: int | None,
        site: int | None,
        until: int | None,
    ) -> str:
        """Return the file of `descendants` or `descendant_counts` of one byte, or of a whole program: site null."""
        record = self.snapshot.find(run)
        n = self._epoch(record, epoch)
        p = _index("program", program, record.config.programs)
        s = "all" if site is None else str(_index("site", site, record.config.program_length))
        last = self.snapshot.last(record.run)
        if until is None or not n <= until <= last:
            raise SQLError(f"until: {'null' if until is None else until}; allowed: {n} to {last}")
        return CACHE + self._descent(relation, record.run, n, p, s, until)

    def writes(self, run: pa.Array, epoch: pa.Array, mechanism: pa.Array) -> pa.Array:
        """Return what each reaction wrote: the list of `mechanisms.writes`, looked up in the epoch's segment."""
        self.check()
        runs, epochs, ids = run.to_numpy(zero_copy_only=False), epoch.to_numpy(), mechanism.to_numpy()
        return self._lists.of(self.snapshot, runs, epochs, ids)

    def program_text(self, run: pa.Array, epoch: pa.Array, program: pa.Array) -> pa.Array:
        """Return the text of programs of states."""
        rows = list(zip(run.to_pylist(), epoch.to_pylist(), program.to_pylist(), strict=True))
        lines: list[str] = [""] * len(rows)
        states: dict[tuple[str, int], list[tuple[int, int]]] = {}
        for number, (name, n, p) in enumerate(rows):
            record = self.snapshot.find(name)
            at = self._epoch(record, n), _index("program", p, record.config.programs)
            states.setdefault((record.run, at[0]), []).append((number, at[1]))
        for (name, n), places in sorted(states.items()):
            config = self.snapshot.record(name).config
            chars = self._chars(name, n).reshape(config.programs, config.program_length)
            found = texts(config.instruction_set, chars[[p for _, p in places]]).to_pylist()
            for (number, _), line in zip(places, found, strict=True):
                lines[number] = line
        return pa.array(lines, pa.string())

    # -- making files ----------------------------------------------------------------------------

    def cached(self, name: str) -> Path:
        """Return the file of the cache with this name, made if it is not there."""
        found = self.cache.path(name)
        if found is not None:
            return found
        with self._lock:
            kind, *rest = name.removesuffix(".parquet").split("/")
            values = dict(part.split("=", 1) for part in rest if "=" in part)
            if kind == "gathered":
                return self.cache.make(name, lambda path: _write(gathered(self.snapshot, rest[-1], self.check), path))
            if kind == "epochs":
                files = self.snapshot.files[values["run"]]
                return self.cache.make(name, lambda path: _write(epochs_of(files), path))
            if kind == "empty":
                return self.cache.make(name, lambda path: _write(empty(rest[-1]), path))
            if kind == "state":
                self.state(rest[-1], values["run"], values["state"])
            elif kind == "lineage":
                self._lineage(rest[0], *map(int, rest[1:]))
            elif kind in {"ancestry", "parents", "contributors"}:
                self._ancestry(kind, rest[0], *map(int, rest[1:]))
            elif kind in {"descendants", "descendant_counts"}:
                self._descent(kind, rest[0], int(rest[1]), int(rest[2]), rest[3], int(rest[4]))
            made = self.cache.path(name)
            if made is None:
                raise SQLError(f"SQL: no file {CACHE}{name}")
            return made

    def history(self, run: str) -> History:
        """Return the history of the run with this id, as the snapshot has it."""
        if run not in self._histories:
            self._histories[run] = History(self.snapshot.store, run, self.snapshot.files[run])
        return self._histories[run]

    def _lineage(self, run: str, epoch: int, program: int, site: int) -> str:
        name = f"lineage/{run}/{epoch}/{program}/{site}.parquet"
        if self.cache.path(name) is None:
            rows = walk_back(self.history(run), epoch, program, site, self.check)
            self.cache.make(name, partial(_write, events_table(rows)))
        return name

    def _ancestry(self, relation: str, run: str, epoch: int, program: int, state: int) -> str:
        name = f"{relation}/{run}/{epoch}/{program}/{state}.parquet"
        if self.cache.path(name) is None:
            histories = self._walked(run, epoch, program)
            rows = {
                "ancestry": lambda: ancestry(histories, program),
                "parents": lambda: parents(histories),
                "contributors": lambda: contributors(histories, state),
            }[relation]()
            self.cache.make(name, partial(_write, as_table(relation, rows)))
        return name

    @lru_cache(maxsize=4)  # noqa: B019 -- a session's functions live as long as the session
    def _walked(self, run: str, epoch: int, program: int) -> list[list[Event]]:
        return program_histories(self.history(run), epoch, program, self.check)

    def _descent(self, relation: str, run: str, epoch: int, program: int, site: str, until: int) -> str:
        name = f"{relation}/{run}/{epoch}/{program}/{site}/{until}.parquet"
        if self.cache.path(name) is None:
            history = self.history(run)
            length = history.config.program_length
            first, count = (0, length) if site == "all" else (int(site), 1)
            cells = range(program * length + first, program * length + first + count)

            def write(path: Path) -> None:
                if relation == "descendants":
                    write_descendants(history, epoch, cells, until, path, self.check)
                else:
                    _write(descendant_counts(history, epoch, cells, until, self.check), path)

            self.cache.make(name, write)
        return name

    def _segments(self) -> list[tuple[str, Span]]:
        return [(run, span) for run, files in self.snapshot.files.items() for span in files.segments]

    def _in_store(self, path: Path, keys: str = "") -> str:
        return f"{STORE}{keys}{path.relative_to(self.snapshot.store.path).as_posix()}"

    def _epochs(self) -> list[str]:
        stored = {run: files for run, files in self.snapshot.files.items() if files.segments}
        if sum(files.states for files in stored.values()) <= GATHERED_ROWS:
            return [f"{CACHE}gathered/epochs.parquet"]
        return [
            self._in_store(files.compact.path) if files.compact else f"{CACHE}epochs/run={run}/epochs.parquet"
            for run, files in stored.items()
        ]

    def _epoch(self, record: RunRecord, epoch: int | None) -> int:
        first, last = record.config.first, self.snapshot.last(record.run)
        if epoch is None:
            raise SQLError("epoch: null; give the number of a stored state")
        if not first <= epoch <= last:
            stored = "nothing is stored yet" if last < 0 else f"the last stored epoch is {last}"
            if 0 <= epoch < first <= last:
                stored = f"it was imported at state {first}"
            raise SQLError(f"run {record.run} has no epoch {epoch}: {stored}")
        return epoch

    @lru_cache(maxsize=4)  # noqa: B019 -- a session's functions live as long as the session
    def _chars(self, run: str, epoch: int) -> Any:
        for _, replay in replayed(self.history(run), [epoch], self.check):
            return replay.chars.copy()
        raise StoreFault(f"run {run}: state {epoch} could not be rebuilt")


def _state_name(relation: str, record: RunRecord, epoch: int) -> str:
    return f"state/length={record.config.program_length}/run={record.run}/state={epoch}/{relation}.parquet"


def _numbers(relation: str, text: str | None) -> Sequence[int]:
    """Return the numbers of a number or a list of numbers in DuckDB's text form."""
    if text is None:
        raise SQLError(f"{relation}: epoch is null; give a number or a list of numbers")
    parts = [part.strip() for part in text.strip("[] ").split(",")] if text.strip("[] ") else []
    if not parts:
        raise SQLError(f"{relation}: the list of epochs is empty; give at least one")
    if not all(part.lstrip("-").isascii() and part.lstrip("-").isdigit() for part in parts):
        raise SQLError(f"{relation}: epoch {text!r}; give a whole number or a list of them")
    return list(dict.fromkeys(int(part) for part in parts))


def _index(field: str, value: int | None, count: int, least: int = 0) -> int:
    if value is None or not least <= value < count:
        raise SQLError(f"{field}: {'null' if value is None else value}; allowed: {least} to {count - 1}")
    return value


def _write(table: pa.Table, path: Path) -> None:
    """Write a file of the cache: quick to write and read, as large as it is."""
    narrow = [field.name for field in table.schema if field.name in {"program", "left_program", "run", "epoch"}]
    pq.write_table(
        table, path, row_group_size=1 << 19, compression="none", use_dictionary=["run"], write_statistics=narrow
    )
