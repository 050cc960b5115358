"""Where a whole program came from: its bytes' births, when each joined the others, and which programs gave them.

All of it follows from the histories of its bytes (`lineage.walk_back_cells`): they say where the *ancestor* of each
byte, the byte that it was at an earlier state, stood in every state since its birth.

The **carrier** of a state is the program on the main line. At the state asked about it is the program itself; one
state earlier it is the program that held the most of the bytes whose ancestors stand in the carrier (of equals the
carrier itself, else the smallest). A byte **joined** at the oldest state from which on its ancestor stood in the
carrier at every state. Followed in this way a carrier never jumps to bytes that came together elsewhere, as the
program with the most ancestors of a state may, and behind every joining is one reaction or birth. Where all bytes
of the carrier are born in one epoch the line ends: no state before it has a carrier.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import pyarrow as pa

from warehouse.lineage import Event, walk_back_cells
from warehouse.reader import History
from warehouse.schema import RELATIONS

Row = dict[str, Any]
Histories = Sequence[Sequence[Event]]

_Cell = tuple[int, int]  # program and site


class Stretch(NamedTuple):
    """States between which nothing moved: where each byte's ancestor stood (None: not born yet), and the carrier.

    `first` is the oldest of them. `carrier` is None before the line begins.
    """

    first: int
    places: Sequence[_Cell | None]
    carrier: int | None


def program_histories(history: History, epoch: int, program: int, check: Callable[[], None]) -> list[list[Event]]:
    """Return the histories of a program's bytes, by site; ``check`` is called at every epoch, to stop by raising."""
    length = history.config.program_length
    return walk_back_cells(history, epoch, range(program * length, (program + 1) * length), check)


def stretches(histories: Histories, program: int) -> Iterator[Stretch]:
    """Yield the stretches from the newest to the first birth; ``program`` is the one whose bytes these are."""
    moved: dict[int, list[tuple[int, _Cell]]] = defaultdict(list)
    for byte, events in enumerate(histories):
        # Of a byte mutated and then copied in one epoch, a state shows the copy alone.
        newest = {event.epoch: (event.program, event.site) for event in reversed(events)}
        for epoch, place in newest.items():
            moved[epoch].append((byte, place))
    epochs = sorted(moved)
    standing: list[_Cell | None] = [None] * len(histories)
    forward = []
    for epoch in epochs:
        for byte, place in moved[epoch]:
            standing[byte] = place
        forward.append((epoch, tuple(standing)))
    carrier: int | None = program
    later: Sequence[_Cell | None] = forward[-1][1]
    for epoch, places in reversed(forward):
        if carrier is not None and places is not later:
            held = Counter(
                before[0]
                for before, after in zip(places, later, strict=True)
                if after is not None and after[0] == carrier and before is not None
            )
            carrier = min(held, key=lambda one: (-held[one], one != carrier, one), default=None)
        later = places
        yield Stretch(epoch, places, carrier)


def ancestry(histories: Histories, program: int) -> list[Row]:
    """Return the rows of the relation `ancestry`, by site: ``histories`` of the bytes of ``program``."""
    joined: dict[int, Row] = {}
    met: dict[int, int] = {}
    later: Stretch | None = None
    for stretch in stretches(histories, program):
        for byte, place in enumerate(stretch.places):
            within = place is not None and place[0] == stretch.carrier
            if within:
                met[byte] = stretch.first
            elif byte not in joined and later is not None:
                joined[byte] = _joining(later, place)
        later = stretch
    assert later is not None
    rows = []
    for site, events in enumerate(histories):
        birth, kinds = events[-1], [event.event for event in events]
        rows.append(
            {
                "site": site,
                "char": events[0].char,
                "born_epoch": birth.epoch,
                "born_program": birth.program,
                "born_site": birth.site,
                "born_char": birth.char,
                "birth": birth.event,
                **(joined.get(site) or _joining(later, None)),
                "met_epoch": met[site],
                "copied": kinds.count("copied"),
                "crossed": sum(e.from_program not in {None, e.program} for e in events),
                "incremented": kinds.count("incremented"),
                "changed_epoch": events[0].epoch,
            }
        )
    return rows


def _joining(stretch: Stretch, before: _Cell | None) -> Row:
    """Return how a byte joined the carrier of a stretch, whose ancestor stood at ``before`` the state before it."""
    return {
        "joined_epoch": stretch.first,
        "joined_program": stretch.carrier,
        "joined_from": None if before is None else before[0],
    }


def parents(histories: Histories) -> list[Row]:
    """Return the rows of the relation `parents`, newest first."""
    edges: dict[tuple[int, int, int | None], list[_Cell]] = defaultdict(list)
    for events in histories:
        newest = list({event.epoch: event for event in reversed(events)}.values())  # of an epoch the last event
        before: int | None = None
        for event in newest:
            if event.program != before:
                edges[event.epoch, event.program, before].append((event.program, event.site))
            before = event.program
    return [
        {"epoch": epoch, "program": program, "from_program": source, "cells": len(set(cells)), "weight": len(cells)}
        for (epoch, program, source), cells in sorted(
            edges.items(), key=lambda edge: (-edge[0][0], edge[0][1], -1 if edge[0][2] is None else edge[0][2])
        )
    ]


def contributors(histories: Histories, state: int) -> list[Row]:
    """Return the rows of the relation `contributors`, the greatest first."""
    given: dict[_Cell, list[int]] = defaultdict(list)
    for events in histories:
        place = next((event for event in events if event.epoch <= state), events[-1])
        given[max(place.epoch, state), place.program].append(place.site)
    rows = [
        {"epoch": epoch, "program": program, "cells": len(set(sites)), "weight": len(sites)}
        for (epoch, program), sites in given.items()
    ]
    return sorted(rows, key=lambda row: (-row["weight"], row["epoch"], row["program"]))


def as_table(relation: str, rows: Sequence[Row]) -> pa.Table:
    """Return rows of one of these relations as a table."""
    return pa.Table.from_pylist(list(rows), RELATIONS[relation].schema)
