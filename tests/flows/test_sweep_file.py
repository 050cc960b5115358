"""What a sweep's file may say, and what is said of one that says something else."""

import json
from pathlib import Path

import pytest

from flows.request import read_request
from flows.sweep_file import Sweep, find_sweep, read_sweep, ready_sweeps
from sim import InputError
from warehouse.paper import SHARES
from warehouse.record import run_id

GOOD = """
name = "rates"
seeds = [3, 5]
[run]
language = "bff_noheads_4bit"
programs = 64
epochs = 128
[grid]
mutation_rate = [0, 0.001]
"""


def read(folder: Path, text: str, *, full: bool = False) -> Sweep:
    (folder / "s.toml").write_text(text, encoding="utf-8")
    return read_sweep(folder / "s.toml", store=folder / "store", full=full)


def test_its_runs_are_those_that_run_would_make(tmp_path: Path) -> None:
    sweep = read(tmp_path, GOOD)
    options = {"language": "bff_noheads_4bit", "programs": "64", "epochs": "128"}
    expected = [
        (f"mutation_rate={rate}", seed, run_id(read_request(options | {"seed": seed, "mutation_rate": rate}).config))
        for seed in ("3", "5")
        for rate in ("0", "0.001")
    ]
    rows = [each.planned for each in sweep.members]
    assert [(row.condition, str(row.seed), row.run) for row in rows] == expected
    assert [json.loads(row.grid) for row in rows[:2]] == [{"mutation_rate": 0}, {"mutation_rate": 0.001}]
    assert {row.planned_epochs for row in rows} == {128}
    assert all((each.request.threads, each.request.direct) == (1, True) for each in sweep.members)


def test_seeds_may_be_a_stretch_and_conditions_cross_the_grid(tmp_path: Path) -> None:
    sweep = read(
        tmp_path,
        GOOD.replace("[3, 5]", "{first = 7, count = 3}")
        + '[[condition]]\nname = "short"\n[[condition]]\nname = "long"\nepochs = 256\n'
        + '[stop_when]\ncomplexity = 1.0\nheld = 64\nreplicators = 9\nwall_time = "2 min"\n',
    )
    rows = [each.planned for each in sweep.members]
    assert [row.seed for row in rows] == [7] * 4 + [8] * 4 + [9] * 4
    labels = [f"{name}, mutation_rate={rate}" for name in ("short", "long") for rate in ("0", "0.001")]
    assert [row.condition for row in rows[:4]] == labels
    assert [row.planned_epochs for row in rows[:4]] == [128, 128, 256, 256]
    assert rows[0].run == rows[2].run  # one run serves both
    asked = sweep.members[0].request
    assert (asked.until_transition, asked.threshold, asked.then) == (True, 1.0, 64)
    assert (asked.replicators, asked.seconds) == (9, 120.0)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('name = "rates"', "", "name: missing or no text"),
        ('"rates"', '"0123456789abcdef"', "name: '0123456789abcdef' looks like a run's id"),
        ("seeds = [3, 5]", "", "seeds: missing; allowed: a list of whole numbers, or {first = 0, count = 100}"),
        ("[3, 5]", "[3, 3]", "seeds: a seed is there twice"),
        ("[3, 5]", "[-1]", "seeds: -1; allowed: whole numbers from 0 to 18446744073709551615"),
        ("[3, 5]", "{first = 0, count = 0}", "seeds.count: 0; allowed: whole numbers from 1 on"),
        ("seeds", "sedes", "sedes: unknown key; allowed: name, paper, keep"),
        ("programs", "progams", "run.progams: unknown key; allowed: epochs, geometry"),
        ("programs = 64", "programs = 63", "run.programs: 63; allowed: even numbers from 2 on"),
        ("programs = 64", "seed = 1", "run.seed: cannot be given here; give `seeds`"),
        ("programs = 64", "threads = 1", "run.threads: cannot be given here"),
        ('"bff_noheads_4bit"', '"bff_nohead"', "run.language: 'bff_nohead'; allowed: "),
        ("[0, 0.001]", "[]", "grid.mutation_rate: []; allowed: a list of values"),
        ("[0, 0.001]", "[0, 2]", "grid.mutation_rate: 2; allowed: numbers from 0 to 1"),
        ("[0, 0.001]", "[0, 0.0]", "grid.mutation_rate: [0, 0.0] has a value twice"),
        ("[0, 0.001]", "[0, 1e-12]", "is the same run as condition 'mutation_rate=0', seed 3"),
        ("[grid]", "[stop_when]\nheld = 3\n[grid]", "stop_when.held: applies only with complexity"),
        ("[grid]", "[stop_when]\nwall_time = 3\n[grid]", "stop_when.wall_time: 3; allowed: a time such as"),
        ("[grid]", "[stop_when]\ncomplexity = 0\n[grid]", "stop_when.complexity: 0; allowed: bits per byte above 0"),
        ("[grid]", "[stop_when]\nonset = 1\n[grid]", "stop_when.onset: unknown key; allowed: complexity, held"),
        (
            "seeds",
            'keep = "transitions"\nseeds',
            "keep: 'transitions'; allowed: everything, transition, keyframes, epochs",
        ),
        ("seeds", 'paper = "figure-4"\nseeds', "paper: 'figure-4'; allowed: figure-5, figure-6"),
        ("[grid]", "[[condition]]\n[grid]", "condition: number 1 needs a name of its own"),
        ("[grid]", "[grid", "is not TOML"),
    ],
)
def test_what_cannot_be_is_one_line_that_names_file_and_key(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    assert old in GOOD
    with pytest.raises(InputError) as told:
        read(tmp_path, GOOD.replace(old, new, 1))
    assert complaint in str(told.value)
    assert str(told.value).startswith(f"{tmp_path / 's.toml'}: ")
    assert "\n" not in str(told.value)


def test_full_changes_what_its_table_names(tmp_path: Path) -> None:
    text = GOOD + "[full]\nseeds = [1]\n[full.run]\nprograms = 128\n"
    sweep = read(tmp_path, text, full=True)
    assert sweep.name == "rates-full"
    assert {(each.request.config.programs, each.request.epochs, each.planned.seed) for each in sweep.members} == {
        (128, 128, 1)
    }
    assert len(read(tmp_path, text).members) == 4
    with pytest.raises(InputError, match="--full needs a table"):
        read(tmp_path, GOOD, full=True)


@pytest.mark.parametrize("name", ready_sweeps())
@pytest.mark.parametrize("full", [False, True])
def test_a_ready_sweep_repeats_the_papers_conditions(tmp_path: Path, name: str, *, full: bool) -> None:
    path = find_sweep(name)
    assert path is not None
    sweep = read_sweep(path, store=tmp_path, full=full)
    of_paper = {row.condition: row.until for row in SHARES if row.paper == sweep.paper}
    assert {each.planned.condition for each in sweep.members} == set(of_paper)
    assert all(each.request.epochs >= of_paper[each.planned.condition] for each in sweep.members)
    if full:
        assert {each.request.config.programs for each in sweep.members} == {131072}
        assert len({each.planned.seed for each in sweep.members}) == 1000


def test_a_sweep_is_found_by_its_path_or_as_a_ready_one(tmp_path: Path) -> None:
    assert find_sweep(str(tmp_path / "any.toml")) == tmp_path / "any.toml"
    assert find_sweep("figure-1") is None
    assert ready_sweeps() == ["figure-5", "figure-6", "figure-7", "figure-9"]
