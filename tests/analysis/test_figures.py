"""Figure 1: what it marks, that it is the same each time, and what it refuses."""

from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from analysis.curves import Curves, curves_of, states_around
from analysis.figures import checked_path, figure_1, save
from sim import InputError

TRANSITION = {"rank": 1, "epoch": 905, "ended_epoch": None, "kind": "transition", "peak_complexity": 3.9}
FOUNDER = {"onset_epoch": 905, "rank": 1, "census_epoch": 930, "program": 65013, "epoch": 871}


def curves(last: int = 1280, onset: int = 905) -> Curves:
    epochs = np.arange(0.0, last + 1, 64)
    after = epochs > onset
    return Curves(epochs, np.where(after, 2e5, 8e6), np.where(after, 5e6, 40.0), np.where(after, 3.6, 0.4))


def onset(epoch: int, ended: int | None, kind: str) -> dict[str, Any]:
    return {"rank": 1, "epoch": epoch, "ended_epoch": ended, "kind": kind, "peak_complexity": 1.5}


def texts(figure: Any) -> list[str]:
    """All that is written on the axes and in the legend."""
    written = [text.get_text() for axes in figure.axes for text in axes.texts]
    return written + [text.get_text() for legend in figure.legends for text in legend.get_texts()]


@pytest.mark.parametrize("suffix", [".png", ".svg", ".PNG"])
def test_same_rows_give_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    for name in ("one", "two"):
        save(figure_1(curves(), [TRANSITION], [FOUNDER], title="a run"), tmp_path / f"{name}{suffix}")
    assert (tmp_path / f"one{suffix}").read_bytes() == (tmp_path / f"two{suffix}").read_bytes()


def test_files_are_pictures_of_their_kind(tmp_path: Path) -> None:
    figure = figure_1(curves(), [TRANSITION], [FOUNDER])
    assert save(figure, tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert ET.fromstring(save(figure, tmp_path / "a.svg").read_text()).tag.endswith("svg")


def test_a_reader_s_own_style_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import matplotlib as mpl

    before = save(figure_1(curves(), [TRANSITION]), tmp_path / "a.png").read_bytes()
    monkeypatch.setitem(mpl.rcParams, "font.size", 30.0)
    monkeypatch.setitem(mpl.rcParams, "axes.facecolor", "black")
    assert save(figure_1(curves(), [TRANSITION]), tmp_path / "b.png").read_bytes() == before
    assert mpl.rcParams["font.size"] == 30.0


def test_transition_and_founder_are_named() -> None:
    written = texts(figure_1(curves(), [TRANSITION], [FOUNDER]))
    assert "transition 905 (founder: program 65,013, epoch 871)" in written
    assert {"unique tokens", "top 32 tokens", "complexity", "transition", "founder"} <= set(written)


def test_run_without_onset_explains_no_mark_that_it_lacks() -> None:
    assert texts(figure_1(curves(onset=10**6))) == ["unique tokens", "top 32 tokens", "complexity"]


def test_many_surges_are_counted_not_named() -> None:
    surges = [onset(100 + 100 * k, 150 + 100 * k, "surge") for k in range(9)]
    written = texts(figure_1(curves(), surges))
    assert "surge (9)" in written
    assert not any(text.startswith("surge 1") for text in written)


def test_crowded_onsets_keep_their_names_and_lose_their_details() -> None:
    onsets = [onset(870 + 10 * k, None, "transition") for k in range(4)]
    founders = [FOUNDER | {"onset_epoch": row["epoch"]} for row in onsets]
    written = texts(figure_1(curves(), onsets, founders))
    assert sum(text.startswith(("transition 8", "transition 9")) for text in written) == 4


def test_onset_left_open_is_called_an_onset() -> None:
    assert "onset 1,200" in texts(figure_1(curves(), [onset(1200, None, "open")]))


def test_a_run_of_its_initial_state_alone_can_be_drawn(tmp_path: Path) -> None:
    one = Curves(np.zeros(1), np.full(1, 64.0), np.full(1, 32.0), np.full(1, -0.001))
    assert save(figure_1(one), tmp_path / "a.png").stat().st_size > 1000


def test_curves_take_the_measured_states_only() -> None:
    columns = {
        "epoch": np.arange(4),
        "unique_tokens": np.array([9, -1, 5, -1]),
        "top32_share": np.array([0.5, np.nan, 0.25, np.nan]),
        "complexity": np.array([0.0, np.nan, 2.0, np.nan]),
    }
    taken = curves_of(columns, 100)
    assert taken.epochs.tolist() == [0, 2]
    assert taken.unique_tokens.tolist() == [9, 5]
    assert taken.frequent_tokens.tolist() == [50, 25]


@pytest.mark.parametrize(
    ("measured", "onsets", "states"),
    [
        ([0, 64, 128], [], set()),
        ([0, 64, 128], [52], {*range(0, 64, 8), 52}),
        ([0, 64, 128], [51, 70], {*range(0, 128, 8), 51, 70}),
        ([0, 64, 128], [64], {*range(0, 64, 8), 64}),
        ([0, 4, 8], [3], {0, 1, 2, 3}),
        ([0, 1, 2], [2], {1, 2}),
        ([0], [], set()),
    ],
)
def test_stretch_around_an_onset_is_filled_in(measured: list[int], onsets: list[int], states: set[int]) -> None:
    assert states_around(measured, onsets) == states


@pytest.mark.parametrize("name", ["figure.pdf", "figure", "figure.png.gz"])
def test_unknown_suffix_is_refused_naming_those_that_are_known(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=r"allowed: \.png, \.svg"):
        checked_path(tmp_path / name)


def test_paths_that_cannot_be_written_are_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "file").write_text("")
    for path in ("folder.png", "missing/a.png", "file/a.png"):
        with pytest.raises(InputError) as caught:
            save(figure_1(curves()), checked_path(tmp_path / path))
        assert path.split("/")[0] in str(caught.value)
        assert "\n" not in str(caught.value)


def test_write_that_fails_is_bad_input(tmp_path: Path) -> None:
    target = tmp_path / ("a" * 300 + ".png")
    with pytest.raises(InputError, match="cannot be written"):
        save(figure_1(curves()), checked_path(target))
