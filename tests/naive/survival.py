"""Kaplan and Meier's curve with Greenwood's variance and a log-log band, run by run (Collett, "Modelling Survival
Data", chapter 2), and two intervals of shares.
"""

import math
from collections.abc import Sequence

Z = 1.96


def curve(lives: Sequence[tuple[int, bool]]) -> list[tuple[int, int, int, int, float, float | None, float | None]]:
    """Return (time, at risk, events, censored, survival, low, high) at each time, of lives (time, whether an event)."""
    rows: list[tuple[int, int, int, int, float, float | None, float | None]] = []
    survival, variance = 1.0, 0.0
    for time in sorted({time for time, _ in lives}):
        at_risk = sum(1 for other, _ in lives if other >= time)
        events = sum(1 for other, event in lives if other == time and event)
        censored = sum(1 for other, event in lives if other == time and not event)
        survival *= (at_risk - events) / at_risk
        low = high = None
        if at_risk > events:
            variance += events / (at_risk * (at_risk - events))
        if 0 < survival < 1:
            spread = Z * math.sqrt(variance) / abs(math.log(survival))
            low, high = survival ** math.exp(spread), survival ** math.exp(-spread)
        rows.append((time, at_risk, events, censored, survival, low, high))
    return rows


def wilson(found: int, size: int) -> tuple[float, float]:
    """Return the shares p for which ``found`` of ``size`` lies within Z standard errors of p, found by halving."""

    def far(p: float) -> bool:
        return abs(found / size - p) > Z * math.sqrt(p * (1 - p) / size)

    return _edge(far, 0.0, found / size), _edge(far, 1.0, found / size)


def newcombe(one: tuple[int, int], other: tuple[int, int]) -> tuple[float, float]:
    """Return the interval of the difference of two shares (Newcombe 1998, method 10)."""
    (p, q), (a, b) = (one[0] / one[1], other[0] / other[1]), (wilson(*one), wilson(*other))
    return p - q - math.hypot(p - a[0], b[1] - q), p - q + math.hypot(a[1] - p, q - b[0])


def _edge(far: object, outside: float, inside: float) -> float:
    assert callable(far)
    if not far(outside):
        return outside
    for _ in range(60):
        middle = (outside + inside) / 2
        outside, inside = (middle, inside) if far(middle) else (outside, middle)
    return inside
