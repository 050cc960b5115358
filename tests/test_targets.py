"""The command that holds the targets of speed against a reference: small soups, a stand-in for the reference."""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from benchmarks import aims, commands, published, reference, targets
from benchmarks.contests import Contest, Rivals, ScoreContest, SoupsDifferError, stored, traced
from benchmarks.report import Figure, Ratio, ratios
from benchmarks.states import States, Window
from sim import LANGUAGES, InputError, Soup, SoupConfig

SMALL = SoupConfig(language="bff_noheads_4bit", programs=64, seed=5)

#: Understands what the reference does of its options here, and ends with what `{harm}` makes of the right soup.
STAND_IN = """#!{python}
import argparse
from pathlib import Path
import numpy as np
from sim import Soup, SoupConfig, Tokens, self_replication_scores

parser = argparse.ArgumentParser()
for name in ("lang", "load", "checkpoint_dir", "log"):
    parser.add_argument("--" + name)
for name in ("seed", "num", "print_interval", "save_interval", "clear_interval", "max_epochs"):
    parser.add_argument("--" + name, type=int)
parser.add_argument("--mutation_prob", type=float)
parser.add_argument("--disable_output", action="store_true")
parser.add_argument("--eval_selfrep", action="store_true")
given = parser.parse_args()
header, start = Path(given.load).read_bytes()[:24], Path(given.load).read_bytes()[24:]
version, programs, epoch = np.frombuffer(header, "<u8").tolist()
chars = np.frombuffer(start, np.uint8)
config = SoupConfig(language=given.lang, programs=given.num, seed=given.seed)
assert (version, programs, config.mutation_rate) == (1, given.num, given.mutation_prob)
soup = Soup.resume(config, Tokens(np.arange(config.cells), chars), epoch, 1)
log = Path(given.log).open("w")
while True:
    last = soup.epoch
    soup.advance()
    if last % given.print_interval == 0:
        scores = self_replication_scores(config, soup.chars, last) if given.eval_selfrep else []
        print(soup.epoch, 0, given.num, 0.0, sum(score >= 5 for score in scores), sep=",", file=log, flush=True)
        if last % given.save_interval == 0:
            ended = soup.chars.copy()
            ended[0] ^= {harm}
            Path(given.checkpoint_dir, "%010d.dat" % last).write_bytes(header + ended.tobytes())
        if soup.epoch > given.max_epochs:
            break
"""


def stand_in(folder: Path, harm: int = 0) -> Path:
    path = folder / f"reference-{harm}"
    path.write_text(STAND_IN.format(python=sys.executable, harm=harm))
    path.chmod(0o755)
    return path


def silent(_: str) -> None:
    pass


@pytest.mark.parametrize(("start", "epochs"), [(64, 64), (129, 130), (65, 64), (0, 2), (1, 1)])
def test_the_reference_ends_where_it_is_told_to(start: int, epochs: int, tmp_path: Path) -> None:
    state = States(tmp_path, silent).state(SMALL, start)
    ended = reference.advance(stand_in(tmp_path), SMALL, start, state.tokens.chars, epochs)
    assert ended.end == traced(state, epochs).end == stored(state, epochs).end


def test_where_64_divides_the_last_epoch_the_reference_measures_every_64(tmp_path: Path) -> None:
    state = States(tmp_path, silent).state(SMALL, 65)
    log = reference._stretch(stand_in(tmp_path), SMALL, 65, state.tokens.chars, 128, [], None)[2]
    assert [int(line.split(",")[0]) for line in log.splitlines()] == [129, 193]


def test_the_reference_cannot_end_with_state_1(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="window: states 0 to 1"):
        reference.advance(stand_in(tmp_path), SMALL, 0, np.zeros(SMALL.cells, np.uint8), 1)


def test_a_state_is_simulated_once_from_the_nearest_that_is_kept(tmp_path: Path) -> None:
    told: list[str] = []
    lattice = SoupConfig(language="z80_zff", width=4, height=4, seed=3)
    for config in (SMALL, lattice):
        told.clear()
        for epoch in (5, 9, 9):
            state = States(tmp_path, told.append).state(config, epoch)
            soup = Soup(config)
            for _ in range(epoch):
                soup.advance()
            assert np.array_equal(state.tokens.packed(), soup.tokens().packed())
            assert state.soup().advance().total_operations == soup.advance().total_operations
        assert len(told) == 2


@pytest.mark.parametrize("content", [b"", b"nothing of the kind"])
def test_a_damaged_state_is_named(content: bytes, tmp_path: Path) -> None:
    states = States(tmp_path, silent)
    states.state(SMALL, 3)
    [path] = tmp_path.glob("*.npz")
    path.write_bytes(content)
    with pytest.raises(InputError, match=f"{path.name}: is damaged; remove it"):
        states.state(SMALL, 3)


def test_tiles_are_one_population_several_times_over_with_origins_of_their_own(tmp_path: Path) -> None:
    states = States(tmp_path, silent)
    small = states.state(SMALL, 70)
    big = Window(SoupConfig(language=SMALL.language, programs=256, seed=5), 70, tiles=4).state(states)
    assert big.tokens.chars.tobytes() == 4 * small.tokens.chars.tobytes()
    assert len(np.unique(big.tokens.origins)) == 4 * len(np.unique(small.tokens.origins))


