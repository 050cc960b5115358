"""Distillation: cores and copies of programs that are known, and the naive twins where there is a definition."""

import hashlib
import random
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.copying import FOODS, mirror_of, observe, order_of
from analysis.core import TRIALS, Core, eliminate, find_core, neutral_byte
from analysis.distillation import FREQUENT, distil, find_distillations
from analysis.fidelity import GENERATIONS, LINEAGES, follow_copies
from analysis.foods import random_foods
from sim import LANGUAGES, SoupConfig, language, self_replication_scores
from tests.naive import distillation as naive

BLANKS = "Ġ" * 48
FIGURE_4 = "[[{.>]-]" + BLANKS + "]-]>.{[["
# The founder of the README's first worked example.
SEED_29 = "ĺǼ[ƍƄűŧ{.<>Ƽ>āāŲĐƓŭƔƹőƹǗƔŎŭƕƓǔĐ]]ĐǔƓƕŭŎƔǗƹőƹƔŭƓĐŲāā>Ƽ><.{ŧűƄƍ[Ǽĺ"
# And of the second, whose copies stand one site off.
SEED_2 = "ŰƏ<ƿ<ŢŏǿĒĻŮ[,ơƶơơ<Ķ}]ŌŌ}ǦĊĦĨĶĶKǜǜKĶĶĨĦĊǦ}ŌŌ]}Ķ<ơơƶơ,[ŮĻĒǿŏŢ<ƿ<ƏĒ"


def program_of(name: str, text: str) -> bytes:
    spoken = language(name)
    return spoken.parse(text).ljust(spoken.program_length, b"\0")


def hexadecimal(name: str, digits: str) -> str:
    return language(name).format(bytes.fromhex(digits))


def told(name: str, text: str) -> dict[str, Any]:
    return distil(SoupConfig(language=name, programs=4, geometry="mixed"), program_of(name, text))


KNOWN = [
    ("bff_noheads", FIGURE_4, "[{.>]]>.{[", "reversed", ".", 1, 256),
    ("bff_noheads", SEED_29, "[{.<>>]]>><.{[", "reversed", ".", 1, 1836),
    ("bff_noheads", SEED_2, "[,<}]]}<,[", "reversed", ",", 0, 571),
    ("bff_noheads_4bit", FIGURE_4.replace("Ġ", "ġ"), "[{.>]]>.{[", "reversed", ".", 1, 256),
    ("bff8_noheads", "Ġ{.>ĠĠĠĠ]" + "Ġ" * 46 + "]ĠĠĠĠ>.{Ġ", "{.>]]>.{", "reversed", ".", 1, 507),
    ("bff", "ƀŀ[.>}]" + "Ġ" * 57, "ƀŀ[.>}]", "direct", ".", 1, 254),
    ("bff_perm", "ƀŀ[.>}]" + "Ġ" * 57, "ƀŀ[.>}]", "direct", ".", 1, 254),
    ("bff8", "ƀŀ.>}ĠĠĠĠ]" + "Ġ" * 54, "ƀŀ.>}]", "direct", ".", 1, 505),
    ("forthtrivial", "0C0804812CC4", "0C0804C4", "direct", "COPY0", None, 316),
    ("forth", "4040400003080404C4", "0003080404C4", "direct", "WRITE1", None, 383),
    ("forthcopy", "0404030208C4", "0404030208C4", "direct", "COPY", None, 382),
    ("z80_zff", "309E5EEDB0", "305EEDB0", "direct", "LDIR", None, 18),
]


