"""A run in the form of the reference's log (its option ``--log``): one line of CSV every so many epochs.

The reference looks at its soup when the number of epochs before is divisible by its interval: at the states 1, 65,
129 ... where ours are measured at 64, 128 ... So most lines come by replay.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from analysis.measures import brotli_size, complexity
from analysis.replicators import SCORE_THRESHOLD
from sim import self_replication_scores
from warehouse.export import outside
from warehouse.files import replacing
from warehouse.reader import History

#: The reference's interval where none is given.
EVERY = 64

Progress = Callable[[str], None]


def write_log(
    history: History, path: Path, every: int = EVERY, *, scored: bool = False, progress: Progress | None = None
) -> None:
    """Write the log of what is stored of a run, replacing a file of that name; arguments as of `log_lines`.

    Raises `StoreError` for a place in the store, or one that cannot be written.
    """
    path = outside(history, path)
    with replacing(path) as part, part.open("w", encoding="ascii", newline="") as file:
        for line in log_lines(history, every, scored=scored, progress=progress):
            file.write(f"{line}\n")


def log_lines(
    history: History, every: int = EVERY, *, scored: bool = False, progress: Progress | None = None
) -> Iterator[str]:
    """Yield the header and then a line for each state n with n - 1 divisible by ``every``, state 0 never.

    ``scored``: how many programs score 5 or more besides, as with the reference's ``--eval_selfrep``. An imported
    run's first state has no line, as the reference has none of the state that it loads.
    """
    config = history.config
    yield "epoch,brotli_size,soup_size,higher_entropy" + (",number_selfreps" if scored else "")
    begin = history.first + -history.first % every + 1
    wanted = range(begin, history.last + 1, every)
    columns = history.epochs()
    known = {n: (columns["brotli_size"][n - history.first], columns["complexity"][n - history.first]) for n in wanted}
    missing = [n for n in wanted if scored or np.isnan(known[n][1])]
    if missing and progress is not None:
        progress(f"states {missing[0]} to {missing[-1]} by replay")
    states = history.states(missing)
    for n in wanted:
        size, entropy = known[n]
        more = ""
        if scored or np.isnan(entropy):
            _, replay = next(states)
            size, entropy = brotli_size(replay.chars), complexity(replay.chars)
            if scored:
                scores = self_replication_scores(config, replay.chars.copy(), n - 1, np.arange(config.programs))
                more = f",{np.count_nonzero(scores >= SCORE_THRESHOLD)}"
        # the reference keeps it in single precision
        yield f"{n},{size},{config.programs},{float(np.float32(entropy)):f}{more}"
