"""Every sub-command on a real run: what it prints agrees with the store and with the others."""

import csv
import io
import re
import shutil
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from flows.cli.emergence_page import stretches
from flows.cli.replicator import spans
from flows.cli.terminal import passing
from sim import SoupConfig, language
from tests.flows.cli.conftest import SMALL, Answer, call
from warehouse import connect
from warehouse.record import RunSettings
from warehouse.schema import RELATIONS
from warehouse.store import Store
from warehouse.writer import RunWriter

Ask = Callable[..., Answer]
FOURBIT = language("bff_noheads_4bit")


def state(store: Path, epoch: int) -> dict[int, bytes]:
    """Return the programs of a state as SQL has them."""
    with connect(store) as connection:
        rows = connection.execute("SELECT program, bytes FROM programs_at('small', ?)", [epoch]).fetchall()
    return dict(rows)


def test_run_prints_the_id_on_the_last_line_and_progress_elsewhere(store: Path) -> None:
    again = call("run", *SMALL, "--store", store, "--direct")
    assert again.code == 0
    assert re.fullmatch(r"[0-9a-f]{16}", again.out.splitlines()[-1])
    assert again.out.splitlines()[-1] == call("runs", "--store", store, "--format", "json").json[0]["run"]


def test_run_takes_its_options_from_toml_and_the_command_lines_win(tmp_path: Path) -> None:
    config = tmp_path / "soup.toml"
    config.write_text('language = "bff_noheads_4bit"\nprograms = 64\nseed = 5\nepochs = 3\nmutation_rate = 0.5\n')
    answer = call("run", config, "--seed", "6", "--store", tmp_path / "s", "--direct")
    assert answer.code == 0, answer.err
    [run] = call("runs", "--store", tmp_path / "s", "--format", "json").json
    assert (run["programs"], run["seed"], run["epochs"], run["mutation_rate"]) == (64, 6, 3, 0.5)


def test_runs_lists_them_with_their_first_onset(ask: Ask) -> None:
    [run] = ask("runs", "--format", "json").json
    assert {name: run[name] for name in ("name", "language", "programs", "seed", "epochs", "status")} == {
        "name": "small",
        "language": "bff_noheads_4bit",
        "programs": 4096,
        "seed": 0,
        "epochs": 512,
        "status": "complete",
    }
    assert 40 <= run["first_onset"] <= 64
    assert ask("runs").out.splitlines()[0].split()[:2] == ["run", "name"]


def test_show_summarises_in_every_format(ask: Ask) -> None:
    summary = ask("show", "small", "--format", "json").json
    assert summary["transitions"][0]["kind"] == "transition"
    assert summary["founders"][0]["share"] > 0.5
    assert sum(size for name, size in summary["bytes"].items() if name != "total") == summary["bytes"]["total"]
    assert summary["work"]["epochs"] == 512
    fields = dict(csv.reader(io.StringIO(ask("show", "small", "--format", "csv").out)))
    assert fields["transitions.0.epoch"] == str(summary["transitions"][0]["epoch"])
    text = ask("show", "small").out
    assert f"transition at epoch {summary['transitions'][0]['epoch']}" in text
    assert f"founder 1: program {summary['founders'][0]['program']}" in text
    assert [row["phase"] for row in summary["phases"]] == ["pre-life", "transition", "takeover", "steady"]
    assert summary["phases"][1]["first_epoch"] == summary["transitions"][0]["epoch"]
    for row in summary["phases"]:
        assert re.search(rf"^  {row['phase']} +{row['first_epoch']} to +{row['last_epoch']}", text, re.MULTILINE)


def test_a_run_of_which_nothing_is_stored_has_done_no_epoch(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "store", create=True)
    with RunWriter.open(store, SoupConfig(programs=64), RunSettings()) as writer:
        writer.plan(5)
    ask = partial(call, "--store", store.path)
    [listed] = ask("runs", "--format", "json").json
    assert (listed["epochs"], listed["status"]) == (0, "interrupted")
    summary = ask("show", writer.run, "--format", "json").json
    assert (summary["epochs"], summary["work"]["epochs"]) == (0, 0)
    text = ask("show", writer.run).out
    assert "interrupted, 0 epochs of 5 asked for" in text
    assert "size" not in text
    assert ask("verify", writer.run).out == f"run {writer.run} is whole: nothing of it is stored yet\n"
    refused = ask("sql", f"SELECT * FROM tokens_at('{writer.run}', 0)")
    assert refused.code == 2
    assert "nothing is stored yet" in refused.err
    assert ask("run", "--language", "bff_noheads", "--programs", 64, "--epochs", 0, "--direct").code == 0
    assert ask("verify", writer.run).out == f"run {writer.run} is whole: states 0 to 0\n"


