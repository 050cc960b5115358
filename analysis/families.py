"""Families of species, and how they follow one another.

Of the species that `species` lists with two programs or more, in all states together, two are of one family if a
few edits lead from one to the other: at most a quarter of the shorter one's instructions inserted, deleted or replaced.
A species and its mirror image count as one: many replicators copy themselves back to front, and then both are there
in equal numbers. (Reversed, not with its commands exchanged: nothing turns a `<` into a `>`.) Families are what such
steps connect (single linkage), so a family may drift; it has the same number in every state.
"""

from collections import defaultdict
from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from analysis.edits import linked

#: Two species are near if the edits between them are at most the shorter one's instructions divided by this.
NEAR = 4

Row = dict[str, Any]


def find_families(species: Sequence[Row]) -> list[Row]:
    """Return the rows of `families` (without `run`), by epoch and rank; ``species`` are the rows of that relation.

    Numbers go by the families' greatest abundance, then by the state where it was first reached, then by the
    instructions of their most abundant species there.
    """
    species = [row for row in species if row["abundance"] > 1]  # one program is no population
    strings = sorted({row["instructions"] for row in species})
    cluster = dict(zip(strings, linked(strings, NEAR), strict=True))
    rows: list[Row] = []
    for epoch, listed in groupby(species, key=itemgetter("epoch")):
        members: dict[int, list[Row]] = defaultdict(list)
        for row in listed:  # the most abundant first
            members[cluster[row["instructions"]]].append(row)
        found = [_family(epoch, root, of) for root, of in members.items()]
        found.sort(key=lambda row: (-row["abundance"], row["instructions"]))
        rows += [row | {"rank": rank} for rank, row in enumerate(found, 1)]
    order = sorted(rows, key=lambda row: (-row["abundance"], row["epoch"], row["instructions"]))
    number: dict[int, int] = {}
    for row in order:
        number.setdefault(row["family"], len(number) + 1)
    return [row | {"family": number[row["family"]]} for row in rows]


def find_succession(families: Sequence[Row]) -> list[Row]:
    """Return the rows of `succession` (without `run`): each stretch of states in which one family came first.

    ``families`` are the rows of that relation, by epoch and rank.
    """
    first = [row for row in families if row["rank"] == 1]
    rows: list[Row] = []
    for family, group in groupby(first, key=itemgetter("family")):
        reign = list(group)
        peak = max(reign, key=itemgetter("share"))  # the earliest of equals
        rows.append(
            {
                "rank": len(rows) + 1,
                "epoch": reign[0]["epoch"],
                "last_epoch": reign[-1]["epoch"],
                "family": family,
                "species": peak["species"],
                "peak_epoch": peak["epoch"],
                "peak_share": peak["share"],
                "replaced_family": rows[-1]["family"] if rows else None,
                "replaced_species": rows[-1]["species"] if rows else None,
            }
        )
    return rows


def _family(epoch: int, root: int, members: Sequence[Row]) -> Row:
    abundance, first = sum(int(row["abundance"]) for row in members), members[0]
    programs = round(first["abundance"] / first["share"])  # so that the sum's share is rounded once
    return {
        "epoch": epoch,
        "family": root,
        "abundance": abundance,
        "share": abundance / programs,
        "members": len(members),
        "species": first["species"],
        "instructions": first["instructions"],
        "text": first["text"],
    }
