"""`GET /v1/overview`: counts of what came in, for the overview of the desk or a board of one's own. Numbers only; no text, no person."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from sqlalchemy import Connection, select
from starlette.responses import Response

from pipeline.repeats.keys import REPORTER
from pipeline.repeats.settings import DAY, settings_of
from service.api.auth import allowed
from service.api.context import Context, Here
from service.api.openapi import reply
from service.api.replies_work import CellCount, DayCount, GradedCount, Overview, RepeatShare
from service.api.wire import CHINA, LINE, cached, epoch_ms
from service.desk.names import Names
from service.keys import Principal
from service.problems import Problem
from service.store.tables import incidents, repeats

router = APIRouter(tags=["cases"])
LONGEST_DAYS = 400
MOST = 200_000  # incidents counted at once
_COLUMNS = ("received_at", "profile", "rank", "status", "needs_review", "category", "dispute", "script", "station", "longitude", "latitude")


@router.get("/v1/overview", summary="概览: 各种计数", responses=reply("Overview", 200))
async def overview(
    request: Request,
    here: Here,
    who: Annotated[Principal, Depends(allowed("read"))],
    since: Annotated[dt.date | None, Query(description="从哪一天起(含); 空为 30 天前")] = None,
    until: Annotated[dt.date | None, Query(description="到哪一天止(含); 空为今天")] = None,
    station: Annotated[str, Query(max_length=64, pattern=LINE, description="只数这一单位的; 空为全部")] = "",
) -> Response:
    """按级、事由、单位、钟点、星期几、日期、坐标网格数警情, 并给出重复报警占比。只有计数, 没有文字。"""
    last = until or dt.datetime.now(CHINA).date()
    first = since or (last - dt.timedelta(days=29) if last.year > 1971 else last)
    return cached(request, await counted(here, first, last, station))


async def counted(here: Context, first: dt.date, last: dt.date, station: str) -> Overview:
    """The counts of the days from `first` to `last`, both included. Raises Problem 422 where the span is none or too long."""
    if not (first.year >= 1971 and last.year < 2199 and dt.timedelta(0) <= last - first < dt.timedelta(days=LONGEST_DAYS)):
        raise Problem(422, "FQ6021", "起止日期不对", "the span of days is none or too long", remedy=f"since 不晚于 until, 最多 {LONGEST_DAYS} 天")
    names = Names(here.assessor.engine)
    return await here.store.read_async(lambda connection: _counted(here, connection, names, (first, last), station))


def _counted(here: Context, connection: Connection, names: Names, days: tuple[dt.date, dt.date], station: str) -> Overview:
    start, end = (epoch_ms(dt.datetime.combine(day, dt.time())) for day in (days[0], days[1] + dt.timedelta(days=1)))
    where = [incidents.c.received_at >= start, incidents.c.received_at < end]
    if station:
        where.append(incidents.c.station == station)
    asked = select(*(incidents.c[name] for name in _COLUMNS)).where(*where).order_by(incidents.c.received_at.desc()).limit(MOST)
    rows = connection.execute(asked).all()
    profile = names.engine.profile
    levels = names.levels(profile)
    graded = [row for row in rows if row.profile == profile]  # grades of two profiles do not add up
    moments = [(row, dt.datetime.fromtimestamp(row.received_at / 1000, CHINA)) for row in graded]
    by_day = _by(((at.date().isoformat(), row.rank) for row, at in moments), len(levels))
    span = [(days[0] + dt.timedelta(days=number)).isoformat() for number in range((days[1] - days[0]).days + 1)]
    none = (0,) * len(levels)
    hours = _by(((at.hour, row.rank) for row, at in moments), len(levels))
    weekdays = _by(((at.weekday(), row.rank) for row, at in moments), len(levels))
    share, again = _again(here, connection, days, station) if here.settings.repeats and not station else (None, {})
    return Overview(
        start,
        end,
        len(rows),
        len(rows) - len(graded),
        tuple(level.code for level in levels),
        tuple(sum(row.rank == level.rank for row in graded) for level in levels),
        sum(row.status == "open" for row in rows),
        sum(row.needs_review for row in rows),
        _counts(((names.kind(row.category, row.dispute, row.script), row.rank) for row in graded), len(levels)),
        _counts(((row.station, row.rank) for row in graded), len(levels)),
        tuple(hours.get(hour, none) for hour in range(24)),
        tuple(weekdays.get(day, none) for day in range(7)),
        tuple(DayCount(day, by_day.get(day, none), *again.get(day, (0, 0))) for day in span),
        share,
        _cells(graded, len(levels)),
        len(rows) == MOST,
    )


def _by(pairs: Iterable[tuple[Any, int]], levels: int) -> dict[Any, tuple[int, ...]]:
    """Value → how many of each grade."""
    found: dict[Any, list[int]] = defaultdict(lambda: [0] * levels)
    for value, rank in pairs:
        found[value][rank] += 1
    return {value: tuple(ranks) for value, ranks in found.items()}


def _counts(pairs: Iterable[tuple[str, int]], levels: int) -> tuple[GradedCount, ...]:
    """Most frequent first."""
    return tuple(GradedCount(name, ranks) for name, ranks in sorted(_by(pairs, levels).items(), key=lambda item: (-sum(item[1]), item[0])))


def _cells(rows: Sequence[Any], levels: int) -> tuple[CellCount, ...]:
    """Incidents with coordinates, in cells of a thousandth of a degree."""
    found = _by((((row.longitude, row.latitude), row.rank) for row in rows if row.longitude is not None and row.latitude is not None), levels)
    return tuple(CellCount(x, y, ranks) for (x, y), ranks in sorted(found.items(), key=lambda item: (-sum(item[1]), item[0])))


def _again(here: Context, connection: Connection, days: tuple[dt.date, dt.date], station: str) -> tuple[RepeatShare, dict[str, tuple[int, int]]]:
    """Events of a known reporter, and those before which the same reporter had another within the window of a person; in all, and by day.

    Calls are remembered by area, not by station: there is no such share of one station.
    """
    window = settings_of(here.assessor.engine.pack).person_days
    start, end = ((day - dt.date(1970, 1, 1)).days * DAY for day in (days[0], days[1] + dt.timedelta(days=1)))
    links = repeats.links.c
    asked = select(links.key, links.event, links.at).where(links.role == REPORTER, links.at >= start - window * DAY, links.at < end).order_by(links.at)
    last: dict[bytes, int] = {}
    seen: set[tuple[bytes, int]] = set()
    known: Counter[str] = Counter()
    again: Counter[str] = Counter()
    for key, event, at in connection.execute(asked):
        if (key, event) in seen:
            continue  # another call about the same event
        seen.add((key, event))
        before, last[key] = last.get(key), at
        if at >= start:
            day = (dt.datetime(1970, 1, 1) + dt.timedelta(seconds=at)).date().isoformat()
            known[day] += 1
            again[day] += before is not None and before >= at - window * DAY
    return RepeatShare(window, sum(again.values()), sum(known.values())), {day: (again[day], count) for day, count in known.items()}
