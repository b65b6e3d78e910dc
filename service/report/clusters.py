"""一人多次, 一地多起, 一类多发: how often the same key comes back within a window, and which kind × area is above its own baseline.

All on events (records of one event joined), all with the denominators that make the shares true: what cannot be seen because the records begin
or end too close is left out of the denominator, not counted as no.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from service.metrics import Share
from service.report.knowledge import Surge


@dataclass(frozen=True, slots=True)
class Returns:
    """Keys that come back. `keys`: key, n (events), most (most within a window), first, last; sorted by most, n. `again`: events with an earlier
    one of the same key within the window, of those whose whole window lies in the records."""

    keys: pl.DataFrame
    events: pl.DataFrame
    again: Share


def returns(happened: pl.DataFrame, key: str, window_days: int) -> Returns:
    """Events per key; `happened` has one row per (event, key) with `time`. Keys 0 and null are nobody."""
    known = happened.select(*dict.fromkeys(("event", "time", "kind", "rank", "area", "community", key))).filter(
        pl.col(key).is_not_null() & pl.col("time").is_not_null()
    )
    if known.schema[key].is_integer():
        known = known.filter(pl.col(key) != 0)
    known = known.unique(["event", key], keep="first", maintain_order=True).sort(key, "time", "event")
    window = f"{window_days}d"
    counted = known.select(key, "time", "event").rolling("time", period=window, group_by=key).agg(pl.len().alias("within"), pl.col("event").last())
    counted = counted.unique(["event", key], keep="last", maintain_order=True).select("event", key, "within")
    known = known.join(counted, on=["event", key], how="left", maintain_order="left").with_columns(pl.col("within").fill_null(1))
    keys = known.group_by(key).agg(
        pl.len().alias("n"), pl.col("within").max().alias("most"), pl.col("time").min().alias("first"), pl.col("time").max().alias("last")
    )
    start = happened["time"].min()
    seen = known.filter(pl.col("time") >= start + pl.duration(days=window_days)) if start is not None else known.head(0)
    again = Share(int((seen["within"] > 1).sum()), seen.height)
    return Returns(keys.sort(["most", "n", "first", key], descending=[True, True, False, False]), known, again)


@dataclass(frozen=True, slots=True)
class Rise:
    """A kind in an area whose window is above its baseline. `chance`: how probable so many are if nothing has changed."""

    kind: str
    area: str
    start: str
    end: str
    count: int
    baseline: float
    chance: float
    weeks: tuple[int, ...]
    latest: bool


def rises(happened: pl.DataFrame, rule: Surge, last_day: dt.date | None = None) -> tuple[list[Rise], int, float]:
    """Windows above their baseline, latest first; how many pairs × windows were looked at; how many would be found if nothing ever changed.
    Windows are counted back from `last_day`, by default the last day that has a record."""
    timed = happened.filter(pl.col("time").is_not_null() & pl.col("kind").is_not_null())
    if not timed.height:
        return [], 0, 0.0
    first, end = _days(timed)
    end = last_day or end
    span = rule.window_days
    back = (pl.lit(end) - pl.col("time").dt.date()).dt.total_days() // span
    placed = timed.select(pl.col("kind").cast(pl.String), pl.col("area").cast(pl.String).fill_null(""), back.alias("back"))
    whole = ((end - first).days + 1) // span
    placed = placed.filter(pl.col("back") < whole)
    counted = placed.group_by("kind", "area", "back").len()
    pairs = counted.select("kind", "area").unique().sort("kind", "area").with_row_index("pair")
    counted = counted.join(pairs, on=["kind", "area"])
    table = np.zeros((pairs.height, max(whole, 0)), np.int64)
    table[counted["pair"].to_numpy(), whole - 1 - counted["back"].to_numpy()] = counted["len"].to_numpy()
    found: list[Rise] = []
    looked, expected = 0, 0.0
    m = rule.baseline_windows
    sums = np.concatenate((np.zeros((pairs.height, 1), np.int64), table.cumsum(axis=1)), axis=1)
    for at in range(m, whole):
        base = sums[:, at] - sums[:, at - m]
        now = table[:, at]
        looked += len(now)
        for before, times in zip(*np.unique(base, return_counts=True), strict=True):
            expected += int(times) * by_chance(int(before), rule)
        for index in np.flatnonzero((now >= rule.least_count) & (now * m >= rule.least_ratio * base)).tolist():
            chance = tail(int(now[index]), int(base[index]), m)
            if chance < rule.chance:
                last = end - dt.timedelta(days=(whole - 1 - at) * span)
                found.append(_rise(pairs.row(index), at, last, span, table[index], int(base[index]) / m, chance, m))
    found.sort(key=lambda rise: (rise.chance, rise.kind, rise.area))
    found.sort(key=lambda rise: rise.end, reverse=True)
    return found, looked, expected


def _days(timed: pl.DataFrame) -> tuple[dt.date, dt.date]:
    first, last = timed["time"].min(), timed["time"].max()
    assert isinstance(first, dt.datetime)
    assert isinstance(last, dt.datetime)
    return first.date(), last.date()


def _rise(pair: tuple[Any, ...], at: int, last: dt.date, span: int, counts: NDArray[np.int64], baseline: float, chance: float, m: int) -> Rise:
    first = last - dt.timedelta(days=span - 1)
    weeks = tuple(int(count) for count in counts[at - m : at + 1])
    return Rise(pair[1], pair[2], first.isoformat(), last.isoformat(), int(counts[at]), baseline, chance, weeks, at == len(counts) - 1)


@cache
def by_chance(before: int, rule: Surge) -> float:
    """How probable it is that a pair with `before` events in its baseline is found although nothing has changed."""
    count = max(rule.least_count, math.ceil(rule.least_ratio * before / rule.baseline_windows))
    while tail(count, before, rule.baseline_windows) >= rule.chance:
        count += 1
    return tail(count, before, rule.baseline_windows)


@cache
def tail(count: int, before: int, windows: int) -> float:
    """P(at least `count` in one window | `before` in `windows` windows, the same unknown rate): negative binomial with Jeffreys' prior.

    The rate is itself estimated from few events; a Poisson tail at the plain mean would cry too often.

    >>> tail(4, 0, 8) < 0.0005 < 0.02 < tail(4, 8, 8)
    True
    """
    shape, keep = before + 0.5, windows / (windows + 1)
    below = sum(
        math.exp(math.lgamma(shape + x) - math.lgamma(shape) - math.lgamma(x + 1) + shape * math.log(keep) + x * math.log1p(-keep)) for x in range(count)
    )
    return max(0.0, 1.0 - below)