def test_a_contest_gives_a_ratio_for_each_way_and_build(tmp_path: Path) -> None:
    window = Window(SMALL, 64)
    both = Rivals(stand_in(tmp_path), stand_in(tmp_path))
    state = partial(window.state, States(tmp_path, silent))
    rows = Contest("soup", window, {"traced": 2, "stored": None}).rows(both, state, 2)
    assert [row.what for row in rows] == ["soup, traced", "soup, stored"]
    assert [len(part) for row in rows for part in (row.theirs, row.ours, row.native)] == [2] * 6
    [scores] = ScoreContest("scores", window, 2).rows(both, state, 1)
    assert len(scores.theirs) == len(scores.ours) == len(scores.native) == 1


def test_soups_that_differ_fail_the_contest(tmp_path: Path) -> None:
    window = Window(SMALL, 64)
    state = partial(window.state, States(tmp_path, silent))
    with pytest.raises(SoupsDifferError, match="seed 5, states 64 to 128: reference and traced do not end"):
        Contest("soup", window, {"traced": 2}).rows(Rivals(stand_in(tmp_path, harm=1)), state, 1)


@pytest.fixture
def one_small_row(monkeypatch: pytest.MonkeyPatch) -> None:
    small = {"small": Contest("soup", Window(SMALL, 64), {"traced": 2, "stored": 1})}
    monkeypatch.setattr(targets, "contests", lambda: small)
    sizes: Callable[[aims.Setting], list[Figure]] = lambda setting: [aims.cost(64, 4, setting.rounds)]  # noqa: E731
    monkeypatch.setattr(targets, "figures", lambda: {"sizes": sizes})


@pytest.mark.usefixtures("one_small_row")
def test_a_row_is_measured_by_name_and_written_down(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    words = ["--only", "small", "--states", str(tmp_path / "states"), "--output", str(tmp_path / "report.md")]
    assert targets.main([*words, "--reference", str(stand_in(tmp_path))]) == 0
    report = capsys.readouterr().out
    assert "| soup, traced |" in report
    assert "| soup, stored |" in report
    assert "Other figures" not in report
    assert (tmp_path / "report.md").read_text(encoding="utf-8") == report.removesuffix("\n")


@pytest.mark.usefixtures("one_small_row")
def test_without_a_reference_its_rows_say_so_and_the_others_are_measured(capsys: pytest.CaptureFixture[str]) -> None:
    assert targets.main([]) == 0
    report = capsys.readouterr().out
    assert "| soup, stored | not given | 1 |" in report
    assert "| a program's epoch among 64 |" in report


@pytest.mark.usefixtures("one_small_row")
def test_differing_soups_are_a_failure_in_one_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert targets.main(["--only", "small", "--reference", str(stand_in(tmp_path, harm=1))]) == 1
    assert capsys.readouterr().err.splitlines()[-1].startswith("benchmarks.targets: soup: seed 5, states 64 to 128: ")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--only nothing", "--only: 'nothing'; allowed: bff_noheads-before, "),
        ("--reference /nowhere", "--reference /nowhere: is no program"),
        ("--native /bin/sh", "--native: is a second column beside --reference"),
        ("--zff /nowhere", "--zff /nowhere: has no grid.so"),
        ("--output /nowhere/file", "--output /nowhere/file: there is no folder /nowhere"),
        ("--states /dev/null/states", "--states /dev/null/states: cannot be made"),
    ],
)
def test_bad_input_is_one_line(words: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert targets.main(words.split()) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"benchmarks.targets: {said}")


def test_libraries_that_cannot_be_loaded_are_named(tmp_path: Path) -> None:
    (tmp_path / "grid.so").write_bytes(b"no library")
    lattice = SoupConfig(language="z80_zff", width=4, height=4, seed=3)
    with pytest.raises(InputError, match=r"grid\.so cannot be loaded"):
        published.advance(tmp_path, States(tmp_path, silent).state(lattice, 1), 1)


def test_every_language_of_the_reference_has_a_row() -> None:
    windows = [contest.window for contest in aims.contests().values()]
    assert {window.config.language for window in windows} == {*reference.LANGUAGES, "z80_zff"}
    assert {*reference.LANGUAGES} < {*LANGUAGES}
    assert all(row.window.config.programs == 2**17 for row in aims.contests().values() if isinstance(row, Contest))


def test_a_command_is_watched_from_its_beginning_to_its_end() -> None:
    seen = commands.run(("--programs", "64"), 3)
    assert 0 < seen.begun <= seen.stored < seen.whole
    assert 0.01 < seen.gigabytes < 10


def test_a_command_that_fails_is_told_in_a_line() -> None:
    with pytest.raises(commands.CommandFailedError, match="--programs: 3"):
        commands.run(("--programs", "3"), 3)


def test_a_ratio_is_that_of_medians_with_the_range_of_rounds() -> None:
    ratio = Ratio("what", 3, theirs=[10.0, 30.0, 20.0], ours=[5.0, 5.0, 10.0], native=[5.0, 5.0, 5.0], how="how")
    assert ratios("T", [ratio]).splitlines()[-1] == (
        "| what | 4.00 (2.00 to 6.00) | 3 | 1.00 (0.5000 to 1.00) | 20.0 | 5.00 | ms an epoch | how |"
    )
    assert str(ratio) == "what: 4.00 (2.00 to 6.00), native 1.00 (0.5000 to 1.00)"
