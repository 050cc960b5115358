"""The three acts of a founder, against the slow twin, the log and what is known of planted soups."""

from random import Random

import numpy as np
import pytest

from analysis import emergence
from analysis.confidence import Joined, examine
from analysis.emergence import assembly, births, copyings
from analysis.founders import birthplaces, trace_founders
from analysis.reactions import reaction_of
from sim import SoupConfig
from tests.analysis.histories import as_history, made_up, onset, planted, remembered, simulated
from tests.naive import confidence as naive


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("mutations_first", [True, False])
def test_copyings_of_made_up_soups_are_the_twins(
    seed: int, mutations_first: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(emergence, "COPIES", 10**6)
    random = Random(seed)
    length = random.choice([4, 8, 64])
    story = made_up(random, 24, length, 16, mutations_first=mutations_first)
    history = as_history(remembered(story))
    for program, n in ((random.randrange(24), 0), (random.randrange(24), 5)):
        dominant = {site for site in range(length) if random.random() < 0.7}
        founder = {"program": program, "epoch": n, "census_epoch": 16}
        rows = copyings(history, founder, np.isin(np.arange(length), list(dominant)))
        names = ("epoch", "left_program", "right_program", "from_program", "received", "copies")
        assert [tuple(row[name] for name in names) for row in rows] == naive.copyings(story, program, n, 16, dominant)


def test_a_planted_replicator_s_bytes_are_of_the_initial_soup_and_it_copies_itself_at_once() -> None:
    history = as_history(simulated(planted("bff_noheads_4bit", 512, 0, 3), 30))
    onsets = [onset(12)]
    [founder] = trace_founders(history, onsets)
    joined = examine(history, onsets, [founder]).joined[12, 1]
    assert {(each.epoch, each.from_program) for each in joined} == {(0, None)}
    rows = births(founder | {"born": birthplaces(history, founder)}, joined)
    assert [(row["site"], row["born_program"], row["born_site"]) for row in rows] == [(s, 3, s) for s in range(64)]
    assert assembly(history, founder) == []
    copies = copyings(history, founder, np.array([each.descendants > 0 for each in joined]))
    assert (copies[0]["epoch"], copies[0]["from_program"]) == (founder["epoch"] + 1, 3)
    assert copies[0]["received"] >= 60
    assert copies[0]["copies"] == 2
    assert len(copies) == emergence.COPIES
    counts = [row["copies"] for row in copies]
    assert counts == sorted(counts)


def test_the_lasting_writes_of_a_reaction_are_what_the_log_says_of_it() -> None:
    """Sources and final bytes of every reaction of an epoch, executed again, against the mechanisms stored."""
    history = simulated(planted("bff_noheads_4bit", 64, 5, 3), 12)
    view = as_history(history)
    [log] = history.logs(11, 11)
    checked = 0
    for left, right, mechanism in zip(log.left.tolist(), log.right.tolist(), log.mechanism, strict=True):
        rows = assembly(view, {"assembled_epoch": 11, "assembled_program": right})
        assert {(row["left_program"], row["right_program"], row["epoch"]) for row in rows} <= {(left, right, 11)}
        written = {row["target"]: row for row in rows}
        after = [history.tokens_at(11).chars.reshape(-1, 64)[program] for program in (left, right)]
        tape = np.concatenate(after)
        assert all(tape[target] == row["char"] for target, row in written.items())
        assert set(written) == {write >> 16 for write in log.mechanisms.list_of(mechanism).tolist()}
        for write in log.mechanisms.list_of(mechanism).tolist():
            checked += 1
            assert written[write >> 16]["source"] == write >> 8 & 255
        steps = [row["step"] for row in rows]
        assert steps == sorted(steps)
    assert checked > 100


def test_a_reaction_is_told_as_it_was_before_its_first_step() -> None:
    config = SoupConfig(language="bff_noheads_4bit", programs=64, seed=5, mutation=1 << 24)
    history = simulated(config, 6)
    [log] = history.logs(6, 6)
    chars = history.tokens_at(5).chars.copy()
    assert len(log.mutated_cells)
    chars[log.mutated_cells] = log.mutated_chars
    left, right = int(log.left[3]), int(log.right[3])
    reaction = reaction_of(as_history(history), 6, right)
    assert reaction == (6, left, right, chars.reshape(-1, 64)[[left, right]].tobytes())


def test_births_are_told_in_the_order_in_which_bytes_joined() -> None:
    born = [{"site": s, "char": s, "born_epoch": 0, "born_program": 1, "born_site": s} for s in range(4)]
    joined = [Joined(s, epoch, None, 1) for s, epoch in enumerate((5, 0, 5, 2))]
    assert [row["site"] for row in births({"born": born}, joined)] == [1, 3, 0, 2]