@pytest.mark.parametrize(("suffix", "magic"), [("png", b"\x89PNG"), ("svg", b"<?xml")])
def test_show_draws_the_figure(ask: Ask, tmp_path: Path, suffix: str, magic: bytes) -> None:
    path = tmp_path / f"figure.{suffix}"
    assert ask("show", "small", "--figure", path).code == 0
    assert path.read_bytes().startswith(magic)


def test_sql_answers_alike_in_every_format(ask: Ask) -> None:
    query = "SELECT epoch, complexity, run FROM epochs WHERE complexity IS NOT NULL ORDER BY epoch"
    rows = ask("sql", query, "--format", "json").json
    assert [row["epoch"] for row in rows] == [0, 64, 128, 192, 256, 320, 384, 448, 512]
    read = list(csv.DictReader(io.StringIO(ask("sql", query, "--format", "csv").out)))
    assert [float(row["complexity"]) for row in read] == [row["complexity"] for row in rows]
    table = ask("sql", query).out.splitlines()
    assert len(table) == 2 + len(rows)
    assert table[-1].split()[0] == "512"


def test_a_bytes_lineage_is_that_of_sql_and_ends_at_its_birth(ask: Ask) -> None:
    events = ask("lineage", "small", "--epoch", 512, "--program", 77, "--site", 3, "--format", "json").json
    assert events == ask("sql", "SELECT * FROM lineage('small', 512, 77, 3)", "--format", "json").json
    assert events[-1]["event"] in {"initial", "mutated", "born"}
    assert all(event["event"] in {"copied", "incremented"} for event in events[:-1])
    for later, earlier in pairwise(events):
        assert (later["from_program"], later["from_site"]) == (earlier["program"], earlier["site"])
        assert later["epoch"] >= earlier["epoch"]


def test_a_programs_lineage_has_a_row_for_each_byte(ask: Ask, store: Path) -> None:
    rows = ask("lineage", "small", "--epoch", 512, "--program", 77, "--format", "json").json
    assert bytes(row["char"] for row in rows) == state(store, 512)[77]
    with connect(store) as connection:
        query = (
            "SELECT born_epoch, born_program, born_site FROM tokens_at('small', 512) WHERE program = 77 ORDER BY site"
        )
        born = connection.execute(query).fetchall()
    assert [(row["born_epoch"], row["born_program"], row["born_site"]) for row in rows] == born
    one = ask("lineage", "small", "--epoch", 512, "--program", 77, "--site", 9, "--format", "json").json
    assert rows[9]["copied"] == sum(event["event"] == "copied" for event in one)


def test_descendants_are_those_of_sql(ask: Ask) -> None:
    place = ("small", "--epoch", 40, "--program", 3162, "--site", 8)
    events = ask("descendants", *place, "--until", 60, "--format", "json").json
    assert events == ask("sql", "SELECT * FROM descendants('small', 40, 3162, 8, 60)", "--format", "json").json
    counts = ask("descendants", *place, "--counts", "--format", "json").json
    assert [row["epoch"] for row in counts] == list(range(40, 513))
    assert sum(row["copied"] for row in counts[:21]) == sum(event["event"] == "copied" for event in events)


def test_ancestry_tells_a_tapes_story(ask: Ask) -> None:
    place = ("small", "--epoch", 100, "--program", 77)
    rows = ask("ancestry", *place, "--format", "json").json
    assert rows == ask("sql", "SELECT * FROM ancestry('small', 100, 77)", "--format", "json").json
    page = ask("ancestry", *place).out
    oldest = min(rows, key=lambda row: row["joined_epoch"])
    assert f"program {oldest['joined_program']} of the initial soup" in page
    assert f"in {len({(row['joined_epoch'], row['joined_from']) for row in rows})} acts" in page
    edges = ask("ancestry", *place, "--parents", "--format", "json").json
    assert edges == ask("sql", "SELECT * FROM parents('small', 100, 77)", "--format", "json").json


