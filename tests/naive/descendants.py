"""What became of a byte, and where a program's bytes came from, from the tracer's records alone.

Written from the definitions (design section 3 and the schema's meanings), state by state and byte by byte.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from tests.naive.lineage import Row as Event
from tests.naive.lineage import lineage
from tests.naive.tracer import Record, Token

Row = dict[str, Any]


class Descendant(NamedTuple):
    """One row of the relation `descendants`, in the order of its columns."""

    epoch: int
    program: int
    site: int
    char: int | None
    event: str
    by: str
    from_program: int | None
    from_site: int | None
    delta: int | None


def sources(record: Record, cells: int) -> list[int | None]:
    """Return, for each cell of the record's state, the cell of the state before whose byte stands there, if any's."""
    mutated = {cell for cell, _ in record.mutations}
    found: list[int | None] = list(range(cells))
    for copy in record.copies:
        cell = copy.program * record.length + copy.site
        found[cell] = None
        if copy.from_program is not None and copy.from_site is not None:
            found[cell] = copy.from_program * record.length + copy.from_site
    for cell, source in enumerate(found):
        anew = source is not None and source < len(record.reset)
        if anew or (cell if record.mutations_after else source) in mutated:
            found[cell] = None
    return found


class Past(NamedTuple):
    """A soup's states and the records that made them, and `sources` of each epoch: ``came[n - 1]`` of state n."""

    initial: bytes
    states: Sequence[Sequence[Token]]
    records: Sequence[Record]
    came: Sequence[Sequence[int | None]]

    @classmethod
    def of(cls, states: Sequence[Sequence[Token]], records: Sequence[Record]) -> "Past":
        """Look at all epochs once."""
        initial = bytes(char for _, _, char in states[0])
        return cls(initial, states, records, [sources(record, len(initial)) for record in records])


