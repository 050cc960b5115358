"""Soups against the naive tracer, token by token, and against themselves under other conditions."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sim
from tests import strategies
from tests.naive import measures, text, tracer
from tests.naive import soup as naive
from tests.naive.golden import golden, remake
from tests.naive.soup import Settings
from tests.sim.comparing import check_log, config_of, differing, history, packed, tuples

MIRRORED = {"bff_noheads": "[[{.>]-]", "bff_noheads_4bit": "[[{.>]-]"}


def replicator(language: str) -> bytes:
    """Return a program that scores 64 in ``language`` (semantics section 7)."""
    if language == "bff":
        return bytes([0x80, 0x40]) + b"[.>}]".ljust(62, b" ")
    core = text.parse(language, MIRRORED[language])
    return core + b"!" * 48 + core[::-1]


# Hundreds of epochs of each kind of soup: wild, without mutation, taken over by a replicator, born from
# zeros, under heavy mutation, with short runs. (settings, epochs)
HISTORIES = {
    f"{language}-{kind}": (Settings(language, **options), epochs)
    for language in ("bff", "bff_noheads", "bff_noheads_4bit")
    for kind, epochs, options in (
        ("wild", 300, {"programs": 10, "seed": 11}),
        ("no mutation", 200, {"programs": 16, "seed": 12, "mutation": 0}),
        ("taken over", 120, {"programs": 8, "seed": 13, "mutation": 2**21, "plants": ((64, replicator(language)),)}),
        (
            "taken over without mutation",
            60,
            {"programs": 14, "seed": 14, "mutation": 0, "plants": ((0, replicator(language)),)},
        ),
        ("zero at first", 150, {"programs": 8, "seed": 15, "mutation": 2**26, "zero": True}),
        ("heavy mutation", 100, {"programs": 6, "seed": 2**64 - 1, "mutation": 2**28}),
        ("short runs", 200, {"programs": 8, "seed": 2**63, "step_limit": 129, "mutation": 2**22}),
    )
}


@pytest.fixture(scope="module", params=list(HISTORIES.values()), ids=list(HISTORIES), name="told")
def told_fixture(request: pytest.FixtureRequest) -> tuple[Settings, int]:
    found: tuple[Settings, int] = request.param
    return found


def check_against_the_tracer(described: Settings, epochs: int, threads: int | None = None) -> None:
    """Advance both, comparing every token, every count and every row of the log at each state."""
    states, records = history(described, epochs)
    soup = sim.Soup(config_of(described), threads)
    assert tuples(soup.tokens()) == states[0]
    assert soup.unique_origins == len(states[0])
    for n, record in enumerate(records, start=1):
        log = soup.advance()
        check_log(log, record)
        assert differing(tuples(soup.tokens()), states[n]) == [], f"{described}, state {n}"
        assert soup.chars.tobytes() == bytes(char for _, _, char in states[n])
        assert (soup.epoch, soup.unique_origins) == (n, record.unique_origins)
    soup.close()


def test_each_token_and_each_row_is_the_naive_tracers(told: tuple[Settings, int]) -> None:
    check_against_the_tracer(*told)


@settings(max_examples=60)
@given(described=strategies.soups(), epochs=st.integers(1, 6), threads=st.sampled_from([None, 1, 2, 3]))
def test_any_small_soup_is_the_naive_tracers(described: Settings, epochs: int, threads: int | None) -> None:
    check_against_the_tracer(described, epochs, threads)


def test_a_history_taken_up_midway_goes_on_as_it_would_have(told: tuple[Settings, int]) -> None:
    """Resumed from the naive tracer's tokens: nothing else of the past is needed."""
    described, epochs = told
    states, records = history(described, epochs)
    for start in (0, 1, epochs // 2, epochs - 1):
        soup = sim.Soup.resume(config_of(described), packed(states[start]), start)
        assert soup.epoch == start
        assert soup.unique_origins == len({token[:2] for token in states[start]})
        for record in records[start : start + 12]:
            check_log(soup.advance(), record)
            assert differing(tuples(soup.tokens()), states[record.epoch]) == [], f"resumed at {start}"
        soup.close()


def test_counts_of_tokens_are_the_tracers(told: tuple[Settings, int]) -> None:
    described, epochs = told
    states, _ = history(described, epochs)
    for start in (0, epochs // 3, epochs):
        soup = sim.Soup.resume(config_of(described), packed(states[start]), start)
        unique, most = soup.token_counts()
        tokens, counts = np.unique(np.array(states[start]), axis=0, return_counts=True)
        assert unique == len(tokens)
        assert most.tolist() == sorted(counts.tolist(), reverse=True)[:32]
        soup.close()


@pytest.mark.parametrize("language", sorted(sim.LANGUAGES))
@pytest.mark.parametrize("programs", [2, 34, 1000])
def test_results_do_not_depend_on_threads(language: str, programs: int) -> None:
    config = sim.SoupConfig(language=language, programs=programs, geometry="mixed", seed=21, mutation=2**20)
    one, two, three = (sim.Soup(config, threads) for threads in (1, 2, 3))
    for _ in range(40):
        logs = [soup.advance() for soup in (one, two, three)]
        for log in logs[1:]:
            for column in ("left", "right", "steps", "operations", "mutated_cells", "mutated_chars"):
                assert np.array_equal(getattr(log, column), getattr(logs[0], column)), column
            assert np.array_equal(log.mechanisms.ids[log.mechanism], logs[0].mechanisms.ids[logs[0].mechanism])
            assert log.changed_cells == logs[0].changed_cells
            assert log.unique_origins == logs[0].unique_origins
    for soup in (two, three):
        assert np.array_equal(soup.tokens().origins, one.tokens().origins)
        assert np.array_equal(soup.tokens().chars, one.tokens().chars)


def test_soups_side_by_side_in_one_process_do_not_disturb_each_other() -> None:
    def state(seed: int) -> bytes:
        soup = sim.Soup(sim.SoupConfig(language="bff_noheads", programs=3000, seed=seed, mutation=2**20), 2)
        for _ in range(60):
            soup.advance()
        tokens = soup.tokens()
        soup.close()
        return tokens.origins.tobytes() + tokens.chars.tobytes()

    alone = [state(seed) for seed in (1, 2, 3)]
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(state, (1, 2, 3))) == alone


def test_a_segments_table_only_grows_and_a_fresh_one_starts_anew() -> None:
    described, epochs = HISTORIES["bff-taken over"]
    _, records = history(described, epochs)
    soup = sim.Soup(config_of(described))
    used: set[tuple[tracer.Write, ...]] = set()
    before: list[int] = []
    for record in records[:90]:
        if soup.epoch % 30 == 0:
            soup.begin_segment()
            used, before = {()}, []
        log = soup.advance()
        used.update(reaction.mechanism for reaction in record.reactions)
        ids = log.mechanisms.ids.tolist()
        assert ids[: len(before)] == before
        assert sorted(ids) == sorted(map(tracer.mechanism_id, used)), f"epoch {record.epoch}"
        assert len(log.mechanisms) == len(ids)
        assert ids[0] == 0
        assert len(log.mechanisms.list_of(0)) == 0
        before = ids


def test_a_log_keeps_what_it_said_after_the_soup_went_on() -> None:
    described, _ = HISTORIES["bff_noheads-wild"]
    _, records = history(*HISTORIES["bff_noheads-wild"])
    soup = sim.Soup(config_of(described))
    logs = [soup.advance() for _ in range(100)]
    for log, record in zip(logs, records, strict=False):
        check_log(log, record)


def test_tokens_taken_out_are_copies_and_chars_are_read_only() -> None:
    soup = sim.Soup(sim.SoupConfig(language="bff", programs=4, seed=1))
    taken = soup.tokens()
    taken.chars[:] = 0
    taken.origins[:] = 0
    assert tuples(soup.tokens())[5][1] == 5
    with pytest.raises(ValueError, match="read-only"):
        soup.chars[0] = 1


def check_one_epoch_from(soup: sim.Soup, described: Settings) -> None:
    """Advance ``soup`` once, and the naive tracer from the same tokens; compare everything."""
    slow = tracer.TracedSoup.at(described, tuples(soup.tokens()), soup.epoch)
    log = soup.advance()
    check_log(log, slow.advance())
    assert differing(tuples(soup.tokens()), slow.tokens) == []


@pytest.mark.parametrize(("language", "state"), [("bff", 40), ("bff_noheads", 40), ("bff_noheads_4bit", 90)])
def test_a_larger_soup_taken_over_is_the_naive_tracers(language: str, state: int) -> None:
    described = Settings(language, 512, 4, plants=tuple((64 * p, replicator(language)) for p in range(0, 512, 64)))
    soup = sim.Soup(config_of(described))
    for _ in range(state):
        soup.advance()
    check_one_epoch_from(soup, described)


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "stops"), [(0, (51, 52, 53, 60, 100, 256, 511)), (1, (40, 45, 50, 200, 400))])
def test_a_natural_transition_is_the_naive_tracers(seed: int, stops: tuple[int, ...]) -> None:
    described = Settings("bff_noheads_4bit", 4096, seed)
    soup = sim.Soup(config_of(described))
    for stop in stops:
        while soup.epoch < stop:
            soup.advance()
        check_one_epoch_from(soup, described)


