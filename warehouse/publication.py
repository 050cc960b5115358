"""Publishing runs, and the sweeps that they belong to, to a store on object storage.

Files are put first, those that are there already left out; then the head that names them, on the condition that it is
still the one that was read (`heads`). So a reader sees a run as it was before or as it is now, a process killed at any
moment leaves the first and some objects that the next attempt uses, and of two that publish at once one is first: the
other looks again at what is there then.
"""

import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from warehouse.errors import StoreError, StoreFault
from warehouse.files import sha256_of
from warehouse.heads import Fact, Head, head_bytes, head_key, read_head
from warehouse.mirrors import fetched
from warehouse.object_client import THREADS, Objects
from warehouse.object_store import FORMAT_KEY
from warehouse.reader import History
from warehouse.record import updated, write_record
from warehouse.schema import FILES
from warehouse.store import RunFiles, Store, check_format, format_bytes, span_of
from warehouse.sweeps import copy_sweep
from warehouse.transfer import Copied, expected_files

_ATTEMPTS = 8
_RECORD = "runs.parquet"

#: Where the files of a folder are found, by their path from there.
Sources = Mapping[str, Path]


def make_published(url: str) -> Objects:
    """Return the objects of the store at a URL, made if there is none; `StoreError` if it is of a newer format."""
    objects = Objects(url)
    found = objects.get(FORMAT_KEY)
    if found is None:
        objects.put(FORMAT_KEY, format_bytes(), None)
        found = objects.get(FORMAT_KEY)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / FORMAT_KEY).write_bytes(found[0] if found else b"")
        check_format(Path(folder))
    return objects


def publish_run(store: Store, run: str, objects: Objects) -> Copied:
    """Publish what counts of a run (id or name); its files are the same there, byte by byte.

    A longer history replaces a shorter one, and is never replaced by it; of two of one length the one published last
    gives the results of analyses and the name. Every file is compared with its checksum before it is put.

    Raises `StoreError` if another history of the run, or one that was thinned otherwise, is there; `StoreFault` naming
    a damaged file.
    """
    with History(store, run) as history, tempfile.TemporaryDirectory() as folder:
        run, files = history.run, store.files(history.run)
        if not files.segments:
            raise StoreError(f"run {run}: nothing of it is stored yet; `primordium run` goes on with it")
        published, taken = _publication(store, files, objects, Path(folder))
        for _ in range(_ATTEMPTS):
            before = read_head(objects, published.head.folder)
            head = published.head if before is None else _joined(files, published.head, before[0], objects)
            if before is not None and head.files == before[0].files:
                return Copied(run, False, 0, taken)
            if published.commit(head, None if before is None else before[1]) is not None:
                return Copied(run, True, published.written, taken)
    raise StoreFault(f"run {run}: others keep publishing it to {objects.url}; give the command again")


class Publisher:
    """Publishes a run of ``store`` again and again while it grows, as long as nobody else does; to the URL `place`.

    A publication by anybody else since this was made, or since its last `publish`, ends it: two machines that write one
    run cannot both go on.
    """

    def __init__(self, store: Store, run: str, objects: Objects) -> None:
        self.store, self.place = store, objects.url
        self._run, self._objects = run, objects
        before = read_head(objects, f"runs/run={run}")
        self._tag = None if before is None else before[1]

    def publish(self) -> None:
        """Publish what is stored of the run now; `StoreError` if somebody else did meanwhile."""
        with History(self.store, self._run) as history, tempfile.TemporaryDirectory() as folder:
            files = self.store.files(history.run)
            published, _ = _publication(self.store, files, self._objects, Path(folder))
            before = read_head(self._objects, published.head.folder)
            if (None if before is None else before[1]) != self._tag:
                raise self._overtaken()
            head = published.head if before is None else _joined(files, published.head, before[0], self._objects)
            if before is None or head.files != before[0].files:
                tag = published.commit(head, self._tag)
                if tag is None:
                    raise self._overtaken()
                self._tag = tag

    def _overtaken(self) -> StoreError:
        return StoreError(
            f"run {self._run} is being written by another machine too: it was published to {self._objects.url}"
            " meanwhile; the same command goes on from there when that has ended"
        )


