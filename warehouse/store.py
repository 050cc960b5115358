"""The store's folders: what lies where, which of it counts, and who holds it.

    STORE/format.json                                   what this folder is, and which version of it
    STORE/views.sql                                     plain views for any DuckDB
    STORE/compact/{runs,compact,...}.parquet            copies of finished runs' small files (see `combined`)
    STORE/runs/run=<id>/runs.parquet                    the run's record
    STORE/runs/run=<id>/segments/<start>-<stop>/        states start + 1 to stop; the first holds its start too
        {epochs,reactions,mechanisms,mutations,resets,keyframes}.parquet, manifest.json
    STORE/runs/run=<id>/segments-<number>-<policy>/...  the same, thinned to what the policy keeps
    STORE/runs/run=<id>/analyses/measures/<start>-<stop>.parquet
    STORE/runs/run=<id>/analyses/<name>.parquet         the other analyses: `schema.RESULTS`
    STORE/runs/run=<id>/compact/<start>-<stop>.parquet  epochs with measures of a finished run
    STORE/runs/run=<id>/staging/                        what is being written; no glob matches it

A segment appears by one rename, whole. Of two segments with one start the longer counts: the other is a
tail that was replaced, and lies there only as long as a reader holds the store. A thinned run's segments appear
likewise, in a folder with the next higher number, which alone counts from then on.
"""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from warehouse import locks
from warehouse.combined import read_combined
from warehouse.errors import StoreError, StoreFault
from warehouse.files import make_folder, replacing
from warehouse.object_client import object_url
from warehouse.plain_views import write_plain_views
from warehouse.record import ID, RETENTIONS, RunRecord, check_name, parse_record, read_record, updated, write_record
from warehouse.schema import RESULTS

FORMAT = "primordium-store"
FORMAT_VERSION = 1
EVERYTHING = RETENTIONS[0]
_SPAN = re.compile(r"(\d{10})-(\d{10})(\.parquet)?")
_PLACE = re.compile(r"segments(?:-(\d+)-(\w+))?")


@dataclass(frozen=True)
class Span:
    """A stretch of states, start + 1 to stop (and start, if it is the run's first), and where it is stored."""

    start: int
    stop: int
    path: Path

    @property
    def epochs(self) -> int:
        """How many epochs it covers."""
        return self.stop - self.start

    def file(self, relation: str) -> Path:
        """Return the file of one relation of a segment."""
        return self.path / f"{relation}.parquet"


@dataclass(frozen=True)
class RunFiles:
    """The files of a run that count at one moment.

    `retention` is the policy to which the run was thinned last, `everything` if it never was. `segments` follow
    one another from the run's first state on; `measures` has the measured columns of those segments that were
    measured; `compact` is the one file of all `epochs` with measures, if it covers exactly what the segments do;
    `results` are the analyses' files by name.
    """

    run: str
    folder: Path
    retention: str
    segments: tuple[Span, ...]
    measures: tuple[Span, ...]
    compact: Span | None
    results: dict[str, Path]

    @property
    def last(self) -> int:
        """The last stored state; -1 if nothing is stored."""
        return self.segments[-1].stop if self.segments else -1

    @property
    def first(self) -> int:
        """The first stored state; 0 if nothing is stored."""
        return self.segments[0].start if self.segments else 0

    @property
    def states(self) -> int:
        """How many states are stored."""
        return self.last - self.first + 1 if self.segments else 0


def span_name(start: int, stop: int) -> str:
    """Return the name of a stretch of states as it stands in paths."""
    return f"{start:010d}-{stop:010d}"


def span_of(name: str) -> tuple[int, int] | None:
    """Return the stretch of states (start, stop) of which a folder or file has the name; None if of none."""
    match = _SPAN.fullmatch(name)
    return (int(match[1]), int(match[2])) if match else None


def format_bytes() -> bytes:
    """Return the content of a store's `format.json`."""
    return (json.dumps({"format": FORMAT, "version": FORMAT_VERSION}) + "\n").encode()


