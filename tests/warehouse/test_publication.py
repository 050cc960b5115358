"""Stores on object storage, against a server on loopback: publishing, reading, and copying back."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from tests.warehouse.making import SETTINGS, flip, history_bytes, make_run
from tests.warehouse.test_retention import analysed
from tests.warehouse.test_sweeps import planned
from warehouse.connection import connect
from warehouse.content_cache import ContentCache
from warehouse.decoding import read_manifest
from warehouse.errors import StoreError, StoreFault
from warehouse.files import sha256_of
from warehouse.heads import head_key, read_head
from warehouse.object_client import Objects, object_url
from warehouse.object_store import ObjectStore
from warehouse.publication import make_published, publish_run, publish_sweep
from warehouse.reader import History
from warehouse.retention import thin
from warehouse.store import Span, Store
from warehouse.sweeps import RunEnd, read_ends, read_plan, write_ends, write_plan
from warehouse.transfer import copy_run
from warehouse.verify import verify


@pytest.fixture
def url(bucket: str) -> str:
    return f"s3://{bucket}/soups/all"


@pytest.fixture
def objects(url: str) -> Objects:
    return make_published(url)


class Killed(BaseException):
    """Stands for the death of the process."""


def dying(after: int) -> Callable[[Objects, str], None]:
    """Return what ends the process before the put that comes after so many."""
    left = [after]

    def count(_objects: Objects, _key: str) -> None:
        if left[0] == 0:
            raise Killed
        left[0] -= 1

    return count


def before_puts(monkeypatch: pytest.MonkeyPatch, act: Callable[[Objects, str], None]) -> None:
    """Call ``act`` before every object that is put."""
    upload, put = Objects.upload, Objects.put

    def uploading(self: Objects, path: Path, key: str) -> None:
        act(self, key)
        upload(self, path, key)

    def putting(self: Objects, key: str, content: bytes, tag: str | None) -> str | None:
        act(self, key)
        return put(self, key, content, tag)

    monkeypatch.setattr(Objects, "upload", uploading)
    monkeypatch.setattr(Objects, "put", putting)


@pytest.mark.parametrize(
    ("place", "url"),
    [
        ("s3://soups", "s3://soups"),
        ("s3://soups/a/b/", "s3://soups/a/b"),
        (Path("s3://soups/a"), "s3://soups/a"),
        ("./s3", None),
        ("/s3:/x", None),
    ],
)
def test_a_url_names_a_place_on_object_storage(place: str | Path, url: str | None) -> None:
    assert object_url(place) == url


@pytest.mark.parametrize("place", ["s3://", "s3:///x", "s3://So ups/x", "s3://soups/a//b", "s3://soups/../b"])
def test_a_url_that_names_none_is_refused(place: str) -> None:
    with pytest.raises(StoreError, match="no place on object storage; allowed: s3://bucket/prefix"):
        object_url(place)


@pytest.mark.filterwarnings("ignore::warehouse.errors.ThinnedWarning")
@pytest.mark.parametrize("policy", [None, "keyframes"])
def test_what_is_published_reads_the_same_and_comes_back_byte_by_byte(
    store: Store, run: str, url: str, objects: Objects, tmp_path: Path, policy: str | None
) -> None:
    store.rename(run, "first")
    analysed(store, run)
    if policy is not None:
        thin(store, run, policy)
    done = publish_run(store, "first", objects)
    assert (done.run, done.made, done.name_taken) == (run, True, None)
    again = publish_run(store, run, objects)
    assert (again.made, again.bytes) == (False, 0)
    there = Store.open(url)
    assert there.find("first") == store.find("first")
    assert there.runs() == store.runs()
    assert verify(there, run) == []
    for query in (
        "FROM runs",
        "FROM epochs",
        "FROM kept",
        "FROM transitions",
        "FROM tokens_at('first', 32)",
        "SELECT sum(hash(r)) FROM reactions r",
        "SELECT sum(hash(m)) FROM mechanisms m",
    ):
        with connect(store) as ours, connect(url) as theirs:
            assert theirs.sql(query).fetchall() == ours.sql(query).fetchall(), query
    with History(store, run) as ours, History(there, run) as theirs:
        assert theirs.tokens_at(150).chars.tobytes() == ours.tokens_at(150).chars.tobytes()
    back = Store.open(tmp_path / "back", create=True)
    copy_run(there, run, back)
    assert history_bytes(back, run) == history_bytes(store, run)
    assert (back.run_folder(run) / "runs.parquet").read_bytes() == (store.run_folder(run) / "runs.parquet").read_bytes()


def test_a_run_goes_on_elsewhere_and_replaces_the_shorter_one(
    store: Store, run: str, url: str, objects: Objects, tmp_path: Path
) -> None:
    publish_run(store, run, objects)
    before = connect(url)
    other = Store.open(tmp_path / "other", create=True)
    copy_run(Store.open(url), run, other)
    make_run(other, 200)
    assert publish_run(other, run, objects).made
    assert not publish_run(store, run, objects).made  # it is the shorter one now
    assert before.sql("SELECT max(epoch), count(*) FROM reactions").fetchall() == [(150, 150 * 32)]
    before.refresh()
    assert before.sql("SELECT max(epoch), count(*) FROM reactions").fetchall() == [(200, 200 * 32)]
    before.close()
    make_run(store, 200)
    back = Store.open(tmp_path / "back", create=True)
    copy_run(Store.open(url), run, back)
    assert history_bytes(back, run) == history_bytes(store, run)


def test_another_history_is_refused(store: Store, run: str, objects: Objects, tmp_path: Path) -> None:
    publish_run(store, run, objects)
    there = read_head(objects, f"runs/run={run}")
    for epochs in (150, 200):
        forged = Store.open(tmp_path / f"forged-{epochs}", create=True)
        make_run(forged, epochs, settings=type(SETTINGS)(measure_every=16, keyframe_every=16))
        with pytest.raises(StoreError, match=r"another history at s3://.*: its states 0 to 64 differ; choose another"):
            publish_run(forged, run, objects)
    thin(store, run, "keyframes")
    with pytest.raises(StoreError, match="thinned otherwise"):
        publish_run(store, run, objects)
    assert read_head(objects, f"runs/run={run}") == there


def test_a_tail_of_another_history_is_refused(store: Store, run: str, objects: Objects, tmp_path: Path) -> None:
    longer = Store.open(tmp_path / "longer", create=True)
    shutil.copytree(store.run_folder(run), longer.run_folder(run))
    publish_run(store, run, objects)
    make_run(longer, 200)
    forge(longer.files(run).segments[2])
    with pytest.raises(StoreError, match=r"another history at .*: its states 128 to 150 differ"):
        publish_run(longer, run, objects)
    assert publish_run(store, run, objects).made is False


def forge(segment: Span) -> None:
    """Let an epoch's count be another, and the manifest say that this is right."""
    path, manifest = segment.file("epochs"), read_manifest(segment)
    rows = pq.ParquetFile(path).read()
    place = rows.schema.get_field_index("changed_cells")
    pq.write_table(rows.set_column(place, rows.schema.field(place), pc.add(rows["changed_cells"], 1)), path)
    manifest["files"][path.name] |= {"bytes": path.stat().st_size, "sha256": sha256_of(path)}
    (segment.path / "manifest.json").write_text(json.dumps(manifest))


