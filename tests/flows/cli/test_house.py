"""Keeping house from the command line: thin, copy, rename, rm, du and compact on a real run."""

import re
import shutil
from pathlib import Path

import pytest

from tests.flows.cli.conftest import SMALL, Answer, call
from warehouse.store import Store

#: A soup with an onset at state 13: the paper's replicator among noise.
PLANTED = ("--programs", "128", "--plant", "5=[[{.>]-]" + "Ġ" * 48 + "]-]>.{[[", "--name", "soup", "--direct")


@pytest.fixture
def own(store: Path, tmp_path: Path) -> Path:
    """A copy of the store with the run `small`, to be changed."""
    shutil.copytree(store, tmp_path / "store")
    return tmp_path / "store"


def refused(answer: Answer, words: str) -> None:
    assert (answer.code, answer.out) == (2, "")
    assert re.search(words, answer.err.splitlines()[-1]), answer.err


def test_a_thinned_run_answers_or_says_what_is_not_there(own: Path) -> None:
    before = call("sql", "SELECT sum(token) AS tokens FROM tokens_at('small', 52)", "--store", own, "--format", "json")
    trends = call("sql", "SELECT count(*) FROM trends", "--store", own).out
    done = call("thin", "small", "--keep", "transition", "--store", own)
    assert done.code == 0, done.err
    first, states, logs = done.out.splitlines()
    assert "keeps every epoch around each transition" in first
    assert re.match(r"whole states: 0 to \d+, 128", states)
    assert re.match(r"logs of epochs: 1 to \d+, 512", logs)
    again = call("thin", "small", "--keep", "transition", "--store", own)
    assert "(nothing to be done)" in again.out.splitlines()[0]
    query = "SELECT sum(token) AS tokens FROM tokens_at('small', 52)"
    assert call("sql", query, "--store", own, "--format", "json").json == before.json
    told = call("sql", "SELECT count(*) FROM reactions WHERE epoch = 300", "--store", own)
    assert "reactions: of what was thinned away there are no rows" in told.err
    assert call("sql", "SELECT count(*) FROM epochs", "--store", own).err == ""
    for words in (
        ("score", "small", "--epoch", "300"),
        ("program", "small", "--epoch", "300", "--program", "1"),
        ("trace", "small", "--epoch", "300", "--program", "1"),
        ("lineage", "small", "--epoch", "300", "--program", "1", "--site", "2"),
        ("ancestry", "small", "--epoch", "512", "--program", "1"),
        ("species", "small", "--epoch", "300"),
        ("export", "small", "--tokens", "298:301", own.parent / "tokens"),
        ("trends", "small", "--all"),
    ):
        refused(call(*words, "--store", own), "run [0-9a-f]{16} was thinned .--keep transition.: .* is not there")
    refused(
        call("analyze", "small", "--only", "trends", "--rebuild", "--store", own),
        r"run [0-9a-f]{16} was thinned \(--keep transition\): the logs of epochs 1[0-9]{2} to 511 are gone .*"
        "analysis trends cannot be made of states 0 to 512; its result of states 0 to 512 stands, made when every",
    )
    assert call("sql", "SELECT count(*) FROM trends", "--store", own).out == trends
    assert call("show", "small", "--store", own).code == 0
    assert call("show", "small", "--store", own, "--figure", own.parent / "small.png").code == 0
    assert call("replicator", "small", "--store", own).code == 0
    verified = call("verify", "small", "--store", own).out
    assert re.search(r"is whole as it was thinned .--keep transition., states 0 to 512: checked were", verified)
    refused(call("thin", "small", "--keep", "everything", "--store", own), "was thinned to transition: what everything")
    refused(call("thin", "small", "--keep", "some", "--store", own), "policy 'some'; allowed: everything, transition")


def test_analyze_makes_what_it_can_of_a_thinned_run(own: Path) -> None:
    call("thin", "small", "--keep", "keyframes", "--store", own)
    told = call("replicator", "small", "--store", own)
    assert (told.code, told.out.count("thinned away")) == (0, 2)  # both parents
    answer = call("analyze", "small", "--rebuild", "--store", own, "--format", "json")
    assert answer.code == 0
    report = {row["analysis"]: row for row in answer.json}
    assert {name for name, row in report.items() if row["made"]} >= {"distillations", "families", "succession"}
    for name in ("measures", "transitions", "founders", "trends"):
        assert report[name]["made"] is False
        assert report[name]["rows"] >= 1
        assert "was thinned (--keep keyframes)" in report[name]["note"]


