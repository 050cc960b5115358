"""Every geometry and periodic resets, against the reference's states and token by token against the naive tracer."""

import hashlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sim
from tests import geometries, strategies
from tests.geometries import SOUPS, Told
from tests.naive import lattice
from tests.naive import soup as naive
from tests.naive.golden import golden, remake
from tests.naive.soup import Settings
from tests.sim.comparing import check_log, config_of, differing, history, packed, tuples
from tests.sim.families import check_states

REFERENCE = {run["name"]: run for run in golden("states")["runs"] if run.get("geometry") or run.get("reset_interval")}
PUBLISHED = {(run["seed"], run["step_limit"]): run for run in golden("lattice")["runs"]}


def pattern(width: int, height: int, radius: int) -> tuple[tuple[int, int], ...]:
    """Return the pairs of the reference's pattern file of a grid."""
    lists = naive.neighbours(
        Settings("bff", width * height, geometry="grid", width=width, height=height, radius=radius)
    )
    return tuple((program, other) for program, others in enumerate(lists) for other in others)


@pytest.mark.parametrize(
    ("name", "width", "height"), [("bff_noheads_s7_2d64x64", 64, 64), ("bff_noheads_s7_1d1024", 1024, 1)]
)
def test_a_grid_is_the_graph_of_its_pattern_file(name: str, width: int, height: int) -> None:
    run = {key: value for key, value in REFERENCE[name].items() if key not in ("width", "height", "radius")}
    states = {state: digest for state, digest in run["states"].items() if int(state) <= 17}
    check_states(run | {"geometry": "graph", "interactions": pattern(width, height, 2), "states": states})


