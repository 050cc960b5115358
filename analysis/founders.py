"""Founders: the program and state from which the bytes that dominate after an onset descend.

The definition. Of the onset's census (`analysis.census`) the dominant cells are
followed back. f(n, p) is the share of them whose byte stood in program p at state n, f(n) its maximum over
p (ties: the smaller p).

- **Founder**: (program, epoch) at the newest n with f(n) at least 0.9 of the maximum over all n.
- **Assembled**: of the dominant cells that descend from it, the oldest m such that at every state from m to n
  one program holds the ancestors of at least 0.9 of them; the parents are the two of its reaction in epoch m.
- **Made**: the newest step up to n that changed, moved or mutated one of the founder's bytes that have
  dominant descendants; the run's first state if they are bytes of it that nothing touched.
- **Further founders**: the same for the cells that descend from none so far, while the largest f is at least
  a tenth of all dominant cells. Shares are of all dominant cells; they give the rank.

Transitions, onsets still open and the 8 strongest surges get founders.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from analysis.ancestry import (
    CHECKED,
    MOVES_BUDGET,
    Tracker,
    Trail,
    Weights,
    follow,
    heaviest,
    last_peak,
    move_back,
    move_forth,
    moves_back,
    moves_forth,
    settled,
    weigh,
)
from analysis.census import dominant_cells, find_census
from sim import SoupConfig, Tokens, language, self_replication_scores
from sim.log import CELL_BITS, Bytes, Int32, Int64
from warehouse.reader import History

Row = dict[str, Any]
Progress = Callable[[str], None]

#: How many surges get founders, those of the largest peak.
SURGES = 8

_EVERY = 1024  # epochs between two lines of progress


def find_founders(history: History, onsets: Sequence[Row], progress: Progress | None = None) -> list[Row]:
    """Return the rows of `founders` (without `run`) for what is stored of a run, by onset and rank.

    ``onsets`` are the run's rows of `transitions`. ``progress`` takes lines; one names the onsets left out.
    """
    chosen, left_out = choose_onsets(onsets)
    if left_out:
        epochs = ", ".join(str(onset["epoch"]) for onset in left_out)
        _tell(progress, f"no founders sought for the weaker surges at states {epochs}")
    rows = trace_founders(history, chosen, progress)
    described = describe(history, sorted({(row["epoch"], row["program"]) for row in rows}))
    return [row | described[row["epoch"], row["program"]] for row in rows]


def choose_onsets(onsets: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """Return the onsets that get founders and those that do not, both as ordered in ``onsets``."""
    surges = [onset for onset in onsets if onset["kind"] == "surge"]
    surges.sort(key=lambda onset: (-onset["peak_complexity"], onset["epoch"]))
    weaker = {onset["epoch"] for onset in surges[SURGES:]}
    return (
        [onset for onset in onsets if onset["epoch"] not in weaker],
        [onset for onset in onsets if onset["epoch"] in weaker],
    )


def trace_founders(
    history: History, onsets: Sequence[Row], progress: Progress | None = None, budget: int = MOVES_BUDGET
) -> list[Row]:
    """Return the founders of ``onsets`` as far as the log tells: all but what `describe` adds.

    ``budget`` bounds the memory for the log's moves, in bytes; it changes nothing but speed.
    """
    if not onsets:
        return []
    config = history.config
    tracker = Tracker(config.programs, config.program_length, mutations_first=config.mutation_order == "before")
    trails = []
    for onset in onsets:
        _tell(progress, f"census of the onset at state {onset['epoch']}")
        epoch, tokens = find_census(history, onset)
        trails.append(Trail(epoch, dominant_cells(tokens), tracker))
    for epoch in follow(history, trails, tracker, budget):
        if epoch % _EVERY == 0:
            _tell(progress, f"ancestors followed back to state {epoch}")
    rows: list[Row] = []
    for onset, trail in zip(onsets, trails, strict=True):
        found = ranked(founders_of(history, trail, tracker))
        rows += [{"onset_epoch": onset["epoch"], "rank": rank} | each.row for rank, each in enumerate(found, 1)]
    parents = _parents(history, {(row["assembled_epoch"], row["assembled_program"]) for row in rows})
    return [row | parents[row["assembled_epoch"], row["assembled_program"]] for row in rows]


class Found(NamedTuple):
    """A founder and among which of a census's cells it was found.

    `row`: what `trace_founders` tells of it but onset, rank and parents. `cells` (int32): the dominant cells that
    descend from none found before it; `sites` (uint8, as long): 1 + the site of the founder that each descends
    from, 0 if from none. `most` and `program`: `Trail.most` and `Trail.program` for `cells`, as far back as
    it takes.
    """

    row: Row
    cells: Int32
    sites: Bytes
    most: Int64
    program: Int32

    @property
    def rest(self) -> Int32:
        """The cells that descend neither from it nor from one found before it."""
        rest: Int32 = self.cells[self.sites == 0]
        return rest


def ranked(found: Iterable[Found]) -> list[Found]:
    """Return founders by falling share; of equals, the first found."""
    return sorted(found, key=lambda each: -each.row["share"])


def founders_of(history: History, trail: Trail, tracker: Tracker) -> Iterator[Found]:
    """Yield the founders of one census, in the order in which they are found."""
    rest = trail.cells
    most, program = trail.most, trail.program
    while True:
        epoch = last_peak(most)
        founder = int(program[epoch])
        site = descent(history, trail, tracker, epoch, founder)[rest]
        descendants = np.bincount(site, minlength=tracker.length + 1)[1:]
        cells = founder * tracker.length + np.arange(tracker.length, dtype=np.int32)
        row = {
            "census_epoch": trail.newest,
            "program": founder,
            "epoch": epoch,
            "share": int(descendants.sum()) / len(trail.cells),
        } | _assembly(history, trail, tracker, epoch, cells, descendants)
        found = Found(row, rest, site, most, program)
        yield found
        rest = found.rest
        if 10 * len(rest) < len(trail.cells) or not len(rest):
            return
        most, program = holders(history, trail, tracker, rest, sought=True)
        if 10 * most.max() < len(trail.cells):
            return


def descent(history: History, trail: Trail, tracker: Tracker, epoch: int, program: int) -> Bytes:
    """Return, for the census's cells, 1 + the site of ``program`` at ``epoch`` they descend from, 0 if of none.

    uint8[soup's cells]; right for the cells that ``trail`` follows.
    """
    length = tracker.length
    labels = np.zeros(tracker.programs * length, np.uint8)
    labels[program * length : (program + 1) * length] = np.arange(1, length + 1)
    for moves in moves_forth(history, trail, tracker, epoch):
        move_forth(moves.cells, moves.sources, labels, np.empty(len(moves.cells), np.uint8))
    return labels


def holders(
    history: History, trail: Trail, tracker: Tracker, cells: Int32, *, sought: bool = False
) -> tuple[Int64, Int32]:
    """Return `Trail.most` and `Trail.program` for some of the trail's cells only.

    If a founder is ``sought``, only from the state on that settles which one it is; 0 before.
    """
    most = np.zeros(trail.newest + 1, np.int64)
    program = np.zeros(trail.newest + 1, np.int32)
    weights = weigh(cells, 1, tracker.programs, tracker.length)
    at = trail.newest
    most[at], program[at] = heaviest(weights)
    for moves in moves_back(history, trail, tracker, weights, trail.newest):
        scratch = np.empty_like(moves.cells)
        if move_back(moves.cells, moves.sources, weights, tracker.length, scratch):
            most[moves.epoch : at], program[moves.epoch : at] = most[at], program[at]
            at = moves.epoch - 1
            most[at], program[at] = heaviest(weights)
        if sought and moves.epoch % CHECKED == 0 and _decided(most[at:], weights, len(trail.cells)):
            return most, program
    first = history.first
    most[first:at], program[first:at] = most[at], program[at]
    return most, program


def _decided(most: Int64, weights: Weights, everything: int) -> bool:
    """Tell whether it is settled which founder some cells of ``everything`` have, or that they have none."""
    left = int(weights.total.sum())
    return settled(most, weights) or 10 * max(left, int(most.max())) < everything


def _assembly(history: History, trail: Trail, tracker: Tracker, epoch: int, cells: Int32, descendants: Int64) -> Row:
    """Return when and where a founder was assembled, and when it was made.

    ``cells`` are the founder's at ``epoch``, ``descendants`` how many dominant cells descend from each.
    """
    kept = descendants > 0
    weights = weigh(cells[kept], descendants[kept], tracker.programs, tracker.length)
    enough = 9 * int(descendants.sum())
    made = None
    assembled = history.first
    _, program = heaviest(weights)
    for moves in moves_back(history, trail, tracker, weights, epoch):
        if not move_back(moves.cells, moves.sources, weights, tracker.length, np.empty_like(moves.cells)):
            continue
        made = moves.epoch if made is None else made
        most, holder = heaviest(weights)
        if 10 * most < enough:
            assembled = moves.epoch
            break
        program = holder
    return {
        "assembled_epoch": assembled,
        "assembled_program": int(program),
        "made_epoch": history.first if made is None else made,
    }


def _parents(history: History, places: set[tuple[int, int]]) -> dict[tuple[int, int], Row]:
    """Return the programs of the reaction of each (epoch, program); None each at the first state or if it had none.

    Reading one epoch takes a segment's shared tables: `History` keeps those of epochs close together.
    """
    found: dict[tuple[int, int], Row] = {}
    for epoch, program in sorted(places):
        left = right = None
        for log in history.logs(epoch, epoch) if epoch > history.first else ():
            for row in np.flatnonzero((log.left == program) | (log.right == program)):
                left, right = int(log.left[row]), int(log.right[row])
        found[epoch, program] = {"left_program": left, "right_program": right}
    return found


def describe(history: History, places: Sequence[tuple[int, int]]) -> dict[tuple[int, int], Row]:
    """Return score, text, bytes and birth places of programs, by (epoch, program); ``places`` ascending.

    `score` is the reference's self-replication score in that state, `born` as in `birthplaces`.
    """
    found: dict[tuple[int, int], Row] = {}
    for epoch, replay in history.states(sorted({epoch for epoch, _ in places})):
        programs = [program for n, program in places if n == epoch]
        tokens = replay.tokens()
        scores = self_replication_scores(history.config, tokens.chars, max(epoch - 1, 0), np.array(programs))
        for program, score in zip(programs, scores, strict=True):
            found[epoch, program] = _described(history.config, tokens, program) | {"score": int(score)}
    return found


def birthplaces(history: History, founder: Row) -> list[Row]:
    """Return where each byte of a founder was born, by site.

    ``founder`` needs `epoch` and `program`. Each row has `site`, `char` (at that state), `born_epoch`,
    `born_program` and `born_site`.
    """
    return _births(history.tokens_at(founder["epoch"]), founder["program"], history.config.program_length)


def _described(config: SoupConfig, tokens: Tokens, program: int) -> Row:
    """Return text, bytes and birth places of a program of the state with ``tokens``."""
    length = config.program_length
    content = tokens.chars[program * length : (program + 1) * length].tobytes()
    born = _births(tokens, program, length)
    return {"text": language(config.language).format(content), "bytes": content, "born": born}


def _births(tokens: Tokens, program: int, length: int) -> list[Row]:
    """Return `birthplaces` of ``program`` from the tokens of its state."""
    rows: list[Row] = []
    for site in range(length):
        cell = program * length + site
        epoch, born = divmod(int(tokens.origins[cell]), 1 << CELL_BITS)
        rows.append(
            {
                "site": site,
                "char": int(tokens.chars[cell]),
                "born_epoch": epoch,
                "born_program": born // length,
                "born_site": born % length,
            }
        )
    return rows


def _tell(progress: Progress | None, line: str) -> None:
    if progress is not None:
        progress(line)