def test_analyses_of_an_extended_thinned_run_are_made_as_far_as_can_be(tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("warehouse.record.segment_length", lambda _programs: 64)
        whole, own = tmp_path / "whole", tmp_path / "own"
        for store in (whole, own):
            assert call("run", *PLANTED, "--epochs", "128", "--store", store).code == 0
        founders = "SELECT * FROM founders"
        found = call("sql", founders, "--store", own).out
        call("thin", "soup", "--keep", "keyframes", "--store", own)
        for store in (whole, own):
            extended = call("run", *PLANTED, "--epochs", "200", "--store", store)
            assert extended.code == 0, extended.err
        tokens = "SELECT sum(token) FROM tokens_at('soup', 170)"
        assert call("sql", tokens, "--store", own).out == call("sql", tokens, "--store", whole).out
        assert call("verify", "soup", "--store", own).code == 0
        left = call("analyze", "soup", "--store", own, "--format", "json").json
        known = call("analyze", "soup", "--store", whole, "--format", "json").json
        assert [row["analysis"] for row in left] == [row["analysis"] for row in known]
        notes = {row["analysis"]: row["note"] for row in left if row["note"] is not None}
        gone = "was thinned (--keep keyframes): the logs of epochs 1 to 127 are gone (relation kept); analysis"
        assert f"{gone} trends cannot be made of states 0 to 200; it was not made before" in notes["trends"]
        stands = "its result of states 0 to 128 stands, made when everything was kept (relation results)"
        assert f"{gone} transitions cannot be made of states 0 to 200; {stands}" in notes["transitions"]
        needy = "founders, which needs transitions, cannot be made of states 0 to 200; its result of states 0 to 128"
        assert f"{gone} {needy}" in notes["founders"]
        only = call("analyze", "soup", "--only", "founders", "--store", own)
        refused(only, f"analysis {needy} stands")
        assert call("sql", founders, "--store", own).out == found
        made = "SELECT analysis, last_epoch, retention FROM results WHERE analysis IN ('transitions', 'founders')"
        assert call("sql", f"{made} ORDER BY ALL", "--store", own, "--format", "csv").out.split()[1:] == [
            "founders,128,everything", "transitions,128,everything"
        ]  # fmt: skip
        assert call("sql", f"{made} ORDER BY ALL", "--store", whole, "--format", "csv").out.split()[1:] == [
            "founders,200,everything", "transitions,200,everything"
        ]  # fmt: skip


def test_a_run_of_which_counts_are_left_is_not_extended_and_stays_complete(own: Path) -> None:
    call("thin", "small", "--keep", "epochs", "--store", own)
    more = ["513" if word == "512" else word for word in SMALL]
    refused(call("run", *more, "--store", own, "--direct"), "its last epoch, 512, is not there to go on from")
    [run] = call("runs", "--store", own, "--format", "json").json
    assert (run["status"], run["epochs"]) == ("complete", 512)


def test_copies_are_whole_and_named(own: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    done = call("copy", "small", "--to", other, "--store", own)
    assert done.code == 0, done.err
    assert call("verify", "small", "--store", other).code == 0
    assert done.out.split() == Store.open(other).run_ids()
    again = call("copy", "--all", "--to", other, "--store", own)
    assert again.out == done.out
    assert "is there already" in again.err
    refused(call("copy", "--to", other, "--store", own), "name the runs to be copied, or --all")
    refused(call("copy", "nobody", "--to", tmp_path / "third", "--store", own), "no run 'nobody'")
    assert not (tmp_path / "third").exists()


def test_sizes_of_runs_and_of_their_relations(own: Path) -> None:
    [run] = call("du", "--store", own, "--format", "json").json
    relations = call("du", "small", "--store", own, "--format", "json").json
    assert run["bytes"] == sum(row["bytes"] for row in relations)
    assert run["bytes"] == call("show", "small", "--store", own, "--format", "json").json["bytes"]["total"]
    assert {"reactions", "keyframes", "epochs", "founders"} <= {row["relation"] for row in relations}
    refused(call("du", "nobody", "--store", own), "no run 'nobody'")


def test_a_run_is_renamed_compacted_and_removed(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = call("rename", "small", "first soup", "--store", own).out.strip()
    assert call("compact", "--store", own).out == call("compact", "first soup", "--store", own).out == f"{run}\n"
    refused(call("rename", "first soup", "0" * 16, "--store", own), "looks like a run's id")
    refused(call("rm", "first soup", "nobody", "--yes", "--store", own), "no run 'nobody'")
    refused(call("rm", "first soup", "--store", own), "give --yes")
    for said, left in (("n\n", [run]), ("y\n", [])):
        monkeypatch.setattr("sys.stdin", Terminal(said))
        assert call("rm", "first soup", "--store", own).code == 0
        assert Store.open(own).run_ids() == left


class Terminal:
    """A person at a terminal."""

    def __init__(self, said: str) -> None:
        self._said = said

    def isatty(self) -> bool:
        return True

    def readline(self) -> str:
        return self._said


def test_runs_are_published_to_object_storage_read_there_and_copied_back(
    own: Path, tmp_path: Path, bucket: str
) -> None:
    there = f"s3://{bucket}/soups"
    run = call("copy", "small", "--to", there, "--store", own).out.strip()
    again = call("copy", "--all", "--to", there, "--store", own)
    assert (again.out.strip(), again.code) == (run, 0)
    assert "is there already" in again.err
    for words in (
        ("runs",),
        ("show", "small"),
        ("sql", "SELECT sum(token) AS tokens FROM tokens_at('small', 52)"),
        ("lineage", "small", "--epoch", "500", "--program", "3", "--site", "4"),
        ("program", "small", "--epoch", "500", "--program", "3"),
        ("replicator", "small"),
    ):
        answer = call(*words, "--store", there)
        assert (answer.code, answer.out) == (0, call(*words, "--store", own).out), words
    assert "is whole" in call("verify", "small", "--store", there).out
    back = tmp_path / "back"
    assert call("copy", "small", "--store", there, "--to", back).out.strip() == run
    assert "is whole" in call("verify", "small", "--store", back).out
    assert call("rm", "small", "--yes", "--store", there).out.strip() == run
    assert call("runs", "--store", there, "--format", "csv").out.count("\n") == 1
    refused(call("show", "nobody", "--store", there), f"no run 'nobody' in {there}")
    refused(call("runs", "--store", f"s3://{bucket}/other"), "no store at")
    refused(call("runs", "--store", "s3://So/other"), "no place on object storage")


def test_analyses_are_made_of_a_run_on_object_storage(
    own: Path, tmp_path: Path, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine, there = tmp_path / "machine", f"s3://{bucket}/soups"
    monkeypatch.setattr("warehouse.working.cache_folder", lambda: machine)
    call("copy", "small", "--to", there, "--store", own)
    refused(call("analyze", "small", "--only", "nothing", "--store", there), "no analysis 'nothing'")
    assert not machine.exists()
    made = call("trends", "small", "--store", there, "--format", "csv")
    assert (made.code, made.out) == (0, call("trends", "small", "--store", own, "--format", "csv").out)
    assert "is whole" in call("verify", "small", "--store", there).out
    assert not list(machine.glob("working/*/runs")), "nothing of the run was here, and nothing is"
    question = ("sql", "SELECT * EXCLUDE run FROM phases ORDER BY ALL", "--format", "csv")
    for store in (own, there):
        assert call("analyze", "small", "--only", "phases", "--rebuild", "--store", store).code == 0
    assert call(*question, "--store", there).out == call(*question, "--store", own).out
    back = tmp_path / "back"
    call("copy", "small", "--store", there, "--to", back)
    folders = [f"runs/{run.name}/analyses" for run in (own / "runs").iterdir()]
    for path in (f"{folder}/{name}.parquet" for folder in folders for name in ("trends", "phases")):
        assert (back / path).read_bytes() == (own / path).read_bytes(), path