def test_counts_kept_up_are_those_of_a_full_recount() -> None:
    """Across a natural transition, where the way of counting changes."""
    soup = sim.Soup(sim.SoupConfig(language="bff_noheads_4bit", programs=4096, seed=0))
    for n in range(1, 121):
        log = soup.advance()
        if n % 20 == 0 or 48 <= n < 56:
            tokens = soup.tokens()
            assert log.unique_origins == soup.unique_origins == len(np.unique(tokens.origins)), f"state {n}"
            _, counts = np.unique(tokens.origins << 8 | tokens.chars, return_counts=True)
            unique, most = soup.token_counts()
            assert (unique, most.tolist()) == (len(counts), sorted(counts.tolist(), reverse=True)[:32]), f"state {n}"


def check_sizes_at_full_size(language: str, last: int) -> None:
    """Compare the compressed size of a soup of 131072 programs at each golden state up to ``last``."""
    figures = golden("brotli_sizes")
    soup = sim.Soup(sim.SoupConfig(language=language, programs=figures["programs"], seed=figures["seed"]))
    for state, size in figures["sizes"][language].items():
        if int(state) <= last:
            while soup.epoch < int(state):
                soup.advance()
            assert measures.brotli_size(soup.chars.tobytes()) == size, f"state {state}; {remake('brotli_sizes')}"
    soup.close()


