"""Keeping house on object storage: thinned, renamed, removed, killed at every step; servers that keep no conditions."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.warehouse.making import CONFIG, history_bytes, make_run
from tests.warehouse.test_publication import Killed, before_puts
from tests.warehouse.test_retention import analysed
from warehouse.connection import connect
from warehouse.errors import StoreError, StoreFault
from warehouse.heads import Fact, Head, generation_of, head_bytes, head_key, parse_head, read_head
from warehouse.leases import Leases
from warehouse.object_client import Objects
from warehouse.object_store import ObjectStore
from warehouse.publication import make_published, publish_run
from warehouse.published import collect, remove_published, rename_published, thin_published
from warehouse.retention import thin
from warehouse.store import Store
from warehouse.transfer import copy_run
from warehouse.verify import verify
from warehouse.working import discard, take_up, working_folder

pytestmark = pytest.mark.filterwarnings("ignore::warehouse.errors.ThinnedWarning")


@pytest.fixture
def url(bucket: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    monkeypatch.setattr("warehouse.working.cache_folder", lambda: tmp_path / "machine")
    return f"s3://{bucket}/soups"


@pytest.fixture
def published(store: Store, run: str, url: str) -> str:
    """The run, published with a name."""
    store.rename(run, "first")
    publish_run(store, run, make_published(url))
    return run


def named(objects: Objects, run: str) -> set[str]:
    found = read_head(objects, f"runs/run={run}")
    return set() if found is None else {found[0].key(path) for path in found[0].files}


def there(objects: Objects) -> set[str]:
    return {entry.key for entry in objects.list("runs/")}


def whole(objects: Objects, run: str) -> None:
    """Check that the run's head names nothing that is missing."""
    assert named(objects, run) <= there(objects)


