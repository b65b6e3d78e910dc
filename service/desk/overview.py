"""The overview: how much of what came in, from where, when; each chart with its table beside it. The charts are those of the analyst's report."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request
from markupsafe import Markup
from starlette.responses import Response

from service.api.context import Here
from service.api.overview import counted
from service.api.replies_work import DayCount, GradedCount, Overview
from service.api.wire import CHINA, LINE
from service.desk import heat
from service.desk.common import common, stations, visitor
from service.desk.names import Level, Names, words
from service.desk.pages import page
from service.metrics import Share
from service.report import charts
from service.report.model import Chart, Series, percent

router = APIRouter(include_in_schema=False)
SPANS = (7, 30, 90, 365)
SHOWN = 15  # kinds and stations that a chart shows
_WIDE = 560
_UNTOLD = "未注明"


@dataclass(frozen=True, slots=True)
class Panel:
    """A chart and its table. `head`: names of columns; of a row the first cell names it."""

    id: str
    title: str
    says: str
    chart: Markup
    legend: Markup
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""


@router.get("/desk/overview")
async def overview(
    request: Request,
    here: Here,
    days: Annotated[int, Query(ge=1, le=365)] = 30,
    station: Annotated[str, Query(max_length=64, pattern=LINE)] = "",
) -> Response:
    """The overview of the last days."""
    who = await visitor(request)
    if isinstance(who, Response):
        return who
    last = dt.datetime.now(CHINA).date()
    told = await counted(here, last - dt.timedelta(days=days - 1), last, station)
    names = Names(here.assessor.engine)
    levels = names.levels(names.engine.profile)
    values = common(here, who) | {"told": told, "days": days, "spans": SPANS, "station": station, "levels": levels}
    values |= {"share": percent, "tiles": _tiles(told, levels), "panels": panels(told, levels)}
    values |= {"patterns": Markup(charts.patterns([(level.code, level.name) for level in levels])), "heat": heat.drawn(told.cells, levels)}
    return page("overview.html", **values, stations=await stations(here))


def _tiles(told: Overview, levels: Sequence[Level]) -> list[tuple[str, str, str, str]]:
    """Name, number, what stands under it, code of a colour."""
    graded = sum(told.by_rank)
    tiles = [("接报", f"{told.received:,}", f"未决 {told.open:,}", "")]
    tiles += [(f"{level.mark} {level.name}", f"{told.by_rank[level.rank]:,}", _of(told.by_rank[level.rank], graded), level.code) for level in levels[::-1]]
    tiles.append(("待复核", f"{told.needs_review:,}", _of(told.needs_review, told.received), ""))
    if told.repeats is not None:
        share = Share(told.repeats.again, told.repeats.known)
        shown = f"{share.value:.1%}" if share.total else "—"
        tiles.append(("重复报警占比", shown, f"{share.hits:,}/{share.total:,} · {told.repeats.window_days} 天内同一报警人", ""))
    return tiles


def _of(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "—"


def panels(told: Overview, levels: Sequence[Level]) -> list[Panel]:
    """All charts that there is something to draw for."""
    made = [
        _across("kinds", "按事由", "事由", told.kinds, levels),
        _across("stations", "按单位", "单位", [GradedCount(item.name or _UNTOLD, item.by_rank) for item in told.stations], levels),
        _columns("hours", "按钟点", "钟点", [(f"{hour:02d}:00", ranks) for hour, ranks in enumerate(told.hours)], levels),
        _columns("weekdays", "按星期几", "星期", list(zip(words()["weekdays"], told.weekdays, strict=True)), levels),
        _columns("days", "逐日", "日期", [(day.day[5:], day.by_rank) for day in _begun(told.days)], levels),
    ]
    return [*made, *_again(told)]


def _begun(days: Sequence[DayCount]) -> Sequence[DayCount]:
    """From the first day on which anything came in: before it nothing was recorded."""
    first = next((at for at, day in enumerate(days) if any(day.by_rank)), max(0, len(days) - 1))
    return days[first:]


def _series(rows: Sequence[tuple[str, Sequence[int]]], levels: Sequence[Level]) -> list[Series]:
    return [Series(level.name, [ranks[level.rank] for _, ranks in rows], level.rank) for level in levels]


def _said(title: str, rows: Sequence[tuple[str, Sequence[int]]]) -> str:
    """What a chart shows, in words: the three largest."""
    largest = sorted((row for row in rows if sum(row[1])), key=lambda row: -sum(row[1]))[:3]
    return f"{title}, 各级相叠。最多的是 " + "、".join(f"{name} {sum(ranks):,} 起" for name, ranks in largest) + "。" if largest else f"{title}: 没有警情。"


def _panel(chart: Chart, ident: str, first: str, rows: Sequence[tuple[str, Sequence[int]]], levels: Sequence[Level], note: str = "") -> Panel:
    codes = [(level.code, level.name) for level in levels]
    head = (first, "合计", *(level.name for level in levels[::-1]))
    body = [(name, f"{sum(ranks):,}", *(f"{ranks[level.rank]:,}" for level in levels[::-1])) for name, ranks in rows]
    return Panel(ident, chart.title, chart.says, Markup(charts.draw(chart, codes, ident)), Markup(charts.legend(chart, codes)), head, body, note)


def _across(ident: str, title: str, first: str, counts: Sequence[GradedCount], levels: Sequence[Level]) -> Panel:
    rows = [(item.name, item.by_rank) for item in counts]
    shown = rows[:SHOWN]
    chart = Chart(title, [name for name, _ in shown], _series(shown, levels), _said(title, rows), across=True, unit="起", width=_WIDE)
    return _panel(chart, ident, first, rows, levels, f"图中只有最多的 {SHOWN} 项, 表中是全部 {len(rows)} 项。" if len(rows) > SHOWN else "")


def _columns(ident: str, title: str, first: str, rows: Sequence[tuple[str, Sequence[int]]], levels: Sequence[Level]) -> Panel:
    chart = Chart(title, [name for name, _ in rows], _series(rows, levels), _said(title, rows), unit="起", width=_WIDE)
    return _panel(chart, ident, first, rows, levels)


def _again(told: Overview) -> list[Panel]:
    """The share of repeats by day (by week where the span is long: a day's share of few events says little)."""
    if told.repeats is None or not told.repeats.known:
        return []
    step = 7 if len(told.days) > 14 else 1
    begun = _begun(told.days)
    parts = [begun[max(0, at - step) : at] for at in range(len(begun), 0, -step)][::-1]
    shares = [(part[0].day[5:], Share(sum(day.again for day in part), sum(day.known for day in part))) for part in parts]
    drawn = [(name, share) for name, share in shares if share.total]
    title = "重复报警占比(%), " + ("逐周" if step == 7 else "逐日")
    says = f"{title}: 报警人可认的起数里, 此前 {told.repeats.window_days} 天内同一报警人报过别的事的占多少。合计 {percent(Share(told.repeats.again, told.repeats.known))}。"
    chart = Chart(
        title, [name for name, _ in drawn], [Series("占比", [round(100 * share.value, 1) for _, share in drawn])], says, line=True, unit="%", width=_WIDE
    )
    rows = [(name, f"{share.value:.1%}" if share.total else "—", f"{share.hits:,}", f"{share.total:,}") for name, share in shares]
    note = "多次来电只说明事情还没解决, 不等于骚扰。" + ("日期是每周的第一天; 头一周可能不满七天。" if step == 7 else "")
    return [
        Panel("again", title, says, Markup(charts.draw(chart, [], "again")), Markup(""), ("起于" if step == 7 else "日期", "占比", "重复", "可认"), rows, note)
    ]
