"""The most frequent replicators of a run: at each founder's census and at the last state.

Frequent means byte-identical: a program's copies are the programs that hold the same bytes. Texts are taken
by falling copies (ties: the smaller index that holds one), the first 4096 of a state, and scored in that
order until 16 reach the reference's threshold of 5. A score depends on the index, whose noise it is fed:
the one reported is that of `program`, the smallest index that holds the text.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim import SoupConfig, self_replication_scores
from warehouse.populations import grouped
from warehouse.reader import History

Bytes = NDArray[np.uint8]
Int64 = NDArray[np.int64]
Progress = Callable[[str], None]

#: The score from which the reference counts a program as a replicator.
SCORE_THRESHOLD = 5
#: How many replicators of a state are kept.
KEPT = 16
#: How many of a state's texts are looked at: where nothing replicates, all would cost as much as 65 epochs.
CANDIDATES = 4096

_FIRST_BATCH = 32


def find_replicators(
    history: History, founders: Sequence[dict[str, Any]], progress: Progress | None = None
) -> list[dict[str, Any]]:
    """Return the rows of `replicators` (without `run`), by epoch, then by falling copies.

    ``founders`` are the rows of that relation; their `census_epoch`s and the last stored state are looked at.
    """
    epochs = sorted({int(row["census_epoch"]) for row in founders} | {history.last})
    rows: list[dict[str, Any]] = []
    for epoch, replay in history.states(epochs):
        if progress is not None:
            progress(f"replicators of state {epoch}")
        rows += replicators_of(history.config, replay.chars, epoch)
    return rows


def replicators_of(config: SoupConfig, chars: Bytes, epoch: int) -> list[dict[str, Any]]:
    """Return the replicators of one state, most frequent first, at most `KEPT`.

    ``chars`` is uint8[cells], the bytes of state ``epoch``. Each row has `epoch`, `program` (the smallest
    index that holds the text), `score` (5 to the program's length), `text` (in the language's text form),
    `copies` (programs that hold these very bytes) and the `bytes` themselves.
    """
    programs, copies = distinct_programs(chars, config.program_length)
    programs, copies = programs[:CANDIDATES], copies[:CANDIDATES]
    found: list[tuple[int, int, int]] = []
    start, batch = 0, _FIRST_BATCH
    while start < len(programs) and len(found) < KEPT:
        stop = start + batch
        scores = self_replication_scores(config, chars, max(epoch - 1, 0), programs[start:stop])
        scored = zip(programs[start:stop].tolist(), scores.tolist(), copies[start:stop].tolist(), strict=True)
        found += [row for row in scored if row[1] >= SCORE_THRESHOLD]
        start, batch = stop, 2 * batch  # after a takeover the first few score, and scoring is dear
    texts = chars.reshape(-1, config.program_length)
    language = config.instruction_set
    return [
        {"epoch": epoch, "program": program, "score": score, "copies": count}
        | {"bytes": texts[program].tobytes(), "text": language.format(texts[program].tobytes())}
        for program, score, count in found[:KEPT]
    ]


def distinct_programs(chars: Bytes, program_length: int) -> tuple[Int64, Int64]:
    """Return (programs, copies), int64 each: one entry a distinct text, most copies first.

    ``programs`` are the smallest indices that hold each text; ties of ``copies`` go by them.
    """
    first, _, copies = grouped(chars.reshape(-1, program_length))
    order = np.lexsort((first, -copies))
    return first[order], copies[order]
