"""``python -m benchmarks``: measure, and print Markdown."""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from benchmarks import reading, reference, simulation, storage
from benchmarks.contests import Contest, Rivals, SoupsDifferError
from benchmarks.report import Figure, machine, ratios, table
from benchmarks.states import State, Window
from sim import LANGUAGES, InputError, SoupConfig


def main(argv: Sequence[str] | None = None) -> int:
    """Measure what ``argv`` asks for, print it, and return the exit code: 2 for bad input, 1 if soups differ."""
    arguments = _parser().parse_args(argv)
    try:
        report = _report(arguments)
    except InputError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 2
    except SoupsDifferError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 1
    print(report)
    if arguments.output:
        arguments.output.write_text(report, encoding="utf-8")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--language", default="bff_noheads", choices=LANGUAGES, help="(default: %(default)s)")
    parser.add_argument("--programs", type=int, default=131072, help="fewer for a quick look (default: %(default)s)")
    parser.add_argument("--seeds", type=int, nargs="+", default=[29], help="a run each (default: 29)")
    parser.add_argument("--epochs", type=int, default=1280, help="length of each run (default: %(default)s)")
    parser.add_argument(
        "--repeats", type=int, default=3, help="of each query, and turns of each (default: %(default)s)"
    )
    parser.add_argument("--reference", type=Path, metavar="PATH", help="the reference binary (cubff) to compare with")
    parser.add_argument(
        "--windows",
        type=int,
        nargs="+",
        metavar="STATE",
        help="states, divisible by 64, from which both are timed (default: the first and the last such)",
    )
    parser.add_argument("--store", type=Path, help="folder to keep the runs in (default: one that is removed)")
    parser.add_argument("--output", type=Path, help="also write the report to this file")
    return parser


def _report(arguments: argparse.Namespace) -> str:
    for state in arguments.windows or ():
        if state % reference.INTERVAL or not 0 <= state <= arguments.epochs:
            raise InputError(
                f"--windows: {state}; allowed: multiples of {reference.INTERVAL} from 0 to --epochs {arguments.epochs}"
            )
    parts = [f"Measured on {machine()}.\n"]
    with tempfile.TemporaryDirectory(prefix="primordium-benchmarks-") as temporary:
        folder = arguments.store or Path(temporary, "store")
        for seed in arguments.seeds:
            config = SoupConfig(language=arguments.language, programs=arguments.programs, seed=seed)
            parts += _run(config, arguments, folder)
    return "\n".join(parts)


def _run(config: SoupConfig, arguments: argparse.Namespace, folder: Path) -> list[str]:
    """Return the tables of one soup."""
    name = f"{config.language}, {config.programs} programs, seed {config.seed}, {arguments.epochs} epochs"
    warm = simulation.warm_up(config)
    _say(f"{name}: simulating")
    last = (arguments.epochs // reference.INTERVAL - 1) * reference.INTERVAL
    keep = sorted({0, max(last, 0)} if arguments.windows is None else {*arguments.windows})
    speed, states = simulation.simulate(config, arguments.epochs, keep)
    _say("storing")
    run, seconds, stored = storage.store_run(config, arguments.epochs, folder)
    _say("replaying and asking")
    asked = reading.latencies(folder, run, arguments.repeats)
    tables = [
        table(f"Speed: {name}", [warm, *speed, *stored, *reading.replay(folder, run)]),
        *(
            table(
                f"Processor time: {name}, from state {state}", storage.costs(config, tokens, state, arguments.repeats)
            )
            for state, tokens in states.items()
        ),
        table(f"Size: {name}", storage.sizes(folder, run, config, arguments.epochs)),
        table(f"Queries: {name}", asked),
    ]
    if arguments.reference:
        _say("running the reference in turn")
        theirs = reference.whole_run(arguments.reference, config, arguments.epochs)
        whole = [
            Figure("reference, whole run", theirs, "s", "simulates, keeps nothing"),
            Figure("`run --direct`, whole run", seconds, "s", "simulates, stores every epoch, analyses"),
            Figure("ratio, whole run", theirs / seconds, "times as fast"),
        ]
        tables.append(table(f"Against the reference: {name}", whole))
        rivals = Rivals(arguments.reference)
        compared = [
            row
            for epoch, tokens in states.items()
            for row in Contest("simulated", Window(config, epoch), {"traced": None}).rows(
                rivals, partial(State, config, epoch, tokens), arguments.repeats
            )
        ]
        tables.append(ratios(f"Against the reference, windows: {name}", compared))
    return tables


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