def test_replicator_tells_the_founders_parents_and_births(ask: Ask, store: Path) -> None:
    [founder] = ask("replicator", "small", "--format", "json").json
    assert len(founder["born"]) == 64
    met = state(store, founder["assembled_epoch"] - 1)
    for side in ("left", "right"):
        assert founder[f"{side}_text"] == FOURBIT.format(met[founder[f"{side}_program"]])
    assert founder["text"] == FOURBIT.format(state(store, founder["epoch"])[founder["program"]])
    text = ask("replicator", "small").out
    for shown in ("text", "left_text", "right_text"):
        assert founder[shown] in text
    assert sum(int(count) for count in re.findall(r"^ +(\d+) in (?:the initial soup|epoch)", text, re.MULTILINE)) <= 64
    [row] = csv.DictReader(io.StringIO(ask("replicator", "small", "--format", "csv").out))
    assert int(row["program"]) == founder["program"]
    assert row["verdict"] == founder["confidence"]["verdict"]


def test_replicator_tells_how_sure_it_is_and_three_acts(ask: Ask) -> None:
    [founder] = ask("replicator", "small", "--format", "json").json
    [sure] = ask("sql", "SELECT * FROM founder_confidence", "--format", "json").json
    assert founder["confidence"] == {name: sure[name] for name in sure if name not in {"run", "onset_epoch", "rank"}}
    assert [row["act"] for row in founder["emergence"]] == sorted(row["act"] for row in founder["emergence"])
    assert len(founder["spawn_rates"]) == 6
    assert founder["shares"][-1]["epoch"] == founder["census_epoch"] == founder["censuses"][0]["census_epoch"]
    lines = ask("replicator", "small").out.splitlines()
    assert f"    verdict         {sure['verdict']}" in lines
    assert any(line.startswith("  act 2: programs") for line in lines)
    before, after = (next(line for line in lines if line.startswith(f"    {name:6}  ")) for name in ("before", "after"))
    assert len(before) == len(after) == len("    before  ") + 129
    first = next(row for row in founder["emergence"] if row["act"] == 3)
    copied = f"    epoch {first['epoch']}: {first['from_program']} into "
    assert any(line.startswith(copied) for line in lines)


def test_a_walk_back_tells_how_far_it_has_come(capsys: pytest.CaptureFixture[str]) -> None:
    passed = passing(2500)
    for _ in range(2501):
        passed()
    assert capsys.readouterr().err == "followed back to state 2048\nfollowed back to state 1024\n"


def test_replicator_says_what_was_not_analysed(store: Path, tmp_path: Path) -> None:
    shutil.copytree(store, tmp_path / "store")
    [confidence] = (tmp_path / "store").glob("runs/*/analyses/founder_confidence.parquet")
    confidence.unlink()
    answer = call("replicator", "small", "--store", tmp_path / "store")
    assert answer.code == 0
    assert "how sure it is" not in answer.out
    assert "not analysed yet: primordium analyze" in answer.err


def test_replicator_draws_the_reaction_that_assembled_a_founder(ask: Ask, tmp_path: Path) -> None:
    assert ask("replicator", "small", "--figure", tmp_path / "a.png").out == ask("replicator", "small").out
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_writes_are_told_in_stretches() -> None:
    def write(step: int, target: int, source: int | None, instruction: str = ".") -> dict[str, Any]:
        return {"step": step, "target": target, "source": source, "instruction": instruction}

    loop = [write(10 + 8 * k, 90 - k, 3 + k) for k in range(5)]
    late = write(55, 85, 8)  # goes on, but later than the others
    elsewhere, born, other = write(63, 20, 9), write(64, 21, None), write(65, 22, 10, ",")
    writes = [*loop, late, elsewhere, born, other]
    assert list(stretches(writes)) == [loop, [late], [elsewhere], [born], [other]]
    strided = [write(k, 90 - k, 4 * k) for k in range(3)]
    assert list(stretches(strided)) == [strided]
    assert list(stretches(strided[:2])) == [strided[:1], strided[1:2]]  # any two have some distance
    assert list(stretches([])) == []


