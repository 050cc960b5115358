"""Publishing runs, and the sweeps that they belong to, to a store on object storage.

Files are put first, those that are there already left out; then the head that names them, on the condition that it is
still the one that was read (`heads`). So a reader sees a run as it was before or as it is now, a process killed at any
moment leaves the first and some objects that the next attempt uses, and of two that publish at once one is first: the
other looks again at what is there then.
"""

import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Self

import pyarrow as pa
import pyarrow.parquet as pq

from warehouse.errors import StoreError, StoreFault
from warehouse.files import sha256_of
from warehouse.heads import Fact, Head, generation_of, head_bytes, head_key, read_head
from warehouse.leases import Lease
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

#: A head as it was read, and its tag.
Read = tuple[Head, str]

_tried: set[str] = set()


def make_published(url: str) -> Objects:
    """Return the objects of the store at a URL, made if there is none, to be written.

    Raises `StoreError` if it is of a newer format, or the server does not honour the conditions of puts: that is tried
    once in a process.
    """
    objects = Objects(url)
    if objects.url not in _tried:
        objects.check_conditions()
        _tried.add(objects.url)
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
        written = 0
        for _ in range(_ATTEMPTS):
            before = read_head(objects, f"runs/run={run}")
            published, taken = _publication(store, files, objects, Path(folder), before)
            head = _to_be(files, published, before, objects)
            if before is not None and head.files == before[0].files:
                return Copied(run, False, 0, taken)
            done = published.commit(head, before)
            written += published.written
            if done is not None:
                return Copied(run, True, written, taken)
    raise StoreFault(f"run {run}: others keep publishing it to {objects.url}; give the command again")


class Publisher:
    """Publishes a run of ``store`` again and again while it grows, as long as nobody else does; to the URL `place`.

    A publication by anybody else since this was made, or since its last one, ends it: two machines that write one run
    cannot both go on. Made by `working.take_up`; a context manager, at whose end others may write the run.
    """

    def __init__(self, store: Store, run: str, objects: Objects, lease: Lease) -> None:
        self.store, self.place = store, objects.url
        self._run, self._objects, self._lease = run, objects, lease
        self._before = read_head(objects, f"runs/run={run}")

    @property
    def published(self) -> Head | None:
        """What is published of the run; None if nothing is."""
        return None if self._before is None or self._before[0].removed else self._before[0]

    def publish(self) -> None:
        """Publish what is stored of the run now; `StoreError` if somebody else did meanwhile."""
        self._put(lambda files, published: _to_be(files, published, self._before, self._objects), removal=False)

    def replace(self) -> None:
        """Let what is stored of the run now count in place of all that was published, and remove that."""
        self._put(lambda _, published: published.head, removal=True)
        assert self._before is not None
        remove_older(self._objects, self._before[0])

    def close(self) -> None:
        """Let others write the run; again does nothing."""
        self._lease.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _put(self, made: "Callable[[RunFiles, _Publication], Head]", *, removal: bool) -> None:
        with History(self.store, self._run) as history, tempfile.TemporaryDirectory() as folder:
            files, before = self.store.files(history.run), self._before
            there = read_head(self._objects, f"runs/run={self._run}")
            if self._lease.lost or (there and there[1]) != (before and before[1]):
                raise self._overtaken()
            published, _ = _publication(self.store, files, self._objects, Path(folder), before)
            head = made(files, published)
            if removal or before is None or head.files != before[0].files:
                self._before = published.commit(head, before, removal=removal)
                if self._before is None:
                    self._before = before
                    raise self._overtaken()

    def _overtaken(self) -> StoreError:
        return StoreError(
            f"run {self._run} is being written by another machine too: it was published to {self._objects.url}"
            " meanwhile; the same command goes on from there when that has ended"
        )


def remove_unnamed(objects: Objects, folder: str) -> tuple[int, int]:
    """Remove the objects under a folder (``runs/run=<id>``, ``sweeps/<name>``) that its head does not name.

    Returns how many objects were removed, and their bytes.
    """
    for _ in range(_ATTEMPTS):
        before = read_head(objects, folder)
        if before is None:
            return 0, 0
        named = {before[0].key(path) for path in before[0].files}
        if all(entry.key in named for entry in objects.list(f"{folder}/")):
            return 0, 0
        head = before[0].following(before[0], removal=True)
        if objects.put(head_key(folder), head_bytes(head), before[1]) is not None:
            return remove_older(objects, head)
    raise StoreFault(f"{folder}: others keep publishing it to {objects.url}; give the command again")


def remove_older(objects: Objects, head: Head) -> tuple[int, int]:
    """Remove what ``head``, just put with the next generation, does not name; see `remove_unnamed`."""
    named = {head.key(path) for path in head.files}
    old = [
        entry
        for entry in objects.list(f"{head.folder}/")
        if entry.key not in named and (generation := generation_of(entry.key)) is not None
        and generation < head.generation
    ]  # fmt: skip
    objects.delete(entry.key for entry in old)
    return len(old), sum(entry.size for entry in old)


def publish_sweep(store: Store, sweep: str, objects: Objects) -> bool:
    """Publish a sweep's plan, and how its runs ended, with what is there of it; tell whether that changed anything.

    Raises `StoreError` if a sweep of that name with other runs is there.
    """
    return change_sweep(objects, sweep, lambda joined: copy_sweep(store, sweep, joined))