@pytest.mark.parametrize(
    ("name", "text", "core", "order", "instruction", "writer", "steps"),
    KNOWN,
    ids=[f"{case[0]} {case[2]}" for case in KNOWN],
)
def test_known_replicators(
    name: str, text: str, core: str, order: str, instruction: str, writer: int | None, steps: int
) -> None:
    found = told(name, text)
    assert (found["core"], found["copy_order"], found["instruction"]) == (core, order, instruction)
    assert (found["writer"], found["steps"], found["period"]) == (writer, steps, None)
    assert found["sanitised_score"] >= found["required_score"] >= 5
    program, neutral = program_of(name, text), neutral_byte(language(name))
    kept = [byte if site in found["working"] else neutral for site, byte in enumerate(program)]
    assert language(name).parse(found["sanitised_text"]) == bytes(kept)


def test_the_papers_palindrome_in_words_and_its_copies_stay_true() -> None:
    found = told("bff_noheads", FIGURE_4)
    assert found["sanitised_text"] == "Ġ[{.>]Ġ" + "Ġ" * 50 + "Ġ]>.{[Ġ"
    assert found["essential"] == (2, 3, 4, 5, 58, 59, 60, 61)
    parts = found["description"].split("; ")
    assert parts[0] == "copies 64 of its 64 bytes in reverse order, by `.`"
    assert parts[1] == "head0 reads moving right, head1 writes moving left"
    assert parts[2] == "a byte every 4 steps, all of them after 256 steps"
    assert parts[3].startswith("from left to right only")
    assert parts[4:] == ["its text is a palindrome", "its own half stays"]
    assert [row["equal_share"] for row in found["fidelity"]] == [1.0] * 16
    assert found["last_score"] == 64


@pytest.mark.parametrize("mirrored", [True, False])
def test_sanitising_a_random_filled_palindrome_gives_its_commands_back(mirrored: bool) -> None:
    spoken = language("bff_noheads")
    plain = [byte for byte in range(256) if spoken.disassemble(bytes((byte,))) == ["no-op"]]
    for seed in range(3):
        filling = random.Random(seed).choices(plain, k=24)
        half = filling[::-1] if mirrored else random.Random(-1 - seed).choices(plain, k=24)
        program = spoken.parse("[[{.>]-]") + bytes(filling) + bytes(half) + spoken.parse("]-]>.{[[")
        found = distil(SoupConfig(programs=2), program)
        assert found["sanitised_text"] == "Ġ[{.>]Ġ" + "Ġ" * 50 + "Ġ]>.{[Ġ"
        assert found["sanitised_score"] == 64


def test_a_pattern_that_is_pushed_over_and_over_has_a_period() -> None:
    found = told("z80", "01C5" * 8)
    assert (found["copy_order"], found["period"], found["text_period"]) == ("repeated", 2, 2)
    assert (found["instruction"], found["score"], found["working_bytes"]) == ("PUSH BC", 16, 16)
    assert "its text repeats every 2 bytes" in found["description"]


@pytest.mark.parametrize(("name", "text"), [("forthtrivial", "0C"), ("bff_noheads", "["), ("subleq", "00")])
def test_of_a_program_that_does_not_replicate_nothing_is_distilled(name: str, text: str) -> None:
    found = told(name, text)
    assert found["score"] < 5
    assert [found[column] for column in ("essential", "working", "core", "sanitised_text", "sanitised_score")] == [
        None
    ] * 5
    assert found["description"].startswith("does not copy itself")
    assert found["steps"] is None


def test_the_same_program_distils_alike_in_every_soup() -> None:
    program = program_of("bff_noheads", SEED_2)
    soups = [
        SoupConfig(programs=2, seed=1),
        SoupConfig(programs=64, seed=2, mutation=0),
        SoupConfig(geometry="grid", width=4, height=4, radius=1),
    ]
    first, *others = [distil(soup, program) for soup in soups]
    assert others == [first, first]
    assert distil(SoupConfig(programs=2, step_limit=100), program) != first


@pytest.mark.parametrize("name", LANGUAGES)
def test_the_neutral_byte_does_nothing_where_a_byte_can(name: str) -> None:
    spoken = language(name)
    neutral = neutral_byte(spoken)
    if name in {"subleq", "rsubleq4"}:
        assert neutral == 0
        return
    idle = bytes([neutral]) * spoken.program_length
    outcome = spoken.run(idle, idle)
    assert outcome.tape == idle + idle
    assert outcome.sources.tolist() == [*range(2 * spoken.program_length)]


