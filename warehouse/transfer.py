"""Copying runs from one store to another, checked on the way, there as a whole or not at all.

A run is copied into the target's folder `.incoming` and then renamed into place. What a killed process copied is
used by the next: a file that is there has the bytes that it should have, or is copied again.
"""

import contextlib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from warehouse import locks
from warehouse.decoding import read_manifest
from warehouse.errors import StoreError, StoreFault
from warehouse.files import make_folder, remove_tree, replacing, sha256_of, sync_folder, writing
from warehouse.mirrors import fetched
from warehouse.reader import History
from warehouse.record import updated, write_record
from warehouse.removal import writing_alone
from warehouse.sealed import check_sealed
from warehouse.store import RunFiles, Store

_INCOMING = ".incoming"
_CHUNK = 1 << 22


@dataclass(frozen=True)
class Copied:
    """What copying did: the run's id, whether it was not there yet, bytes written, and the name that was taken."""

    run: str
    made: bool
    bytes: int
    name_taken: str | None


def copy_run(store: Store, run: str, target: Store) -> Copied:
    """Copy what counts of a run (id or name) to another store; its files are the same there, byte by byte.

    Every file is compared with its checksum while it is copied. The run keeps its name, or loses it if another run
    has it there. A run whose history is there already is left as it is.

    Raises `StoreError` if the target has other states or another history of the run, `StoreFault` naming a damaged
    file.
    """
    with History(store, run) as history:
        run, files = history.run, store.files(history.run)
        _check_apart(store, target)
        incoming = target.path / _INCOMING
        make_folder(incoming)
        with locks.exclusive(incoming / f"{run}.lock"):
            if run in target.run_ids():
                _check_same(files, target)
                return Copied(run, False, 0, None)
            staged = incoming / f"run={run}"
            written = _copy_files(files, staged)
            taken = _publish(store, run, target, staged)
    return Copied(run, True, written, taken)


def _check_apart(store: Store, target: Store) -> None:
    if store.path.resolve() == target.path.resolve():
        raise StoreError(f"{target.path} is the store that is copied from; choose another")


def _check_same(files: RunFiles, target: Store) -> None:
    """Raise `StoreError` unless the target holds the same of the run."""
    there = target.files(files.run)
    ours, theirs = ({(s.start, s.stop): read_manifest(s)["files"] for s in of.segments} for of in (files, there))
    if ours == theirs:
        return
    way_out = f"`primordium rm {files.run} --store {target.path}` first to replace it"
    differing = [span for span in ours if span in theirs and ours[span] != theirs[span]]
    if differing and files.retention == there.retention:
        start, stop = differing[0]
        raise StoreError(
            f"run {files.run} has another history in {target.path}: its states {start} to {stop} differ; {way_out}"
        )
    told = (f"states 0 to {of.last}, kept: {of.retention}" for of in (files, there))
    raise StoreError(f"run {files.run} is in {target.path} otherwise ({'; there '.join(told)}); {way_out}")


def _copy_files(files: RunFiles, staged: Path) -> int:
    """Copy the files that count into the folder ``staged``, but for those there whole; return the bytes written."""
    written = 0
    expected = dict(expected_files(files))
    with writing(f"clearing {staged}"):
        for path in [path for path in staged.rglob("*") if path.is_file()]:
            if path.relative_to(staged).as_posix() not in expected:  # of an earlier state of the run
                path.unlink()
    for name, digest in expected.items():
        source, place = files.folder / name, staged / name
        if place.exists() and sha256_of(place) == digest:
            continue
        with replacing(place) as part:
            if _copied(source, part) != digest or sha256_of(part) != digest:
                raise StoreFault(f"damaged file {source}: its checksum is not that of its manifest; nothing was copied")
        written += place.stat().st_size
    for folder in {place.parent for place in staged.rglob("*")}:
        sync_folder(folder)
    return written


def expected_files(files: RunFiles) -> Iterator[tuple[str, str]]:
    """Yield the path in the run's folder and the SHA-256 of each file that counts, the record excepted."""
    for segment in files.segments:
        folder = segment.path.relative_to(files.folder)
        for name, facts in read_manifest(segment)["files"].items():
            yield (folder / name).as_posix(), facts["sha256"]
        yield (folder / "manifest.json").as_posix(), sha256_of(segment.path / "manifest.json")
    sealed = [*((span.path, "measures") for span in files.measures), *((p, name) for name, p in files.results.items())]
    if files.compact is not None:
        sealed.append((files.compact.path, "compact"))
    for path, relation in sealed:
        with contextlib.suppress(FileNotFoundError):  # results may be taken away, to be made again
            check_sealed(path, relation)
            yield path.relative_to(files.folder).as_posix(), sha256_of(path)


def _copied(source: Path, place: Path) -> str:
    """Copy a file; return the SHA-256 of what was read."""
    digest = hashlib.sha256()
    try:
        with fetched(source).open("rb") as file, place.open("wb") as copy:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
                copy.write(chunk)
    except FileNotFoundError as error:
        raise StoreFault(f"missing file {source}") from error
    return digest.hexdigest()


def _publish(store: Store, run: str, target: Store, staged: Path) -> str | None:
    """Let the copied run be seen, with its record; return its name if another run has it."""
    with locks.exclusive(target.path / ".lock"):
        record, taken = store.stored_record(run), None
        try:
            target.claim_name(run, record.name)
        except StoreError:
            record, taken = updated(record, settings=replace(record.settings, name=None)), record.name
        if taken is None:
            with replacing(staged / "runs.parquet") as part:
                part.write_bytes((store.run_folder(run) / "runs.parquet").read_bytes())
        else:
            write_record(record, staged / "runs.parquet")
        folder = target.run_folder(run)
        with writing(f"committing {folder}"):
            make_folder(folder.parent)
            if folder.exists():  # a run that was begun, and never got its record
                with writing_alone(target, run):
                    remove_tree(folder)
            staged.rename(folder)
            sync_folder(folder.parent)
    return taken