def publish_sweep(store: Store, sweep: str, objects: Objects) -> bool:
    """Publish a sweep's plan, and how its runs ended, with what is there of it; tell whether that changed anything.

    Raises `StoreError` if a sweep of that name with other runs is there.
    """
    folder = f"sweeps/{sweep}"
    for _ in range(_ATTEMPTS):
        with tempfile.TemporaryDirectory() as place:
            joined = Store.open(Path(place) / "store", create=True)
            before = read_head(objects, folder)
            for path in before[0].files if before is not None else ():
                there = joined.path / folder / path
                there.parent.mkdir(parents=True, exist_ok=True)
                assert before is not None
                objects.download(before[0].key(path), there)
            copy_sweep(store, sweep, joined)
            sources = {path.name: path for path in (joined.path / folder).glob("*.parquet")}
            head = Head(folder, {name: _fact(path) for name, path in sources.items()})
            if before is not None and head.files == before[0].files:
                return False
            if _Publication(objects, head, sources).commit(head, None if before is None else before[1]) is not None:
                return True
    raise StoreFault(f"sweep {sweep}: others keep publishing it to {objects.url}; give the command again")


def _publication(store: Store, files: RunFiles, objects: Objects, folder: Path) -> tuple["_Publication", str | None]:
    """Return the files of a run on their way, its record in ``folder``, and its name if another run has it there."""
    digests = dict(expected_files(files))
    sources = {path: files.folder / path for path in digests}
    sources[_RECORD], taken = _record_of(store, files.run, objects, folder)
    facts = {path: _fact(source, digests.get(path)) for path, source in sources.items()}
    return _Publication(objects, Head(f"runs/run={files.run}", facts), sources), taken