def test_scores_are_those_of_sql(ask: Ask) -> None:
    scored = ask("score", "small", "--epoch", 512, "--program", "0:32", "--format", "json").json
    expected = ask(
        "sql", "SELECT program, score FROM scores_at('small', 512) WHERE program < 32 ORDER BY ALL", "--format", "json"
    ).json
    assert scored == expected
    assert max(row["score"] for row in scored) >= 5
    high = ask("score", "small", "--epoch", 512, "--program", "0:32", "--at-least", 5, "--format", "json").json
    assert high == [row for row in expected if row["score"] >= 5]


def test_phases_tell_what_the_states_in_them_were_like(ask: Ask) -> None:
    rows = ask("sql", "SELECT * EXCLUDE run FROM phases ORDER BY rank", "--format", "json").json
    states = ask("sql", "SELECT * EXCLUDE run FROM trends ORDER BY epoch", "--format", "json").json
    origins = ask("sql", "SELECT unique_origins FROM epochs ORDER BY epoch", "--format", "json").json
    assert [row["rank"] for row in rows] == [1, 2, 3, 4]
    for row in rows:
        inside = [state for state in states if row["first_epoch"] <= state["epoch"] <= row["last_epoch"]]
        shares = [state["replicating_share"] for state in inside]
        assert row["replicating_share"] == (pytest.approx(sum(shares) / len(shares)) if shares else None)
        assert row["peak_zero_share"] == (max(s["zero_cells"] for s in inside) / (4096 * 64) if inside else None)
        assert row["first_origins"] == origins[row["first_epoch"]]["unique_origins"]
        assert row["last_origins"] == origins[row["last_epoch"]]["unique_origins"]
    assert rows[1]["replicating_share"] is None  # no lattice state falls into this transition


def test_trends_are_those_of_sql_and_all_programs_are_scored_where_asked(ask: Ask) -> None:
    rows = ask("trends", "small", "--format", "json").json
    expected = ask("sql", "SELECT * EXCLUDE run FROM trends ORDER BY epoch", "--format", "json").json
    assert rows == expected
    assert [row["epoch"] for row in rows] == [*range(0, 513, 64)]
    assert {row["sample"] for row in rows} == {128}
    assert ask("trends", "small").out.splitlines()[0].split()[:3] == ["epoch", "sample", "replicators"]


