"""How sure a founder is: its share from state to state, its rivals, and what later censuses say.

- **Shares**: f(n) of design section 8, the most dominant cells whose byte stood in one program at state n, for
  every state. Its fall after the founder's state is what makes the founder sharp. Founders after the first are
  found among the cells that descend from none before, and so are their shares; the shares of what is left by
  all founders follow them under the next rank: the best rival that is no founder.
- **Later censuses**: five more states, evenly spread from the onset's census to the last that could have been
  one (`analysis.census.last_candidate`). In each the founders are sought anew, among every k-th of its dominant
  cells, the smallest k that leaves at most `SAMPLE`: a share is then known to 0.006 or better (3 standard
  deviations). Of those the one that shares
  most descendants with the recorded founder is compared with it: `same` (program and epoch), `descends` (it
  stands later, and at least 0.9 of its own descendants descend from the recorded founder too: the common
  ancestor drifted forward), `precedes` (it stands earlier, and the recorded founder's descend from it), `other`
  (they share some), `none` (they share none). The first three agree.
- **In words**: `certain` if the founder has 4 times the share of the best rival that is no founder and every
  later census agrees, `likely` if it has twice that share and half of them agree, else `doubtful`. Where there
  is no later state to ask, the shares alone decide, and it is `likely` at best.

All come from one pass back over the log, which follows the founders' own bytes as well: when each joined
the others (`Joined`).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from analysis.ancestry import MOVES_BUDGET, Tracker, Trail, follow, move_back, moves_back, weigh
from analysis.census import dominant_cells, last_candidate
from analysis.founders import Found, Progress, Row, descent, founders_of, holders, ranked
from sim.log import Int32, Int64
from warehouse.reader import History

#: How many states after the onset's census are asked for the founder.
LATER = 5
#: How many dominant cells of a later census are followed at most: after a takeover all would cost minutes.
SAMPLE = 1 << 16

Place = tuple[int, int]  # onset_epoch and rank: which founder


class Joined(NamedTuple):
    """When one byte of a founder joined the others.

    `epoch`: oldest state from which on it stood in the program that held most of them (ties: the smaller);
    `from_program`: where it stood one state before, None if it was born then. `descendants`: dominant cells that
    descend from it.
    """

    site: int
    epoch: int
    from_program: int | None
    descendants: int


class Examined(NamedTuple):
    """What one pass over a run's log tells: rows of two relations, and for each founder its bytes by site."""

    shares: list[Row]
    censuses: list[Row]
    joined: dict[Place, list[Joined]]


class _Last:
    """The last examination: three analyses of a run take theirs from one pass."""

    kept: tuple[Any, Examined] = ((), Examined([], [], {}))


def examined(
    history: History, onsets: Sequence[Row], founders: Sequence[Row], progress: Progress | None = None
) -> Examined:
    """Return `examine` of a run in a store, remembering that of the last run asked for."""
    key = (history.store.path, history.run, history.last)
    last, found = _Last.kept
    if last != key:
        found = examine(history, onsets, founders, progress)
        _Last.kept = key, found
    return found


