"""一类多发: is a kind of incident in an area more frequent than it was? Count, ratio and chance, each shown, none hidden in a score."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any


def chance_of(count: int, mean: float) -> float:
    """Probability of `count` or more where `mean` is usual (Poisson tail).

    >>> round(chance_of(3, 1.0), 4)
    0.0803
    """
    if count <= 0:
        return 1.0
    if mean <= 0.0:
        return 0.0
    if mean >= 700:
        return 0.5 * math.erfc((count - mean) / math.sqrt(2 * mean))
    term, below = math.exp(-mean), 0.0
    for k in range(count):
        below += term
        term *= mean / (k + 1)
        if k > mean and term < 1e-18:  # nothing left to add, however large the count
            break
    return max(0.0, 1.0 - below)


def surge(count: int, windows: Sequence[int], settings: Mapping[str, float]) -> dict[str, Any]:
    """Compare `count` (events of this window, this one included) with those of earlier windows, newest first.

    `surge` is None where history is too short to know what is usual: windows older than the first event on record must be left out
    by the caller. The mean of a quiet past counts as at least one event over all windows, so that one call after silence is no surge.
    """
    if len(windows) < settings["least_windows"]:
        return {"count": count, "usual": None, "ratio": None, "chance": None, "surge": None}
    usual = max(sum(windows), 1) / len(windows)
    ratio, chance = count / usual, chance_of(count, usual)
    raised = count >= settings["least_count"] and ratio >= settings["ratio"] and chance < settings["chance"]
    return {"count": count, "usual": round(usual, 2), "ratio": round(ratio, 2), "chance": round(chance, 6), "surge": raised}
