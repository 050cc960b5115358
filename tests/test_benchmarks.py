"""The benchmarks run, once and small: what they say is measured elsewhere, that they say it is tested here."""

import re
from pathlib import Path

import pytest

from benchmarks import analyses
from benchmarks.__main__ import main
from benchmarks.orchestration import Pair, Taken
from benchmarks.orchestration import figures as prefect_figures
from benchmarks.report import Figure, middle, rounded, table
from flows.cli.application import main as command_line

SMALL = ["--programs", "256", "--epochs", "192", "--repeats", "2", "--language", "bff_noheads_4bit"]


def test_a_small_benchmark_reports_every_figure(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main([*SMALL, "--store", str(tmp_path / "store"), "--output", str(tmp_path / "report.md")]) == 0
    report = capsys.readouterr().out
    assert (tmp_path / "report.md").read_text(encoding="utf-8") == report.removesuffix("\n")
    figures = {
        what: float(value.replace(",", ""))
        for what, value in re.findall(r"^\| (.+?) \| ([\d.,e+-]+) \|", report, flags=re.MULTILINE)
    }
    for expected in (
        "simulated and traced, all 192 epochs",
        "simulated, traced and stored, all 192 epochs",
        "storing reactions",
        "storing mutations",
        "storing mechanisms",
        "storing a keyframe",
        "measuring a state",
        "replay of states 1 to 192",
        "reactions",
        "mechanisms",
        "mutations",
        "keyframes",
        "epochs",
        "all files of the run",
        "all of `tokens_at`",
        "`lineage` of one byte",
    ):
        assert figures[expected] > 0, report
    parts = sum(figures[name] for name in ("reactions", "mechanisms", "mutations", "keyframes", "epochs"))
    assert parts < figures["all files of the run"]


def test_a_run_that_is_there_already_cannot_be_timed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    small = ["--programs", "64", "--epochs", "3", "--repeats", "1", "--store", str(tmp_path / "store")]
    assert main(small) == 0
    assert main(small) == 2
    assert "already has this run" in capsys.readouterr().err


def test_a_reference_that_cannot_be_run_is_bad_input(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    missing = tmp_path / "nothing"
    assert main(["--programs", "64", "--epochs", "3", "--repeats", "1", "--reference", str(missing)]) == 2
    assert f"--reference {missing}: cannot be run" in capsys.readouterr().err


@pytest.mark.parametrize("state", ["100", "256", "-64"])
def test_a_window_that_the_reference_cannot_begin_at_is_refused_at_once(
    state: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*SMALL, "--windows", state]) == 2
    assert f"--windows: {state}; allowed: multiples of 64 from 0 to --epochs 192" in capsys.readouterr().err


def test_figures_are_rounded_to_what_can_be_trusted() -> None:
    values = (0.012345, 1.2345, 12.34, 100.4, 67108.9)
    assert [rounded(value) for value in values] == ["0.0123", "1.23", "12.3", "100", "67,109"]
    assert middle([3.0, 1.0, 2.0]) == 2.0
    assert table("T", [Figure("speed", 5.0, "epochs/s", "how", "10")]).splitlines()[-1] == (
        "| speed | 5.00 | epochs/s | 10 | how |"
    )


def test_analyses_and_questions_are_timed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    store = tmp_path / "store"
    run = ["run", "--direct", "--language", "bff_noheads_4bit", "--programs", "256", "--epochs", "70", "--name", "tiny"]
    assert command_line(["--store", str(store), *run]) == 0
    capsys.readouterr()
    assert analyses.main(["tiny", "--store", str(store), "--only", "transitions", "phases"]) == 0
    report = capsys.readouterr().out
    figures = re.findall(r"^\| `(.+?)` \| ([\d.]+) \| s \|", report, flags=re.MULTILINE)
    assert [what for what, _ in figures][:2] == ["transitions", "phases"]
    assert len(figures) == 2 + len(analyses.QUESTIONS)
    assert all(float(value) > 0 for _, value in figures)


def test_a_run_that_is_not_there_cannot_be_timed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert analyses.main(["tiny", "--store", str(tmp_path)]) == 2
    assert "no store" in capsys.readouterr().err


def test_what_disturbs_a_run_does_not_count_as_prefect_s() -> None:
    def pair(direct: float, prefect: float) -> Pair:
        return Pair(Taken(direct, 2 * direct, 0.1), Taken(prefect, 2 * prefect, 0.2))

    short = [pair(8, 11), pair(9, 11.5), pair(20, 11)]
    long = [pair(48, 51.4), pair(48, 90), pair(70, 51.4)]
    told = {figure.what: figure.value for figure in prefect_figures(short, long, 256, 5)}
    assert told["added, of a further segment"] == pytest.approx(100 * 0.1 / 10)
    assert told["processor time added, of a further segment"] == pytest.approx(100 * 0.1 / 10)
    assert told["added once"] == pytest.approx(3)
    assert told["processors that others used meanwhile"] > 0


@pytest.mark.parametrize(("others", "said"), [(0.1, False), (20.0, True)])
def test_figures_of_a_disturbed_machine_say_that_they_are_none(others: float, said: bool) -> None:
    pairs = [Pair(Taken(seconds, 10, others), Taken(seconds, 10, others)) for seconds in (40, 41)]
    short = [Pair(Taken(10, 5, 0.1), Taken(11, 5, 0.1))]
    assert ("NO MEASURE" in prefect_figures(short, pairs, 256, 5)[-1].how) == said