def examine(
    history: History,
    onsets: Sequence[Row],
    founders: Sequence[Row],
    progress: Progress | None = None,
    budget: int = MOVES_BUDGET,
) -> Examined:
    """Follow back the censuses and founders of a run; rows by onset, rank and epoch.

    ``onsets`` and ``founders`` are the rows of `transitions` and `founders`. ``budget`` bounds the memory for the
    log's moves, in bytes; it changes nothing but speed.
    """
    result = Examined([], [], {})
    if not founders:
        return result
    config = history.config
    tracker = Tracker(config.programs, config.program_length, mutations_first=config.mutation_order == "before")
    asked = {each["epoch"]: each for each in onsets}
    censuses = {
        row["onset_epoch"]: [
            row["census_epoch"],
            *later_censuses(history, asked[row["onset_epoch"]], row["census_epoch"]),
        ]
        for row in founders
    }
    first = {epochs[0] for epochs in censuses.values()}
    later = {epoch for epochs in censuses.values() for epoch in epochs[1:]}
    trails = _census_trails(history, tracker, first, later, enough=min(int(row["epoch"]) for row in founders))
    own = {(row["onset_epoch"], row["rank"]): _own_trail(row, tracker) for row in founders}
    seconds: dict[tuple[Place, int], tuple[int | None, float]] = {}
    for epoch in _passed(history, [*trails.values(), *own.values()], tracker, budget, progress):
        for row in founders:
            for census in censuses[row["onset_epoch"]] if row["epoch"] == epoch else ():
                place = row["onset_epoch"], row["rank"]
                own_census = census == row["census_epoch"]
                seconds[place, census] = _second(trails[census, own_census], int(row["program"]))
    for onset, (census, *others) in sorted(censuses.items()):
        recorded = [row for row in founders if row["onset_epoch"] == onset]
        found = list(founders_of(history, trails[census, True], tracker))
        result.shares.extend(_shares(history, trails[census, True], tracker, onset, found))
        for row, each in zip(recorded, ranked(found), strict=True):
            place = onset, row["rank"]
            descendants = np.bincount(each.sites, minlength=tracker.length + 1)[1:]
            result.joined[place] = _joined(history, own[place], tracker, descendants)
        rows = _compared(history, trails[census, True], tracker, recorded, found)
        for epoch in others:
            rows += _compared(
                history, trails[epoch, False], tracker, recorded, founders_of(history, trails[epoch, False], tracker)
            )
        for row in sorted(rows, key=lambda row: (row["rank"], row["census_epoch"])):
            second = seconds[(onset, row["rank"]), row["census_epoch"]]
            result.censuses.append(row | {"second_program": second[0], "second_share": second[1]})
    return result


