"""Founders by their definition (design section 8), followed byte by byte through plain records.

Every state's tokens are kept as tuples, every dominant byte's whole path as a list of cells.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import NamedTuple

from tests.naive.tracer import Record, Token

Row = dict[str, int | float | None]


class Story(NamedTuple):
    """A soup's history: state 0 and, in ``records[n - 1]``, what made state n.

    ``length`` is the bytes of a program; ``mutations_first`` says whether an epoch's mutations come
    before its reactions.
    """

    programs: int
    length: int
    initial: bytes
    records: Sequence[Record]
    mutations_first: bool = True


def changes(story: Story, n: int) -> dict[int, tuple[int | None, int]]:
    """Return, for each cell that the reactions of epoch ``n`` changed, (source cell or None, delta)."""
    found = {}
    for reaction in story.records[n - 1].reactions:
        cells = [p * story.length + site for p in (reaction.left, reaction.right) for site in range(story.length)]
        for target, source, delta in reaction.mechanism:
            found[cells[target]] = (None if source is None else cells[source], delta)
    return found


def states(story: Story) -> list[list[Token]]:
    """Return the tokens of every state, by state and cell."""
    tokens = [(0, cell, char) for cell, char in enumerate(story.initial)]
    found = [list(tokens)]
    for n in range(1, len(story.records) + 1):
        mutations = story.records[n - 1].mutations
        if story.mutations_first:
            for cell, char in mutations:
                tokens[cell] = (n, cell, char)
        before = list(tokens)
        for cell, (source, delta) in changes(story, n).items():
            if source is None:
                tokens[cell] = (n, cell, delta)
            else:
                epoch, born, char = before[source]
                tokens[cell] = (epoch, born, (char + delta) % 256)
        if not story.mutations_first:
            for cell, char in mutations:
                tokens[cell] = (n, cell, char)
        found.append(list(tokens))
    return found


def earlier(story: Story, n: int) -> Callable[[int], int | None]:
    """Return what tells where the byte of a cell of state ``n`` stood in state n - 1: None if born in n."""
    changed = changes(story, n)
    mutated = dict(story.records[n - 1].mutations)

    def look(cell: int) -> int | None:
        if not story.mutations_first and cell in mutated:
            return None
        source = changed[cell][0] if cell in changed else cell
        if story.mutations_first and source in mutated:
            return None
        return source

    return look


def touched(story: Story, n: int) -> set[int]:
    """Return the cells of state ``n`` whose byte was changed, moved or mutated in epoch n."""
    return set(changes(story, n)) | {cell for cell, _ in story.records[n - 1].mutations}


def census(story: Story, tokens: list[list[Token]], onset: int, ended: int | None) -> int:
    """Return the state at which the dominant cells are counted."""
    stop = min(onset + 512, len(story.records), *([] if ended is None else [ended]))
    shares = {}
    for n in range(onset, stop + 1):
        counts = sorted(Counter(tokens[n]).values(), reverse=True)
        shares[n] = Fraction(sum(counts[:32]), len(tokens[n]))
        if shares[n] >= Fraction(1, 4):
            return n
    return min(shares, key=lambda n: (-shares[n], n))


def dominant_cells(tokens: list[Token]) -> list[int]:
    """Return the cells that carry one of the 128 most frequent tokens (ties: the smaller token)."""
    counts = Counter(tokens)
    frequent = set(sorted(counts, key=lambda token: (-counts[token], token))[:128])
    return [cell for cell, token in enumerate(tokens) if token in frequent]


def path(looks: list[Callable[[int], int | None]], n: int, cell: int) -> list[int | None]:
    """Return where the byte of ``cell`` in state ``n`` stood in states 0 to n; None before its birth.

    ``looks[k]`` is `earlier` of state k.
    """
    places: list[int | None] = [cell]
    for k in range(n, 0, -1):
        here = places[-1]
        places.append(None if here is None else looks[k](here))
    return places[::-1]


def holders(story: Story, paths: Sequence[list[int | None]], n: int) -> tuple[int, int]:
    """Return (most bytes that one program holds at state n, the smallest such program)."""
    held = Counter(cell // story.length for cell in (p[n] for p in paths) if cell is not None)
    if not held:
        return 0, 0
    program = min(held, key=lambda p: (-held[p], p))
    return held[program], program


class Found(NamedTuple):
    """A founder: ``program`` at state ``n``; ``most`` and ``held`` by state, of the ``paths`` it was sought among.

    ``held[k]`` is (bytes that one program holds at state k, that program). ``descending`` are the paths through it,
    ``rest`` the others.
    """

    program: int
    n: int
    held: list[tuple[int, int]]
    descending: list[list[int | None]]
    rest: list[list[int | None]]


def paths_of(story: Story, tokens: list[list[Token]], at: int) -> list[list[int | None]]:
    """Return the path of each dominant cell of state ``at``."""
    looks: list[Callable[[int], int | None]] = [lambda _: None, *(earlier(story, n) for n in range(1, at + 1))]
    return [path(looks, at, cell) for cell in dominant_cells(tokens[at])]


def found(story: Story, paths: list[list[int | None]], at: int) -> list[Found]:
    """Return the founders of the cells of state ``at`` with these paths, as they are found one after the other."""
    everything = len(paths)
    each: list[Found] = []
    while paths:
        held = [holders(story, paths, n) for n in range(at + 1)]
        peak = max(count for count, _ in held)
        if each and Fraction(peak, everything) < Fraction(1, 10):
            break
        n = max(k for k in range(at + 1) if held[k][0] >= Fraction(9, 10) * peak)
        program = held[n][1]
        descending = [p for p in paths if p[n] is not None and p[n] // story.length == program]  # type: ignore[operator]
        paths = [p for p in paths if p[n] is None or p[n] // story.length != program]  # type: ignore[operator]
        each.append(Found(program, n, held, descending, paths))
    return each


def ranked(each: list[Found]) -> list[Found]:
    """Return founders by falling share; of equals the first found."""
    return sorted(each, key=lambda one: -len(one.descending))


def founders(story: Story, onset: int, ended: int | None) -> list[Row]:
    """Return the founders of the onset at state ``onset``, by rank; text and score left out."""
    tokens = states(story)
    at = census(story, tokens, onset, ended)
    paths = paths_of(story, tokens, at)
    rows: list[Row] = []
    for program, n, _, descending, _ in ranked(found(story, paths, at)):
        count, m = len(descending), n
        while m > 0 and holders(story, descending, m - 1)[0] >= Fraction(9, 10) * count:
            m -= 1
        assembled = holders(story, descending, m)[1]
        made = next((k for k in range(n, 0, -1) if touched(story, k) & {p[k] for p in descending}), 0)
        reactions = story.records[m - 1].reactions if m > 0 else ()
        pair = next(((r.left, r.right) for r in reactions if assembled in (r.left, r.right)), (None, None))
        rows.append(
            {
                "rank": len(rows) + 1,
                "onset_epoch": onset,
                "census_epoch": at,
                "program": program,
                "epoch": n,
                "share": count / len(paths),
                "assembled_epoch": m,
                "assembled_program": assembled,
                "left_program": pair[0],
                "right_program": pair[1],
                "made_epoch": made,
            }
        )
    return rows
