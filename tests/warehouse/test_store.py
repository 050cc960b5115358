"""What a store is, what its runs are called, and what is refused."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sim import InputError, SoupConfig
from tests.warehouse.making import CONFIG, SETTINGS, flip
from warehouse.errors import StoreError, StoreFault
from warehouse.record import RunSettings, run_id, segment_length
from warehouse.store import Store
from warehouse.writer import RunWriter


def one_line(error: BaseException) -> bool:
    return "\n" not in str(error) and bool(str(error))


def create(store: Store, config: SoupConfig = CONFIG, settings: RunSettings = SETTINGS) -> str:
    with RunWriter.open(store, config, settings) as writer:
        return writer.run


def test_a_store_is_made_once_and_opened_again(tmp_path: Path) -> None:
    made = Store.open(tmp_path / "a" / "store", create=True)
    again = Store.open(tmp_path / "a" / "store", create=True)
    assert made.path == again.path
    assert again.runs() == []


@pytest.mark.parametrize("create", [False, True])
def test_a_file_is_no_store(tmp_path: Path, create: bool) -> None:
    (tmp_path / "store").write_text("hello")
    with pytest.raises(StoreError, match="is a file") as caught:
        Store.open(tmp_path / "store", create=create)
    assert one_line(caught.value)
    assert (tmp_path / "store").read_text() == "hello"


def test_a_missing_store_is_named_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"no store in .*primordium run"):
        Store.open(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("")
    with pytest.raises(StoreError, match="not empty"):
        Store.open(tmp_path, create=True)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_store_below_a_file_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="choose a folder"):
        Store.open(tmp_path / "file" / "store", create=True)


def test_a_newer_format_is_refused(store: Store) -> None:
    (store.path / "format.json").write_text(json.dumps({"format": "primordium-store", "version": 99}))
    with pytest.raises(StoreError, match="format 99") as caught:
        Store.open(store.path)
    assert one_line(caught.value)


def test_a_damaged_format_file_is_named(store: Store) -> None:
    (store.path / "format.json").write_text("{")
    with pytest.raises(StoreFault, match=r"format\.json"):
        Store.open(store.path)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs to become another user")
def test_a_read_only_store_is_read_and_not_written(store: Store, tmp_path: Path) -> None:
    run = create(store)
    private = [folder for folder in tmp_path.parents if folder.name.startswith(("popen-", "pytest-"))]
    for folder in (tmp_path, *private):  # those that pytest made, one more where it runs several processes
        folder.chmod(0o755)
    script = (
        "import os, sys; from sim import SoupConfig\n"
        "from warehouse.store import Store; from warehouse.errors import StoreError\n"
        "from warehouse.record import RunSettings; from warehouse.writer import RunWriter\n"
        # modules that are loaded late may lie where the other user cannot look
        "Store.open(sys.argv[1]).find(sys.argv[2]); os.seteuid(65534)\n"
        "store = Store.open(sys.argv[1]); print(store.find(sys.argv[2]).run)\n"
        "for seed in (3, 4):\n"
        "    config = SoupConfig(language='bff_noheads_4bit', programs=64, seed=seed, mutation=1 << 22)\n"
        "    try: RunWriter.open(store, config, RunSettings())\n"
        "    except StoreError as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(store.path), run], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    first, *refused = done.stdout.splitlines()
    assert first.startswith(run)
    assert len(refused) == 2
    assert all("Permission denied; choose a folder that can be written" in line for line in refused)


def test_an_unknown_run_is_named(store: Store) -> None:
    for wanted in ("0123456789abcdef", "nobody", "", "../x"):
        with pytest.raises(StoreError, match="no run") as caught:
            store.find(wanted)
        assert one_line(caught.value)


def test_runs_are_found_by_id_and_by_name(store: Store) -> None:
    run = create(store, settings=RunSettings(name="first soup"))
    other = create(store, SoupConfig(programs=64, seed=9))
    assert store.find(run).run == store.find("first soup").run == run
    assert [record.run for record in store.runs()] == [run, other]
    assert store.find(other).name is None


def test_names_are_unique_and_can_be_changed(store: Store) -> None:
    run = create(store, settings=RunSettings(name="soup"))
    with pytest.raises(StoreError, match="already that of run"):
        create(store, SoupConfig(programs=64, seed=9), RunSettings(name="soup"))
    assert store.run_ids() == [run]
    assert store.rename("soup", "broth").name == "broth"
    other = create(store, SoupConfig(programs=64, seed=9), RunSettings(name="soup"))
    with pytest.raises(StoreError, match="already that of run"):
        store.rename(other, "broth")
    assert store.rename(run, None).name is None


@pytest.mark.parametrize("name", ["0123456789abcdef", "0123456789ABCDEF", "", " x", "x ", "a/b", "a\nb", "x" * 101])
def test_a_name_that_could_be_mistaken_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="name: ") as caught:
        RunSettings(name=name)
    assert one_line(caught.value)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("measure_every", 0),
        ("measure_every", 1.5),
        ("keyframe_every", -1),
        ("keyframe_every", True),
        ("retention", "no"),
    ],
)
def test_settings_name_the_field_and_what_is_allowed(field: str, value: object) -> None:
    with pytest.raises(InputError, match=f"{field}: .*allowed"):
        RunSettings(**{field: value})  # type: ignore[arg-type]


def test_a_damaged_record_is_named(store: Store) -> None:
    run = create(store)
    path = store.run_folder(run) / "runs.parquet"
    record, content = store.record(run), path.read_bytes()
    path.write_bytes(content[:-20])
    with pytest.raises(StoreFault, match=r"damaged .*runs\.parquet"):
        store.record(run)
    told = 0
    for place in range(1, 40):
        path.write_bytes(content)
        flip(path, place / 40)
        # a byte that nobody reads (a page's statistics) may pass here; `verify` tells that too
        if damage_of(store, run) is None:
            assert store.record(run) == record
        else:
            told += 1
    assert told > 20


def damage_of(store: Store, run: str) -> str | None:
    try:
        store.record(run)
    except StoreFault as error:
        return str(error)
    return None


def test_an_id_depends_on_what_affects_results_and_on_nothing_else() -> None:
    base = SoupConfig(programs=64, seed=1)
    others = [
        SoupConfig(programs=128, seed=1),
        SoupConfig(programs=64, seed=2),
        SoupConfig(programs=64, seed=1, mutation=0),
        SoupConfig(programs=64, seed=1, step_limit=100),
        SoupConfig(programs=64, seed=1, initial_soup="zero"),
        SoupConfig(programs=64, seed=1, language="bff"),
        SoupConfig(programs=64, seed=1, plants=((0, b"x"),)),
    ]
    assert len({run_id(config) for config in (base, *others)}) == 8
    split = SoupConfig(programs=64, seed=1, plants=((1, b"bc"), (0, b"a")))
    assert run_id(split) == run_id(SoupConfig(programs=64, seed=1, plants=((0, b"abc"),)))


def test_an_id_stays_what_it_is() -> None:
    """Stores hold runs under these names: if this fails, old runs would not be found again."""
    assert run_id(SoupConfig(language="bff_noheads", programs=131072, seed=29)) == GOLDEN_ID


@pytest.mark.parametrize(
    ("programs", "epochs"), [(2, 8192), (4096, 8192), (8192, 4096), (10000, 2048), (131072, 256), (1 << 20, 64)]
)
def test_smaller_soups_have_longer_segments(programs: int, epochs: int) -> None:
    assert segment_length(programs) == epochs


def test_the_status_tells_a_killed_run_from_a_running_one(store: Store) -> None:
    with RunWriter.open(store, CONFIG, SETTINGS) as writer:
        writer.plan(10)
        assert store.record(writer.run).status == "running"
    assert store.record(writer.run).status == "interrupted"
    with pytest.raises(RuntimeError), RunWriter.open(store, CONFIG, SETTINGS):
        raise RuntimeError("something")
    assert store.record(writer.run).status == "failed"
    with pytest.raises(KeyboardInterrupt):
        interrupted_in_the_middle(store)
    assert store.record(writer.run).status == "interrupted"


def interrupted_in_the_middle(store: Store) -> None:
    with RunWriter.open(store, CONFIG, SETTINGS) as writer:
        writer.plan(10)
        raise KeyboardInterrupt


GOLDEN_ID = "9e050d5533b6ca0a"
