"""The daily sheet: what a station chief prints. The gravest, the three kinds of key incidents, what is late, whom to visit, what waits for a second person.

No narrative on paper: a number leads back to the desk, where looking is audited.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query, Request
from sqlalchemy import Connection, and_, func, or_, select
from starlette.responses import Response

from pipeline.repeats.settings import settings_of
from service.api.context import Context, Here
from service.api.memory import open_cases
from service.api.replies import IncidentState, state_of
from service.api.replies_work import Case
from service.api.wire import CHINA, LINE, epoch_ms
from service.desk.common import common, stations, visitor
from service.desk.names import Level, Names
from service.desk.pages import page
from service.desk.view import Due, day_moment, late_says, moment, span
from service.problems import Problem
from service.repeats.earlier import Earlier, earlier
from service.store.database import now_ms
from service.store.tables import assessments, decisions, incidents, repeats

router = APIRouter(include_in_schema=False)
MOST = 2000  # incidents read for one sheet: more is no day of one station
SHOWN = 40  # rows of one list on paper; what is left out is counted
_EARLIER = 4  # earlier calls named beside one
_HOUR = 3_600_000


class Flag(msgspec.Struct, frozen=True):
    """Why an incident is a key incident."""

    name: str
    on: str = ""
    window_days: int = 0
    says: str = ""


class _Repeat(msgspec.Struct, frozen=True):
    flags: tuple[Flag, ...] = ()


class _Says(msgspec.Struct, frozen=True):
    says: str = ""


class _Risk(msgspec.Struct, frozen=True):
    reasons: tuple[_Says, ...] = ()


class _Route(msgspec.Struct, frozen=True):
    name: str = ""
    unit: str = ""
    due_within: Due | None = None


class Short(msgspec.Struct, frozen=True):
    """The part of an answer that the sheet is made of."""

    risk: _Risk = _Risk()
    route: _Route | None = None
    repeat: _Repeat | None = None


_SHORT = msgspec.json.Decoder(Short)


@dataclass(frozen=True, slots=True)
class Line:
    """One incident on the sheet."""

    state: IncidentState
    level: Level
    kind: str
    at: str
    why: str = ""
    route: str = ""
    late: str = ""
    flags: tuple[Flag, ...] = ()
    says: str = ""
    earlier: tuple[tuple[str, str], ...] = ()  # incident id, what was done


@dataclass(frozen=True, slots=True)
class Todo:
    """A step or a visit of a case, until when, and how late."""

    state: IncidentState
    level: Level
    kind: str
    name: str
    due: str
    late: str
    who: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """The whole sheet. `counts`: (level, received, of these still open)."""

    since: str
    until: str
    received: int
    counts: Sequence[tuple[Level, int, int]]
    top: Sequence[Line]
    flags: dict[str, list[Line]]
    clocks: Sequence[Line]
    steps: Sequence[Todo]
    visits: Sequence[Todo]
    pending: Sequence[Line]
    review: int
    cut: bool = False
    kinds: Sequence[tuple[str, int]] = field(default=())


@router.get("/desk/daily")
async def daily(
    request: Request,
    here: Here,
    day: Annotated[dt.date | None, Query(description="哪一天; 空为今天")] = None,
    hour: Annotated[int, Query(ge=0, le=23, description="从几时起的二十四小时")] = 0,
    station: Annotated[str, Query(max_length=64, pattern=LINE)] = "",
) -> Response:
    """The sheet of a day of twenty-four hours that begins at `hour`."""
    who = await visitor(request)
    if isinstance(who, Response):
        return who
    chosen = day or dt.datetime.now(CHINA).date()
    if not 1971 <= chosen.year < 2199:
        raise Problem(422, "FQ6010", "日期不对", "the date is out of range", remedy="YYYY-MM-DD")
    start = epoch_ms(dt.datetime.combine(chosen, dt.time(hour)))
    sheet = await _sheet(here, start, station)
    values = common(here, who) | {"sheet": sheet, "day": chosen.isoformat(), "hour": hour, "station": station, "printed": moment(now_ms())}
    return page("daily.html", **values, stations=await stations(here), key_kinds=_key_kinds(here), shown=SHOWN)


def _key_kinds(here: Context) -> list[str]:
    """Names of the kinds of key incidents, as the rules on repeats have them, each once."""
    rule = next(iter(here.assessor.engine.pack.rules["repeats"].values()))
    return list(dict.fromkeys(entry["name"] for entry in rule.data["flags"].values()))


async def _sheet(here: Context, start: int, station: str) -> Sheet:
    end, now, names = start + 24 * _HOUR, now_ms(), Names(here.assessor.engine)
    # reading two thousand answers takes a while: off the event loop
    lines = await here.store.read_async(lambda connection: [(row, _line(row, names, now)) for row in _read(connection, start, end, station)])
    cases = [case for case in await open_cases(here, visits=True) if not station or case.incident.station == station]
    day = [(row, line) for row, line in lines if start <= row["received_at"] < end]
    counts = [(level, sum(line.level == level for _, line in day), sum(line.level == level and row["status"] == "open" for row, line in day)) for level in names.levels(names.engine.profile)[::-1]]  # fmt: skip
    late = sorted(((row, line) for row, line in lines if line.late), key=lambda item: (-item[0]["rank"], item[0]["received_at"]))
    steps, visits = _todos(cases, names, now, min(end, now + 24 * _HOUR))
    return Sheet(
        day_moment(start),
        day_moment(end),
        len(day),
        counts,
        [line for row, line in lines if row["rank"] == row["levels"] - 1 and (row["status"] == "open" or start <= row["received_at"] < end)],
        _flagged(day, await _earlier(here, [row["key"] for row, line in day if line.flags]), settings_of(here.assessor.engine.pack).results),
        [line for _, line in late],
        steps,
        visits,
        [line for row, line in lines if row["pending"]],
        sum(row["needs_review"] and row["status"] == "open" for row, _ in day),
        len(lines) >= MOST,
        _counted(line.kind for _, line in day),
    )


def _counted(kinds: Iterable[str]) -> list[tuple[str, int]]:
    found: dict[str, int] = {}
    for kind in kinds:
        found[kind] = found.get(kind, 0) + 1
    return sorted(found.items(), key=lambda item: (-item[1], item[0]))[:8]


def _read(connection: Connection, start: int, end: int, station: str) -> Sequence[Any]:
    """Incidents of the day, those still open from before, and those that wait for a second person; the gravest and the newest first."""
    pending = select(decisions.c.incident).where(decisions.c.state == "pending").distinct()
    inside = and_(incidents.c.received_at >= start, incidents.c.received_at < end)
    before = and_(incidents.c.received_at < end, incidents.c.status == "open")
    wanted = or_(inside, before, incidents.c.key.in_(pending))
    columns = (*incidents.c, assessments.c.answer, incidents.c.key.in_(pending).label("pending"))
    statement = select(*columns).join(assessments, assessments.c.id == incidents.c.assessment).where(wanted)
    if station:
        statement = statement.where(incidents.c.station == station)
    share = incidents.c.rank - incidents.c.levels
    return connection.execute(statement.order_by(share.desc(), incidents.c.received_at.desc(), func.length(incidents.c.key)).limit(MOST)).mappings().all()


def _line(row: Any, names: Names, now: int) -> Line:
    state, short = state_of(row), _SHORT.decode(row["answer"])
    route = short.route or _Route()
    due = route.due_within
    left = due.minutes - (now - state.received_at) // 60_000 if due is not None and due.minutes is not None and state.status == "open" else None
    return Line(
        state,
        names.level(state.profile, state.colour),
        names.kind(state.category, state.dispute, state.script),
        moment(state.received_at),
        "; ".join(dict.fromkeys(reason.says for reason in short.risk.reasons[:3] if reason.says)),
        " → ".join(part for part in (route.name, route.unit) if part),
        late_says(left, due.says) if due is not None and left is not None and left < 0 else "",
        short.repeat.flags if short.repeat is not None else (),
    )


async def _earlier(here: Context, ids: Sequence[str]) -> Mapping[str, Sequence[Earlier]]:
    """Earlier calls of these incidents; none where calls are not remembered."""
    if not ids or not here.settings.repeats:
        return {}
    settings = settings_of(here.assessor.engine.pack)
    days = max(settings.person_days, settings.place_days)
    return await here.store.read_async(lambda connection: earlier(connection, repeats, ids, days=days))


def _flagged(day: Sequence[tuple[Any, Line]], before: Mapping[str, Sequence[Earlier]], results: Mapping[str, str]) -> dict[str, list[Line]]:
    """Key incidents by kind of key incident. An incident that a later one names as an earlier call stands there, not in a line of its own; of one
    kind that has become frequent only the newest call stands for all."""
    found: dict[str, list[Line]] = {}
    told: set[tuple[str, str]] = set()
    for row, line in sorted(day, key=lambda item: -item[0]["received_at"]):
        by_name: dict[str, list[Flag]] = {}
        for flag in line.flags:
            by_name.setdefault(flag.name, []).append(flag)
        for name, flags in by_name.items():
            shared = {flag.on for flag in flags}
            own = row["key"] if shared != {"kind"} else line.kind
            if (name, own) in told:
                continue
            others = {item.incident_id: results.get(item.result, "") for item in before.get(row["key"], ()) if item.on in shared}
            told.update((name, ident) for ident in (own, *others))
            says = "; ".join(flag.says for flag in flags)
            found.setdefault(name, []).append(replace(line, says=says, earlier=tuple(others.items())[:_EARLIER]))
    return found


def _todos(cases: Sequence[Case], names: Names, now: int, until: int) -> tuple[list[Todo], list[Todo]]:
    """Steps that are late, and visits to make before `until`; what is latest first."""
    steps: list[tuple[int, Todo]] = []
    visits: list[tuple[int, Todo]] = []
    for case in cases:
        planned = case.plan.next if case.plan is not None else None
        due = case.due or (planned.due if planned is not None else None)
        if case.next is not None and due is not None and due < now:
            steps.append((due, _todo(case, names, case.next.name, (due, now - due), planned.who if planned else ())))
        for visit in case.plan.visits if case.plan is not None else ():
            if visit.due < until:
                visits.append((visit.due, _todo(case, names, visit.name, (visit.due, int(visit.late_hours * _HOUR)), visit.who)))
    return [todo for _, todo in sorted(steps, key=_first)], [todo for _, todo in sorted(visits, key=_first)]


def _first(item: tuple[int, Todo]) -> tuple[int, str]:
    return item[0], item[1].state.key


def _todo(case: Case, names: Names, name: str, due: tuple[int, int], who: Sequence[str]) -> Todo:
    state = case.incident
    kind = names.kind(state.category, state.dispute, state.script)
    unit = case.steps[-1].unit if case.steps else ""
    late = f"逾期 {span(due[1])}" if due[1] > 0 else ""
    return Todo(state, names.level(state.profile, state.colour), kind, name, moment(due[0]), late, unit or "、".join(who))
