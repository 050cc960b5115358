"""`run` with every geometry: tiny runs, the same by file, and what is refused."""

from pathlib import Path
from typing import Any

import pytest

from tests.flows.cli.conftest import call
from tests.flows.cli.test_bad_input import assert_refused

RUN = ("run", "--language", "bff", "--epochs", 3, "--step-limit", 100, "--store", "store", "--direct")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("pairs.txt").write_text("0 1\n1 2 3 0\n0 1\n")
    Path("empty.txt").write_text("\n")
    Path("odd.txt").write_text("0 1 2\n")
    Path("words.txt").write_text("0 1\none 2\n")
    Path("negative.txt").write_text("0 -1\n")
    Path("itself.txt").write_text("0 1 3 3\n")
    Path("beyond.txt").write_text("0 1 3 12\n")
    Path("binary.txt").write_bytes(b"\xff\xfe\x00")
    Path("folder").mkdir()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"geometry": "mixed", "programs": 10}, (10, None, None, None, None)),
        ({"geometry": "fixed", "programs": 16}, (16, None, None, None, None)),
        ({"geometry": "cyclic", "programs": 10, "reset_interval": 2}, (10, None, None, None, 2)),
        ({"geometry": "line", "programs": 10}, (10, None, None, 2, None)),
        ({"geometry": "grid", "width": 4, "height": 3, "radius": 1}, (12, 4, 3, 1, None)),
        ({"geometry": "graph", "programs": 12, "interactions": "pairs.txt"}, (12, None, None, None, None)),
        ({"geometry": "lattice", "width": 4, "height": 3}, (12, 4, 3, None, None)),
    ],
    ids=lambda value: value["geometry"] if isinstance(value, dict) else "",
)
def test_each_geometry_runs_by_options_and_by_file(options: dict[str, Any], expected: tuple[int | None, ...]) -> None:
    words = [word for key, value in options.items() for word in (f"--{key.replace('_', '-')}", value)]
    answer = call(*RUN, *words)
    assert answer.code == 0, answer.err
    run = answer.out.splitlines()[-1]
    Path("run.toml").write_text("".join(f"{key} = {value!r}\n" for key, value in options.items()))
    again = call("run", "run.toml", *RUN[1:])
    assert (again.code, again.out.splitlines()[-1]) == (0, run), again.err
    columns = "programs, width, height, radius, reset_interval, geometry, epochs, status"
    [row] = call("--store", "store", "sql", f"SELECT {columns} FROM runs", "--format", "json").json
    assert tuple(row.values()) == (*expected, options["geometry"], 3, "complete")
    assert call("--store", "store", "verify", run).code == 0
    assert call("--store", "store", "show", run).code == 0
    assert call("--store", "store", "lineage", run, "--epoch", 3, "--program", 1, "--site", 0).code == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"geometry": "grid", "height": 4}, "width"),
        ({"geometry": "grid", "width": 4}, "height"),
        ({"geometry": "lattice", "height": 4}, "width"),
        ({"geometry": "lattice", "width": 1, "height": 4}, "width"),
        ({"geometry": "grid", "width": 3, "height": 5}, "programs"),
        ({"geometry": "mixed", "programs": 7}, "programs"),
        ({"geometry": "grid", "width": 4, "height": 3, "programs": 14}, "programs"),
        ({"geometry": "grid", "width": 4, "height": 3, "radius": 0}, "radius"),
        ({"geometry": "grid", "width": -4, "height": 3}, "width"),
        ({"geometry": "fixed", "programs": 1000}, "programs"),
        ({"geometry": "mixed", "radius": 2}, "radius"),
        ({"geometry": "mixed", "width": 2}, "width"),
        ({"geometry": "lattice", "width": 4, "height": 4, "radius": 2}, "radius"),
        ({"geometry": "lattice", "width": 4, "height": 4, "reset_interval": 2}, "reset"),
        ({"geometry": "mixed", "reset_interval": 0}, "reset"),
        ({"geometry": "mixed", "interactions": "pairs.txt"}, "interactions"),
        ({"geometry": "graph", "programs": 12}, "interactions"),
        *(
            ({"geometry": "graph", "programs": 12, "interactions": name}, name)
            for name in ("missing.txt", "folder", "empty.txt", "odd.txt", "words.txt", "negative.txt", "binary.txt")
        ),
        ({"geometry": "graph", "programs": 12, "interactions": "itself.txt"}, "3 3"),
        ({"geometry": "graph", "programs": 12, "interactions": "beyond.txt"}, "3 12"),
    ],
    ids=str,
)
def test_geometries_that_cannot_be(options: dict[str, Any], said: str) -> None:
    words = [word for key, value in options.items() for word in (f"--{key.replace('_', '-')}", value)]
    Path("run.toml").write_text("".join(f"{key} = {value!r}\n" for key, value in options.items()))
    assert_refused(call(*RUN, *words), said)
    assert_refused(call("run", "run.toml", *RUN[1:]), said)
    assert not Path("store").exists()
