"""What recalling and joining read of the database: a few plain queries over a connection (or whatever else executes statements)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from sqlalchemy import Executable, Select, and_, func, literal_column, or_, select, union_all

from pipeline.repeats.join import Pair, Row
from pipeline.repeats.ledger import windows_of
from pipeline.repeats.model import EVERYWHERE
from pipeline.repeats.settings import DAY, Settings
from service.repeats.tables import Tables

_MANY = 500  # values in one IN list


class Executes(Protocol):
    """A Connection, or a transaction of the store's writer."""

    def execute(self, statement: Executable, /) -> Any:
        """Run a statement; gives a result."""


class Reading:
    """The reads of one transaction. See `pipeline.repeats.recall.Readable`."""

    def __init__(self, connection: Executes, tables: Tables, settings: Settings) -> None:
        self._run, self._tables, self._settings = connection.execute, tables, settings

    def _rows(self, statement: Select[Any]) -> list[Row]:
        return [Row(*row) for row in self._run(statement)]

    def _calls(self) -> Select[Any]:
        calls = self._tables.calls
        return select(*(calls.c[name] for name in Row._fields))

    def event_of(self, incident_id: str) -> int | None:
        """The event of a recorded incident."""
        calls = self._tables.calls
        found: int | None = self._run(select(calls.c.event).where(calls.c.incident_id == incident_id)).scalar()
        return found

    def seen(self, pairs: Sequence[Pair], since: int, until: int, limit: int) -> Sequence[tuple[int, bytes, int, int]]:
        """Links of these pairs in [since, until], newest first, at most `limit` of each."""
        links = self._tables.links.c
        if not pairs:
            return []
        parts = [
            select(links.role, links.key, links.at, links.event)
            .where(links.key == key, links.role == role, links.at.between(since, until))
            .order_by(links.at.desc(), links.call.desc())
            .limit(limit)
            .subquery()
            for role, key in pairs
        ]
        return [(role, bytes(key), at, event) for role, key, at, event in self._run(union_all(*(select(part) for part in parts)))]

    def count(self, pairs: Sequence[Pair], since: int, until: int, without: int) -> int:
        """Distinct events in [since, until] with a link in any of the pairs."""
        links = self._tables.links.c
        found: int = self._run(select(func.count(func.distinct(links.event))).where(self._any(pairs, since, until), links.event != without)).scalar_one()
        return found

    def count_kind(self, pairs: Sequence[Pair], kind: str, since: int, until: int, without: int) -> int:
        """The same, for events of one kind."""
        links, calls = self._tables.links.c, self._tables.calls.c
        wanted = (self._any(pairs, since, until), links.event != without, calls.number == links.event, calls.kind == kind)
        found: int = self._run(select(func.count(func.distinct(links.event))).where(*wanted)).scalar_one()
        return found

    def _any(self, pairs: Sequence[Pair], since: int, until: int) -> Any:
        links = self._tables.links.c
        return or_(*(and_(links.key == key, links.role == role, links.at.between(since, until)) for role, key in pairs))

    def founders(self, events: Iterable[int]) -> Sequence[Row]:
        """The first call of each event."""
        number = self._tables.calls.c.number
        return [row for part in _parts(sorted(events)) for row in self._rows(self._calls().where(number.in_(part)).order_by(number))]

    def calls_of(self, events: Iterable[int]) -> Sequence[Row]:
        """All calls of these events, in order of time."""
        event = self._tables.calls.c.event
        found = [row for part in _parts(sorted(events)) for row in self._rows(self._calls().where(event.in_(part)))]
        return sorted(found, key=lambda row: (row.at, row.number))

    def begun(self, area: str, since: int, until: int) -> Sequence[Row]:
        """First calls of events in an area."""
        calls = self._tables.calls.c
        wanted = (calls.area == area, calls.at.between(since, until), calls.event == calls.number)
        return self._rows(self._calls().where(*wanted).order_by(calls.at, calls.number))

    def like(self, kind: str, area: str, until: int, limit: int) -> Sequence[Row]:
        """The newest first calls of events of a kind in an area before `until`."""
        calls = self._tables.calls.c
        wanted = (calls.kind == kind, calls.area == area, calls.at < until, calls.event == calls.number)
        return self._rows(self._calls().where(*wanted).order_by(calls.at.desc(), calls.number.desc()).limit(limit))

    def between(self, since: int, until: int) -> tuple[list[Row], list[tuple[int, bytes, int, int]]]:
        """All calls of a span of time and their links (role, key, at, event): what a bulk load joins against."""
        calls, links = self._tables.calls.c, self._tables.links.c
        rows = self._rows(self._calls().where(calls.at.between(since, until)).order_by(calls.number))
        found = self._run(select(links.role, links.key, links.at, links.event).where(links.role.between(0, 9), links.at.between(since, until))) if rows else ()
        return rows, [(role, bytes(key), at, event) for role, key, at, event in found]

    def kinds(self, area: str, until: int) -> dict[str, tuple[int, tuple[int, ...]]]:
        """Kind → events of this window, and of earlier ones, from the roll-up."""
        days, settings = self._tables.days.c, self._settings
        today = until // DAY
        least = today - settings.kind_days * (1 + int(settings.surge["windows"])) + 1
        first = self._run(select(func.min(days.day)).where(days.area == EVERYWHERE)).scalar()
        if first is None:
            return {}
        by_kind: dict[str, dict[int, int]] = {}
        wanted = (days.area == (area or EVERYWHERE), days.day.between(least, today))
        for kind, day, events in self._run(select(days.kind, days.day, days.events).where(*wanted)):
            by_kind.setdefault(kind, {})[day] = events
        return {kind: windows_of(counts, today, first, settings) for kind, counts in by_kind.items()}

    def frequent(self, role: int, since: int, until: int, least: int) -> Sequence[tuple[bytes, int]]:
        """Keys in a role with at least so many events in (since, until], most first, then by key."""
        links = self._tables.links.c
        events = func.count(func.distinct(links.event)).label("events")
        told = select(links.key, events).where(links.role == role, links.at > since, links.at <= until).group_by(links.key).having(events >= least)
        return [(bytes(key), number) for key, number in self._run(told.order_by(literal_column("events").desc(), links.key))]

    def known(self, ids: Sequence[str]) -> set[str]:
        """Which of these incidents are recorded."""
        column = self._tables.calls.c.incident_id
        return {found for part in _parts(ids) for (found,) in self._run(select(column).where(column.in_(part)))}

    def last(self) -> int:
        """The highest number given, -1 where none is."""
        found: int | None = self._run(select(func.max(self._tables.calls.c.number))).scalar()
        return -1 if found is None else found


def _parts(values: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (values[i : i + _MANY] for i in range(0, len(values), _MANY))
