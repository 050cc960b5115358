"""Arguments: where --store may stand, what option values are refused, and that bad usage is one line."""

import argparse
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from flows.cli.application import COMMANDS, build_parser, main
from flows.cli.parser import span, store_path, whole


def parsed(*words: str) -> argparse.Namespace:
    return build_parser(words).parse_args(words)


def test_store_goes_before_or_after_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PRIMORDIUM_STORE", raising=False)
    assert store_path(parsed("--store", "a", "runs")) == Path("a")
    assert store_path(parsed("runs", "--store", "a")) == Path("a")
    assert store_path(parsed("--store", "a", "runs", "--store", "b")) == Path("b")
    assert store_path(parsed("runs")) == Path("store")
    monkeypatch.setenv("PRIMORDIUM_STORE", "c")
    assert store_path(parsed("runs")) == Path("c")
    assert store_path(parsed("--store", "a", "runs")) == Path("a")


BAD_USAGE = [
    [],
    ["nonsense"],
    ["runs", "--nonsense"],
    ["runs", "extra"],
    ["--store"],
    ["--store", "", "runs"],
    ["runs", "--format", "xml"],
    ["show"],
    ["lineage", "r"],
    ["lineage", "r", "--epoch", "1"],
    ["lineage", "r", "--epoch", "-1", "--program", "0"],
    ["lineage", "r", "--epoch", "x", "--program", "0"],
    ["score", "r"],
    ["score", "r", "--epoch", "1.5"],
    ["program", "r", "--epoch", "1", "--program", "7:3"],
    ["program", "r", "--epoch", "1", "--program", "-3"],
    ["trace"],
    ["trace", "r", "--epoch", "1"],
    ["trace", "r", "--epoch", "0", "--program", "1"],
    ["trace", "r", "--epoch", "1", "--program", "1", "--language", "bff"],
    ["trace", "--language", "bff", "--left", "+"],
    ["trace", "--language", "bff", "--left", "+", "--right", "+", "--epoch", "1"],
    ["trace", "--language", "nonsense", "--left", "+", "--right", "+"],
    ["trace", "--language", "bff", "--left", "a b", "--right", "+"],
    ["trace", "--language", "bff", "--left", "+" * 65, "--right", "+"],
    ["trace", "--language", "bff", "--left", "+", "--right", "+", "--steps", "0"],
    ["trace", "--language", "bff", "--left", "+", "--right", "+", "--step-limit", str(2**31)],
    ["export", "r", "d"],
    ["export", "r", "--tokens", "9:3", "d"],
    ["export", "r", "--tokens", "3", ""],
    ["sql", ""],
    ["sql", " ; "],
    ["sql", "SELECT 1", "SELECT 2"],
    ["run", "--programs"],
    ["run", "--epoch", "3"],  # options have one name: no abbreviations
]


@pytest.mark.parametrize("words", BAD_USAGE, ids=" ".join)
def test_bad_usage_is_one_line_and_2(
    words: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("primordium: ")
    assert shown.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_whole_numbers_and_spans() -> None:
    assert whole("epoch")("12") == 12
    assert span("program")("3") == range(3, 4)
    assert span("program")("3:7") == range(3, 7)
    for text in ("", "a", "7:3", "3:3", "-1:3", "1:2:3"):
        with pytest.raises(argparse.ArgumentTypeError, match="allowed"):
            span("program")(text)


def test_the_overview_names_every_command_and_comes_at_once() -> None:
    took = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(
            [sys.executable, "-m", "flows.cli", "--help"], capture_output=True, text=True, check=True, timeout=60
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        # Processor time: what others do on this machine is not the command's fault.
        took.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert all(f"  {command.name} " in done.stdout for command in COMMANDS)
    assert min(took) < 0.3


def test_the_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == "primordium 0.1.0\n"