def test_the_neutral_byte_is_the_papers_blank_or_next_to_it() -> None:
    found = {name: neutral_byte(language(name)) for name in ("bff_noheads", "bff_noheads_4bit", "forth", "z80")}
    assert found == {"bff_noheads": 0x20, "bff_noheads_4bit": 0x21, "forth": 0x20, "z80": 0}


@given(
    st.binary(min_size=1, max_size=10).map(lambda content: bytes(byte % 3 for byte in content)),
    st.integers(0, 999),
    st.integers(0, 9),
    st.booleans(),
)
def test_elimination_agrees_with_trying_one_after_the_other(
    program: bytes, whim: int, often: int, paired: bool
) -> None:
    """Whatever decides: here, a hash of site and text; more bytes may be spared after others, or no longer."""
    sites = np.arange(len(program))
    others = len(program) - 1 - sites if paired else sites
    units = np.stack([sites, others], axis=1)[sites <= others]

    def keeps(site: int, text: bytes) -> bool:
        return hashlib.sha256(f"{whim} {site} {text!r}".encode()).digest()[0] % 10 < often

    found = eliminate(
        program,
        0,
        units,
        lambda chosen, texts: np.array([keeps(int(s), t.tobytes()) for s, t in zip(chosen, texts, strict=True)], bool),
    )
    assert list(found) == naive.eliminate(program, 0, units.tolist(), keeps)


@pytest.mark.parametrize(
    ("name", "text"), [("bff_noheads", SEED_29), ("forthtrivial", "0C083F150492" + "11" * 18 + "D7")]
)
def test_a_core_is_what_single_scores_leave_and_no_more_can_be_spared(name: str, text: str) -> None:
    program, spoken = program_of(name, text), language(name)
    mirror = 63 if name == "bff_noheads" else None
    soup = SoupConfig(language=name, programs=64)

    def keeps(site: int, tried: bytes) -> bool:
        chars, chosen = np.frombuffer(tried * 64, np.uint8), np.array([site])
        return all(self_replication_scores(soup, chars, trial, chosen)[0] >= 64 for trial in range(TRIALS))

    units = [[s, 63 - s] for s in range(32)] if mirror else [[s] for s in range(64)]
    core = find_core(spoken, program, 8192, mirror)
    assert isinstance(core, Core)
    assert core.working is not None
    assert core.sanitised is not None
    assert list(core.working) == naive.eliminate(program, 0x20, units, keeps)
    alone = [[s] for s in range(64)]
    missed = [s for [s] in alone if not keeps(s, program[:s] + b" " + program[s + 1 :])]
    assert list(core.essential or ()) == missed
    for unit in units:
        if set(unit) <= set(core.working):
            without = bytes(0x20 if site in unit else byte for site, byte in enumerate(core.sanitised))
            assert not keeps(unit[0], without)


@pytest.mark.parametrize(
    ("name", "text", "limit"),
    [
        ("bff_noheads", FIGURE_4, 300),
        ("bff_noheads", SEED_2, 600),
        ("bff", "ƀŀ[.>}]", 200),  # ends amid its copy
        ("forthtrivial", "0C0804812CC4", 320),
        ("rsubleq4", "091014040405130400000C04FDFD0904F808F9F400FFFFC0B7", 300),
    ],
)
def test_copies_agree_with_the_naive_twin(name: str, text: str, limit: int) -> None:
    program = program_of(name, text)
    copying = observe(language(name), program, limit)
    usual, typical = naive.usual_sources(name, program, limit)
    assert copying.copied == sum(site is not None for site in usual)
    assert copying.watched is not None
    assert copying.watched.steps == naive.steps_of_a_copy(name, program + naive.food(typical), usual, limit)
    sites = [(place, site) for place, site in enumerate(usual) if site is not None]
    reverses = copying.copy_order == "reversed"
    shifts = Counter(place + site - 63 if reverses else place - site for place, site in sites)
    assert copying.shift == shifts.most_common(1)[0][0]


