"""`primordium search`: programs of one state or of many that hold a text, hex digits or a regular expression."""

import argparse
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from flows.cli.output import print_records
from flows.cli.parser import add_format, add_run, whole
from flows.cli.reading import check_epoch, open_history

if TYPE_CHECKING:
    from analysis.search import Pattern
    from sim.log import Bytes, Int64
    from warehouse.reader import History

EXAMPLES = (
    "primordium search RUN --text '[{.<' --epoch 1280",
    "primordium search RUN --species --text '[{.<>>>><.{[' --within 2",
    "primordium search RUN --regex '<.*,.*]' --first",
)
IN_STATE = ("epoch", "program", "copies", "text")
OVER_STATES = ("epoch", "programs", "share", "distinct", "program", "text")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add_run(parser)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--text", metavar="T", help="bytes in the language's text form")
    what.add_argument("--hex", metavar="H", help="bytes as hex digits, two each: these very bytes")
    what.add_argument("--regex", metavar="R", help="a regular expression over the text form")
    parser.add_argument(
        "--within", type=whole("number of edits"), default=0, metavar="K", help="allow K bytes more, fewer or others"
    )
    parser.add_argument("--whole", action="store_true", help="the whole program must match, not a part of it")
    parser.add_argument("--species", action="store_true", help="look at programs' instructions only, nothing between")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--epoch", type=whole("epoch"), metavar="E", help="the programs of this state, not of keyframes")
    where.add_argument("--all", action="store_true", help="look at every state by replay: as slow as replay is")
    where.add_argument(
        "--first", action="store_true", help="the first state with any, to the epoch, after the last keyframe without"
    )
    parser.add_argument(
        "--limit", type=whole("limit", 1), default=20, metavar="N", help="programs listed of one state (default: 20)"
    )
    add_format(parser)


def execute(arguments: argparse.Namespace) -> None:
    """Search and print: the programs of one state, or a line for each state with any."""
    from analysis.search import first_state_with, found_in, pattern_of
    from flows.cli.terminal import note

    with open_history(arguments) as history:
        pattern = pattern_of(
            history.config.instruction_set,
            text=arguments.text,
            hexadecimal=arguments.hex,
            regex=arguments.regex,
            within=arguments.within,
            whole=arguments.whole,
            of_species=arguments.species,
        )
        if arguments.epoch is not None:
            check_epoch(history, arguments.epoch)
            _print_state(arguments, history, *next(found_in(history, pattern, [arguments.epoch])))
        elif arguments.first:
            found = first_state_with(history, pattern)
            if found is None:
                note("no program of any keyframe matches")
                print_records([], arguments.format, IN_STATE)
            else:
                _print_state(arguments, history, *found)
        else:
            kept = sorted({*history.keyframe_epochs, history.last})
            epochs = range(history.first, history.last + 1) if arguments.all else kept
            print_records(_over_states(history, pattern, epochs), arguments.format, OVER_STATES)


def _print_state(
    arguments: argparse.Namespace, history: "History", epoch: int, programs: "Bytes", found: "Int64"
) -> None:
    """Print the matching programs of a state, each text once, the most frequent first."""
    from flows.cli.terminal import note

    distinct, copies = _distinct(programs, found)
    note(f"{len(found)} programs of state {epoch} match, {len(distinct)} distinct")
    listed = zip(distinct[: arguments.limit], copies, strict=False)
    rows = [{"epoch": epoch, "copies": count} | _told(history, programs, program) for program, count in listed]
    print_records(rows, arguments.format, IN_STATE)


def _over_states(history: "History", pattern: "Pattern", epochs: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Yield a row for each state in which any program matches."""
    from analysis.search import found_in

    for epoch, programs, found in found_in(history, pattern, epochs):
        if len(found):
            distinct, _ = _distinct(programs, found)
            counts = {"programs": len(found), "share": len(found) / len(programs), "distinct": len(distinct)}
            yield {"epoch": epoch} | counts | _told(history, programs, distinct[0])


def _distinct(programs: "Bytes", found: "Int64") -> tuple[list[int], list[int]]:
    """Return the distinct ones among some programs of a state, the most frequent first, and how many are alike."""
    from analysis.replicators import distinct_programs

    if len(found) == 0:
        return [], []
    places, copies = distinct_programs(programs[found].reshape(-1), programs.shape[1])
    return found[places].tolist(), copies.tolist()


def _told(history: "History", programs: "Bytes", program: int) -> dict[str, Any]:
    return {"program": program, "text": history.config.instruction_set.format(programs[program].tobytes())}
