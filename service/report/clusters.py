"""一人多次, 一地多起, 一类多发: how often the same key comes back within a window, and which kind × area is above its own baseline.

All on events (records of one event joined), all with the denominators that make the shares true: what cannot be seen because the records begin
or end too close is left out of the denominator, not counted as no.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.repeats.settings import Settings
from pipeline.repeats.surge import chance_of, least_raised, surge
from service.metrics import Share


@dataclass(frozen=True, slots=True)
class Returns:
    """Keys that come back. `keys`: key, n (events), most (most within a window), first, last; sorted by most, n. `again`: events with an earlier
    one of the same key within the window, of those whose whole window lies in the records."""

    keys: pl.DataFrame
    events: pl.DataFrame
    again: Share


def returns(happened: pl.DataFrame, key: str, window_days: int) -> Returns:
    """Events per key; `happened` has one row per record: an event counts for each key that any of its calls has. Keys 0 and null are nobody."""
    happened = happened.with_columns(pl.col("rank").max().over("event"))
    known = happened.select(*dict.fromkeys(("event", "time", "kind", "rank", "area", "community", key))).filter(
        pl.col(key).is_not_null() & pl.col("time").is_not_null()
    )
    if known.schema[key].is_integer():
        known = known.filter(pl.col(key) != 0)
    known = known.sort(key, "time", "event").unique(["event", key], keep="first", maintain_order=True)
    window = f"{window_days}d"
    counted = (
        known.select(key, "time", "event").rolling("time", period=window, closed="both", group_by=key).agg(pl.len().alias("within"), pl.col("event").last())
    )
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


def rises(happened: pl.DataFrame, rules: Settings, last_day: dt.date | None = None) -> tuple[list[Rise], int, float]:
    """Windows above their baseline, latest first; how many pairs × windows were looked at; how many would be found if nothing ever changed.
    Windows are counted back from `last_day`, by default the last day that has a record; what a rise is, `pipeline.repeats.surge` says.
    Events without an area are compared with those of all areas."""
    timed = happened.filter(pl.col("time").is_not_null() & pl.col("kind").is_not_null())
    if not timed.height:
        return [], 0, 0.0
    first, end = _days(timed)
    end = last_day or end
    span, limits = rules.kind_days, rules.surge
    whole = max(0, ((end - first).days + 1) // span)
    pairs, table = _table(timed, end, span, whole)
    most, least = int(limits["windows"]), int(limits["least_windows"])
    sums = np.concatenate((np.zeros((len(pairs), 1), np.int64), table.cumsum(axis=1)), axis=1)
    found: list[Rise] = []
    looked, expected = 0, 0.0
    for at in range(least, whole):
        m = min(most, at)
        base, now = sums[:, at] - sums[:, at - m], table[:, at]
        looked += len(now)
        for before, times in zip(*np.unique(base, return_counts=True), strict=True):
            count = least_raised(int(before), m, limits)
            expected += int(times) * chance_of(count, int(before), m)
            for index in np.flatnonzero((base == before) & (now >= count)).tolist():
                last = end - dt.timedelta(days=(whole - 1 - at) * span)
                found.append(_rise(pairs[index], at, last, span, table[index], m, limits))
    found.sort(key=lambda rise: (rise.chance, rise.kind, rise.area))
    found.sort(key=lambda rise: rise.end, reverse=True)
    return found, looked, expected


def _table(timed: pl.DataFrame, end: dt.date, span: int, whole: int) -> tuple[list[tuple[str, str]], NDArray[np.int64]]:
    """Kind × area pairs, and their events per window, oldest first."""
    back = (pl.lit(end) - pl.col("time").dt.date()).dt.total_days().floordiv(span)
    placed = timed.select(pl.col("kind").cast(pl.String), pl.col("area").cast(pl.String).fill_null(""), back.alias("back"))
    if (placed["area"] == "").any():
        placed = pl.concat([placed.filter(pl.col("area") != ""), placed.with_columns(area=pl.lit(""))])
    placed = placed.filter((pl.col("back") >= 0) & (pl.col("back") < whole))
    counted = placed.group_by("kind", "area", "back").len()
    pairs = counted.select("kind", "area").unique().sort("kind", "area").with_row_index("pair")
    counted = counted.join(pairs, on=["kind", "area"])
    table = np.zeros((pairs.height, whole), np.int64)
    table[counted["pair"].to_numpy(), whole - 1 - counted["back"].to_numpy()] = counted["len"].to_numpy()
    return list(pairs.select("kind", "area").iter_rows()), table


def _days(timed: pl.DataFrame) -> tuple[dt.date, dt.date]:
    first, last = timed["time"].min(), timed["time"].max()
    assert isinstance(first, dt.datetime)
    assert isinstance(last, dt.datetime)
    return first.date(), last.date()


def _rise(pair: tuple[str, str], at: int, last: dt.date, span: int, counts: NDArray[np.int64], m: int, limits: Mapping[str, float]) -> Rise:
    first = last - dt.timedelta(days=span - 1)
    weeks = tuple(int(count) for count in counts[at - m : at + 1])
    told = surge(weeks[-1], weeks[-2::-1], limits)
    return Rise(pair[0], pair[1], first.isoformat(), last.isoformat(), weeks[-1], sum(weeks[:-1]) / m, told["chance"], weeks, at == len(counts) - 1)