class Steps:
    """Ends the process before the change (a put, a removal) that comes after so many."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, after: int, at_each: Callable[[], None]) -> None:
        self.left, self.at_each = after, at_each
        delete = Objects.delete

        def deleting(objects: Objects, keys: "list[str]") -> None:
            for key in keys:
                self.count(objects, key)
                delete(objects, [key])

        before_puts(monkeypatch, self.count)
        monkeypatch.setattr(Objects, "delete", deleting)

    def count(self, _objects: Objects, key: str) -> None:
        if key.startswith("writers/"):
            return
        self.at_each()
        self.left -= 1
        if self.left < 0:
            raise Killed


def killed_after(steps: int, act: Callable[[], object], at_each: Callable[[], None]) -> bool:
    """Do something and die after so many changes; tell whether it was done."""
    with pytest.MonkeyPatch.context() as patch:
        Steps(patch, steps, at_each)
        try:
            act()
        except Killed:
            return False
    return True


def test_a_thinned_run_is_the_same_there_as_in_a_folder(store: Store, published: str, url: str, tmp_path: Path) -> None:
    run, objects = published, Objects(url)
    done = thin_published(url, run, "keyframes")
    assert (done.run, done.made) == (run, True)
    assert thin_published(url, run, "keyframes").made is False
    thin(store, run, "keyframes")
    assert there(objects) == named(objects, run)  # nothing else is left
    assert verify(Store.open(url), run) == []
    back = Store.open(tmp_path / "back", create=True)
    copy_run(Store.open(url), run, back)
    assert history_bytes(back, run) == history_bytes(store, run)
    assert Store.open(url).record(run).settings.retention == "keyframes"
    with pytest.raises(StoreError, match="thinned to keyframes"):
        thin_published(url, run, "transition")
    with pytest.raises(StoreError, match="allowed: everything"):
        thin_published(url, run, "nothing")
    with connect(url) as ours, connect(store) as theirs:
        # The record has the time when it was thinned, whose text may be shorter.
        bytes_of = "SELECT relation, bytes FROM sizes WHERE relation NOT IN ('other', 'runs') ORDER BY relation"
        assert ours.sql(bytes_of).fetchall() == theirs.sql(bytes_of).fetchall()


def test_another_machine_goes_on_from_what_was_thinned(
    published: str, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = published
    take_up(url, run).close()
    monkeypatch.setattr("warehouse.working.cache_folder", lambda: tmp_path / "other")
    thin_published(url, run, "keyframes")
    monkeypatch.setattr("warehouse.working.cache_folder", lambda: tmp_path / "machine")
    with take_up(url, run) as publisher:
        assert publisher.store.record(run).settings.retention == "keyframes"
        make_run(publisher.store, 200)
        publisher.publish()
    assert Store.open(url).record(run).epochs == 200
    assert verify(Store.open(url), run) == []


@pytest.mark.parametrize("steps", [0, 9, 22])
def test_thinning_killed_anywhere_completes_when_asked_again(published: str, url: str, steps: int) -> None:
    run, objects = published, Objects(url)
    done = killed_after(steps, lambda: thin_published(url, run, "keyframes"), lambda: whole(objects, run))
    assert not done
    whole(objects, run)
    assert verify(Store.open(url), run) == []
    thin_published(url, run, "keyframes")
    list(collect(url))
    assert there(objects) == named(objects, run)
    assert verify(Store.open(url), run) == []
    assert Store.open(url).record(run).settings.retention == "keyframes"


@pytest.mark.parametrize("steps", [0, 1, 8])
def test_a_removal_killed_anywhere_is_whole_or_not_begun(store: Store, published: str, url: str, steps: int) -> None:
    run, objects = published, Objects(url)
    assert not killed_after(steps, lambda: remove_published(url, run), lambda: None)
    if steps == 0:
        assert verify(Store.open(url), run) == []
        remove_published(url, run)
    else:
        assert Store.open(url).run_ids() == []
        with pytest.raises(StoreError, match="no run"):
            remove_published(url, run)
        [(folder, count, _)] = collect(url)
        assert (folder, count > 0) == (f"runs/run={run}", True)
    assert there(objects) == set()
    assert list(collect(url)) == []
    assert publish_run(store, run, objects).name_taken is None  # it may come back, with its name
    assert Store.open(url).find("first").run == run
    assert verify(Store.open(url), run) == []


def test_a_publication_that_a_removal_overtakes_names_nothing_that_is_gone(
    store: Store, published: str, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, objects = published, Objects(url)
    make_run(store, 200)
    met: list[str] = []

    def meanwhile(_objects: Objects, key: str) -> None:
        if key == head_key(f"runs/run={run}") and not met:
            met.append(key)
            remove_published(url, run)

    before_puts(monkeypatch, meanwhile)
    assert publish_run(store, run, objects).made  # it looks again, and puts everything again
    assert met
    whole(objects, run)
    assert verify(Store.open(url), run) == []


def test_an_open_session_sees_a_removal_when_it_looks_again_and_is_told_before(
    store: Store, published: str, url: str
) -> None:
    run = published
    with connect(url) as session:
        assert session.sql("SELECT count(*) FROM runs").fetchall() == [(1,)]
        remove_published(url, run)
        with pytest.raises(StoreFault, match=r"thinned, removed or made anew at .* open the store again"):
            session.sql("SELECT sum(steps) FROM reactions").fetchall()
        session.refresh()
        assert session.sql("SELECT count(*) FROM runs").fetchall() == [(0,)]
        publish_run(store, run, Objects(url))
        session.refresh()
        assert session.sql("SELECT count(*) FROM reactions").fetchall() == [(150 * 32,)]


def test_a_run_removed_thinned_and_made_anew_is_whole(store: Store, published: str, url: str) -> None:
    run = published
    there = Store.open(url)
    assert isinstance(there, ObjectStore)
    thin_published(url, run, "epochs")
    there.renew()
    assert there.record(run).settings.retention == "epochs"
    remove_published(url, run)
    publish_run(store, run, Objects(url))
    there.renew()
    assert there.record(run).settings.retention == "everything"
    assert verify(there, run) == []


def test_what_this_machine_has_thinned_is_not_published_after_a_removal_elsewhere(
    published: str, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = published
    thin_published(url, run, "epochs")
    monkeypatch.setattr("warehouse.working.cache_folder", lambda: tmp_path / "other")
    remove_published(url, run)
    monkeypatch.setattr("warehouse.working.cache_folder", lambda: tmp_path / "machine")
    with take_up(url, run) as publisher:
        assert publisher.store.run_ids() == []
    discard(url, run)
    assert not working_folder(url, run).exists()


def test_names_are_unique_and_free_again_with_their_run(store: Store, published: str, url: str, tmp_path: Path) -> None:
    run, objects = published, Objects(url)
    there = Store.open(url)
    assert isinstance(there, ObjectStore)
    objects.put("names/second", b"0000000000000000 0", None)
    with pytest.raises(StoreError, match="'second' is or was that of another run"):
        rename_published(there, "first", "second")
    assert rename_published(there, "first", "third").name == "third"
    there.renew()
    assert there.find("third").run == run
    with take_up(url, run) as publisher:  # which has it from what is published
        assert publisher.store.record(run).name == "third"
    store.rename(run, "third")
    assert history_bytes(there_copied(there, run, tmp_path), run) == history_bytes(store, run)
    other = make_run(store, 64, replace(CONFIG, seed=9))
    with pytest.raises(StoreError, match="is already that of run"):
        store.rename(other, "third")
    remove_published(url, run)
    store.rename(run, None)
    store.rename(other, "third")
    assert publish_run(store, other, objects).name_taken is None
    store.rename(other, None)
    store.rename(run, "third")
    assert publish_run(store, run, objects).name_taken == "third"


def there_copied(there: Store, run: str, folder: Path) -> Store:
    back = Store.open(folder / "back", create=True)
    copy_run(there, run, back)
    return back


def test_results_and_name_come_to_a_working_store_that_has_as_many_states(
    store: Store, published: str, url: str
) -> None:
    run, objects = published, Objects(url)
    take_up(url, run).close()
    analysed(store, run)
    assert publish_run(store, run, objects).made
    with take_up(url, run) as publisher:
        assert set(publisher.store.files(run).results) == set(store.files(run).results) != set()
    thin_published(url, run, "transition")
    assert set(Store.open(url).files(run).results) == set(store.files(run).results)


def test_a_head_keeps_what_it_was_told() -> None:
    files = {"a/b.parquet": Fact("ab" * 32, 7), "c.json": Fact("cd" * 32, 8)}
    first = Head("runs/run=x", files)
    assert first.key("a/b.parquet") == f"runs/run=x/a/b.{'ab' * 8}.parquet"
    second = first.following(first, removal=True)
    assert [second.key(path) for path in files] == [first.key(path) for path in files]
    third = Head("runs/run=x", files | {"c.json": Fact("ef" * 32, 9)}).following(second)
    assert third.key("c.json") == f"runs/run=x/c.{'ef' * 8}.1.json"
    gone = Head("runs/run=x", {}).following(third, removal=True)
    again = Head("runs/run=x", files).following(gone)
    assert again.key("a/b.parquet") == f"runs/run=x/a/b.{'ab' * 8}.2.parquet"
    assert (gone.removed, again.generation, again.made) == (True, 2, 2)
    for head in (first, second, third, gone, again):
        assert parse_head(head_bytes(head), "heads/run=x.json") == head
    assert [generation_of(head.key("c.json")) for head in (first, third, again)] == [0, 1, 2]
    assert generation_of("runs/run=x/somebody's.txt") is None


class Deaf:
    """A server that knows nothing of conditions: it takes every put."""

    def __init__(self, client: object) -> None:
        self._client = client

    def __getattr__(self, name: str) -> object:
        return getattr(self._client, name)

    def put_object(self, **asked: object) -> object:
        self._told(asked)
        return self._client.put_object(**asked)  # type: ignore[attr-defined]

    def _told(self, asked: dict[str, object]) -> None:
        asked.pop("IfNoneMatch", None)
        asked.pop("IfMatch", None)


class HalfDeaf(Deaf):
    """A server that knows `If-None-Match` alone."""

    def _told(self, asked: dict[str, object]) -> None:
        asked.pop("IfMatch", None)


@pytest.mark.parametrize("server_like", [Deaf, HalfDeaf])
def test_a_server_that_ignores_conditions_is_refused(
    store: Store, run: str, url: str, monkeypatch: pytest.MonkeyPatch, server_like: type[Deaf]
) -> None:
    import warehouse.object_client

    make = warehouse.object_client._client
    with monkeypatch.context() as patch:
        patch.setattr("warehouse.object_client._client", lambda: server_like(make()))
        for ask in (make_published, lambda place: take_up(place, run), lambda place: remove_published(place, run)):
            with pytest.raises(StoreError, match=r"does not honour If-None-Match and If-Match of a put") as told:
                ask(url)
            assert "\n" not in str(told.value)
        assert {entry.key for entry in Objects(url).list("")} == {"conditional-puts"}
    publish_run(store, run, make_published(url))  # asked again where they are honoured
    assert Store.open(url).run_ids() == [run]


def test_puts_are_tried_once_in_a_process(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []
    monkeypatch.setattr(Objects, "check_conditions", lambda self: tried.append(self.url))
    for _ in range(3):
        make_published(url)
    assert tried == [url]


def test_a_lease_is_waited_for_and_void_when_nobody_renews_it(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    objects = make_published(url)
    ours, theirs = Leases(objects), Leases(objects)
    monkeypatch.setattr("warehouse.leases.BEAT", 0.05)
    monkeypatch.setattr("warehouse.leases.LOOK", 0.05)
    monkeypatch.setattr("warehouse.leases.PATIENCE", 1.5)
    assert not theirs.is_held("x")
    lease = ours.take("x")
    began = lease._tag
    assert theirs.is_held("x")
    while lease._tag == began:
        pass
    assert theirs.is_held("x")
    lease._ending.set()  # as if its machine were gone
    lines: list[str] = []
    second = theirs.take("x", lines.append)
    assert len(lines) == 1
    assert lines[0].startswith("run x is being written by process ")
    assert ours.is_held("x")
    second.release()
    assert not ours.is_held("x")
    assert list(objects.list("writers/")) == []


def test_a_lease_that_another_took_is_lost_and_its_publisher_told(
    published: str, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("warehouse.leases.BEAT", 0.02)
    with take_up(url, published) as publisher:
        monkeypatch.setattr("warehouse.leases.PATIENCE", 0)
        with Leases(Objects(url)).take(published):
            publisher._lease._thread.join(30)
            assert publisher._lease.lost
            make_run(publisher.store, 200)
            with pytest.raises(StoreError, match="is being written by another machine too"):
                publisher.publish()
    assert Store.open(url).record(published).epochs == 150


def test_a_process_of_this_machine_that_has_ended_holds_nothing(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    objects = make_published(url)
    monkeypatch.setattr("warehouse.leases.os.getpid", lambda: 2**22 + 1)  # no process has this number
    Leases(objects).take("x")._ending.set()
    assert not Leases(objects).is_held("x")