class _Publication:
    """Files on their way: ``sources`` are where those of ``head`` lie. `written` counts the bytes put."""

    def __init__(self, objects: Objects, head: Head, sources: Sources) -> None:
        self.head, self.written = head, 0
        self._objects, self._sources = objects, sources
        self._there = {(entry.key, entry.size) for entry in objects.list(f"{head.folder}/")}

    def commit(self, head: Head, tag: str | None) -> str | None:
        """Put the files of ``head`` that are not there, then the head in place of that with ``tag``.

        Returns the head's tag; None if another was put in its place meanwhile.
        """
        names = [path for path in head.files if (head.key(path), head.files[path].bytes) not in self._there]
        with ThreadPoolExecutor(THREADS // 4, "publishing") as pool:
            list(pool.map(lambda path: self._put(head, path), names))
        return self._objects.put(head_key(head.folder), head_bytes(head), tag)

    def _put(self, head: Head, path: str) -> None:
        source = self._sources[path]
        if sha256_of(source) != head.files[path].sha256:
            raise StoreFault(f"damaged file {source}: its checksum is not that of its manifest; nothing was published")
        self._objects.upload(source, head.key(path))
        self.written += head.files[path].bytes
        self._there.add((head.key(path), head.files[path].bytes))


def _fact(path: Path, digest: str | None = None) -> Fact:
    """Return a file's facts, with the digest that was recorded of it, if one was."""
    try:
        return Fact(sha256_of(path) if digest is None else digest, path.stat().st_size)
    except FileNotFoundError as error:
        raise StoreFault(f"missing file {path}") from error


def _record_of(store: Store, run: str, objects: Objects, folder: Path) -> tuple[Path, str | None]:
    """Return the record to be published, and the run's name if another run has it there."""
    record, path = store.stored_record(run), folder / _RECORD
    name = record.settings.name
    if name is None or _has_name(objects, run, name):
        path.write_bytes(fetched(store.run_folder(run) / _RECORD).read_bytes())
        return path, None
    write_record(updated(record, settings=replace(record.settings, name=None)), path)
    return path, name


def _has_name(objects: Objects, run: str, name: str) -> bool:
    """Take the name for the run; tell whether it has it. A name that was given once stays its run's."""
    key = f"names/{name}"
    if objects.put(key, run.encode(), None) is not None:
        return True
    found = objects.get(key)
    return found is not None and found[0] == run.encode()


def _joined(files: RunFiles, ours: Head, theirs: Head, objects: Objects) -> Head:
    """Return the head to be there in place of ``theirs``; that itself if nothing is to change.

    Raises `StoreError` unless one of the two histories continues the other, or is the same.
    """
    mine, other = _segments(ours), _segments(theirs)
    run, way_out = files.run, "choose another bucket or prefix"
    if {place for place, _ in mine} != {place for place, _ in other}:
        raise StoreError(f"run {run} is at {objects.url} thinned otherwise; {way_out}")
    both = mine.keys() & other.keys()
    differing = sorted(span for span in both if mine[span] != other[span])
    alone = sorted(mine.keys() - both), sorted(other.keys() - both)
    if not differing and alone[1] and not _agree(files, theirs, alone[1], objects):
        differing = alone[1]
    reached = tuple(max(stop for _, (_, stop) in spans) for spans in (mine, other))
    if not differing and reached[0] == reached[1]:
        differing = [*alone[0], *alone[1]]
    if differing:
        start, stop = differing[0][1]
        raise StoreError(
            f"run {run} has another history at {objects.url}: its states {start} to {stop} differ; {way_out}"
        )
    if reached[0] < reached[1]:
        return theirs
    shared = {path: fact for path, fact in theirs.files.items() if _span(path) in both}
    if reached[0] > reached[1]:
        return Head(ours.folder, ours.files | shared)
    return Head(ours.folder, theirs.files | ours.files | shared)


_Segment = tuple[str, tuple[int, int]]


def _span(path: str) -> _Segment | None:
    """Return the segment that a file is of: the folder of segments, start and stop."""
    place, _, rest = path.partition("/")
    span = span_of(rest.partition("/")[0])
    return (place, span) if place.startswith("segments") and span is not None else None


def _segments(head: Head) -> dict[_Segment, dict[str, Fact]]:
    """Return by segment the files with its rows; its manifest tells the program's version too, which may differ."""
    found: dict[_Segment, dict[str, Fact]] = {}
    for path, fact in head.files.items():
        segment = _span(path)
        if segment is not None and path.endswith(".parquet"):
            found.setdefault(segment, {})[path] = fact
    return found


def _agree(files: RunFiles, theirs: Head, spans: list[_Segment], objects: Objects) -> bool:
    """Tell whether segments that only they have count the same in the epochs that both have.

    One is their tail, which ours goes beyond or falls short of; the others are theirs alone.
    """
    for place, (start, stop) in spans:
        ours = [segment for segment in files.segments if segment.start < stop and segment.stop > start]
        if not ours:
            continue
        content = _content(objects, theirs, f"{place}/{start:010d}-{stop:010d}/epochs.parquet")
        rows = pq.ParquetFile(pa.BufferReader(content)).read(use_threads=False)
        own = pa.concat_tables(
            [
                FILES["epochs"].schema.empty_table(),
                *(
                    pq.ParquetFile(fetched(segment.file("epochs"))).read(use_threads=False).cast(FILES["epochs"].schema)
                    for segment in ours
                ),
            ]
        )
        known = {row["epoch"]: row for row in own.to_pylist()}
        if any(known.get(row["epoch"], row) != row for row in rows.to_pylist()):
            return False
    return True


def _content(objects: Objects, head: Head, path: str) -> bytes:
    found = objects.get(head.key(path)) if path in head.files else None
    if found is None:
        raise StoreFault(f"missing object {head.folder}/{path} at {objects.url}")
    return found[0]
