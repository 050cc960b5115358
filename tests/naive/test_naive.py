"""The twins against the reference's own figures, and against cases worked out by hand."""

import hashlib
import math
import string
from collections.abc import Iterable
from typing import Any

import pytest

from tests import geometries
from tests.naive import bff, forth, measures, selfrep, soup, text, tracer, twins
from tests.naive.bff import NOWHERE, L, Outcome
from tests.naive.golden import golden, remake
from tests.naive.lineage import Row, lineage
from tests.naive.onsets import Onset, onsets
from tests.naive.soup import Settings
from tests.naive.splitmix import seeded, sm
from tests.naive.tracer import Copy, Record, TracedSoup, Write

LANGUAGES = list(twins.TWINS)
# About a second each: an epoch costs a naive soup of 512 programs 0.1 to 0.9 s.
EPOCHS = {
    512: {"bff": 9, "bff_noheads": 9, "bff_noheads_4bit": 2},
    34: {"bff_noheads": 33},
    1024: {"bff_noheads": 4},
    4096: {"bff_noheads": 1},
}
# The reference's soups of 512 programs and seed 1, SHA-256 of state 3: `--seed 1 --num 512`.
THIRD_STATES = {
    "bff8": "a6cd7a7de8f2d7a96aaafda01bfced1e2c14ea4fea5bfdd5e405e14fbd7d496c",
    "bff8_noheads": "58437f41577fdc9eaeb25f4a6839a9400b943b8722570801f6ce8f85e116f3ff",
    "bff_perm": "0694299addd2bca07e7a154cf7cf73b19f3f8b6bc251cc9118795ec158c17b22",
    "bff_selfmove": "40261190787fa1c40629c4d24c415228709ca727a477dffa9ee513dd3b190963",
    "forth": "2ca5a32c8c525c87ffa8fbc74739d082cc1c138f251743274547e631c6e82c6c",
    "forthcopy": "78b28107c5955332f62dfb68aeaf70e6dca5aa8123252f1fd5ddeba6bfb66fda",
    "forthtrivial": "229a22b952a6b585652d1160b67d0b28772df1602d2662b275c8df41a07bbe7f",
    "forthtrivial_reset": "229a22b952a6b585652d1160b67d0b28772df1602d2662b275c8df41a07bbe7f",
    "rsubleq4": "35dacac3a11efc5420617e9d4c02e6d64605e158fa2c024deeb1e96740cfd5e8",
    "subleq": "fe245ee2d7da185601544efc19fe1307255da74f7fd4049fefa1f2673b5729c2",
}


