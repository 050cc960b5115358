"""Soups that the reference and this project hand to each other: ``python -m tests.exchange BINARY``.

Each case is run by both from its seed to state 449, its state 257 saved, and gone on with from that file (the
reference from the one that was written here) to state 449 again. Compared are the files of states, byte for byte, and
the logs. What the reference gave is kept in ``tests/golden/exchange.json`` and, for one case, the file itself in
``tests/golden/exchange-257.dat``; ``--write`` makes both anew.
"""

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from analysis.reference_log import write_log
from flows.pipeline import run_direct
from flows.progress import Reporter
from flows.request import RunRequest, read_import, read_request
from tests.naive.golden import FOLDER, golden
from tests.naive.soup import Settings, neighbours
from warehouse.checkpoint import export_checkpoint
from warehouse.reader import History
from warehouse.record import run_id
from warehouse.store import Store

SAVED, LAST = 257, 449
#: States that are compared: the reference saves every 64 epochs, from the first on.
SEEN = (65, SAVED, 321, LAST)
PROGRAMS = 64

#: By name: options of `primordium run`, and what the reference calls them.
CASES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "mixed": ({"language": "bff_noheads_4bit", "seed": 5}, []),
    "mutation": ({"language": "bff", "seed": 2**64 - 1, "mutation_rate": 0.01}, ["--mutation_prob", "0.01"]),
    "forth": ({"language": "forthtrivial", "seed": 1}, []),
    "subleq": ({"language": "subleq", "seed": 2}, []),
    "fixed": ({"language": "bff_perm", "seed": 3, "geometry": "fixed"}, ["--fixed_shuffle"]),
    "cyclic": ({"language": "bff_noheads", "seed": 4, "geometry": "cyclic"}, ["--nopermute_programs"]),
    "grid": ({"language": "bff_noheads_4bit", "seed": 6, "geometry": "grid", "width": 8, "height": 8}, []),
    "reset": ({"language": "bff", "seed": 7, "reset_interval": 96}, ["--reset_interval", "96"]),
    "reset-lost": ({"language": "bff8", "seed": 8, "reset_interval": 64}, ["--reset_interval", "64"]),
    "reset-zero": (
        {"language": "forthcopy", "seed": 9, "reset_interval": 50, "initial_soup": "zero"},
        ["--reset_interval", "50", "--zero_init"],
    ),
}

Figures = dict[str, Any]


def given(case: str) -> dict[str, str]:
    """Return the options of a case as typed, for a soup that does not begin with a checkpoint."""
    return {name: str(value) for name, value in CASES[case][0].items()} | {"programs": str(PROGRAMS)}


def ours(case: str, folder: Path) -> Figures:
    """Return what this project gives of a case, working in ``folder``, where ``257.dat`` stays."""
    options, saved = given(case) | {"store": str(folder / "store"), "epochs": str(LAST)}, folder / f"{SAVED}.dat"
    scratch = _told(read_request(options), folder, SEEN)
    _export(read_request(options), SAVED, saved)
    del options["programs"]
    return {"scratch": scratch, "continued": _told(read_import(options, saved), folder, SEEN[2:])}


def theirs(binary: Path, case: str, folder: Path, load: Path | None = None) -> Figures:
    """Return what the reference gives of a case, working in ``folder``; it goes on from ``load``, or its own file."""
    scratch = _by_reference(binary, case, folder / "scratch", [], SEEN)
    file = load or folder / "scratch" / f"{SAVED - 1:010d}.dat"
    return {
        "scratch": scratch,
        "continued": _by_reference(binary, case, folder / "continued", ["--load", str(file)], SEEN[2:]),
    }


def _told(request: RunRequest, folder: Path, states: tuple[int, ...]) -> Figures:
    run = run_direct(request, Reporter())
    digests, log = {}, folder / "log.csv"
    for state in states:
        digests[str(state)] = _digest(_export(request, state, folder / "state.dat"))
    with History(Store.open(request.store), run) as history:
        write_log(history, log, scored=True)
    return {"states": digests, "log": log.read_text().splitlines()}


def _export(request: RunRequest, state: int, path: Path) -> Path:
    with History(Store.open(request.store), run_id(request.config)) as history:
        export_checkpoint(history, state, path)
    return path


def _by_reference(binary: Path, case: str, folder: Path, more: list[str], states: tuple[int, ...]) -> Figures:
    options, named = CASES[case]
    folder.mkdir(parents=True)
    if options.get("geometry") == "grid":
        soup = Settings("bff", PROGRAMS, geometry="grid", width=options["width"], height=options["height"], radius=2)
        pairs = folder / "pairs.txt"
        lists = enumerate(neighbours(soup))
        pairs.write_text("".join(f"{one} {other}\n" for one, others in lists for other in others))
        named = [*named, "--interaction_pattern", str(pairs)]
    words = {
        "--lang": options["language"], "--seed": options["seed"], "--num": PROGRAMS, "--max_epochs": LAST - 1,
        "--print_interval": 64, "--save_interval": 64, "--clear_interval": 64, "--checkpoint_dir": folder,
        "--log": folder / "log.csv",
    }  # fmt: skip
    command = [str(binary), *(str(word) for pair in words.items() for word in pair), *named, *more]
    subprocess.run([*command, "--eval_selfrep", "--disable_output"], check=True, capture_output=True)
    digests = {str(state): _digest(folder / f"{state - 1:010d}.dat") for state in states}
    return {"states": digests, "log": (folder / "log.csv").read_text().splitlines()}


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main() -> int:
    """Compare, or write the golden files; return how many cases differ."""
    parser = argparse.ArgumentParser(prog="python -m tests.exchange", description=__doc__)
    parser.add_argument("binary", type=Path, help="the reference's program bin/main")
    parser.add_argument("--write", action="store_true", help="write the golden files instead")
    arguments = parser.parse_args()
    wrong = 0
    with tempfile.TemporaryDirectory() as name:
        folder, found = Path(name), {}
        for case in CASES:
            if not arguments.write:
                here = ours(case, folder / case)
                there = theirs(arguments.binary, case, folder / case / "reference", folder / case / f"{SAVED}.dat")
                wrong += here != there
                sys.stdout.write(f"{case}: {'the same' if here == there else 'DIFFERENT'}\n")
                continue
            found[case] = theirs(arguments.binary, case, folder / case)
            if case == "mixed":
                saved = folder / case / "scratch" / f"{SAVED - 1:010d}.dat"
                (FOLDER / f"exchange-{SAVED}.dat").write_bytes(saved.read_bytes())
        if arguments.write:
            about = (
                "Produced by the reference program cubff (commit f212e84,"
                " https://github.com/paradigms-of-intelligence/cubff), not by this project. SHA-256 of its checkpoint"
                " files by state, and its logs; exchange-257.dat is the file of state 257 of the case mixed. To make"
                " them again: `python -m tests.exchange BINARY --write`."
            )
            (FOLDER / "exchange.json").write_text(json.dumps({"about": about, "cases": found}, indent=1) + "\n")
    return wrong


def known(case: str) -> Figures:
    """Return what the reference gave of a case."""
    return golden("exchange")["cases"][case]  # type: ignore[no-any-return]


if __name__ == "__main__":
    raise SystemExit(main())
