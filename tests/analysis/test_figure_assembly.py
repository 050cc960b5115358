"""Figure 3: snapshots of a reaction whose course is known, and files that are the same each time."""

from pathlib import Path

import pytest

from analysis.figure_assembly import Snapshot, draw_assembly, snapshots, ways
from analysis.reactions import Reaction
from sim import InputError, language
from tests.analysis.histories import FIGURE_4, as_history, planted, simulated

SPOKEN = language("bff_noheads")


def test_snapshots_begin_and_end_with_the_tape_before_and_after() -> None:
    palindrome = SPOKEN.parse(FIGURE_4)
    taken = snapshots(SPOKEN, Reaction(1, 0, 1, palindrome + bytes(64)), 8192)
    outcome = SPOKEN.run(palindrome, bytes(64))
    assert taken[0] == Snapshot(0, palindrome + bytes(64), tuple(range(128)))
    assert taken[-1].tape == outcome.tape
    assert list(taken[-1].sources) == outcome.sources.tolist()
    assert [one.step for one in taken] == sorted({one.step for one in taken})


def test_a_byte_s_way_begins_where_it_stood_last() -> None:
    first = Snapshot(0, b"abcd", (0, 1, 2, 3))
    second = Snapshot(5, b"cbcd", (2, 1, 2, 3))
    third = Snapshot(9, b"cacx", (2, 0, 2, None))
    assert ways(first, second) == [(2, 0)]
    # 0's byte is gone from its place: the line starts at 0 for want of a better; a byte from nowhere has no way
    assert ways(second, third) == [(0, 1)]
    assert ways(Snapshot(1, b"xbcb", (None, 1, 2, 1)), Snapshot(2, b"xbbb", (None, 1, 1, 1))) == [(1, 2)]


def test_the_same_reaction_is_drawn_as_the_same_bytes(tmp_path: Path) -> None:
    history = as_history(simulated(planted("bff_noheads_4bit", 64, 0, 3), 8))
    founders = [
        {"assembled_epoch": 0, "assembled_program": 3, "epoch": 0},
        {"assembled_epoch": 7, "assembled_program": 20, "epoch": 8},
    ]
    drawn = [draw_assembly(history, founders, tmp_path / name).read_bytes() for name in ("a.svg", "b.svg")]
    assert drawn[0] == drawn[1]
    assert draw_assembly(history, founders, tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(InputError, match=r"allowed: \.png, \.svg"):
        draw_assembly(history, founders, tmp_path / "a.pdf")
    with pytest.raises(InputError, match="no reaction assembled"):
        draw_assembly(history, founders[:1], tmp_path / "c.png")
