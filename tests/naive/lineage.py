"""A byte's way back to its birth, from the tracer's records alone (design section 3, "Lineage events")."""

from collections.abc import Sequence
from typing import NamedTuple

from tests.naive.bff import L
from tests.naive.tracer import Record


class Row(NamedTuple):
    """One event of a byte's history; place and char are those of state ``epoch``, after the event.

    ``event`` is copied, incremented, mutated, born or initial. The from-columns are None where the byte
    came from no other: mutated, born and initial; ``delta`` too, but for a byte born in a reaction, where it is
    its char. A byte incremented in place comes from its own cell; one made anew by a reset is born.
    """

    epoch: int
    program: int
    site: int
    char: int
    event: str
    from_program: int | None
    from_site: int | None
    delta: int | None


def lineage(initial: bytes, records: Sequence[Record], epoch: int, program: int, site: int) -> list[Row]:
    """Return the history of the byte at (``program``, ``site``) of state ``epoch``, newest event first.

    ``initial`` is state 0, ``records[n - 1]`` the record of the epoch that made state n.
    """
    length = records[0].length if records else L
    here = (program, site)
    # (epoch, program, site, event, from_program, from_site, delta), newest first; chars follow later
    events: list[tuple[int, int, int, str, int | None, int | None, int | None]] = []
    char: int | None = None
    for record in reversed(records[:epoch]):
        mutated = dict(record.mutations)
        if record.mutations_after:
            char = mutated.get(here[0] * length + here[1])
            if char is not None:
                events.append((record.epoch, *here, "mutated", None, None, None))
                break
        edge = next((c for c in record.copies if (c.program, c.site) == here), None)
        if edge is not None:
            events.append((record.epoch, *here, edge.kind, edge.from_program, edge.from_site, edge.delta))
            if edge.from_program is None or edge.from_site is None:
                char = 0  # and its delta makes it what it is
                break
            here = (edge.from_program, edge.from_site)
        cell = here[0] * length + here[1]
        if not record.mutations_after and cell in mutated:
            char = mutated[cell]
            events.append((record.epoch, *here, "mutated", None, None, None))
            break
        if cell < len(record.reset):
            char = record.reset[cell]
            events.append((record.epoch, *here, "born", None, None, None))
            break
    if char is None:
        char = initial[here[0] * length + here[1]]
        events.append((0, *here, "initial", None, None, None))
    rows = []
    for n, at_program, at_site, event, from_program, from_site, delta in reversed(events):
        char = (char + (delta or 0)) % 256
        rows.append(Row(n, at_program, at_site, char, event, from_program, from_site, delta))
    return rows[::-1]
