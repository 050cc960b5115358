"""How sure a founder is and how it came about, from the definitions, byte by byte over plain records."""

import math
from fractions import Fraction

from tests.naive.founders import Row, Story, census, changes, earlier, found, holders, path, paths_of, ranked, states

Sites = list[int]  # for each cell of a state, 1 + the founder's site that its byte descends from, or 0


def shares(story: Story, onset: int, ended: int | None) -> list[list[tuple[int, float]]]:
    """Return (program, share) by state, of each founder and then of what all leave (if they leave any)."""
    tokens = states(story)
    at = census(story, tokens, onset, ended)
    paths = paths_of(story, tokens, at)
    each = found(story, paths, at)
    curves = [one.held for one in ranked(each)]
    if each[-1].rest:
        curves.append([holders(story, each[-1].rest, n) for n in range(at + 1)])
    return [[(program, count / len(paths)) for count, program in curve] for curve in curves]


def later_censuses(story: Story, onset: int, ended: int | None, at: int) -> list[int]:
    """Return the five states, fewer where there is no room, that lie evenly between the census and the last."""
    last = min(onset + 512, len(story.records), *([] if ended is None else [ended]))
    return sorted({at + (last - at) * k // 5 for k in (1, 2, 3, 4, 5)} - {at})


def censuses(story: Story, onset: int, ended: int | None, sample: int) -> list[Row]:
    """Return the rows of `founder_censuses`; of later censuses at most ``sample`` cells, evenly taken, count."""
    tokens = states(story)
    at = census(story, tokens, onset, ended)
    recorded = ranked(found(story, paths_of(story, tokens, at), at))
    rows: list[Row] = []
    for n in [at, *later_censuses(story, onset, ended, at)]:
        paths = paths_of(story, tokens, n)
        if n != at:
            paths = paths[:: math.ceil(len(paths) / sample)]
        founders = ranked(found(story, paths, n))
        for rank, one in enumerate(recorded, 1):
            theirs = {p[-1] for p in paths if _stood(story, p, one.program, one.n)}
            their = [{p[-1] for p in other.descending} for other in founders]
            best = max(range(len(founders)), key=lambda k: (len(theirs & their[k]), -k))
            other, common = founders[best], len(theirs & their[best])
            younger = their[best] if other.n >= one.n else theirs
            part = Fraction(common, max(len(younger), 1))
            if not common:
                relation = "none"
            elif (other.program, other.n) == (one.program, one.n):
                relation = "same"
            elif part < Fraction(9, 10):
                relation = "other"
            else:
                relation = "descends" if other.n >= one.n else "precedes"
            elsewhere = [p for p in paths if not _stood(story, p, one.program, one.n)]
            second, program = holders(story, elsewhere, one.n)
            rows.append(
                {
                    "onset_epoch": onset,
                    "rank": rank,
                    "census_epoch": n,
                    "program": other.program if common else None,
                    "epoch": other.n if common else None,
                    "share": len(their[best]) / len(paths) if common else None,
                    "recorded_share": len(theirs) / len(paths),
                    "common_share": float(part),
                    "relation": relation,  # type: ignore[dict-item]
                    "agrees": relation in ("same", "descends", "precedes"),
                    "second_program": program if second else None,
                    "second_share": second / len(paths),
                }
            )
    return sorted(rows, key=lambda row: (row["rank"] or 0, row["census_epoch"] or 0))


def _stood(story: Story, way: list[int | None], program: int, n: int) -> bool:
    cell = way[n]
    return cell is not None and cell // story.length == program


def joined(story: Story, program: int, n: int) -> list[tuple[int, int | None]]:
    """Return, for each site of ``program`` at state ``n``, (epoch it joined most of the others, from where)."""
    looks = [lambda _: None, *(earlier(story, k) for k in range(1, n + 1))]
    paths = [path(looks, n, program * story.length + site) for site in range(story.length)]
    told: list[tuple[int, int | None]] = []
    for way in paths:
        m = n
        while m > 0 and _stood(story, way, holders(story, paths, m - 1)[1], m - 1):
            m -= 1
        before = way[m - 1] if m > 0 else None
        told.append((m, None if before is None else before // story.length))
    return told


def copyings(story: Story, program: int, n: int, last: int, dominant: set[int]) -> list[tuple[int, ...]]:
    """Return (epoch, left, right, copied program, received, copies after) of the reactions that copied it, in order.

    ``dominant`` are the founder's sites that count; looked at are the epochs after ``n`` up to ``last``.
    """
    sites = [0] * (story.programs * story.length)
    sites[program * story.length : (program + 1) * story.length] = range(1, story.length + 1)
    told: list[tuple[int, ...]] = []
    for k in range(n + 1, last + 1):
        mutated = [cell for cell, _ in story.records[k - 1].mutations]
        before = [0 if story.mutations_first and cell in mutated else site for cell, site in enumerate(sites)]
        sites = list(before)
        changed = changes(story, k)
        for cell, (source, _) in changed.items():
            sites[cell] = 0 if source is None else before[source]
        events = []
        for reaction in story.records[k - 1].reactions:
            pair = (reaction.left, reaction.right)
            for to, by in (pair, pair[::-1]):
                new = _copy(story, sites, to, dominant) and not _copy(story, before, to, dominant)
                if new and _copy(story, before, by, dominant):
                    cells = range(to * story.length, (to + 1) * story.length)
                    got = [changed[cell][0] for cell in cells if cell in changed]
                    received = sum(s is not None and s // story.length == by and before[s] > 0 for s in got)
                    events.append((k, *pair, by, received))
        if not story.mutations_first:
            sites = [0 if cell in mutated else site for cell, site in enumerate(sites)]
        copies = sum(_copy(story, sites, each, dominant) for each in range(story.programs))
        told += [(*event, copies) for event in events]
    return told


def _copy(story: Story, sites: Sites, program: int, dominant: set[int]) -> bool:
    held = {site - 1 for site in sites[program * story.length : (program + 1) * story.length] if site}
    return 2 * len(held & dominant) >= len(dominant)
