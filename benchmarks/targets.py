"""How fast this is against what is asked of it: ``python -m benchmarks.targets --reference PATH``.

Prints two tables in Markdown. The first has ratios to the reference program (cubff; for the Z80 grid zff), medians and
ranges of alternating runs from the same states, which must end with equal soups. The second has what is asked of
whole commands, of threads and of sizes. All cores are used where nothing else is said.

Wants the machine for itself. The states to begin at are simulated once; with --states they are kept.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from benchmarks.aims import WORKED_EXAMPLE, Setting, contests, figures
from benchmarks.commands import CommandFailedError
from benchmarks.contests import Rivals, SoupsDifferError
from benchmarks.report import Figure, Ratio, machine, ratios, rounded, table
from benchmarks.states import States
from sim import InputError

#: How often each program has its turn.
ROUNDS = 3


def main(argv: Sequence[str] | None = None) -> int:
    """Measure what ``argv`` asks for, print it, and return the exit code: 2 for bad input, 1 if something failed."""
    arguments = _parser().parse_args(argv)
    try:
        report = _report(arguments)
        print(report)
        if arguments.output:
            arguments.output.write_text(report, encoding="utf-8")
    except InputError as error:
        print(f"benchmarks.targets: {error}", file=sys.stderr)
        return 2
    except (SoupsDifferError, CommandFailedError, OSError) as error:
        print(f"benchmarks.targets: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.targets",
        description=__doc__,
        epilog=f"rows: {', '.join([*contests(), *figures()])}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--reference", type=Path, metavar="PATH", help="the reference binary, as its Makefile builds it"
    )
    parser.add_argument("--native", type=Path, metavar="PATH", help="the same built with -march=native")
    parser.add_argument(
        "--zff", type=Path, metavar="FOLDER", help="the published grid's libraries, grid.so and core.so"
    )
    parser.add_argument(
        "--only", nargs="+", metavar="NAME", help=f"rows, see below (default: all but {WORKED_EXAMPLE}, which is long)"
    )
    parser.add_argument("--states", type=Path, metavar="FOLDER", help="keep the states here (default: nowhere)")
    parser.add_argument("--output", type=Path, metavar="FILE", help="also write the report to this file")
    return parser


def _report(arguments: argparse.Namespace) -> str:
    chosen = _chosen(arguments.only)
    rivals = _rivals(arguments)
    if arguments.output and not arguments.output.parent.is_dir():
        raise InputError(f"--output {arguments.output}: there is no folder {arguments.output.parent}")
    with tempfile.TemporaryDirectory(prefix="primordium-states-") as temporary:
        states = States(arguments.states or Path(temporary), _say)
        setting = Setting(rivals, states, ROUNDS)
        compared = list(_compared(chosen, setting))
        measured = list(_measured(chosen, setting))
    how = f"Medians of {ROUNDS} alternating runs, in brackets a round's least and greatest ratio; end states are equal."
    parts = [f"Measured on {machine()}.\n"]
    parts += [ratios("Against the reference", compared) + f"\n{how}\n"] if compared else []
    parts += [table("Other figures", measured)] if measured else []
    return "\n".join(parts)


def _chosen(only: Sequence[str] | None) -> set[str]:
    """Return the names of the rows to measure."""
    names = {*contests(), *figures()}
    if only is None:
        return names - {WORKED_EXAMPLE}
    for name in only:
        if name not in names:
            raise InputError(f"--only: {name!r}; allowed: {', '.join([*contests(), *figures()])}")
    return {*only}


def _rivals(arguments: argparse.Namespace) -> Rivals:
    """Return the programs to compare with; what is given must be there, before the first hour has passed."""
    for option in ("reference", "native"):
        path = getattr(arguments, option)
        if path and not (path.is_file() and os.access(path, os.X_OK)):
            raise InputError(f"--{option} {path}: is no program")
    if arguments.native and not arguments.reference:
        raise InputError("--native: is a second column beside --reference; give that too")
    if arguments.zff and not (arguments.zff / "grid.so").is_file():
        raise InputError(f"--zff {arguments.zff}: has no grid.so; docs/speed.md says how it is built")
    return Rivals(arguments.reference, arguments.native, arguments.zff)


def _compared(chosen: set[str], setting: Setting) -> Iterator[Ratio]:
    for name, contest in contests().items():
        if name in chosen:
            _say(f"{name}: measuring")
            for row in contest.rows(setting.rivals, partial(contest.window.state, setting.states), setting.rounds):
                _say(str(row))
                yield row


def _measured(chosen: set[str], setting: Setting) -> Iterator[Figure]:
    for name, measure in figures().items():
        if name in chosen:
            _say(f"{name}: measuring")
            for figure in measure(setting):
                _say(f"{figure.what}: {rounded(figure.value)} {figure.unit}; {figure.how}")
                yield figure


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
