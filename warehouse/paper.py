"""What the paper reports of many runs, as data: the only place where its figures stand.

Agüera y Arcas et al., "Computational Life", arXiv 2406.19108v2: 1000 runs each, of 131072 programs. Conditions have
the names that the ready sweeps (`flows/sweeps`) give theirs.
"""

from math import sqrt
from typing import NamedTuple

import pyarrow as pa

from warehouse.schema import RELATIONS
from warehouse.sweep_tables import Z

RUNS, PROGRAMS = 1000, 131072
FIGURES = ("figure-5", "figure-6", "figure-7", "figure-9")

_LONG = 16000
_STRETCH = 2000
# Share of runs by epochs until complexity first reaches 1, in stretches of 2000; the last is of those that never did.
_FIGURE_6 = {
    "0.01": (0, 0, 0.01, 0.01, 0.01, 0.01, 0.01, 0.01, 0.94),
    "0.005": (0.04, 0.05, 0.05, 0.06, 0.05, 0.06, 0.04, 0.04, 0.62),
    "0.001": (0.09, 0.11, 0.08, 0.07, 0.07, 0.07, 0.05, 0.04, 0.42),
    "0.00048828125": (0.08, 0.08, 0.07, 0.06, 0.06, 0.05, 0.05, 0.05, 0.50),
    "0.000244140625": (0.09, 0.08, 0.04, 0.05, 0.04, 0.03, 0.04, 0.03, 0.60),
    "0.0001220703125": (0.09, 0.07, 0.04, 0.04, 0.03, 0.04, 0.02, 0.03, 0.65),
    "0": (0.12, 0.05, 0.03, 0.03, 0.06, 0.05, 0.06, 0.04, 0.56),
}


class PaperShare(NamedTuple):
    """A row of `paper_shares`; ``low`` and ``high`` of None: those that follow from its 1000 runs."""

    paper: str
    condition: str
    counts: str
    after: int
    until: int
    share: float
    low: float | None = None
    high: float | None = None


SHARES: tuple[PaperShare, ...] = (
    PaperShare("figure-5", "", "onset", 0, _LONG, 0.40),
    *(
        PaperShare("figure-6", f"mutation_rate={rate}", "onset", _STRETCH * place, _STRETCH * (place + 1), share)
        for rate, shares in _FIGURE_6.items()
        for place, share in enumerate(shares[:-1])
    ),
    *(
        PaperShare("figure-6", f"mutation_rate={rate}", "no onset", 0, _LONG, shares[-1])
        for rate, shares in _FIGURE_6.items()
    ),
    PaperShare("figure-7", "short", "end", 0, 128, 0.003),
    PaperShare("figure-7", "long", "end", 0, _LONG, 0.40),
    PaperShare("figure-7", "long-no-noise", "end", 0, _LONG, 0.50),
    PaperShare("figure-7", "seeded", "end", 0, 128, 0.22),
    # "Nearly all": in figures, nine of ten or more.
    PaperShare("figure-9", "", "onset", 0, 1000, 1.0, 0.9, 1.0),
)


def paper_table() -> pa.Table:
    """Return the rows of the relation `paper_shares`."""
    rows = []
    for row in SHARES:
        low, high = _wilson(row.share)
        rows.append(
            {
                "paper": row.paper,
                "condition": row.condition,
                "counts": row.counts,
                "after_epoch": row.after,
                "until_epoch": row.until,
                "share": row.share,
                "low": low if row.low is None else row.low,
                "high": high if row.high is None else row.high,
                "runs": RUNS,
                "programs": PROGRAMS,
            }
        )
    return pa.Table.from_pylist(rows, RELATIONS["paper_shares"].schema)


def _wilson(share: float) -> tuple[float, float]:
    spread = Z**2 / RUNS
    middle, half = share + spread / 2, sqrt(spread * (share * (1 - share) + spread / 4))
    return max(middle - half, 0.0) / (1 + spread) if share else 0.0, (middle + half) / (1 + spread)