def descendants(past: Past, epoch: int, cells: Sequence[int], until: int) -> tuple[list[Descendant], list[Row]]:
    """Return the rows of `descendants` and of `descendant_counts`."""
    length = past.records[0].length
    alive = set(cells)
    ever = {cell // length for cell in cells}
    rows: list[Descendant] = []
    counts = [_counts(epoch, alive, ever, length, [])]
    for record in past.records[epoch:until]:
        deltas = {copy.program * length + copy.site: copy.delta for copy in record.copies}
        now, happened = set(), []
        for at, parent in enumerate(past.came[record.epoch - 1]):
            if at in alive and parent != at:
                place = divmod(at, length)
                happened.append(Descendant(record.epoch, *place, None, "lost", cause(record, at), None, None, None))
            if parent in alive:
                now.add(at)
                if at in deltas:
                    event = "incremented" if parent == at else "copied"
                    place = divmod(at, length)
                    char = past.states[record.epoch][at][2]
                    before = divmod(parent, length)
                    happened.append(Descendant(record.epoch, *place, char, event, "reaction", *before, deltas[at]))
        alive = now
        ever |= {at // length for at in alive}
        rows += happened
        counts.append(_counts(record.epoch, alive, ever, length, happened))
    return rows, counts


def cause(record: Record, cell: int) -> str:
    """Return what first ended the byte that stood in ``cell``: reset, mutation or reaction, in the epoch's order."""
    mutated = cell in {at for at, _ in record.mutations}
    overwritten = any(c.program * record.length + c.site == cell and c.kind != "incremented" for c in record.copies)
    if cell < len(record.reset):
        return "reset"
    if mutated and not (record.mutations_after and overwritten):
        return "mutation"
    assert overwritten
    return "reaction"


def _counts(epoch: int, alive: set[int], ever: set[int], length: int, happened: Sequence[Descendant]) -> Row:
    events = Counter(row.event for row in happened)
    lost = Counter(row.by for row in happened if row.event == "lost")
    crossed = sum(row.event == "copied" and row.program != row.from_program for row in happened)
    return {
        "epoch": epoch,
        "descendants": len(alive),
        "programs": len({cell // length for cell in alive}),
        "reached_programs": len(ever),
        "copied": events["copied"],
        "crossed": crossed,
        "incremented": events["incremented"],
        "lost": events["lost"],
        "overwritten": lost["reaction"],
        "mutated": lost["mutation"],
        "reset": lost["reset"],
    }


def paths(past: Past, epoch: int, program: int) -> list[list[int | None]]:
    """Return, for each byte of a program of state ``epoch``, the cell of its ancestor in each state, None before it."""
    length, found = past.records[0].length, []
    for site in range(length):
        cell: int | None = program * length + site
        path = [cell]
        for came in reversed(past.came[:epoch]):
            cell = None if cell is None else came[cell]
            path.append(cell)
        found.append(path[::-1])
    return found


def ancestry(past: Past, epoch: int, program: int) -> list[Row]:
    """Return the rows of the relation `ancestry`."""
    length = past.records[0].length
    holders = [[None if at is None else at // length for at in path] for path in paths(past, epoch, program)]
    carrier: list[int | None] = [None] * epoch + [program]
    for n in range(epoch, 0, -1):
        held = Counter(path[n - 1] for path in holders if carrier[n] is not None and path[n] == carrier[n])
        del held[None]
        most = [holder for holder in held if held[holder] == max(held.values())]
        if most:
            carrier[n - 1] = carrier[n] if carrier[n] in most else min(holder for holder in most if holder is not None)
    rows = []
    for site, path in enumerate(holders):
        within = [holder is not None and holder == carrier[n] for n, holder in enumerate(path)]
        joined = next(n for n in range(epoch + 1) if all(within[n:]))
        events: list[Event] = lineage(past.initial, past.records, epoch, program, site)
        birth = events[-1]
        rows.append(
            {
                "site": site,
                "char": events[0].char,
                "born_epoch": birth.epoch,
                "born_program": birth.program,
                "born_site": birth.site,
                "born_char": birth.char,
                "birth": birth.event,
                "joined_epoch": joined,
                "joined_program": carrier[joined],
                "joined_from": path[joined - 1] if joined else None,
                "met_epoch": within.index(True),
                "copied": sum(event.event == "copied" for event in events),
                "crossed": sum(event.event == "copied" and event.program != event.from_program for event in events),
                "incremented": sum(event.event == "incremented" for event in events),
                "changed_epoch": events[0].epoch,
            }
        )
    return rows


def parents(past: Past, epoch: int, program: int) -> list[tuple[Any, ...]]:
    """Return the rows of the relation `parents`."""
    length = past.records[0].length
    edges: dict[tuple[int, int, int | None], list[int]] = {}
    for path in paths(past, epoch, program):
        for n, cell in enumerate(path):
            before = path[n - 1] if n else None
            source = None if before is None else before // length
            if cell is not None and cell // length != source:
                edges.setdefault((n, cell // length, source), []).append(cell)
    rows = [(*edge, len(set(cells)), len(cells)) for edge, cells in edges.items()]
    return sorted(rows, key=lambda row: (-row[0], row[1], -1 if row[2] is None else row[2]))


def contributors(past: Past, epoch: int, program: int, state: int) -> list[tuple[int, int, int, int]]:
    """Return the rows of the relation `contributors`."""
    length = past.records[0].length
    given: dict[tuple[int, int], list[int]] = {}
    for site, path in enumerate(paths(past, epoch, program)):
        cell = path[state]
        if cell is None:
            birth = lineage(past.initial, past.records, epoch, program, site)[-1]
            given.setdefault((birth.epoch, birth.program), []).append(birth.site)
        else:
            given.setdefault((state, cell // length), []).append(cell % length)
    rows = [(*place, len(set(sites)), len(sites)) for place, sites in given.items()]
    return sorted(rows, key=lambda row: (-row[3], row[0], row[1]))
