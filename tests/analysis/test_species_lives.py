"""Births and extinctions against the naive tracer, every state of it looked at."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis import species_lives
from analysis.species import find_diversity, find_species, states_looked_at
from analysis.species_lives import find_lives, followed
from sim import SoupConfig, language
from tests.naive import populations as naive
from tests.warehouse.recorded import Twin, make
from warehouse import record as records_module
from warehouse.reader import History
from warehouse.record import RunSettings

EPOCHS = 100
#: The paper's replicator.
REPLICATOR = language("bff_noheads").parse("[[{.>]-]" + "Ġ" * 48 + "]-]>.{[[")
NATURAL = SoupConfig(language="bff_noheads_4bit", programs=16, seed=3, mutation=2**23, step_limit=300)
PLANTED = SoupConfig(
    language="bff_noheads",
    programs=16,
    seed=2,
    mutation=2**20,
    step_limit=700,
    plants=((3 * 64, REPLICATOR), (9 * 64, REPLICATOR)),
)
RESET = SoupConfig(language="bff_noheads_4bit", programs=32, seed=1, mutation=2**22, step_limit=300, reset_interval=60)


@pytest.fixture(scope="module", params=[NATURAL, PLANTED, RESET], ids=["natural", "planted", "reset"])
def story(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[History, Twin]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records_module, "SEGMENT_CELLS", 64)
        settings = RunSettings(keyframe_every=16)
        store = make(tmp_path_factory.mktemp("lives") / "store", request.param, EPOCHS, settings)
        with History(store, store.run_ids()[0]) as history:
            yield history, Twin.of(request.param, EPOCHS)


def programs_of(twin: Twin, n: int) -> list[bytes]:
    chars = bytes(char for _, _, char in twin.states[n])
    return [chars[start : start + 64] for start in range(0, len(chars), 64)]


def commands(history: History, twin: Twin, n: int) -> list[str]:
    return [naive.commands_of(history.config.language, program) for program in programs_of(twin, n)]


def all_of_two(history: History) -> list[dict[str, Any]]:
    """The rows of `species` as if each had one program more: single programs are followed too."""
    return [row | {"abundance": row["abundance"] + 1} for row in find_species(history, [], [])]


def test_states_looked_at_are_keyframes_censuses_ends_and_the_last(story: tuple[History, Twin]) -> None:
    history, _ = story
    found = states_looked_at(history, [{"ended_epoch": 70}, {"ended_epoch": None}], [{"census_epoch": 33}])
    assert found == sorted({*range(0, EPOCHS, 16), 33, 70, EPOCHS})


def test_species_and_diversity_agree_with_a_plain_count(story: tuple[History, Twin]) -> None:
    history, twin = story
    rows, diversity = find_species(history, [], []), find_diversity(history, [], [])
    for n, found in zip(states_looked_at(history, [], []), diversity, strict=True):
        programs = programs_of(twin, n)
        expected = naive.population(programs, lambda program: naive.commands_of(history.config.language, program))
        here = [row for row in rows if row["epoch"] == n]
        assert [row["rank"] for row in here] == [*range(1, len(here) + 1)]
        assert [(r["species"], r["abundance"], r["variants"], r["program"]) for r in here] == [
            species[:4] for species in expected
        ]
        assert (found["epoch"], found["program_richness"]) == (n, len(set(programs)))
        assert found["species_richness"] == len(expected)
        assert found["species_simpson"] == float(naive.simpson([species.abundance for species in expected]))
        assert found["species_shannon"] == pytest.approx(naive.shannon([species.abundance for species in expected]))


def test_lives_agree_with_every_state_of_the_tracer(story: tuple[History, Twin]) -> None:
    history, twin = story
    rows = find_lives(history, all_of_two(history))
    epochs = states_looked_at(history, [], [])
    every = [commands(history, twin, n) for n in range(EPOCHS + 1)]
    assert rows
    later = 0
    for row in rows:
        there = [n for n in epochs if row["species"] in every[n]]
        first, last = there[0], there[-1]
        assert (row["seen_epoch"], row["last_epoch"]) == (first, last)
        assert row["extinct_epoch"] == next((n for n in epochs if n > last), None)
        assert row["peak_abundance"] == max(every[n].count(row["species"]) for n in epochs)
        assert row["peak_epoch"] == next(n for n in epochs if every[n].count(row["species"]) == row["peak_abundance"])
        before = max((n for n in epochs if n < first), default=-1)
        born = next(n for n in range(before + 1, EPOCHS + 1) if row["species"] in every[n])
        assert (row["born_epoch"], row["born_program"]) == (born, every[born].index(row["species"]))
        fields = ("left_program", "right_program", "left_bytes", "right_bytes", "other_bytes", "mutated_bytes")
        expected: tuple[int | None, ...] = (None,) * 6
        if born > 0:
            later += 1
            expected = naive.parents(twin.records[born - 1], twin.states, row["born_program"])
        assert tuple(row[name] for name in fields) == expected, row
    assert later > 5


def test_what_the_bounded_replay_does_not_reach_is_null(
    story: tuple[History, Twin], monkeypatch: pytest.MonkeyPatch
) -> None:
    history, _ = story
    species = all_of_two(history)
    whole = {row["instructions"]: row for row in find_lives(history, species)}
    monkeypatch.setattr(species_lives, "REPLAYED", 0)
    bounded = {row["instructions"]: row for row in find_lives(history, species)}
    assert list(bounded) == list(whole)
    for instructions, row in bounded.items():
        if whole[instructions]["born_epoch"] == 0:
            assert row == whole[instructions]
        else:
            assert row["born_epoch"] is row["born_program"] is row["left_program"] is row["mutated_bytes"] is None
            assert row["last_epoch"] == whole[instructions]["last_epoch"]


def test_the_first_of_every_state_are_followed_by_their_greatest_abundance(monkeypatch: pytest.MonkeyPatch) -> None:
    def row(epoch: int, rank: int, name: bytes, abundance: int) -> dict[str, Any]:
        return {"epoch": epoch, "rank": rank, "instructions": name, "abundance": abundance}

    rows = [
        row(0, 1, b"a", 9), row(0, 4, b"b", 2), row(0, 5, b"c", 2),
        row(8, 1, b"b", 20), row(8, 2, b"a", 9), row(8, 3, b"d", 1),
    ]  # fmt: skip
    assert [(found["instructions"], found["epoch"]) for found in followed(rows)] == [(b"b", 8), (b"a", 0)]
    monkeypatch.setattr(species_lives, "FOLLOWED", 1)
    assert [found["instructions"] for found in followed(rows)] == [b"b"]
    assert followed([row(0, 1, b"a", 1)]) == []


def test_run_without_a_species_of_two_has_no_lives(tmp_path: Path) -> None:
    store = make(tmp_path / "store", SoupConfig(language="subleq", programs=8, step_limit=10), 4)
    with History(store, store.run_ids()[0]) as history:
        species = find_species(history, [], [])
        assert [row["abundance"] for row in species] == [1] * 16
        assert species[0]["text"] == species[0]["species"]
        assert find_lives(history, species) == []
        assert np.array_equal([row["species_richness"] for row in find_diversity(history, [], [])], [8, 8])
