"""Edit distances and clusters against their definitions."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analysis.edits import distance, linked, within_edits
from tests.naive import populations as naive

strings = st.text("<>[", max_size=8).map(str.encode)


@given(strings, strings)
def test_distance_agrees_with_the_definition(left: bytes, right: bytes) -> None:
    assert distance(left, right) == naive.levenshtein(left, right)


@given(strings.filter(bool), st.lists(strings, min_size=1, max_size=5), st.integers(0, 4))
def test_parts_and_wholes_within_edits_agree_with_the_definition(
    pattern: bytes, found_in: list[bytes], within: int
) -> None:
    rows = np.array([list(string.ljust(8)) for string in found_in], np.uint8)
    lengths = np.array([len(string) for string in found_in])
    parts = [naive.nearest_part(pattern, string) <= within for string in found_in]
    wholes = [naive.levenshtein(pattern, string) <= within for string in found_in]
    assert within_edits(pattern, rows, lengths, within).tolist() == parts
    assert within_edits(pattern, rows, lengths, within, whole=True).tolist() == wholes


@given(st.lists(strings, unique=True, max_size=9), st.integers(1, 4))
def test_clusters_are_what_near_strings_and_mirror_images_connect(found: list[bytes], near: int) -> None:
    roots = linked(found, near)
    by_root = {
        frozenset(s for s, other in zip(found, roots, strict=True) if other == root) for root in set(roots)
    }  # fmt: skip
    assert by_root == naive.clusters(found, near)
    assert all(root <= place and roots[root] == root for place, root in enumerate(roots))


def test_a_string_and_its_mirror_image_are_one() -> None:
    assert linked([b"[{.<>", b"]]]]]", b"><.{["], 4) == [0, 1, 0]
