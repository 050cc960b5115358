"""The twins against the reference's own figures, and against cases worked out by hand."""

import hashlib
import math
import string
from typing import Any

import pytest

from tests.naive import bff, measures, selfrep, soup, text, tracer
from tests.naive.golden import golden, remake
from tests.naive.lineage import Row, lineage
from tests.naive.onsets import Onset, onsets
from tests.naive.soup import Settings
from tests.naive.splitmix import seeded, sm
from tests.naive.tracer import Copy, Record, TracedSoup, Write

LANGUAGES = list(bff.DIALECTS)
# About a second each: an epoch costs a naive soup of 512 programs 0.1 to 0.9 s.
EPOCHS = {512: {"bff": 9, "bff_noheads": 9, "bff_noheads_4bit": 2}, 34: {"bff_noheads": 33}, 1024: {"bff_noheads": 4}}


def twinned(figures: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the figures of languages that have a twin."""
    return [figure for figure in figures if figure["language"] in LANGUAGES]


def settings_of(run: dict[str, Any]) -> Settings:
    return Settings(run["language"], run["programs"], run["seed"], run["mutation"], zero=run["zero"])


def test_splitmix_gives_the_published_first_output_of_seed_0() -> None:
    assert sm(0) == 0xE220A8397B1DCDAF
    assert seeded(5, 7) == sm(sm(5) ^ sm(7))


@pytest.mark.parametrize(
    "run",
    [r for r in golden("states")["runs"] if r["language"] in EPOCHS.get(r["programs"], ())],
    ids=lambda r: r["name"],
)
def test_states_are_the_references(run: dict[str, Any]) -> None:
    settings = settings_of(run)
    chars = soup.initial(settings)
    for n in range(1, EPOCHS[run["programs"]][run["language"]] + 1):
        soup.advance(settings, chars, n - 1)
        if str(n) in run["states"]:
            assert hashlib.sha256(chars).hexdigest() == run["states"][str(n)], f"state {n}; {remake('states')}"


@pytest.mark.parametrize("tape", twinned(golden("single_runs")["tapes"]), ids=lambda t: f"{t['language']} {t['name']}")
def test_single_tapes_end_as_the_references(tape: dict[str, Any]) -> None:
    before = bytes.fromhex(tape["left"] + tape["right"])
    for run in tape["runs"]:
        outcome = bff.run(tape["language"], before, run["max_steps"])
        assert outcome.tape.hex() == run["tape"], f"{run['max_steps']} steps; {remake('single_runs')}"
        assert outcome.operations == run["ops"], f"{run['max_steps']} steps; {remake('single_runs')}"


@pytest.mark.parametrize(
    "program", twinned(golden("scores")["single_programs"]), ids=lambda p: f"{p['language']} {p['name']}"
)
def test_scores_of_single_programs_are_the_references(program: dict[str, Any]) -> None:
    for where, score in program["scores"].items():
        seed, epoch = (int(part.strip(string.ascii_lowercase)) for part in where.split("_"))
        found = selfrep.score(program["language"], bytes.fromhex(program["program"]), seed=seed, e=epoch)
        assert found == score, f"{where}; {remake('scores')}"


@pytest.mark.parametrize("run", twinned(golden("scores")["soups"]), ids=lambda r: r["language"])
def test_pairing_and_operations_are_the_references(run: dict[str, Any]) -> None:
    settings = Settings(run["language"], run["programs"], run["seed"])
    first = run["states"][0]
    chars = soup.initial(settings)
    assert soup.advance(settings, chars, 0).operations == first["total_operations"]
    assert hashlib.sha256(chars).hexdigest() == first["sha256"]
    assert measures.shannon_entropy(bytes(chars)) == pytest.approx(first["shannon_entropy_float32"], abs=1e-6)
    for state in run["states"]:
        order = soup.shuffled(settings.programs, settings.seed, state["epoch"] - 1)
        assert order[:8] == state["shuffle_first8"], f"state {state['epoch']}; {remake('scores')}"


def test_a_soup_pairs_each_program_once() -> None:
    for e in range(20):
        pairs = soup.pairing(12, 2**64 - 1, e)
        assert sorted(program for pair in pairs for program in pair) == list(range(12))


def test_plants_stand_over_random_bytes_and_may_span_programs() -> None:
    plain = soup.initial(Settings("bff", 4, 9))
    planted = soup.initial(Settings("bff", 4, 9, plants=((60, b"abcdefgh"),)))
    assert planted[60:68] == b"abcdefgh"
    assert planted[:60] + planted[68:] == plain[:60] + plain[68:]


def test_runs_of_plants_that_touch_are_one() -> None:
    assert soup.adjacent([(70, b"c"), (0, b"ab"), (2, b"xyz")]) == ((0, b"abxyz"), (70, b"c"))


def test_one_copy_and_one_increment_by_hand() -> None:
    tape = b"+}." + bytes(125)
    outcome = bff.run("bff_noheads", tape, 8192)
    # `+` makes byte 0 a comma, `}` moves head 1 to byte 1, `.` copies byte 0 there
    assert outcome == bff.Outcome(b",,." + bytes(125), (0, 0, *range(2, 128)), 128, 3)
    assert tracer.mechanism(tape, outcome.tape, outcome.sources) == (Write(0, 0, 1), Write(1, 0, 1))


def test_a_byte_that_comes_back_unchanged_is_in_no_mechanism() -> None:
    outcome = bff.run("bff_noheads", b"+-" + bytes(126), 8192)
    assert tracer.mechanism(b"+-" + bytes(126), outcome.tape, outcome.sources) == ()


def test_copying_an_equal_byte_is_a_change() -> None:
    tape = b"{." + bytes(125) + b"{"
    outcome = bff.run("bff_noheads", tape, 8192)  # byte 0 goes over byte 127, its equal
    assert outcome.tape == tape
    assert tracer.mechanism(tape, outcome.tape, outcome.sources) == (Write(127, 0, 0),)


def test_heads_languages_start_where_bytes_0_and_1_say() -> None:
    tape = bytes([0x85, 0xFF, ord(".")]) + bytes(range(60, 185))
    outcome = bff.run("bff", tape, 1)
    assert outcome.tape[127] == tape[5]
    assert outcome.sources[127] == 5
    assert (outcome.steps, outcome.operations) == (1, 1)


def test_a_bracket_without_partner_stops_and_counts_as_an_operation() -> None:
    assert bff.run("bff_noheads", bytes([0, *b"["]) + bytes(126), 8192)[2:] == (2, 1)
    assert bff.run("bff_noheads", b"]" + bytes(127), 8192)[2:] == (1, 1)
    assert bff.run("bff_noheads", b"[" + bytes(127), 8192)[2:] == (128, 1)  # not taken: needs no partner


def test_a_loop_resumes_after_its_opening_bracket() -> None:
    # head 0 on byte 0, "[" itself: + makes it 0x5C, no command, and ] then finds no partner
    assert bff.run("bff_noheads", b"[+]" + bytes(125), 8192)[2:] == (3, 3)


def test_in_the_4_bit_language_sixteen_bytes_are_null() -> None:
    for null in range(0, 256, 16):
        tape = bytes([null, 0x06, 0x08, 0x07]) + bytes(124)
        outcome = bff.run("bff_noheads_4bit", tape, 8192)
        assert outcome.tape == tape, "the loop's body is skipped"
        assert outcome.operations == 1


def test_mechanism_ids_are_blake2b_of_the_canonical_list() -> None:
    assert tracer.mechanism_id(()) == 0
    writes = (Write(3, 7, 0), Write(64, None, 200))
    digest = hashlib.blake2b(bytes([3, 7, 0, 64, 255, 200])).digest()
    assert tracer.mechanism_id(writes) == sum(byte << (8 * k) for k, byte in enumerate(digest[:8])) % 2**63


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_tracers_bytes_are_the_plain_soups(language: str) -> None:
    settings = Settings(language, 6, 3, mutation=2**24)
    traced, plain = TracedSoup(settings), soup.initial(settings)
    for record in traced.records(25):
        totals = soup.advance(settings, plain, record.epoch - 1)
        assert traced.chars == plain
        assert sum(r.steps for r in record.reactions) == totals.steps
        assert sum(r.operations for r in record.reactions) == totals.operations


@pytest.mark.parametrize("language", LANGUAGES)
def test_records_explain_every_token(language: str) -> None:
    """State n follows from state n-1 by mutations, then copy edges, without executing anything."""
    traced = TracedSoup(Settings(language, 6, 4, mutation=2**23))
    before = list(traced.tokens)
    for record in traced.records(25):
        for cell, char in record.mutations:
            before[cell] = (record.epoch, cell, char)
        after = list(before)
        for edge in record.copies:
            epoch, cell, char = before[edge.from_program * 64 + edge.from_site]
            after[edge.program * 64 + edge.site] = (epoch, cell, (char + edge.delta) % 256)
        assert after == traced.tokens
        before = after


@pytest.mark.parametrize("language", LANGUAGES)
def test_lineage_ends_where_the_token_says(language: str) -> None:
    traced = TracedSoup(Settings(language, 4, 8, mutation=2**23))
    initial = traced.chars
    records = list(traced.records(30))
    for cell, (epoch, born, char) in enumerate(traced.tokens):
        rows = lineage(initial, records, 30, *divmod(cell, 64))
        assert rows[0].char == char
        assert (rows[-1].epoch, rows[-1].program * 64 + rows[-1].site) == (epoch, born)
        assert rows[-1].event == ("mutated" if epoch else "initial")
        assert sum(row.delta or 0 for row in rows) % 256 == (char - rows[-1].char) % 256
        assert [row.epoch for row in rows] == sorted((row.epoch for row in rows), reverse=True)


def test_lineage_of_a_hand_made_story() -> None:
    """Byte 5 of program 0: copied in epoch 3 from a cell mutated and incremented before."""
    initial = bytes(range(128))
    records = [
        Record(1, (), ((70, 200),), (), 0, 0),
        Record(2, (), (), (Copy(1, 6, 1, 6, 3, "incremented"),), 1, 0),
        Record(3, (), ((5, 99),), (Copy(0, 5, 1, 6, 255, "copied"),), 1, 0),
    ]
    assert lineage(initial, records, 3, 0, 5) == [
        Row(3, 0, 5, 202, "copied", 1, 6, 255),
        Row(2, 1, 6, 203, "incremented", 1, 6, 3),
        Row(1, 1, 6, 200, "mutated", None, None, None),
    ]
    assert lineage(initial, records, 3, 0, 6) == [Row(0, 0, 6, 6, "initial", None, None, None)]
    assert lineage(initial, records, 0, 1, 6) == [Row(0, 1, 6, 70, "initial", None, None, None)]


def test_a_byte_mutated_and_copied_in_one_epoch_was_copied_after() -> None:
    records = [Record(1, (), ((3, 50),), (Copy(0, 3, 1, 0, 0, "copied"), Copy(1, 9, 0, 3, 2, "copied")), 2, 0)]
    assert lineage(bytes(128), records, 1, 1, 9) == [
        Row(1, 1, 9, 52, "copied", 0, 3, 2),
        Row(1, 0, 3, 50, "mutated", None, None, None),
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_text_comes_back_as_it_was(language: str) -> None:
    for byte in range(256):
        shown = text.show(language, bytes([byte]))
        assert len(shown) == 1
        assert text.show(language, text.parse(language, shown)) == shown


def test_text_by_hand() -> None:
    assert text.parse("bff_noheads", "[0A\u0120L") == b"\x5b\x00\xc4\x20\xf3"
    assert text.show("bff", bytes([0, 0x2B, 0xCC, 0xF1, 0x20, 0xFF])) == "0+IJ\u0120\u01ff"
    assert text.parse("bff_noheads_4bit", "0[]+-.,<>{}") == bytes([0xF0, *range(0xF6, 0x100)])
    assert text.show("bff_noheads_4bit", bytes([0x00, 0x10, 0x26, 0xFF, 0x05])) == "00[}\u0105"
    with pytest.raises(ValueError, match="not in list"):
        text.parse("bff", " ")


def test_measures_by_hand() -> None:
    chars = bytes([0, 0, 1, 2])
    assert measures.shannon_entropy(chars) == 1.5
    assert measures.zero_share(chars) == 0.5
    assert measures.shannon_entropy(bytes(64)) == 0
    assert measures.shannon_entropy(bytes(range(256))) == 8
    tokens = [(0, 0, 7)] * 3 + [(0, 0, 8)] * 2 + [(0, 5 + k, 7) for k in range(40)]
    assert measures.unique_tokens(tokens) == 42
    assert measures.top32_share(tokens) == (3 + 2 + 30) / 45
    assert measures.complexity(bytes(6400)) < 0 < measures.complexity(bytes(range(256)) * 25)
    assert math.isclose(measures.bits_per_byte(bytes(800)), measures.brotli_size(bytes(800)) / 100)


def rising(*spans: tuple[int, float]) -> list[float]:
    return [value for length, value in spans for _ in range(length)]


@pytest.mark.parametrize(
    ("complexities", "expected"),
    [
        (rising((1000, 0.9)), []),
        (rising((70, 0), (900, 1.0)), [Onset(70, None, "transition")]),
        (rising((70, 0), (250, 2)), [Onset(70, None, "open")]),
        (rising((70, 0), (257, 2)), [Onset(70, None, "transition")]),
        (rising((70, 0), (250, 2), (900, 0)), [Onset(70, 320, "surge")]),
        (rising((70, 0), (251, 2), (900, 0)), [Onset(70, 384, "transition")]),
        (rising((65, 0), (30, 2), (900, 0)), []),  # over before the lattice saw it
        (rising((64, 0), (400, 2)), [Onset(64, None, "transition")]),
        (rising((100, 2), (300, 0)), []),  # no state below 1 came before
        (rising((129, 0), (2, 2)), [Onset(129, None, "open")]),  # seen at the last state only
        (
            rising((70, 0), (5, 2), (20, 0), (105, 2), (800, 0), (300, 1)),
            [Onset(70, 256, "surge"), Onset(1000, None, "transition")],
        ),
        ([0.0], []),
    ],
)
def test_onsets_by_hand(complexities: list[float], expected: list[Onset]) -> None:
    assert onsets(complexities) == expected
