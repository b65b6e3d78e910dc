"""What recalling and joining read of the database: a few plain queries, built once, run over a connection (or whatever else executes statements)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Integer, Select, bindparam, func, literal_column, select

from pipeline.repeats.join import Pair, Row
from pipeline.repeats.model import EVERYWHERE
from pipeline.repeats.settings import DAY, Settings
from service.repeats.plain import Executes
from service.repeats.tables import Tables

_MANY = 500  # values in one IN list
_ROLES = 9  # no role is above this


class Queries:
    """The statements over one set of tables. Building one costs more than running it, so they are built once."""

    def __init__(self, tables: Tables) -> None:
        calls, links, days = tables.calls.c, tables.links.c, tables.days.c
        row = select(*(calls[name] for name in Row._fields))
        first = calls.event == calls.number
        span = links.at.between(bindparam("since"), bindparam("until"))
        one = (links.key == bindparam("key"), links.role == bindparam("role"), span)
        of_kind = (calls.number == links.event, calls.kind == bindparam("kind"))
        since: Any = bindparam("since")
        until: Any = bindparam("until")
        self.event_of = select(calls.event).where(calls.incident_id == bindparam("incident_id"))
        self.seen = select(links.at, links.event).where(*one).order_by(links.at.desc(), links.call.desc()).limit(bindparam("most"))
        self.count = select(func.count(func.distinct(links.event))).where(*one, links.event != bindparam("without"))
        self.events = select(links.event).where(*one).distinct()
        self.events_of_kind = select(links.event).where(*one, *of_kind).distinct()
        self.founders = row.where(calls.number.in_(bindparam("events", expanding=True)))
        self.calls_of = row.where(calls.event.in_(bindparam("events", expanding=True)))
        self.begun = row.where(calls.area == bindparam("area"), calls.at.between(since, until), first).order_by(calls.at, calls.number)
        like = row.where(calls.kind == bindparam("kind"), calls.area == bindparam("area"), calls.at < until, first)
        self.like = like.order_by(calls.at.desc(), calls.number.desc()).limit(bindparam("most"))
        self.calls_between = row.where(calls.at.between(since, until)).order_by(calls.number)
        self.links_between = select(links.role, links.key, links.at, links.event).where(links.role.between(0, _ROLES), span)
        self.first_day = select(func.min(days.day)).where(days.area == EVERYWHERE)
        window = ((bindparam("today", type_=Integer) - days.day) // bindparam("length", type_=Integer)).label("part")
        told = select(days.kind, window, func.sum(days.events)).where(days.area == bindparam("area"), days.day.between(bindparam("least"), bindparam("today")))
        self.kinds = told.group_by(days.kind, literal_column("part"))
        events = func.count(func.distinct(links.event)).label("events")
        self.frequent = (
            select(links.key, events)
            .where(links.role == bindparam("role"), links.at > since, links.at <= until)
            .group_by(links.key)
            .having(events >= bindparam("least"))
            .order_by(literal_column("events").desc(), links.key)
        )
        self.known = select(calls.incident_id).where(calls.incident_id.in_(bindparam("ids", expanding=True)))
        self.last = select(func.max(calls.number))


class Reading:
    """The reads of one transaction. See `pipeline.repeats.recall.Readable`."""

    def __init__(self, connection: Executes, queries: Queries, settings: Settings) -> None:
        self._run, self._queries, self._settings = connection.execute, queries, settings

    def _rows(self, statement: Select[Any], told: Mapping[str, Any]) -> list[Row]:
        return [Row(*row) for row in self._run(statement, told)]

    def event_of(self, incident_id: str) -> int | None:
        """The event of a recorded incident."""
        found: int | None = self._run(self._queries.event_of, {"incident_id": incident_id}).scalar()
        return found

    def seen(self, pairs: Sequence[Pair], since: int, until: int, limit: int) -> Sequence[tuple[int, bytes, int, int]]:
        """Links of these pairs in [since, until], newest first, at most `limit` of each."""
        found: list[tuple[int, bytes, int, int]] = []
        for role, key in pairs:
            told = {"role": role, "key": key, "since": since, "until": until, "most": limit}
            found += [(role, key, at, event) for at, event in self._run(self._queries.seen, told)]
        return found

    def count(self, pairs: Sequence[Pair], since: int, until: int, without: int) -> int:
        """Distinct events in [since, until] with a link in any of the pairs."""
        if len(pairs) == 1:
            told = {"role": pairs[0][0], "key": pairs[0][1], "since": since, "until": until, "without": without}
            found: int = self._run(self._queries.count, told).scalar_one()
            return found
        return len(self._events(self._queries.events, pairs, {"since": since, "until": until}) - {without})

    def count_kind(self, pairs: Sequence[Pair], kind: str, since: int, until: int, without: int) -> int:
        """The same, for events of one kind."""
        return len(self._events(self._queries.events_of_kind, pairs, {"since": since, "until": until, "kind": kind}) - {without})

    def _events(self, statement: Select[Any], pairs: Sequence[Pair], told: Mapping[str, Any]) -> set[int]:
        return {event for role, key in pairs for (event,) in self._run(statement, {**told, "role": role, "key": key})}

    def founders(self, events: Iterable[int]) -> Sequence[Row]:
        """The first call of each event."""
        found = [row for part in _parts(sorted(events)) for row in self._rows(self._queries.founders, {"events": part})]
        return sorted(found, key=lambda row: row.number)

    def calls_of(self, events: Iterable[int]) -> Sequence[Row]:
        """All calls of these events, in order of time."""
        found = [row for part in _parts(sorted(events)) for row in self._rows(self._queries.calls_of, {"events": part})]
        return sorted(found, key=lambda row: (row.at, row.number))

    def begun(self, area: str, since: int, until: int) -> Sequence[Row]:
        """First calls of events in an area."""
        return self._rows(self._queries.begun, {"area": area, "since": since, "until": until})

    def like(self, kind: str, area: str, until: int, limit: int) -> Sequence[Row]:
        """The newest first calls of events of a kind in an area before `until`."""
        return self._rows(self._queries.like, {"kind": kind, "area": area, "until": until, "most": limit})

    def between(self, since: int, until: int) -> tuple[list[Row], list[tuple[int, bytes, int, int]]]:
        """All calls of a span of time and their links (role, key, at, event): what a bulk load joins against."""
        told = {"since": since, "until": until}
        rows = self._rows(self._queries.calls_between, told)
        links = self._run(self._queries.links_between, told) if rows else ()
        return rows, [(role, bytes(key), at, event) for role, key, at, event in links]

    def kinds(self, area: str, until: int) -> dict[str, tuple[int, tuple[int, ...]]]:
        """Kind → events of the window that ends with the day of `until`, and of earlier whole windows on record, newest first."""
        settings, today, length = self._settings, until // DAY, self._settings.kind_days
        first = self._run(self._queries.first_day).scalar()
        if first is None:
            return {}
        most = int(settings.surge["windows"])
        whole = max(0, min(most, (today - length + 1 - first) // length))
        told = {"area": area or EVERYWHERE, "today": today, "length": length, "least": today - length * (1 + most) + 1}
        by_kind: dict[str, list[int]] = {}
        for kind, window, events in self._run(self._queries.kinds, told):
            by_kind.setdefault(kind, [0] * (1 + most))[int(window)] = int(events)
        made = {kind: (sums[0], tuple(sums[1 : 1 + whole])) for kind, sums in by_kind.items()}
        return {kind: told for kind, told in made.items() if told[0] or any(told[1])}

    def frequent(self, role: int, since: int, until: int, least: int) -> Sequence[tuple[bytes, int]]:
        """Keys in a role with at least so many events in (since, until], most first, then by key."""
        told = {"role": role, "since": since, "until": until, "least": least}
        return [(bytes(key), number) for key, number in self._run(self._queries.frequent, told)]

    def known(self, ids: Sequence[str]) -> set[str]:
        """Which of these incidents are recorded."""
        return {found for part in _parts(ids) for (found,) in self._run(self._queries.known, {"ids": part})}

    def last(self) -> int:
        """The highest number given, -1 where none is."""
        found: int | None = self._run(self._queries.last, {}).scalar()
        return -1 if found is None else found


def _parts(values: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (values[i : i + _MANY] for i in range(0, len(values), _MANY))