class Store:
    """An open store. Opening reads one small file and takes no lock."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def open(cls, path: str | Path = "store", *, create: bool = False) -> "Store":
        """Return the store in the folder ``path``, made if ``create`` and there is none.

        A URL s3://bucket/prefix is a store on object storage, to be read: see `object_store`; for what is made and
        changed there `working`, `published` and `sweep_places`.
        Raises `StoreError` if there is none, or ``path`` is a file, another folder, or of a newer format.
        """
        if object_url(path) is not None:
            from warehouse.object_store import open_published

            return open_published(path, create=create)
        path = Path(path).absolute()
        if path.exists() and not path.is_dir():
            raise StoreError(f"{path} is a file; a store is a folder")
        if create and not all((path / name).exists() for name in ("format.json", "views.sql")):
            _create(path)
        check_format(path)
        return cls(path)

    @property
    def place(self) -> str:
        """Where the store is, for people: its folder or its URL."""
        return str(self.path)

    def run_folder(self, run: str) -> Path:
        """Return the folder of the run with the id ``run``."""
        return self.path / "runs" / f"run={run}"

    def run_ids(self) -> list[str]:
        """Return the ids of the store's runs, sorted."""
        folders = (self.path / "runs").glob("run=*/runs.parquet")
        return sorted(run for record in folders if ID.fullmatch(run := record.parent.name.removeprefix("run=")))

    def runs(self) -> list[RunRecord]:
        """Return the records of all runs, in the order in which they were created."""
        records = [self.as_now(stored, self.files(stored.run)) for stored in self.stored_records()]
        return sorted(records, key=lambda record: (record.created_at, record.run))

    def record(self, run: str) -> RunRecord:
        """Return the record of the run with the id ``run``, its epochs and status as they are now."""
        try:
            stored = self.stored_record(run)
        except FileNotFoundError:
            raise StoreError(f"no run {run!r} in {self.place}; `primordium runs` lists them") from None
        return self.as_now(stored, self.files(run))

    def as_now(self, stored: RunRecord, files: RunFiles) -> RunRecord:
        """Return a record as it was written with what is so now: last state, retention (of ``files``) and status."""
        status = stored.status
        if locks.is_held(self.run_folder(stored.run) / "writer.lock"):
            status = "running"
        elif status == "running":
            status = "interrupted"
        settings = replace(stored.settings, retention=files.retention)
        return replace(stored, settings=settings, status=status, epochs=max(files.last, stored.config.first))

    def stored_record(self, run: str) -> RunRecord:
        """Return the record of the run with the id ``run`` as it was written: epochs and status may lag behind."""
        return self._own(run, read_record(self._record_path(run)))

    def stored_records(self) -> list[RunRecord]:
        """Return the records of all runs as they were written, by id."""
        paths = {run: self._record_path(run) for run in self.run_ids()}
        parts, rows = read_combined(self.path, "runs", paths)
        return [
            self._own(part.run, parse_record(row, paths[part.run]))
            for part, row in zip(parts, rows.to_pylist(), strict=True)
        ]

    def find(self, run_or_name: str) -> RunRecord:
        """Return the record of the run with this id or name; `StoreError` if there is none."""
        if ID.fullmatch(run_or_name) and self._record_path(run_or_name).exists():
            return self.record(run_or_name)
        for record in self.stored_records():
            if record.name == run_or_name:
                return self.record(record.run)
        raise StoreError(f"no run {run_or_name!r} in {self.place}; `primordium runs` lists them")

    def rename(self, run_or_name: str, name: str | None) -> RunRecord:
        """Give a run another name, or none; `StoreError` if another run has it."""
        if name is not None:
            check_name(name)
        with locks.exclusive(self.path / ".lock"):
            run = self.find(run_or_name).run
            self.claim_name(run, name)
            stored = self.stored_record(run)
            self.put_record(updated(stored, settings=replace(stored.settings, name=name)))
        return self.record(run)

    def claim_name(self, run: str, name: str | None) -> None:
        """Raise `StoreError` if a run other than ``run`` has the name; the caller holds the store's lock."""
        for other in self.stored_records() if name is not None else ():
            if other.run != run and other.name == name:
                raise StoreError(f"name: {name!r} is already that of run {other.run}; names are unique, choose another")

    def put_record(self, record: RunRecord) -> None:
        """Replace the run's record, atomically; the caller holds the store's lock."""
        write_record(record, self._record_path(record.run))

    def files(self, run: str) -> RunFiles:
        """Return the files of a run that count now; `StoreFault` if a segment is missing between others."""
        folder = self.run_folder(run)
        place = _current(folder)
        segments = tuple(self._chain(run, place.path))
        if not segments and place != _current(folder):  # thinned meanwhile, and already cleared away
            return self.files(run)
        spans = {(segment.start, segment.stop) for segment in segments}
        measures = tuple(s for s in _spans(folder / "analyses" / "measures") if (s.start, s.stop) in spans)
        whole = (segments[0].start, segments[-1].stop) if segments else None
        compact = next((s for s in _spans(folder / "compact") if (s.start, s.stop) == whole), None)
        names = set(_names(folder / "analyses"))
        results = {name: folder / "analyses" / file for name in RESULTS if (file := f"{name}.parquet") in names}
        return RunFiles(run, folder, place.retention, segments, measures, compact, results)

    def segments_folder(self, run: str) -> Path:
        """Return the folder in which a run's segments lie now."""
        return _current(self.run_folder(run)).path

    def thinned_folder(self, run: str, retention: str) -> Path:
        """Return the folder that, once it is there, counts instead of the one in which a run's segments lie now."""
        folder = self.run_folder(run)
        return folder / f"segments-{_current(folder).number + 1}-{retention}"

    def superseded(self, run: str) -> list[Path]:
        """Return what lies in a run's folders and no longer counts."""
        folder, files = self.run_folder(run), self.files(run)
        kept = {span.path for span in (*files.segments, *files.measures)} | (
            {files.compact.path} if files.compact else set()
        )
        *before, current = _places(folder)
        places = (current.path, folder / "analyses" / "measures", folder / "compact")
        spans = [span.path for place in places for span in _spans(place) if span.path not in kept]
        return [*(place.path for place in before), *spans]

    def hold(self) -> locks.Lock | None:
        """Keep every file that counts now from being removed, until the returned lock is released.

        None where the store cannot be written, for then nobody removes anything.
        """
        return locks.shared(self.path / ".readers.lock")

    def _record_path(self, run: str) -> Path:
        return self.run_folder(run) / "runs.parquet"

    def _own(self, run: str, stored: RunRecord) -> RunRecord:
        """Return the record found in a run's folder; `StoreFault` if it is another run's."""
        if stored.run != run:
            raise StoreFault(f"damaged record {self._record_path(run)}: it is of run {stored.run}")
        return stored

    def _chain(self, run: str, folder: Path) -> Iterator[Span]:
        found = _spans(folder)
        # Only an imported run begins elsewhere than at state 0, and only its record says where.
        reached = self.stored_record(run).config.first if found and found[0].start else 0
        for span in found:
            if span.start > reached:
                raise StoreFault(f"missing segment in {folder}: nothing from state {reached} to {span.start}")
            if span.start == reached:
                yield span
                reached = span.stop