def check_published(run: dict[str, Any], last: int) -> None:
    """Advance the published grid to state ``last``, comparing each state and batch of which something is known."""
    known = golden("lattice")
    mutations: list[tuple[int, int]] = []
    config = sim.SoupConfig(
        language="z80_zff",
        width=known["width"],
        height=known["height"],
        seed=run["seed"],
        mutation=run["mutation"],
        step_limit=run["step_limit"],
    )
    soup = sim.Soup(config)
    assert config.step_limit == run["step_limit"]
    generator = naive.start_generator(
        Settings("z80_zff", 40000, run["seed"], run["mutation"], geometry="lattice", width=200, height=200)
    )
    assert generator is not None
    for n in range(last + 1):
        log = soup.advance() if n else None
        if log is not None:
            before = lattice.Generator(generator.state)
            pairs = lattice.draw_pairs(before, 200, 200)
            mutations = lattice.draw_mutations(before, len(pairs) * run["mutation"] // 2**30, config.cells)
            assert log.generator is not None
            generator = lattice.Generator(log.generator)
        told = run["states"].get(str(n))
        if told is None:
            continue
        where = f"state {n} of {run['seed']}; {remake('lattice')}"
        assert hashlib.sha256(soup.chars.tobytes()).hexdigest() == told["sha256"], where
        if log is not None:
            found = (log.reactions, log.total_operations, log.generator)
            assert found == (told["pairs"], told["operations"], told["generator"]), where
            assert len(mutations) == told["mutations"], where
            assert dict(zip(log.mutated_cells.tolist(), log.mutated_chars.tolist(), strict=True)) == dict(mutations)
            assert log.mutated_cells.tolist() == sorted(dict(mutations))
            assert sorted(pairs) == list(zip(log.left.tolist(), log.right.tolist(), strict=True))
    soup.close()


@pytest.mark.parametrize("run", PUBLISHED.values(), ids=[f"seed {seed}" for seed, _ in PUBLISHED])
def test_the_lattice_is_the_published_grid(run: dict[str, Any]) -> None:
    check_published(run, 8)


@pytest.mark.slow
@pytest.mark.parametrize("run", PUBLISHED.values(), ids=[f"seed {seed}" for seed, _ in PUBLISHED])
def test_the_lattice_stays_the_published_grid(run: dict[str, Any]) -> None:
    check_published(run, max(map(int, run["states"])))


def _of_short_programs() -> dict[str, Told]:
    """Soups of 16-byte programs; these languages make bytes from nowhere."""
    return {
        f"{geometry}, {language}": Told(
            geometries.settings_of(geometry, language, mutation, seed=seed, step_limit=100, reset_interval=reset), 25
        )
        for seed, (geometry, language, mutation, reset) in enumerate(
            (
                ("lattice", "z80", None, 0),
                ("lattice", "z80_zff", 2**30, 0),
                ("lattice", "z80", 0, 0),
                ("least lattice", "z80", 2**29, 0),
                ("mixed", "z80", 2**24, 0),
                ("line", "z80_zff", 2**24, 0),
            )
        )
    } | {"grid, z80, reset": Told(Settings(
        "z80", 36, 4, 2**24, 60, geometry="grid", width=6, height=6, radius=1, reset_interval=4), 15
    )}  # fmt: skip


ALL = SOUPS | _of_short_programs()


@pytest.fixture(scope="module", params=list(ALL.values()), ids=list(ALL), name="told")
def told_fixture(request: pytest.FixtureRequest) -> Told:
    found: Told = request.param
    return found


@pytest.mark.parametrize("threads", [1, 3])
def test_each_token_and_each_row_is_the_naive_tracers(told: Told, threads: int) -> None:
    states, records = history(*told)
    soup = sim.Soup(config_of(told.settings), threads)
    replay = sim.Replay(told.settings.length, soup.tokens(), 0, threads)
    assert differing(tuples(soup.tokens()), states[0]) == []
    for n, record in enumerate(records, start=1):
        log = soup.advance()
        check_log(log, record)
        assert differing(tuples(soup.tokens()), states[n]) == [], f"state {n}"
        assert soup.chars.tobytes() == bytes(char for _, _, char in states[n])
        assert soup.unique_origins == record.unique_origins == len({token[:2] for token in states[n]}), f"state {n}"
        replay.apply(log)
        assert differing(tuples(replay.tokens()), states[n]) == [], f"replayed state {n}"
        if n % 5 == 0:
            assert replay.unique_origins() == record.unique_origins
            (unique, most), (expected_unique, expected_most) = replay.token_counts(), soup.token_counts()
            assert (unique, most.tolist()) == (expected_unique, expected_most.tolist())
    soup.close()


def test_a_history_taken_up_midway_goes_on_as_it_would_have(told: Told) -> None:
    """A lattice's generator is taken up at an earlier epoch, or at none and drawn from the seed again."""
    states, records = history(*told)
    for start in (1, 2, told.epochs // 2):
        known = records[start - 1].generator
        for generator in {None, *([] if known is None else [(start, known)])}:
            soup = sim.Soup.resume(config_of(told.settings), packed(states[start]), start, generator=generator)
            for record in records[start : start + 5]:
                check_log(soup.advance(), record)
                assert differing(tuples(soup.tokens()), states[record.epoch]) == [], f"resumed at {start}"
            soup.close()


@settings(max_examples=60)
@given(described=strategies.placed_soups(), epochs=st.integers(1, 5), threads=st.sampled_from([1, 2]))
def test_any_small_soup_is_the_naive_tracers(described: Settings, epochs: int, threads: int) -> None:
    states, records = history(described, epochs)
    soup = sim.Soup(config_of(described), threads)
    for record in records:
        check_log(soup.advance(), record)
        assert differing(tuples(soup.tokens()), states[record.epoch]) == [], f"state {record.epoch}"
    soup.close()


@pytest.mark.parametrize(
    ("field", "options"),
    [
        ("width", {"geometry": "grid", "height": 4, "radius": 1}),
        ("height", {"geometry": "grid", "width": 4, "radius": 1}),
        ("radius", {"geometry": "line"}),
        ("radius", {"geometry": "grid", "width": 4, "height": 4}),
        ("radius", {"geometry": "line", "radius": -1}),
        ("radius", {"geometry": "mixed", "radius": 2}),
        ("radius", {"geometry": "lattice", "width": 4, "height": 4, "radius": 2}),
        ("width", {"geometry": "line", "width": 4, "radius": 1}),
        ("width", {"geometry": "lattice", "width": 1, "height": 4}),
        ("height", {"geometry": "lattice", "width": 4, "height": 1}),
        ("programs", {"geometry": "grid", "width": 3, "height": 5, "radius": 1}),
        ("programs", {"geometry": "grid", "width": 4, "height": 4, "radius": 1, "programs": 14}),
        ("programs", {"geometry": "fixed", "programs": 1000}),
        ("interactions", {"geometry": "mixed", "interactions": ((0, 1),)}),
        ("interactions", {"geometry": "graph", "programs": 4, "interactions": ((0, 4),)}),
        ("interactions", {"geometry": "graph", "programs": 4, "interactions": ((-1, 2),)}),
        ("interactions", {"geometry": "graph", "programs": 4, "interactions": ((3, 3),)}),
        ("interactions", {"geometry": "graph", "programs": 4}),
        ("reset_interval", {"reset_interval": -1}),
        ("reset_interval", {"geometry": "lattice", "width": 4, "height": 4, "reset_interval": 8}),
        ("geometry", {"geometry": "torus"}),
    ],
)
def test_a_geometry_that_makes_no_sense_is_refused_by_field(field: str, options: dict[str, Any]) -> None:
    with pytest.raises(sim.InputError, match=field) as refused:
        sim.SoupConfig(language="bff", **options)
    assert "\n" not in str(refused.value)
