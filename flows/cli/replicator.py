"""`primordium replicator`: who founded a run's onsets, how surely, made by whom and how, out of bytes born where."""

import argparse
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.cli.output import print_json, print_records
from flows.cli.parser import add_format, add_run
from flows.cli.reading import open_store

if TYPE_CHECKING:
    from warehouse.reader import History
    from warehouse.store import Store

EXAMPLES = (
    "primordium replicator RUN",
    "primordium replicator RUN --figure assembly.png",
    "primordium replicator RUN --format json",
)
COLUMNS = (
    "onset_epoch", "rank", "program", "epoch", "share", "score", "text", "census_epoch", "made_epoch",
    "assembled_epoch", "assembled_program", "left_program", "left_score", "left_text",
    "right_program", "right_score", "right_text", "verdict",
)  # fmt: skip
_SHOWN = 12  # places of birth told to a person; JSON has every byte

Founder = dict[str, Any]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add_run(parser)
    parser.add_argument(
        "--figure", metavar="FILE", type=Path, help="draw figure 3 of the paper there, .png or .svg: the assembly"
    )
    add_format(parser)


def execute(arguments: argparse.Namespace) -> None:
    """Print the founders of every onset that has any."""
    from flows.cli.terminal import note
    from warehouse.reader import History
    from warehouse.results import read_result

    store = open_store(arguments)
    with History(store, arguments.run) as history:
        founders = founders_of(store, history)
        if arguments.figure is not None and founders:
            from analysis.figure_assembly import draw_assembly

            note(f"figure: {draw_assembly(history, founders, arguments.figure)}")
        if arguments.format == "json":
            print_json(founders)
        elif arguments.format == "csv":
            verdicts = ({"verdict": (row["confidence"] or {}).get("verdict")} for row in founders)
            print_records((row | verdict for row, verdict in zip(founders, verdicts, strict=True)), "csv", COLUMNS)
        else:
            _print_for_people(history, founders)
    if not founders:
        made = read_result(store, history.run, "founders") is not None
        reason = "its complexity never rose to 1" if made else f"not analysed yet: primordium analyze {history.run}"
        note(f"no founder is known in run {history.run}: {reason}")
    elif any(row["confidence"] is None for row in founders):
        note(f"how sure they are and how they emerged is not analysed yet: primordium analyze {history.run}")


def founders_of(store: "Store", history: "History") -> list[Founder]:
    """Return the rows of `founders`, each with its parents' text and score in the state that they met in.

    None where that state was thinned away.
    And with what other analyses tell of it: `confidence` (None if not made yet), `shares`, `censuses`,
    `emergence` and `spawn_rates`.
    """
    from warehouse.results import read_result

    founders = [dict(row) for row in read_result(store, history.run, "founders") or []]
    met = {int(row["assembled_epoch"]) - 1 for row in founders if row["left_program"] is not None}
    whole = [epoch for epoch in sorted(met) if history.kept.has_state(epoch)]
    chars = {epoch: replay.chars.copy() for epoch, replay in history.states(whole)}
    for row in founders:
        for side in ("left", "right"):
            program, state = row[f"{side}_program"], int(row["assembled_epoch"]) - 1
            known = program is not None and state in chars
            found = _text_and_score(history, chars[state], state, int(program)) if known else (None, None)
            row[f"{side}_text"], row[f"{side}_score"] = found
    told = {name: read_result(store, history.run, relation) or [] for name, relation in _KNOWN.items()}
    for row in founders:
        row.update({name: _of(row, rows) for name, rows in told.items()})
        row["confidence"] = next(iter(row["confidence"]), None)
    return founders


_KNOWN = {
    "confidence": "founder_confidence",
    "shares": "founder_shares",
    "censuses": "founder_censuses",
    "emergence": "emergence",
    "spawn_rates": "spawn_rates",
}


def _of(founder: Founder, rows: Iterable[Founder]) -> list[Founder]:
    """Return the rows about ``founder``, without the columns that say so."""
    place = founder["onset_epoch"], founder["rank"]
    return [
        {name: value for name, value in row.items() if name not in {"onset_epoch", "rank"}}
        for row in rows
        if (row["onset_epoch"], row["rank"]) == place
    ]


def _text_and_score(history: "History", chars: Any, epoch: int, program: int) -> tuple[str, int]:
    import numpy as np

    from sim import self_replication_scores

    config = history.config
    content = chars.reshape(-1, config.program_length)[program].tobytes()
    score = self_replication_scores(config, chars, max(epoch - 1, 0), np.array([program], np.int64))
    return config.instruction_set.format(content), int(score[0])


def births(founder: Founder, first: int = 0) -> list[tuple[str, int]]:
    """Return where a founder's bytes were born and how many there, most first; ``first``: the run's first state."""
    places: dict[tuple[int, int], list[int]] = defaultdict(list)
    for byte in founder["born"]:
        places[byte["born_epoch"], byte["born_program"]].append(byte["site"])
    ordered = sorted(places.items(), key=lambda item: (-len(item[1]), item[0]))
    return [
        (f"{_state(epoch, first)}, program {program}: site{'s' * (len(sites) > 1)} {spans(sites)}", len(sites))
        for (epoch, program), sites in ordered
    ]


def _state(epoch: int, first: int) -> str:
    if epoch == first:
        return "the imported soup" if first else "the initial soup"
    return f"epoch {epoch}"


def spans(numbers: Iterable[int]) -> str:
    """Return numbers in short: 0-3, 7, 9-11."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(f"{first}" if first == last else f"{first}-{last}" for first, last in runs)


def _print_for_people(history: "History", founders: Sequence[Founder]) -> None:
    from rich.text import Text

    from analysis.reactions import reaction_of
    from flows.cli.emergence_page import print_known
    from flows.cli.terminal import Page, facts, program_text

    page, language = Page(), history.config.instruction_set

    def written(text: str, score: int) -> Text:
        return program_text(language, language.parse(text)).append(f"  score {score}")

    for row in founders:
        page.print(f"onset at epoch {row['onset_epoch']}, founder {row['rank']}", style="bold")
        facts(page, _told(row, written), indent="  ")
        page.print("  where its bytes were born")
        told = births(row, history.first)
        for place, count in told[:_SHOWN]:
            page.print(f"    {count:>3} in {place}")
        if len(told) > _SHOWN:
            page.print(f"    and in {len(told) - _SHOWN} more places (--format json has them all)")
        assembled = int(row["assembled_epoch"])
        logged = assembled > history.first and history.kept.first_log(assembled) <= assembled
        met = reaction_of(history, assembled, int(row["assembled_program"])) if logged else None
        print_known(page, language, row, met)


def _told(row: Founder, written: Any) -> list[tuple[str, object]]:
    """Return what is told of a founder, name by name."""
    pairs: list[tuple[str, object]] = [
        ("founder", f"program {row['program']} in state {row['epoch']}"),
        ("text", written(row["text"], row["score"])),
        ("share", f"{row['share']:.1%} of the dominant cells of state {row['census_epoch']} descend from it"),
        ("assembled", f"in state {row['assembled_epoch']}, program {row['assembled_program']}"),
        ("made", f"in state {row['made_epoch']}: the last change to bytes that were passed on"),
    ]
    for side in ("left", "right"):
        if row[f"{side}_program"] is not None:
            met = row["assembled_epoch"] - 1
            pairs.append((f"{side} parent", f"program {row[f'{side}_program']} in state {met}"))
            text = row[f"{side}_text"]
            pairs.append(("", "thinned away" if text is None else written(text, row[f"{side}_score"])))
    return pairs