@pytest.mark.parametrize(("name", "text"), [("bff_noheads", SEED_2), ("forthtrivial_reset", "0C0804812CC4")])
def test_fidelity_agrees_with_the_naive_twin(name: str, text: str) -> None:
    program, limit = program_of(name, text), 600
    generations, last = follow_copies(language(name), program, limit)
    expected = naive.equal_bytes(name, program, limit, 4)
    assert [(g.equal, g.least) for g in generations[:4]] == [(sum(counts), min(counts)) for counts in expected]
    assert [g.generation for g in generations] == [*range(1, GENERATIONS + 1)]
    assert 0 <= last <= 64


def test_foods_are_the_same_however_many_are_asked_for() -> None:
    assert LINEAGES == FOODS == naive.FOODS
    foods = random_foods(5, 64, 3)
    assert [food.tobytes() for food in foods] == [naive.food(k) for k in range(3, 8)]
    assert random_foods(2, 16, 1).tobytes() == naive.food(1, 16) + naive.food(2, 16)
    assert len(set(random_foods(32, 64).ravel().tolist())) == 256


@pytest.mark.parametrize(
    ("usual", "expected"),
    [
        ([0, 1, 2, 3, 4, 5, 6, 7], ("direct", 0, None)),
        ([255, 255, 0, 1, 2, 3, 4, 5], ("direct", 2, None)),
        ([7, 0, 1, 2, 3, 4, 5, 6], ("direct", 1, None)),
        ([1, 255, 3, 4, 255, 6, 255, 0], ("direct", -1, None)),
        ([7, 6, 5, 4, 3, 2, 1, 0], ("reversed", 0, None)),
        ([6, 5, 4, 3, 2, 1, 0, 255], ("reversed", -1, None)),
        ([0, 1, 0, 1, 0, 1, 0, 1], ("repeated", None, 2)),
        ([3, 3, 3, 3, 3, 3, 3, 3], ("repeated", None, 1)),
        ([5, 0, 3, 6, 1, 255, 255, 2], ("scattered", None, None)),
        ([0, 1, 2, 3, 255, 255, 255, 255], ("none", None, None)),
    ],
)
def test_the_order_of_a_copy(usual: list[int], expected: tuple[str, int | None, int | None]) -> None:
    assert order_of(np.array(usual), 8) == expected


def test_the_mirror_of_a_palindrome_and_of_one_that_slid() -> None:
    assert mirror_of(b"abcdeedcba") == (9, 10)
    assert mirror_of(b"xabcdeedcba") == (11, 10)
    assert mirror_of(bytes(range(64)))[1] <= 1


def test_distilled_are_founders_and_the_most_frequent_replicators_of_each_state() -> None:
    program = program_of("bff_noheads", FIGURE_4)
    silent = bytes(64)
    founders = [{"epoch": 7, "program": 3, "bytes": silent}, {"epoch": 12, "program": 2, "bytes": program}]
    replicators = [{"epoch": epoch, "program": k, "bytes": program} for epoch in (12, 20) for k in (9, 5, 2, 7, 1)]
    rows = find_distillations(SoupConfig(programs=16), founders, replicators)
    places = [(row["epoch"], row["program"], row["origin"]) for row in rows]
    frequent = sorted((9, 5, 2, 7))[:FREQUENT]
    assert places == [
        (7, 3, "founder"),
        *((12, k, "founder" if k == 2 else "replicator") for k in frequent),
        *((20, k, "replicator") for k in frequent),
    ]
    assert (rows[0]["score"], rows[0]["working"]) == (0, None)
    assert {row["core"] for row in rows[1:]} == {"[{.>]]>.{["}
