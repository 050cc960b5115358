"""Species of a run's states, their diversity, families and succession."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.families import find_families, find_succession
from analysis.species import diversity_of, species_rows
from sim import language
from tests.naive import populations as naive
from warehouse.populations import population_of


@given(st.lists(st.integers(1, 9), min_size=1, max_size=9))
def test_diversity_agrees_with_the_definitions(counts: list[int]) -> None:
    found = diversity_of(np.array(counts, np.int64))
    assert found["richness"] == len(counts)
    assert found["shannon"] == pytest.approx(naive.shannon(counts), abs=1e-12)
    assert found["simpson"] == float(Fraction(naive.simpson(counts)))


def test_rows_tell_the_species_and_its_commonest_program() -> None:
    programs = [b"<\0>".ljust(64, b"\1"), b"<>".ljust(64, b"\2"), b"[".ljust(64, b"\2"), b"<>".ljust(64, b"\2")]
    chars = np.frombuffer(b"".join(programs), np.uint8)
    used = language("bff_noheads")
    first, second = species_rows(used, 7, population_of(used, chars), chars, 64)
    assert first == {
        "epoch": 7,
        "rank": 1,
        "species": "<>",
        "instructions": b"<>",
        "abundance": 3,
        "share": 0.75,
        "variants": 2,
        "program": 0,
        "text": used.format(programs[1]),
    }
    assert (second["rank"], second["species"], second["abundance"], second["program"]) == (2, "[", 1, 2)


def listed(epoch: int, *species: tuple[str, int]) -> list[dict[str, Any]]:
    """Rows of `species` of a state of 100 programs."""
    return [
        {
            "epoch": epoch, "rank": rank, "species": commands, "instructions": commands.encode(), "share": count / 100,
            "abundance": count, "variants": 1, "program": rank, "text": f"text of {commands}",
        }
        for rank, (commands, count) in enumerate(species, 1)
    ]  # fmt: skip


STORY = [
    *listed(0, ("<", 30), ("[{.<>>", 2), (",", 1)),
    *listed(64, ("[{.<>>", 20), (">><.{[", 19), ("<", 35), ("[,<}].", 2)),
    *listed(128, ("[{.<>>]", 50), ("[,<}].", 9)),
    *listed(192, ("[,<}].", 60), ("[{.<>>]", 2)),
]


def test_families_join_near_species_and_mirror_images_and_keep_their_number() -> None:
    rows = find_families(STORY)
    assert [(r["epoch"], r["rank"], r["family"], r["abundance"], r["members"], r["species"]) for r in rows] == [
        (0, 1, 3, 30, 1, "<"),
        (0, 2, 2, 2, 1, "[{.<>>"),
        (64, 1, 2, 39, 2, "[{.<>>"),
        (64, 2, 3, 35, 1, "<"),
        (64, 3, 1, 2, 1, "[,<}]."),
        (128, 1, 2, 50, 1, "[{.<>>]"),
        (128, 2, 1, 9, 1, "[,<}]."),
        (192, 1, 1, 60, 1, "[,<}]."),
        (192, 2, 2, 2, 1, "[{.<>>]"),
    ]
    assert [row["share"] for row in rows] == [row["abundance"] / 100 for row in rows]


def test_succession_tells_who_replaced_whom() -> None:
    rows = find_succession(find_families(STORY))
    assert [(r["rank"], r["epoch"], r["last_epoch"], r["family"], r["species"]) for r in rows] == [
        (1, 0, 0, 3, "<"),
        (2, 64, 128, 2, "[{.<>>]"),
        (3, 192, 192, 1, "[,<}]."),
    ]
    assert [(r["peak_epoch"], r["peak_share"], r["replaced_family"], r["replaced_species"]) for r in rows] == [
        (0, 0.3, None, None),
        (128, 0.5, 3, "<"),
        (192, 0.6, 2, "[{.<>>]"),
    ]


def test_nothing_but_single_programs_is_no_family() -> None:
    assert find_families(listed(0, ("<", 1), (">", 1))) == []
    assert find_succession([]) == []
