"""一类多发: is a kind of incident in an area more frequent than it was? Count, ratio and chance, each shown, none hidden in a score.

One rule for a single answer and for a report over a year: `surge` decides, `least_raised` says from which count on it would.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

_MANY = 600  # events a window above which the normal distribution is near enough


def chance_of(count: int, before: int, windows: int) -> float:
    """Probability of `count` or more in one window after `before` in `windows` windows, if nothing has changed.

    The usual level is itself known from few events, and a Poisson tail at the plain mean would cry too often: the rate is unknown
    (Jeffreys' prior), which makes the count negative binomial.

    >>> round(chance_of(4, 8, 8), 4), round(chance_of(4, 0, 8), 5)
    (0.0311, 4e-05)
    """
    if count <= 0:
        return 1.0
    shape, keep = before + 0.5, windows / (windows + 1)
    mean = shape / windows
    if mean >= _MANY:
        return 0.5 * math.erfc((count - 0.5 - mean) / math.sqrt(2 * mean / keep))
    term, below = keep**shape, 0.0
    for k in range(count):
        below += term
        term *= (shape + k) / (k + 1) * (1 - keep)
        if k > mean and term < 1e-18:  # nothing left to add, however large the count
            break
    return max(0.0, 1.0 - below)


def surge(count: int, windows: Sequence[int], settings: Mapping[str, float]) -> dict[str, Any]:
    """Compare `count` (events of this window, this one included) with those of earlier windows, newest first.

    `surge` is None where history is too short to know what is usual: windows older than the first event on record must be left out
    by the caller. The mean of a quiet past counts as at least one event over all windows, so that one call after silence is no surge.
    """
    if not windows or len(windows) < settings["least_windows"]:
        return {"count": count, "usual": None, "ratio": None, "chance": None, "surge": None}
    before = sum(windows)
    usual = max(before, 1) / len(windows)
    ratio, chance = count / usual, chance_of(count, before, len(windows))
    raised = count >= settings["least_count"] and ratio >= settings["ratio"] and chance < settings["chance"]
    return {"count": count, "usual": round(usual, 2), "ratio": round(ratio, 2), "chance": round(chance, 6), "surge": raised}


def least_raised(before: int, windows: int, settings: Mapping[str, float]) -> int:
    """The smallest count that is a surge after `before` events in `windows` windows."""
    count = max(int(settings["least_count"]), math.ceil(settings["ratio"] * max(before, 1) / windows))
    while chance_of(count, before, windows) >= settings["chance"]:
        count += 1
    return count