def change_sweep(objects: Objects, sweep: str, change: Callable[[Store], object]) -> bool:
    """Let ``change`` act on a store that has what is published of a sweep, and publish what that has then.

    It is called again if somebody else published the sweep meanwhile. Tells whether anything changed.
    """
    folder = f"sweeps/{sweep}"
    for _ in range(_ATTEMPTS):
        with tempfile.TemporaryDirectory() as place:
            joined = _Joined.open(Path(place) / "store", create=True)
            joined.url = objects.url
            before = read_head(objects, folder)
            for path in before[0].files if before is not None else ():
                there = joined.path / folder / path
                there.parent.mkdir(parents=True, exist_ok=True)
                assert before is not None
                objects.download(before[0].key(path), there)
            change(joined)
            sources = {path.name: path for path in (joined.path / folder).glob("*.parquet")}
            head = Head(folder, {name: fact_of(path) for name, path in sources.items()})
            if before is not None and head.files == before[0].files:
                return False
            if _Publication(objects, head, sources).commit(head, before) is not None:
                return True
    raise StoreFault(f"sweep {sweep}: others keep publishing it to {objects.url}; give the command again")


class _Joined(Store):
    """What is published of a sweep, in a folder of this machine to be changed; named by its URL."""

    url = ""

    @classmethod
    def open(cls, path: str | Path = "store", *, create: bool = False) -> "_Joined":
        return cls(Store.open(path, create=create).path)

    @property
    def place(self) -> str:
        return self.url


def _publication(
    store: Store, files: RunFiles, objects: Objects, folder: Path, before: Read | None
) -> tuple["_Publication", str | None]:
    """Return the files of a run on their way, its record in ``folder``, and its name if another run has it there.

    ``before`` is the run's head, read before this is called and to be replaced: only so the name is surely the run's.
    """
    digests = dict(expected_files(files))
    sources = {path: files.folder / path for path in digests}
    sources[_RECORD], taken = _record_of(store, files.run, objects, folder, before)
    facts = {path: fact_of(source, digests.get(path)) for path, source in sources.items()}
    return _Publication(objects, Head(f"runs/run={files.run}", facts), sources), taken


class _Publication:
    """Files on their way: ``sources`` are where those of ``head`` lie. `written` counts the bytes put."""

    def __init__(self, objects: Objects, head: Head, sources: Sources) -> None:
        self.head, self.written = head, 0
        self._objects, self._sources = objects, sources
        self._there = {(entry.key, entry.size) for entry in objects.list(f"{head.folder}/")}

    def commit(self, head: Head, before: Read | None, *, removal: bool = False) -> Read | None:
        """Put the files of ``head`` that are not there, then the head in place of that which was read ``before``.

        Returns the head as it is there, and its tag; None if another was put in its place meanwhile. ``removal``:
        objects that it does not name may be removed then.
        """
        head = head.following(None if before is None else before[0], removal=removal)
        names = [path for path in head.files if (head.key(path), head.files[path].bytes) not in self._there]
        with ThreadPoolExecutor(THREADS // 4, "publishing") as pool:
            list(pool.map(lambda path: self._put(head, path), names))
        tag = self._objects.put(head_key(head.folder), head_bytes(head), None if before is None else before[1])
        return None if tag is None else (head, tag)

    def _put(self, head: Head, path: str) -> None:
        source = self._sources[path]
        if sha256_of(source) != head.files[path].sha256:
            raise StoreFault(f"damaged file {source}: its checksum is not that of its manifest; nothing was published")
        self._objects.upload(source, head.key(path))
        self.written += head.files[path].bytes
        self._there.add((head.key(path), head.files[path].bytes))


def fact_of(path: Path, digest: str | None = None) -> Fact:
    """Return a file's facts, with the digest that was recorded of it, if one was."""
    try:
        return Fact(sha256_of(path) if digest is None else digest, path.stat().st_size)
    except FileNotFoundError as error:
        raise StoreFault(f"missing file {path}") from error


def _record_of(store: Store, run: str, objects: Objects, folder: Path, before: Read | None) -> tuple[Path, str | None]:
    """Return the record to be published, and the run's name if another run has it there."""
    record, path = store.stored_record(run), folder / _RECORD
    name = record.settings.name
    if name is None or take_name(objects, run, name, before and before[0]):
        path.write_bytes(fetched(store.run_folder(run) / _RECORD).read_bytes())
        return path, None
    write_record(updated(record, settings=replace(record.settings, name=None)), path)
    return path, name


def take_name(objects: Objects, run: str, name: str, before: Head | None) -> bool:
    """Take the name for a run whose head is ``before``; tell whether it has it now.

    A name that was given once stays its run's until that is removed.
    """
    key, generation = f"names/{name}", 0 if before is None else before.generation
    ours = f"{run} {generation}".encode()
    for _ in range(_ATTEMPTS):
        found = objects.get(key)
        if found is not None:
            holder, _, told = found[0].decode().partition(" ")
            taken_at = int(told or 0)
            if holder == run and (before is None or not before.removed or taken_at >= generation):
                return True
            if holder != run and not _removed_since(objects, holder, taken_at):
                return False
        if objects.put(key, ours, None if found is None else found[1]) is not None:
            return True
    return False


def _removed_since(objects: Objects, run: str, generation: int) -> bool:
    found = read_head(objects, f"runs/run={run}")
    return found is not None and found[0].removed and found[0].generation > generation


def _to_be(files: RunFiles, published: _Publication, before: Read | None, objects: Objects) -> Head:
    """Return the head to be there in place of what was read ``before``."""
    ours = published.head
    return ours if before is None or before[0].removed else _joined(files, ours, before[0], objects)


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