def twinned(figures: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the figures of languages that have a twin."""
    return [figure for figure in figures if figure["language"] in LANGUAGES]


def settings_of(run: dict[str, Any]) -> Settings:
    own = {field: run[field] for field in ("geometry", "width", "height", "radius", "reset_interval") if field in run}
    return Settings(run["language"], run["programs"], run["seed"], run["mutation"], zero=run["zero"], **own)


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
    for n in range(1, EPOCHS[run["programs"]].get(run["language"], 2) + 1):
        soup.advance(settings, chars, n - 1)
        if str(n) in run["states"]:
            assert hashlib.sha256(chars).hexdigest() == run["states"][str(n)], f"state {n}; {remake('states')}"


@pytest.mark.parametrize("language", THIRD_STATES)
def test_third_states_are_the_references(language: str) -> None:
    assert hashlib.sha256(soup.state(Settings(language, 512, 1), 3)).hexdigest() == THIRD_STATES[language]


@pytest.mark.parametrize("tape", twinned(golden("single_runs")["tapes"]), ids=lambda t: f"{t['language']} {t['name']}")
def test_single_tapes_end_as_the_references(tape: dict[str, Any]) -> None:
    before = bytes.fromhex(tape["left"] + tape["right"])
    for run in tape["runs"]:
        outcome = twins.run(tape["language"], before, run["max_steps"])
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


SIX = "0C0804812CC4"
RSUBLEQ4_COPIER = "091014040405130400000C04FDFD0904F808F9F400FFFFC0B7"


def mirrored(program: bytes) -> bytes:
    return program.ljust(L - len(program)) + program[::-1]


def hexed(program: str) -> bytes:
    return bytes.fromhex(program).ljust(L, b"\0")


# Semantics section 7: language, program, operations within 8192 steps on food of zeros, score.
KNOWN = [
    ("bff", b"\x80\x40[.>}]".ljust(L), 8192, 64),
    ("bff_perm", bytes.fromhex("8040090702040A").ljust(L), 8192, 64),
    ("bff8", b"\x80\x40.>}    ]".ljust(L), 4096, 64),
    ("bff8_noheads", mirrored(b" {.>    ]"), 4095, 64),
    ("bff8_noheads", mirrored(b"{.>    ]"), 4, 0),
    ("bff_selfmove", hexed("400005040006"), 123, 64),
    ("forth", hexed("4040400003080404C4"), 8192, 64),
    ("forth", hexed("4040400003080404C7"), 381, 0),
    ("forth", hexed(SIX), None, 0),
    ("forthcopy", hexed("0404030208C4"), 8192, 64),
    ("forthtrivial", hexed("0C"), 128, 1),
    ("forthtrivial", hexed(SIX), 8192, 64),
    ("forthtrivial", hexed("0C083F150492" + 18 * "00" + "D7"), 5852, 64),
    ("forthtrivial", hexed("0C091C270492" + 18 * "00" + "D7"), 5852, 64),
    ("forthtrivial", hexed("0C091F1F04C4"), 5462, 64),
    ("forthtrivial", hexed("4040400003080404C4"), 8192, 64),
    ("forthtrivial", hexed("4040400003080404C7"), 381, 0),
    ("forthtrivial", bytes(L), None, 0),
    ("forthtrivial_reset", hexed(SIX), 8192, 64),
    ("forthtrivial_reset", hexed("4040400003080404C4"), 8192, 64),
    ("rsubleq4", hexed(RSUBLEQ4_COPIER), 258, 62),
    ("rsubleq4", hexed(RSUBLEQ4_COPIER[:-2]), None, 0),
    ("rsubleq4", bytes(L), 8192, 0),
    ("subleq", bytes(L), 8192, 0),
]


@pytest.mark.parametrize(("language", "program", "operations", "score"), KNOWN)
def test_known_texts_do_what_they_are_known_for(
    language: str, program: bytes, operations: int | None, score: int
) -> None:
    outcome = twins.run(language, program + bytes(L), 8192)
    assert operations in {None, outcome.operations}
    if score == 64 and language != "bff_selfmove":  # that one needs food that isn't zero
        assert outcome.tape[L:] == outcome.tape[:L] == program
        if language in forth.DIALECTS:  # each byte came from its own place on the left
            assert outcome.sources == (*range(L), *range(L))
    assert selfrep.score(language, program, seed=0, e=0) == score


def test_the_rsubleq4_replicator_copies_all_but_its_counters() -> None:
    outcome = twins.run("rsubleq4", hexed(RSUBLEQ4_COPIER) + bytes(L), 8192)
    left, right = outcome.tape[:L], outcome.tape[L:]
    assert [i for i in range(L) if left[i] != right[i]] == [8, 9]
    assert (left[8:10], right[8:10]) == (b"\x7f\x38", b"\x40\x01")


def test_food_that_begins_with_the_reset_byte_re_randomises_the_left_half() -> None:
    food = b"\x13".ljust(L, b"\0")
    outcome = twins.run("forthtrivial_reset", hexed(SIX) + food, 8192)
    assert outcome.operations == 60
    first = twins.run("forthtrivial_reset", hexed(SIX) + food, 1)
    assert first.tape[L:] == food
    assert first.sources == (*[NOWHERE] * L, *range(L, 2 * L))


def forth_run(language: str, program: str, limit: int = 8192, **food: int) -> Outcome:
    """Run hex ``program`` on a tape of no-ops, with single bytes ``at_<position>`` elsewhere."""
    tape = bytearray(bytes.fromhex(program).ljust(2 * L, b"\x3f"))
    for name, char in food.items():
        tape[int(name.removeprefix("at_"))] = char
    return twins.run(language, bytes(tape), limit)


@pytest.mark.parametrize(
    ("language", "program", "target", "char", "source"),
    [
        ("forth", "5E7E02", 30, 0x3E, 1),  # a constant is its instruction's byte
        ("forth", "5E6800 02", 30, 200, 40),  # a byte read, by way of the stack
        ("forth", "5E6801 02", 30, 100, 104),
        ("forth", "5E6801 03", 94, 100, 104),
        ("forth", "5E6800 08 02", 30, 201, 40),
        ("forth", "5E6800 0909 02", 30, 198, 40),
        ("forth", "5E6800 6801 0A 02", 30, 44, 104),  # 100 + 200; the top operand's
        ("forth", "5E6801 6800 0A 02", 30, 44, 40),
        ("forth", "5E6800 6801 0B 02", 30, 156, 104),  # 100 - 200: the top less the one below
        ("forth", "5E6801 6800 0B 02", 30, 100, 40),
        ("forth", "5E6800 6801 06 0B 02", 30, 100, 40),
        ("forth", "5E6800 04 05 02", 30, 200, 40),
        ("forth", "6800 5E 06 02", 30, 200, 40),
        ("forth", "7E 02", 0, 0x3E, 0),  # the address popped from an empty stack is 0
        ("forth", "02", 0, 0, NOWHERE),
        ("forth", "03", 64, 0, NOWHERE),
        ("forth", "08 03", 64, 1, NOWHERE),
        ("forth", "04 03", 64, 0, NOWHERE),
        ("forth", "07 03", 64, 0, NOWHERE),  # IF0 on an empty stack leaves a 0
        ("forth", "7E 0A 03", 64, 0x3E, 0),  # nothing below
        ("forth", "7E 0B 03", 64, 0x3E, 0),
        ("forth", "7E 06 03", 126, 0, NOWHERE),  # an empty stack's 0 came on top
        ("forth", "7E 00 03", 64, 0x3F, 62),
        ("forth", "5E 0C", 94, 0x3F, 94),  # no such command
        ("forthtrivial", "68 0C", 104, 200, 40),
        ("forthtrivial", "68 0D", 40, 100, 104),
        ("forthtrivial", "0C", 64, 0x0C, 0),
        ("forthtrivial", "7E 04 08 0C", 127, 0x3F, 63),
        ("forthcopy", "68 5E 02", 30, 200, 40),  # the target is on top
        ("forthcopy", "68 03 5E 02", 30, 100, 104),
        ("forthcopy", "5E 68 03 00 01", 30, 100, 104),
        ("forthcopy", "5E 68 03 01", 30, 0x28 ^ 64, 1),
        ("forthcopy", "03 01", 0, 64, NOWHERE),
        ("forthcopy", "5E 68 03 09 00 01", 30, 0x3F, 103),
    ],
)
def test_forth_bytes_know_where_they_came_from(
    language: str, program: str, target: int, char: int, source: int
) -> None:
    outcome = forth_run(language, program, at_40=200, at_104=100)
    assert (outcome.tape[target], outcome.sources[target]) == (char, source)
    assert [i for i in range(2 * L) if outcome.sources[i] != i] == ([target] if source != target else [])


@pytest.mark.parametrize(
    ("program", "places", "steps", "operations"),
    [
        ("", {}, 128, 0),
        ("C0", {}, 1, 1),
        ("3FC1", {}, 2, 1),
        ("3FC0", {}, 8192, 4096),
        ("BF", {"at_64": 0xBF}, 2, 2),
        ("BF", {"at_64": 0xBE}, 3, 2),
        ("", {"at_127": 0x07}, 128, 1),  # IF0 with nothing on the stack
        ("41", {"at_127": 0x07}, 128, 2),
        ("41", {"at_126": 0x07}, 127, 2),
        ("40", {"at_126": 0x07}, 128, 2),
        ("40C0", {}, 257, 257),  # the 129th entry is one too many
        ("04C0", {}, 255, 255),  # two at first, then one a time
        ("0405C1", {}, 8192, 8192),
        ("4305 C1", {}, 8192, 8192),
        ("437F02C3", {}, 128, 3),  # the jump becomes a no-op before it is reached
        ("427F02", {}, 128, 3),  # WRITE0 overwrites itself
        ("46 67 00 02", {"at_39": 0x05}, 128, 6),  # a DROP, there and at 6
        ("43 67 00 C0 02", {"at_39": 0xBF}, 8192, 8192),
    ],
)
def test_forth_programs_end_where_they_should(
    program: str, places: dict[str, int], steps: int, operations: int
) -> None:
    for language in ("forth", "forthtrivial", "forthtrivial_reset"):
        assert forth_run(language, program, **places)[2:] == (steps, operations)


def test_a_stack_may_be_just_full() -> None:
    # byte 60 says how often: 256 - 127 rounds of DUP INC leave 128 entries, one more overflows
    counted = "7C00 04080781C3"
    assert forth_run("forth", counted, at_60=129).steps == 2 + 127 * 4 + 120  # byte 60 is also a jump, by two
    assert forth_run("forth", counted, at_60=128).steps == 2 + 127 * 4 + 1


@pytest.mark.parametrize("program", ["437F03", "430C"])
def test_a_reset_takes_the_place_of_the_write(program: str) -> None:
    outcome = forth_run("forthtrivial_reset", program, limit=len(program) // 2, at_67=0x13)
    before = forth_run("forthtrivial_reset", program, limit=0, at_67=0x13)
    s = 0
    for char in before.tape:
        s = sm(s ^ char)
    pc = len(program) // 2 - 1
    assert outcome.tape == bytes(sm(s * 4096 + pc * 64 + i) % 256 for i in range(L)) + before.tape[L:]
    assert outcome.sources == (*[NOWHERE] * L, *range(L, 2 * L))
    writes = tracer.mechanism(before.tape, outcome.tape, outcome.sources)
    assert writes == tuple(Write(i, None, outcome.tape[i]) for i in range(L))
    unchanged = forth_run("forthtrivial", program, limit=len(program) // 2, at_67=0x13)
    assert unchanged.tape[67] != 0x13


def test_subleq_by_hand() -> None:
    tape = bytearray(bytes(2 * L))
    tape[:7] = bytes([10, 128 + 11, 6, 10, 11, 125, 12])
    tape[10:12] = b"\x09\x05"
    outcome = twins.run("subleq", bytes(tape), 2)
    assert outcome.tape[10] == 255  # 9 - 5 is positive, so the second instruction follows: 4 - 5
    assert outcome == Outcome(outcome.tape, tuple(range(2 * L)), 2, 2)
    # it jumped to 125, the last place where an instruction may stand: byte 0 less itself, on at 0
    assert twins.run("subleq", bytes(tape), 3).tape[0] == 0
    assert twins.run("subleq", bytes(tape), 4).tape[0] == 251
    for place, steps in ((126, 2), (127, 2), (128, 2), (255, 2)):
        tape[5] = place
        assert twins.run("subleq", bytes(tape), 8192).steps == steps


def test_subleq_reads_its_jump_after_the_write() -> None:
    tape = bytes([2, 3, 5, 5]) + bytes(124)  # byte 2 becomes 0: again, and then -5, beyond the tape
    outcome = twins.run("subleq", tape, 8192)
    assert outcome == Outcome(bytes([2, 3, 251, 5]) + bytes(124), tuple(range(128)), 2, 2)


def test_rsubleq4_by_hand() -> None:
    tape = bytearray(bytes(2 * L))
    tape[:4] = bytes([10, 11, 12, 124])
    tape[10:13] = b"\x00\x05\x06"
    tape[124:128] = bytes([4 + 13, 4 + 14, 256 - 112, 5])  # addresses go round: 13, 14, 12
    tape[14] = 7
    once, twice = (twins.run("rsubleq4", bytes(tape), limit) for limit in (1, 2))
    assert (once.tape[10], once.sources[10]) == (255, 11)
    assert (twice.tape[13], twice.sources[13]) == (1, 14)
    assert twins.run("rsubleq4", bytes(tape), 8192) == twice  # positive, so on to 128, off the tape
    for jump, steps in ((0, 8192), (125, 1), (255, 1), (128, 1)):
        tape[3] = jump
        assert twins.run("rsubleq4", bytes(tape), 8192).steps == steps


def test_rsubleq4_reads_its_jump_after_the_write() -> None:
    tape = bytes([3, 5, 6, 4, 0, 3, 7]) + bytes(121)  # byte 3 becomes -4
    outcome = twins.run("rsubleq4", tape, 8192)
    assert outcome == Outcome(bytes([3, 5, 6, 252, 0, 3, 7]) + bytes(121), (0, 1, 2, 5, *range(4, 128)), 1, 1)


def test_brackets_that_jump_by_eight() -> None:
    assert twins.run("bff8_noheads", b"0" * 7 + b"]" + bytes(120), 8192)[2:] == (8, 1)  # to -1: dies
    assert twins.run("bff8_noheads", b"0" * 8 + b"]" + bytes(119), 90).steps == 90  # to 0, so on at 1
    assert twins.run("bff8_noheads", b"0" * 119 + b"[" + bytes(8), 8192).steps == 128  # not taken
    assert twins.run("bff8_noheads", b"\0[" + b"+" * 8 + bytes(118), 8192)[2:] == (120, 1)  # over eight bytes
    assert twins.run("bff8_noheads", b"\0" + b"0" * 118 + b"[" + bytes(8), 8192).steps == 120  # off the end
    assert twins.run("bff8", b"\x02\0" + b"]" + bytes(125), 8192)[2:] == (1, 1)


def test_selfmove_copies_and_walks() -> None:
    tape = bytes([0x40, 0x20, 4, 4, 0, 4, *[7] * 122])
    outcome = twins.run("bff_selfmove", tape, 8192)
    assert outcome.operations == 4
    assert outcome.sources == (*range(64), 33, 34, *range(66, 128))
    zero = bytes([0x10, 0, 5, 2, 6, *[7] * 11, 0, *[7] * 111])  # byte 16 is 0: the loop is passed over
    assert twins.run("bff_selfmove", zero, 8192).tape == zero


def test_bff_perm_by_hand() -> None:
    outcome = twins.run("bff_perm", bytes([0x40, 0x41, 5, 7, 2, 6, 0, 11]) + bytes(120), 8192)
    assert outcome.tape[64:67] == bytes([1, 0, 0])  # + . > - : 1 at 64, copied to 65, counted down there
    assert outcome.sources[64:67] == (64, 64, 66)
    assert outcome.operations == 5  # byte 64 is `<` by the time it is executed


def test_a_soup_pairs_each_program_once() -> None:
    for e in range(20):
        pairs = soup.pairing(Settings("bff", 12, 2**64 - 1), e).reacting
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


TRACED = {
    **{language: geometries.Told(Settings(language, 6, 3, mutation=2**24), 25) for language in LANGUAGES},
    **{name: geometries.Told(told.settings, 9) for name, told in geometries.SOUPS.items() if told.settings.mutation},
}


@pytest.fixture(params=list(TRACED.values()), ids=list(TRACED), name="told")
def told_fixture(request: pytest.FixtureRequest) -> geometries.Told:
    found: geometries.Told = request.param
    return found


def test_the_tracers_bytes_are_the_plain_soups(told: geometries.Told) -> None:
    settings = told.settings
    traced, plain, generator = TracedSoup(settings), soup.initial(settings), soup.start_generator(settings)
    for record in traced.records(told.epochs):
        totals = soup.advance(settings, plain, record.epoch - 1, generator)
        assert traced.chars == plain
        assert record.generator == (generator and generator.state)
        assert sum(r.steps for r in record.reactions) == totals.steps
        assert sum(r.operations for r in record.reactions) == totals.operations


def test_records_explain_every_token(told: geometries.Told) -> None:
    """State n follows from state n-1 by the reset, mutations and copy edges, without executing anything."""
    traced = TracedSoup(told.settings)
    before = list(traced.tokens)

    def write(n: int, cells: Iterable[tuple[int, int]]) -> None:
        for cell, char in cells:
            before[cell] = (n, cell, char)

    for record in traced.records(told.epochs):
        write(record.epoch, enumerate(record.reset))
        write(record.epoch, () if record.mutations_after else record.mutations)
        after = list(before)
        for edge in record.copies:
            to = edge.program * 64 + edge.site
            if edge.from_program is None or edge.from_site is None:
                after[to] = (record.epoch, to, edge.delta)
                continue
            epoch, cell, char = before[edge.from_program * 64 + edge.from_site]
            after[to] = (epoch, cell, (char + edge.delta) % 256)
        before = after
        write(record.epoch, record.mutations if record.mutations_after else ())
        assert before == traced.tokens


def test_lineage_ends_where_the_token_says(told: geometries.Told) -> None:
    traced = TracedSoup(told.settings)
    initial = traced.chars
    records = list(traced.records(12))
    for cell, (epoch, born, char) in list(enumerate(traced.tokens))[:: 1 + len(traced.tokens) // 150]:
        rows = lineage(initial, records, 12, *divmod(cell, 64))
        assert rows[0].char == char
        assert (rows[-1].epoch, rows[-1].program * 64 + rows[-1].site) == (epoch, born)
        assert rows[-1].event in ({"mutated", "born"} if epoch else {"initial"})
        assert sum(row.delta or 0 for row in rows[:-1]) % 256 == (char - rows[-1].char) % 256
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


def test_a_byte_from_nowhere_is_born_whatever_was_there() -> None:
    edges = (Copy(0, 3, None, None, 50, "born"), Copy(1, 9, 0, 3, 2, "copied"))
    records = [Record(1, (), ((3, 7),), edges, 2, 0), Record(2, (), (), (Copy(0, 3, 0, 3, 5, "incremented"),), 1, 0)]
    assert lineage(bytes(128), records, 2, 0, 3) == [
        Row(2, 0, 3, 55, "incremented", 0, 3, 5),
        Row(1, 0, 3, 50, "born", None, None, 50),
    ]


def test_a_byte_mutated_and_copied_in_one_epoch_was_copied_after() -> None:
    records = [Record(1, (), ((3, 50),), (Copy(0, 3, 1, 0, 0, "copied"), Copy(1, 9, 0, 3, 2, "copied")), 2, 0)]
    assert lineage(bytes(128), records, 1, 1, 9) == [
        Row(1, 1, 9, 52, "copied", 0, 3, 2),
        Row(1, 0, 3, 50, "mutated", None, None, None),
    ]


def test_a_byte_made_anew_by_a_reset_is_born_unless_it_mutated_at_once() -> None:
    edges = (Copy(1, 9, 0, 3, 2, "copied"), Copy(1, 8, 0, 4, 2, "copied"))
    records = [Record(1, (), ((3, 50),), edges, 2, 0, reset_index=1, reset=bytes(range(7, 71)))]
    assert lineage(bytes(128), records, 1, 1, 9) == [
        Row(1, 1, 9, 52, "copied", 0, 3, 2),
        Row(1, 0, 3, 50, "mutated", None, None, None),
    ]
    assert lineage(bytes(128), records, 1, 1, 8) == [
        Row(1, 1, 8, 13, "copied", 0, 4, 2),
        Row(1, 0, 4, 11, "born", None, None, None),
    ]


def test_a_mutation_after_the_reactions_hides_them() -> None:
    edges = (Copy(0, 3, 1, 0, 0, "copied"), Copy(1, 9, 0, 3, 2, "copied"))
    records = [Record(1, (), ((3, 50),), edges, 2, 0, mutations_after=True)]
    assert lineage(bytes(128), records, 1, 0, 3) == [Row(1, 0, 3, 50, "mutated", None, None, None)]
    assert lineage(bytes(128), records, 1, 1, 9) == [
        Row(1, 1, 9, 2, "copied", 0, 3, 2),
        Row(0, 0, 3, 0, "initial", None, None, None),
    ]


def test_neighbours_by_hand() -> None:
    grid = Settings("bff", 6, geometry="grid", width=3, height=2, radius=1)
    assert soup.neighbours(grid) == [[1, 3, 4], [0, 2, 3, 4, 5], [1, 4, 5], [0, 1, 4], [0, 1, 2, 3, 5], [1, 2, 4]]
    line = Settings("bff", 6, geometry="line", radius=2)
    assert soup.neighbours(line) == [[1, 2], [0, 2, 3], [0, 1, 3, 4], [1, 2, 4, 5], [2, 3, 5], [3, 4]]
    graph = Settings("bff", 4, geometry="graph", interactions=((2, 1), (0, 3), (2, 0), (2, 1)))
    assert soup.neighbours(graph) == [[3], [], [1, 0, 1], []]


def test_orders_that_only_the_epoch_decides() -> None:
    assert [soup.cyclic(4, e) for e in range(3)] == [[3, 0, 1, 2], [0, 1, 2, 3], [3, 0, 1, 2]]
    assert [soup.fixed(4, e) for e in range(3)] == [[0, 1, 2, 3], [1, 2, 3, 0], [0, 1, 2, 3]]


@pytest.mark.parametrize("language", LANGUAGES)
def test_text_comes_back_as_it_was(language: str) -> None:
    for byte in range(256):
        shown = text.show(language, bytes([byte]))
        assert len(shown) == (1 if language in bff.DIALECTS else 2)
        assert text.show(language, text.parse(language, shown)) == shown


def test_text_by_hand() -> None:
    assert text.parse("bff_noheads", "[0A\u0120L") == b"\x5b\x00\xc4\x20\xf3"
    assert text.show("bff", bytes([0, 0x2B, 0xCC, 0xF1, 0x20, 0xFF])) == "0+IJ\u0120\u01ff"
    assert text.parse("bff_noheads_4bit", "0[]+-.,<>{}") == bytes([0xF0, *range(0xF6, 0x100)])
    assert text.show("bff_noheads_4bit", bytes([0x00, 0x10, 0x26, 0xFF, 0x05])) == "00[}\u0105"
    assert text.parse("bff_perm", "0<>{}+-.,[]") == bytes(range(11))
    assert text.show("bff_perm", bytes([10, 0, 0x5D])) == "]0\u015d"
    assert text.parse("bff_selfmove", "><+-,[]") == bytes(range(7))
    assert text.parse("bff_selfmove", "0.{}") == bytes(4)
    assert text.show("bff_selfmove", bytes(range(8))) == "><+-,[]\u0107"
    with pytest.raises(ValueError, match="not in list"):
        text.parse("bff", " ")


def test_text_elsewhere_is_hex() -> None:
    assert text.parse("forthcopy", "0c13C4fF") == bytes([0x0C, 0x13, 0xC4, 0xFF])
    assert text.show("subleq", bytes([0x0C, 0xC4])) == "0CC4"
    for bad in ("0", "0C1", "0G", "0C 1", " 0C", "-1"):
        with pytest.raises(ValueError, match=r"odd|substring"):
            text.parse("rsubleq4", bad)


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
