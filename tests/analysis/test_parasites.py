"""Parasites: planted beside a replicator, and told from what merely stands there."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analysis.parasites import HOSTS, parasites_of, was_copied
from analysis.replicators import replicators_of
from sim import SoupConfig, language
from tests.naive import populations as naive
from tests.naive.twins import run

BFF = language("bff_noheads")
REPLICATOR = BFF.parse("[[{.>]-]" + "Ġ" * 48 + "]-]>.{[[")
#: On its left a replicator finds itself at work on it: its loop copies whatever the tape begins with.
FREELOADER = b"x" * 64
ZEROS = bytes(64)


def planted(programs: list[bytes]) -> tuple[SoupConfig, np.ndarray]:
    return SoupConfig(language="bff_noheads", programs=len(programs), seed=5), np.frombuffer(
        b"".join(programs), np.uint8
    )


def test_planted_parasite_is_found_with_its_host() -> None:
    """It does nothing, but a replicator on its right copies it until that has overwritten the loop; zeros end it."""
    config, chars = planted([ZEROS, FREELOADER, REPLICATOR, FREELOADER, REPLICATOR, REPLICATOR, FREELOADER, ZEROS])
    [row] = parasites_of(config, chars, 3, replicators_of(config, chars, 3))
    assert (row["program"], row["copies"], row["bytes"], row["text"]) == (1, 3, FREELOADER, BFF.format(FREELOADER))
    assert (row["host_program"], row["host_text"]) == (2, BFF.format(REPLICATOR))
    # one host: copied where it stands on the left, overwritten where it stands on the right
    assert (row["copied"], row["meetings"], row["copied_alone"], row["meetings_alone"]) == (1, 2, 0, 32)
    assert row["score"] < 5
    loop = REPLICATOR[:5]  # what is left of the replicator: it copies until it has overwritten its `]`
    assert run("bff_noheads", FREELOADER + REPLICATOR, 8192).tape == FREELOADER + loop + FREELOADER[5:]
    assert run("bff_noheads", REPLICATOR + FREELOADER, 8192).tape == REPLICATOR + REPLICATOR
    assert run("bff_noheads", ZEROS + REPLICATOR, 8192).tape[64:] == REPLICATOR


def test_without_a_host_there_is_no_parasite() -> None:
    config, chars = planted([FREELOADER] * 6 + [ZEROS] * 2)
    assert parasites_of(config, chars, 3, replicators_of(config, chars, 3)) == []


def test_a_single_program_is_no_candidate() -> None:
    config, chars = planted([FREELOADER, REPLICATOR, REPLICATOR, ZEROS])
    assert parasites_of(config, chars, 3, replicators_of(config, chars, 3)) == []


def test_only_the_most_frequent_replicators_are_hosts() -> None:
    variants = [REPLICATOR[:30] + bytes([variant]) + REPLICATOR[31:] for variant in range(33, 33 + HOSTS + 4)]
    config, chars = planted([FREELOADER, *variants, FREELOADER, ZEROS, ZEROS])
    [row] = parasites_of(config, chars, 3, replicators_of(config, chars, 3))
    assert (row["copied"], row["meetings"]) == (HOSTS, 2 * HOSTS)


@st.composite
def altered(draw: st.DrawFn, program: bytes) -> bytes:
    """The program or its mirror image, up to twelve sites of it altered."""
    found = bytearray(draw(st.sampled_from([program, program[::-1]])))
    for site in draw(st.lists(st.integers(0, 63), max_size=12)):
        found[site] = draw(st.integers(0, 255))
    return bytes(found)


@given(st.data(), st.sampled_from([REPLICATOR, bytes(range(64)), b"ab" * 32]))
def test_copied_means_both_halves_hold_it_either_way_round(data: st.DataObject, content: bytes) -> None:
    other = data.draw(altered(content) | st.just(FREELOADER))
    halves = [data.draw(altered(content) | st.just(other) | st.just(ZEROS)) for _ in range(2)]
    assert was_copied(content, other, *halves) == naive.was_copied(content, other, *halves)