def test_trends_of_all_programs_count_those_that_score(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    # scoring 4096 programs nine times takes long
    monkeypatch.setattr("analysis.trends.lattice", lambda last, _: [last])
    [row] = ask("trends", "small", "--all", "--format", "json").json
    found = ask(
        "sql", "SELECT count(*) AS found FROM scores_at('small', 512) WHERE score >= 5", "--format", "json"
    ).json
    assert (row["sample"], row["replicators"]) == (4096, found[0]["found"])
    assert row["replicating_low"] == row["replicating_high"] == row["replicators"] / 4096


def test_programs_are_printed_as_they_are_written_and_disassembled(ask: Ask, store: Path) -> None:
    programs = state(store, 300)
    rows = ask("program", "small", "--epoch", 300, "--program", "5:8", "--program", 0, "--format", "json").json
    assert [row["program"] for row in rows] == [5, 6, 7, 0]
    for row in rows:
        assert bytes.fromhex(row["hex"]) == programs[row["program"]]
        assert row["text"] == FOURBIT.format(programs[row["program"]])
        assert row["disassembly"] == FOURBIT.disassemble(programs[row["program"]])
    shown = ask("program", "small", "--epoch", 300, "--program", 5).out
    assert rows[0]["text"] in shown.splitlines()
    assert len(shown.splitlines()) == 2 + 64
    assert len(ask("program", "small", "--epoch", 300, "--program", "0:9", "--text").out.splitlines()) == 9


@pytest.mark.parametrize("epoch", [1, 300])
def test_a_stored_reactions_trace_ends_as_the_next_state(ask: Ask, store: Path, epoch: int) -> None:
    query = f"SELECT left_program, right_program FROM reactions WHERE epoch = {epoch} AND mechanism <> 0 LIMIT 1"
    [pair] = ask("sql", query, "--format", "json").json
    left, right = pair["left_program"], pair["right_program"]
    after = state(store, epoch)
    words = ("trace", "small", "--epoch", epoch, "--program", right)
    shown = ask(*words).out
    assert f"programs {left} (left) and {right} (right)" in shown
    assert f"after   {FOURBIT.format(after[left])}|{FOURBIT.format(after[right])}" in shown
    tape = bytearray(FOURBIT.program_length * 2)
    steps = ask(*words, "--format", "json").json
    for step in steps:
        for write in step["writes"]:
            tape[write["target"]] = write["char"]
    written = {write["target"] for step in steps for write in step["writes"]}
    assert written
    assert all(tape[target] == (after[left] + after[right])[target] for target in written)


def test_a_typed_reaction_is_followed_step_by_step() -> None:
    # The paper's palindrome (figure 4): step 5 writes its first byte to the other end of the tape.
    palindrome = "[[{.>]-]" + "\u0120" * 48 + "]-]>.{[["
    shown = call("trace", "--language", "bff_noheads", "--left", palindrome, "--right", "0", "--steps", "20")
    assert shown.code == 0
    assert re.search(r"^ +4 +3 +\. +0 +127 +127 <- +0 \[$", shown.out, re.MULTILINE)
    assert "8192 steps, stopped by the step limit, 8192 operations" in shown.out
    after = next(line for line in shown.out.splitlines() if line.startswith("after"))
    assert after.split(maxsplit=1)[1].split("|") == [palindrome, palindrome]
    assert (
        len(call("trace", "--language", "bff_noheads", "--left", "+", "--right", "0", "--tape").out.splitlines()) > 128
    )


def test_analyze_makes_again_what_was_there(store: Path, tmp_path: Path) -> None:
    copy = tmp_path / "store"
    shutil.copytree(store, copy)
    report = call("analyze", "small", "--store", copy, "--format", "json").json
    assert not any(row["made"] for row in report)
    results = {path.name: path.read_bytes() for path in copy.glob("runs/*/analyses/*.parquet")}
    assert {"transitions.parquet", "founders.parquet", "replicators.parquet"} <= set(results)
    shutil.rmtree(next(copy.glob("runs/*/analyses")))
    assert "not analysed" in call("replicator", "small", "--store", copy).err
    report = call("analyze", "small", "--store", copy, "--rebuild", "--format", "json").json
    assert all(row["made"] for row in report)
    assert {path.name: path.read_bytes() for path in copy.glob("runs/*/analyses/*.parquet")} == results
    only = call("analyze", "small", "--store", copy, "--only", "transitions", "--rebuild", "--format", "json").json
    assert [row["analysis"] for row in only if row["made"]] == ["transitions"]


def test_verify_says_whole_or_names_the_file(ask: Ask, store: Path, tmp_path: Path) -> None:
    assert ask("verify", "small").out.endswith("is whole: states 0 to 512\n")
    copy = tmp_path / "store"
    shutil.copytree(store, copy)
    damaged = next(copy.glob("runs/*/segments/*/reactions.parquet"))
    content = bytearray(damaged.read_bytes())
    content[len(content) // 2] ^= 1
    damaged.write_bytes(content)
    answer = call("verify", "small", "--store", copy)
    assert answer.code == 1
    [line] = [line for line in answer.err.splitlines() if line.startswith("primordium: ")]
    assert str(damaged) in line
    assert str(damaged) in answer.out


def test_export_writes_the_tokens_of_any_states(ask: Ask, store: Path, tmp_path: Path) -> None:
    assert ask("export", "small", "--tokens", "300:302", tmp_path / "out").code == 0
    first, second = sorted((tmp_path / "out").iterdir())
    tables = [pq.read_table(path) for path in (first, second)]
    assert [table.column("epoch")[0].as_py() for table in tables] == [300, 301]
    assert all(table.schema.equals(RELATIONS["tokens"].schema) for table in tables)
    columns = "program, site, token, born_epoch, born_program, born_site, char"
    with connect(store) as connection:
        stored = connection.execute(f"SELECT {columns} FROM tokens_at('small', 300) ORDER BY program, site").fetchall()
    exported = tables[0].select(columns.split(", ")).to_pydict()
    assert list(zip(*exported.values(), strict=True)) == stored


def test_numbers_in_short() -> None:
    assert spans([3, 1, 2, 7, 9, 10]) == "1-3, 7, 9-10"
    assert spans([]) == ""