@pytest.mark.parametrize("language", ["bff", "bff_noheads"])
def test_soups_at_full_size_compress_as_the_references(language: str) -> None:
    check_sizes_at_full_size(language, 65)


@pytest.mark.slow
@pytest.mark.parametrize("language", golden("brotli_sizes")["sizes"])
def test_soups_at_full_size_go_on_as_the_references(language: str) -> None:
    check_sizes_at_full_size(language, 257)


@pytest.mark.parametrize("seed", [0, 1, 2**32, 2**63 - 1, 2**63, 2**64 - 1])
@pytest.mark.parametrize("programs", [2, 4, 6, 510])
def test_bytes_are_the_plain_soups_for_any_seed_and_size(seed: int, programs: int) -> None:
    described = Settings("bff_noheads", programs, seed, mutation=2**22, step_limit=500)
    soup, plain = sim.Soup(config_of(described)), naive.initial(described)
    assert soup.chars.tobytes() == plain
    for e in range(3):
        log, totals = soup.advance(), naive.advance(described, plain, e)
        assert soup.chars.tobytes() == plain, f"state {e + 1}"
        assert (log.total_steps, log.total_operations) == tuple(totals)


def test_a_late_epoch_of_a_large_soup_pairs_as_the_reference() -> None:
    """Pairing and mutation are functions of (seed, epoch): products beyond 2^32 must not wrap."""
    described = Settings("bff_noheads", 4096, 2**64 - 3, mutation=2**20, step_limit=1)
    epoch = 2**27 - 2
    config = config_of(described)
    tokens = sim.Soup(config).tokens()
    log = sim.Soup.resume(config, tokens, epoch).advance()
    pairs = naive.pairing(described, epoch).reacting
    assert sorted(pairs) == list(zip(log.left.tolist(), log.right.tolist(), strict=True))
    expected = sorted(
        ((pairs[k][position // 64] * 64 + position % 64), char)
        for k in range(0, 2048, 64)
        for position, char in naive.mutations(described, epoch, k)
    )
    found = dict(zip(log.mutated_cells.tolist(), log.mutated_chars.tolist(), strict=True))
    assert expected
    assert [(cell, found.get(cell)) for cell, _ in expected] == expected


def test_at_rate_1_every_byte_mutates_and_at_0_none() -> None:
    everything = sim.Soup(sim.SoupConfig(language="bff", programs=8, seed=3, mutation=2**30))
    log = everything.advance()
    assert log.mutated_cells.tolist() == list(range(8 * 64))
    nothing = sim.Soup(sim.SoupConfig(language="bff", programs=8, seed=3, mutation=0))
    assert [nothing.advance().mutations for _ in range(5)] == [0] * 5


def test_a_zero_soup_without_mutation_stays_as_it_is() -> None:
    soup = sim.Soup(sim.SoupConfig(language="bff_noheads", programs=6, mutation=0, initial_soup="zero"))
    for _ in range(4):
        log = soup.advance()
        assert (log.changed_cells, log.empty_reactions, log.unique_origins) == (0, 3, 384)
        assert (log.total_steps, log.total_operations) == (3 * 128, 0)


@pytest.mark.parametrize("language", ["bff", "bff_noheads", "bff_noheads_4bit"])
def test_planted_bytes_stand_where_they_were_put(language: str) -> None:
    plants = ((0, b"abc"), (3, b"def"), (126, bytes(range(200))), (64 * 8 - 1, b"!"))
    described = Settings(language, 8, 5, plants=naive.adjacent(plants))
    config = config_of(described)
    assert config.plants == described.plants
    assert config == sim.SoupConfig(language=language, programs=8, seed=5, plants=tuple(reversed(plants)))
    assert sim.Soup(config).chars.tobytes() == naive.initial(described)


@pytest.mark.parametrize(
    ("field", "options"),
    [
        ("language", {"language": "brainfork"}),
        ("programs", {"programs": 0}),
        ("programs", {"programs": -2}),
        ("programs", {"programs": 7}),
        ("seed", {"seed": -1}),
        ("seed", {"seed": 2**64}),
        ("mutation", {"mutation": -1}),
        ("mutation", {"mutation": 2**30 + 1}),
        ("step_limit", {"step_limit": 0}),
        ("step_limit", {"step_limit": -5}),
        ("geometry", {"geometry": "moebius"}),
        ("initial_soup", {"initial_soup": "primordial"}),
        ("plant", {"programs": 2, "plants": ((100, bytes(29)),)}),
        ("plant", {"programs": 2, "plants": ((-1, b"a"),)}),
        ("plant", {"programs": 2, "plants": ((5, b"abc"), (7, b"d"))}),
        ("mutation", {"mutation": 0.5}),
        ("programs", {"programs": 4.0}),
        ("seed", {"seed": "1"}),
        ("programs", {"programs": True}),
    ],
)
def test_a_configuration_that_makes_no_sense_is_refused_by_field(field: str, options: dict[str, object]) -> None:
    with pytest.raises(sim.InputError, match=field) as refused:
        sim.SoupConfig(**options)  # type: ignore[arg-type]  # wrong on purpose
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("rate", "threshold"),
    [(0.0, 0), (1.0, 2**30), (1 / 4096, 2**18), (0.5, 2**29), (2**-30, 1), (2**-31, 1), (2**-32, 0), (0.00024, 257698)],
)
def test_mutation_rates_round_to_the_nearest_as_the_reference_does(rate: float, threshold: int) -> None:
    assert sim.SoupConfig.mutation_from_rate(rate) == threshold


@pytest.mark.parametrize("rate", [-0.1, 1.1, float("nan"), float("inf"), -float("inf")])
def test_a_rate_outside_0_to_1_is_refused(rate: float) -> None:
    with pytest.raises(sim.InputError, match="mutation"):
        sim.SoupConfig.mutation_from_rate(rate)


def test_a_soup_resumed_from_too_few_tokens_is_refused() -> None:
    config = sim.SoupConfig(language="bff", programs=4)
    with pytest.raises(sim.InputError):
        sim.Soup.resume(config, packed([(0, 0, 1)] * 200), 0)