def test_killed_anywhere_the_run_is_there_as_before_or_as_after(
    store: Store, run: str, url: str, objects: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    puts = 0
    while True:
        with monkeypatch.context() as patch:
            before_puts(patch, dying(puts))
            try:
                publish_run(store, run, objects)
            except Killed:
                assert Store.open(url).run_ids() == []
                puts += 5
                continue
            break
    assert puts > 0
    assert verify(Store.open(url), run) == []
    longer = history_bytes(store, run)
    make_run(store, 200)
    assert longer != history_bytes(store, run)
    for after in (0, 3):
        with monkeypatch.context() as patch:
            before_puts(patch, dying(after))
            with pytest.raises(Killed):
                publish_run(store, run, objects)
        assert Store.open(url).record(run).epochs == 150
        assert verify(Store.open(url), run) == []
    assert publish_run(store, run, objects).made
    assert Store.open(url).record(run).epochs == 200
    assert verify(Store.open(url), run) == []


def test_what_a_killed_process_put_is_not_put_again(
    store: Store, run: str, objects: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        before_puts(patch, dying(12))
        with pytest.raises(Killed):
            publish_run(store, run, objects)
    put: list[str] = []
    before_puts(monkeypatch, lambda _objects, key: put.append(key))
    there = {entry.key for entry in objects.list("runs/")}
    assert len(there) >= 12 - 4  # several were under way
    assert publish_run(store, run, objects).made
    assert not there & set(put)
    assert put[-1] == head_key(f"runs/run={run}")


@pytest.mark.parametrize("longer", [False, True])
def test_of_two_that_publish_at_once_one_is_first_and_nothing_is_mixed(
    store: Store, run: str, url: str, objects: Objects, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, longer: bool
) -> None:
    other = Store.open(tmp_path / "other", create=True)
    shutil.copytree(store.run_folder(run), other.run_folder(run))
    make_run(other if longer else store, 200)
    met: list[str] = []

    def meanwhile(_objects: Objects, key: str) -> None:
        if key == head_key(f"runs/run={run}") and not met:
            met.append(key)
            assert publish_run(other, run, objects).made

    before_puts(monkeypatch, meanwhile)
    assert publish_run(store, run, objects).made is not longer
    assert met
    assert Store.open(url).record(run).epochs == 200
    assert verify(Store.open(url), run) == []


def test_of_two_other_histories_at_once_the_second_is_refused(
    store: Store, run: str, url: str, objects: Objects, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forged = Store.open(tmp_path / "forged", create=True)
    make_run(forged, 150, settings=type(SETTINGS)(measure_every=16, keyframe_every=16))
    met: list[str] = []

    def meanwhile(_objects: Objects, key: str) -> None:
        if key == head_key(f"runs/run={run}") and not met:
            met.append(key)
            publish_run(forged, run, objects)

    before_puts(monkeypatch, meanwhile)
    with pytest.raises(StoreError, match="another history"):
        publish_run(store, run, objects)
    there = Store.open(url)
    assert verify(there, run) == []
    assert there.record(run).settings.keyframe_every == 16


def test_a_damaged_file_is_not_published(store: Store, run: str, url: str, objects: Objects) -> None:
    path = store.files(run).segments[1].file("reactions")
    flip(path, 0.5)
    with pytest.raises(StoreFault, match=f"damaged file {path}.*nothing was published"):
        publish_run(store, run, objects)
    assert Store.open(url).run_ids() == []


def test_an_object_with_other_bytes_is_told(store: Store, run: str, url: str, objects: Objects, tmp_path: Path) -> None:
    publish_run(store, run, objects)
    key = next(entry.key for entry in objects.list("runs/") if "/reactions." in entry.key)
    (tmp_path / "other").write_bytes(b"other")
    objects.upload(tmp_path / "other", key)
    with connect(url) as connection, pytest.raises(StoreFault, match=r"damaged object .*reactions.*SHA-256"):
        connection.sql("SELECT sum(steps) FROM reactions").fetchall()


def test_a_put_is_made_only_on_its_condition_and_may_be_asked_for_again(objects: Objects) -> None:
    first = objects.put("head", b"one", None)
    assert first is not None
    assert objects.put("head", b"two", None) is None
    assert objects.put("head", b"one", None) == first  # the answer to the first was lost on the way
    second = objects.put("head", b"two", first)
    assert second is not None
    assert objects.put("head", b"three", first) is None
    assert objects.put("gone", b"three", first) is None
    assert objects.get("head") == (b"two", second)


def test_a_name_has_one_run(store: Store, run: str, url: str, objects: Objects) -> None:
    store.rename(run, "first")
    publish_run(store, run, objects)
    objects.put("names/second", b"another", None)
    store.rename(run, "second")
    assert publish_run(store, run, objects).name_taken == "second"
    assert Store.open(url).record(run).name is None
    store.rename(run, "first")
    assert publish_run(store, run, objects).name_taken is None
    assert Store.open(url).find("first").run == run


def test_a_sweep_is_joined_with_what_is_there_of_it(store: Store, url: str, objects: Objects, tmp_path: Path) -> None:
    plan = [planned(seed, 128) for seed in range(4)]
    write_plan(store, "grid", "{}", None, plan[:3])
    write_ends(store, "grid", [RunEnd(plan[0].run, 128, "epochs"), RunEnd(plan[1].run, 64, error="killed")])
    assert publish_sweep(store, "grid", objects)
    assert not publish_sweep(store, "grid", objects)
    other = Store.open(tmp_path / "other", create=True)
    write_plan(other, "grid", "{}", None, plan)
    write_ends(other, "grid", [RunEnd(plan[1].run, 128, "epochs")])
    assert publish_sweep(other, "grid", objects)
    assert not publish_sweep(store, "grid", objects)
    there = Store.open(url)
    assert read_plan(there, "grid") == plan
    assert {run: end.epochs for run, end in read_ends(there, "grid").items()} == {plan[0].run: 128, plan[1].run: 128}
    stranger = Store.open(tmp_path / "stranger", create=True)
    write_plan(stranger, "grid", "{1}", None, [planned(9, 128)])
    with pytest.raises(StoreError, match="with another plan"):
        publish_sweep(stranger, "grid", objects)


@pytest.mark.parametrize(
    "write",
    [
        lambda store, run: store.rename(run, "second"),
        lambda store, run: thin(store, run, "keyframes"),
        lambda store, _run: make_run(store, 200),
        lambda store, _run: write_plan(store, "grid", "{}", None, []),
    ],
    ids=("rename", "thin", "run", "sweep"),
)
def test_nothing_can_be_written(
    store: Store, run: str, url: str, objects: Objects, write: Callable[[Store, str], Any]
) -> None:
    publish_run(store, run, objects)
    there = {entry.key: entry.tag for entry in objects.list("")}
    with pytest.raises(StoreError, match=rf"this is not done on object storage \({url}\)"):
        write(Store.open(url), run)
    assert {entry.key: entry.tag for entry in objects.list("")} == there


def test_what_was_fetched_once_is_not_fetched_again(
    store: Store, run: str, url: str, objects: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_run(store, run, objects)
    fetched: list[str] = []
    download = Objects.download

    def downloading(self: Objects, key: str, path: Path) -> None:
        fetched.append(key)
        download(self, key, path)

    monkeypatch.setattr(Objects, "download", downloading)
    for _ in range(2):
        with connect(url) as connection:
            connection.sql("SELECT epochs FROM runs").fetchall()
            assert len(fetched) == 1  # the record
    for _ in range(2):
        with connect(url) as connection:
            connection.sql("SELECT sum(steps) FROM reactions").fetchall()
    assert len(fetched) == len(set(fetched))
    assert not any("keyframes" in key for key in fetched)


def test_a_session_leaves_nothing_but_the_cache(
    store: Store, run: str, url: str, objects: Objects, tmp_path: Path
) -> None:
    publish_run(store, run, objects)
    there = Store.open(url)
    assert isinstance(there, ObjectStore)
    assert there.record(run).run == run
    assert there.path.exists()
    path = there.path
    del there
    assert not path.exists()
    assert {entry.name for entry in (tmp_path / "cache").iterdir()} == {"objects"}


def test_the_cache_drops_the_longest_unused(tmp_path: Path) -> None:
    cache = ContentCache(tmp_path, limit=1000)
    contents = [bytes([number]) * 400 for number in range(3)]
    digests = [hashlib.sha256(content).hexdigest() for content in contents]
    fetched: list[int] = []

    def ask(number: int) -> bytes:
        def download(path: Path) -> str:
            fetched.append(number)
            path.write_bytes(contents[number])
            return "object"

        cache.place(digests[number], 400, tmp_path / "seen", download)
        os.utime(tmp_path / "objects" / digests[number][:2] / digests[number], ns=(len(asked), len(asked)))
        asked.append(number)
        return (tmp_path / "seen").read_bytes()

    asked: list[int] = []
    for number in (0, 1, 0, 2, 0, 1):
        assert ask(number) == contents[number]
    assert fetched == [0, 1, 2, 1]


def test_what_is_missing_is_said(bucket: str, monkeypatch: pytest.MonkeyPatch, store: Store, run: str) -> None:
    with pytest.raises(StoreError, match=rf"no store at s3://{bucket}; `primordium copy RUN --to s3://{bucket}` makes"):
        Store.open(f"s3://{bucket}")
    for ask in (Store.open, make_published):
        with pytest.raises(StoreError, match="there is no bucket nowhere; make it, or choose another"):
            ask("s3://nowhere/x")
    publish_run(store, run, make_published(f"s3://{bucket}"))
    with pytest.raises(StoreError, match=rf"no run 'x' in s3://{bucket}; "):
        Store.open(f"s3://{bucket}").record("x")
    there = Store.open(f"s3://{bucket}")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(StoreFault, match=r"Could not connect .* when it can be reached"):
        Store.open(f"s3://{bucket}")
    assert there.run_ids() == [run]
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    with pytest.raises(StoreError, match="set AWS_ACCESS_KEY_ID"):
        Store.open(f"s3://{bucket}")