def later_censuses(history: History, onset: Row, census: int) -> list[int]:
    """Return the states, at most `LATER`, that are asked again for the founder of ``onset``, ascending."""
    span = last_candidate(history, onset) - census
    return sorted({census + span * k // LATER for k in range(1, LATER + 1)} - {census})


def find_shares(
    history: History, onsets: Sequence[Row], founders: Sequence[Row], progress: Progress | None = None
) -> list[Row]:
    """Return the rows of `founder_shares` (without `run`)."""
    return examined(history, onsets, founders, progress).shares


def find_censuses(
    history: History, onsets: Sequence[Row], founders: Sequence[Row], progress: Progress | None = None
) -> list[Row]:
    """Return the rows of `founder_censuses` (without `run`)."""
    return examined(history, onsets, founders, progress).censuses


def _census_trails(
    history: History, tracker: Tracker, first: set[int], later: set[int], enough: int
) -> dict[tuple[int, bool], Trail]:
    """Return the trails of censuses by (state, whether an onset's own).

    The others have a sample of the cells, and may end at a state up to ``enough``.
    """
    trails = {}
    for epoch, replay in history.states(sorted(first | later)):
        cells = dominant_cells(replay.tokens())
        if epoch in first:
            trails[epoch, True] = Trail(epoch, cells, tracker)
        if epoch in later:
            trails[epoch, False] = Trail(epoch, cells[:: -(-len(cells) // SAMPLE)].copy(), tracker, enough)
    return trails


def _own_trail(founder: Row, tracker: Tracker) -> Trail:
    cells = founder["program"] * tracker.length + np.arange(tracker.length, dtype=np.int32)
    return Trail(int(founder["epoch"]), cells.astype(np.int32), tracker)


def _passed(
    history: History, trails: Sequence[Trail], tracker: Tracker, budget: int, progress: Progress | None
) -> Iterator[int]:
    """Yield every state that ``trails`` come to, newest first."""
    yield max(trail.newest for trail in trails)
    for epoch in follow(history, trails, tracker, budget):
        if epoch % 1024 == 0 and progress is not None:
            progress(f"founders examined back to state {epoch}")
        yield epoch - 1


def _second(trail: Trail, program: int) -> tuple[int | None, float]:
    """Return the program other than ``program`` that holds most now, and its share; ties: the smaller."""
    weights = trail.weights
    others = np.flatnonzero((weights.total > 0) & (weights.owner != program))
    if not len(others):
        return None, 0.0
    best = others[np.lexsort((weights.owner[others], -weights.total[others]))[0]]
    return int(weights.owner[best]), int(weights.total[best]) / len(trail.cells)


def _shares(history: History, trail: Trail, tracker: Tracker, onset: int, found: Sequence[Found]) -> Iterator[Row]:
    """Yield the rows of `founder_shares` of one onset: each founder's, then those of what they leave."""
    curves = [
        (trail.most, trail.program)
        if len(each.cells) == len(trail.cells)
        else holders(history, trail, tracker, each.cells)
        for each in ranked(found)
    ]
    if len(rest := found[-1].rest):
        curves.append(holders(history, trail, tracker, rest))
    for rank, (most, program) in enumerate(curves, 1):
        for epoch in _changes(most, program, history.first).tolist():
            yield {
                "onset_epoch": onset,
                "rank": rank,
                "epoch": epoch,
                "program": int(program[epoch]),
                "share": int(most[epoch]) / len(trail.cells),
            }


def _changes(most: Int64, program: Int32, first: int) -> Int64:
    """Return the states at which a curve takes another value than one state before, and its ``first`` and last."""
    changed = np.ones(len(most), np.bool_)
    changed[1:] = (most[1:] != most[:-1]) | (program[1:] != program[:-1])
    changed[:first] = False
    changed[[first, -1]] = True
    return np.flatnonzero(changed)


def _compared(
    history: History, trail: Trail, tracker: Tracker, recorded: Sequence[Row], founders: Iterable[Found]
) -> list[Row]:
    """Return what a census, that of ``trail`` with the ``founders`` it has, says of each recorded founder."""
    found = []
    for each in ranked(founders):
        of_it = np.isin(trail.cells, each.cells[each.sites > 0], assume_unique=True)
        found.append((each.row, of_it))
    rows = []
    for row in recorded:
        theirs = descent(history, trail, tracker, int(row["epoch"]), int(row["program"]))[trail.cells] > 0
        common = [int(np.count_nonzero(theirs & of_it)) for _, of_it in found]
        best = int(np.argmax(common))  # of equals, the one of the smaller rank
        other, of_it = found[best]
        later = other["epoch"] >= row["epoch"]
        younger = of_it if later else theirs
        part = common[best] / max(int(np.count_nonzero(younger)), 1)
        relation = _relation(row, other, common[best], close=part >= 0.9)
        rows.append(
            {
                "onset_epoch": row["onset_epoch"],
                "rank": row["rank"],
                "census_epoch": trail.newest,
                "program": other["program"] if common[best] else None,
                "epoch": other["epoch"] if common[best] else None,
                "share": other["share"] if common[best] else None,
                "recorded_share": int(np.count_nonzero(theirs)) / len(trail.cells),
                "common_share": part,
                "relation": relation,
                "agrees": relation in AGREEING,
            }
        )
    return rows


#: What a later census may say that speaks for a founder.
AGREEING = ("same", "descends", "precedes")


def _relation(recorded: Row, other: Row, common: int, *, close: bool) -> str:
    if not common:
        return "none"
    if (other["program"], other["epoch"]) == (recorded["program"], recorded["epoch"]):
        return "same"
    if not close:
        return "other"
    return "descends" if other["epoch"] >= recorded["epoch"] else "precedes"


def _joined(history: History, trail: Trail, tracker: Tracker, descendants: NDArray[np.int64]) -> list[Joined]:
    """Return when the bytes of a founder joined each other; ``trail`` is that of its cells."""
    places = trail.cells.astype(np.int64)
    weights = weigh(trail.cells, 1, tracker.programs, tracker.length)
    joined: dict[int, Joined] = {}
    for moves in moves_back(history, trail, tracker, weights, trail.newest):
        if not move_back(moves.cells, moves.sources, weights, tracker.length, np.empty_like(moves.cells)):
            continue
        _step_back(places, moves.cells, moves.sources)
        apart = (places < 0) | (places // tracker.length != trail.program[moves.epoch - 1])
        for site in np.flatnonzero(apart).tolist():
            came = None if places[site] < 0 else int(places[site]) // tracker.length
            joined.setdefault(site, Joined(site, moves.epoch, came, int(descendants[site])))
        if len(joined) == tracker.length:
            break
    return [
        joined.get(site, Joined(site, history.first, None, int(descendants[site]))) for site in range(tracker.length)
    ]


def _step_back(places: Int64, cells: Int32, sources: Int32) -> None:
    """Move ``places`` one epoch back, -1 for bytes born in it."""
    hit = np.flatnonzero(np.isin(cells, places))
    moved = dict(zip(cells[hit].tolist(), sources[hit].tolist(), strict=True))
    for index, place in enumerate(places.tolist()):
        if place in moved:
            places[index] = moved[place]


def find_confidence(of: Mapping[str, Sequence[Row]]) -> list[Row]:
    """Return the rows of `founder_confidence` (without `run`), from the relations about founders made before."""
    rows = []
    for row in of["founders"]:
        curve, said = (
            [each for each in of[name] if (each["onset_epoch"], each["rank"]) == (row["onset_epoch"], row["rank"])]
            for name in ("founder_shares", "founder_censuses")
        )
        rows.append(
            {"onset_epoch": row["onset_epoch"], "rank": row["rank"], "share": row["share"]}
            | _fall(row, curve)
            | _judged(row, of["founders"], of["founder_shares"], said)
        )
    return rows


def _fall(founder: Row, curve: Sequence[Row]) -> Row:
    """Return the share one state after the founder's, and the first state from which on it stays below half."""
    after = next((each for each in curve if each["epoch"] > founder["epoch"]), None)
    if after is None:
        return {"next_share": None, "halved_epoch": None}
    falls = after["share"] if after["epoch"] == founder["epoch"] + 1 else founder["share"]
    halved = (each["epoch"] for each in curve
              if each["epoch"] > founder["epoch"] and 2 * each["share"] < founder["share"])  # fmt: skip
    return {"next_share": falls, "halved_epoch": next(halved, None)}


def _judged(founder: Row, founders: Sequence[Row], shares: Sequence[Row], said: Sequence[Row]) -> Row:
    """Return the rivals of a founder, how many of the later censuses that ``said`` of it agree, and the verdict."""
    onset = founder["onset_epoch"]
    last = max(row["rank"] for row in founders if row["onset_epoch"] == onset)
    left = [row for row in shares if row["onset_epoch"] == onset and row["rank"] == last + 1]
    rival = max(left, key=lambda row: (row["share"], row["epoch"]), default=None)
    against = rival["share"] if rival else 0.0
    first, later = said[0], [row["agrees"] for row in said[1:]]
    return {
        "second_program": first["second_program"],
        "second_share": first["second_share"],
        "rival_program": rival and rival["program"],
        "rival_epoch": rival and rival["epoch"],
        "rival_share": against,
        "later_censuses": len(later),
        "agreement": sum(later) / len(later) if later else None,
        "verdict": verdict(founder["share"], against, len(later), sum(later)),
    }


def verdict(share: float, rival: float, censuses: int, agreeing: int) -> str:
    """Return in a word how sure a founder is."""
    if censuses and agreeing == censuses and share >= 4 * rival:
        return "certain"
    return "likely" if 2 * agreeing >= censuses and share >= 2 * rival else "doubtful"