class _Place(NamedTuple):
    """A folder of segments: how often the run was thinned before it was made, and to what."""

    number: int
    retention: str
    path: Path


def _places(folder: Path) -> list[_Place]:
    """Return the folders of segments in a run's folder, the one that counts last; `segments` if there is none."""
    matches = [match for name in _names(folder) if (match := _PLACE.fullmatch(name))]
    found = [_Place(int(match[1] or 0), match[2] or EVERYTHING, folder / match[0]) for match in matches]
    return sorted(found) or [_Place(0, EVERYTHING, folder / "segments")]


def _current(folder: Path) -> _Place:
    return _places(folder)[-1]


def _spans(folder: Path) -> list[Span]:
    """Return the stretches stored in a folder, by start, the longest of each start first."""
    found = []
    for name in _names(folder):
        span = span_of(name)
        if span is not None:
            found.append(Span(*span, folder / name))
    return sorted(found, key=lambda span: (span.start, -span.stop))


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208 -- names alone, and of thousands of folders
    except (FileNotFoundError, NotADirectoryError):
        return []


def _create(path: Path) -> None:
    described = path / "format.json"
    strange = path.is_dir() and any(not entry.name.startswith(".") for entry in path.iterdir())
    if strange and not described.exists():
        raise StoreError(f"{path} is not a store (it has no format.json) and not empty; choose another folder")
    make_folder(path)
    with locks.exclusive(path / ".lock"):
        if not described.exists():
            with replacing(described) as part:
                part.write_bytes(format_bytes())
        check_format(path)
        make_folder(path / "runs")
        if not (path / "views.sql").exists():
            write_plain_views(path)


def check_format(path: Path) -> None:
    """Raise `StoreError` if the folder is no store, or one of a newer format; `StoreFault` if that is damaged."""
    try:
        described: dict[str, Any] = json.loads((path / "format.json").read_text())
        version = int(described["version"])
        if described["format"] != FORMAT:
            raise ValueError("not a store's")
    except FileNotFoundError:
        raise StoreError(f"no store in {path}; `primordium run --store {path}` makes one") from None
    except PermissionError as error:
        raise StoreError(f"the store {path} cannot be read: {error.strerror}") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreFault(f"damaged file {path / 'format.json'}: {' '.join(str(error).split())}") from error
    if version > FORMAT_VERSION:
        raise StoreError(
            f"the store {path} has format {version}, this primordium reads {FORMAT_VERSION}; use a newer one"
        )
