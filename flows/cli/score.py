"""`primordium score`: the reference's self-replication scores of a state's programs."""

import argparse

from flows.cli.output import print_rows
from flows.cli.parser import add_format, add_run, span, whole
from flows.cli.reading import check_epoch, check_programs, open_history

EXAMPLES = (
    "primordium score RUN --epoch 512 --at-least 5",
    "primordium score RUN --epoch 512 --program 0:100 --format csv",
)
_AT_ONCE = 16384  # programs scored between two lines of progress


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add_run(parser)
    parser.add_argument("--epoch", type=whole("epoch"), required=True, metavar="N", help="state, 0 is the initial soup")
    parser.add_argument(
        "--program",
        type=span("program"),
        metavar="P|A:B",
        help="only this program, or those from A up to and without B",
    )
    parser.add_argument(
        "--at-least",
        type=whole("score"),
        default=0,
        metavar="S",
        help="only scores from S on; 5 counts as a replicator",
    )
    add_format(parser)


def execute(arguments: argparse.Namespace) -> None:
    """Score and print, by program."""
    import numpy as np

    from flows.cli.terminal import note
    from sim import self_replication_scores

    with open_history(arguments) as history:
        check_epoch(history, arguments.epoch)
        config, epoch = history.config, arguments.epoch
        programs = arguments.program or range(config.programs)
        check_programs(history, (programs.start, programs.stop - 1))
        chars = history.tokens_at(epoch).chars
    scored: list[tuple[int, int]] = []
    for start in range(programs.start, programs.stop, _AT_ONCE):
        chosen = np.arange(start, min(start + _AT_ONCE, programs.stop), dtype=np.int64)
        scores = self_replication_scores(config, chars, max(epoch - 1, 0), chosen)
        scored += zip(chosen.tolist(), scores.tolist(), strict=True)
        note(f"scored {len(scored)} of {len(programs)} programs of state {epoch}")
    count = print_rows(("program", "score"), (row for row in scored if row[1] >= arguments.at_least), arguments.format)
    note(f"{count} programs score {arguments.at_least} or more")
