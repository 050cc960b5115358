"""Labels above a time axis: none lost where there is room, none crossed."""

from hypothesis import given
from hypothesis import strategies as st

from analysis.flags import Flag, place

LETTER = 0.01


def test_lone_label_stands_to_the_right_of_its_pole_in_the_lowest_row() -> None:
    assert [(flag.row, flag.right) for flag in place([(0.3, "abc")], LETTER)] == [(0, True)]


def test_label_at_the_end_of_the_axis_stands_to_the_left() -> None:
    assert [(flag.row, flag.right) for flag in place([(1.0, "abc")], LETTER)] == [(0, False)]


def test_close_labels_are_stacked_so_that_no_pole_crosses_a_text() -> None:
    flags = place([(0.2, "a" * 20), (0.25, "b" * 20), (0.3, "c" * 20)], LETTER)
    assert [flag.row for flag in flags] == [2, 1, 0]


def test_label_wider_than_the_axis_is_left_out() -> None:
    assert place([(0.5, "a" * 200)], LETTER) == []


@given(st.lists(st.tuples(st.floats(0, 1), st.text("a", min_size=1, max_size=40)), max_size=12))
def test_texts_never_overlap_and_no_pole_runs_through_one(labels: list[tuple[float, str]]) -> None:
    flags = place(labels, LETTER)
    assert len(flags) <= len(labels)
    for one in flags:
        assert 0 <= one.start < one.stop <= 1
        for other in flags:
            if one is not other:
                assert not (one.row == other.row and one.start < other.stop and other.start < one.stop)
                assert not crosses(one, other)


def crosses(pole: Flag, text: Flag) -> bool:
    return pole.row >= text.row and text.start < pole.at < text.stop
