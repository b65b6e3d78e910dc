"""SqlMemory: the memory of calls in SQLite or PostgreSQL, behind the interface of `pipeline.repeats.model.Memory`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, Table, bindparam, text, update
from sqlalchemy.dialects import postgresql, sqlite

from pipeline.repeats.join import event_of
from pipeline.repeats.ledger import Ledger, check_result, row_of
from pipeline.repeats.model import EVERYWHERE, Call
from pipeline.repeats.recall import recall
from pipeline.repeats.settings import DAY, Settings
from service.repeats.plain import plainly
from service.repeats.reading import Queries, Reading
from service.repeats.tables import Tables
from service.store.bulk import insert_rows

CHUNK = 20_000  # calls of a bulk load per transaction
_LOCK = 346_112  # the advisory lock under which PostgreSQL numbers calls


class SqlMemory:
    """A Memory over an SQLAlchemy engine; safe to share between threads. The tables must exist (see `tables.tables` and the store's migrations).

    `record_on` and `recall_on` do the same inside a transaction of somebody else.
    """

    def __init__(self, engine: Engine, tables: Tables, settings: Settings) -> None:
        self._engine, self._tables, self.settings = engine, tables, settings
        self._queries = Queries(tables)
        self._upsert = _upsert(tables.days, engine.dialect.name)

    def create(self) -> None:
        """Make the tables where they are not there: for a store of its own. The service's store has migrations."""
        self._tables.calls.metadata.create_all(self._engine, tables=[self._tables.calls, self._tables.links, self._tables.days])

    # Memory

    def record(self, call: Call) -> str:
        """Remember a call; returns the incident id of the event's first call."""
        with self._engine.begin() as connection:
            self._lock(connection)
            return self.record_on(connection, call)

    def record_many(self, calls: Iterable[Call]) -> int:
        """Remember a history in order of time, a chunk per transaction; returns how many calls were new."""
        ordered = sorted(calls, key=lambda call: (call.at, call.incident_id))
        new = 0
        for start in range(0, len(ordered), CHUNK):
            with self._engine.begin() as connection:
                self._lock(connection)
                new += self._chunk(connection, ordered[start : start + CHUNK])
        return new

    def close(self, incident_id: str, result: str) -> bool:
        """What was done; False where the incident is unknown. Raises InputError for a result that the settings do not know."""
        calls = self._tables.calls
        check_result(result, self.settings)
        with self._engine.begin() as connection:
            done = connection.execute(update(calls).where(calls.c.incident_id == incident_id).values(result=result))
        return done.rowcount > 0

    def recall(self, call: Call) -> tuple[dict[str, Any], ...]:
        """The entries for `Incident.history`."""
        with self._reading() as connection:
            return self.recall_on(connection, call)

    def frequent(self, role: int, since: int, until: int, least: int) -> Sequence[tuple[bytes, int]]:
        """Keys in a role with at least so many events in (since, until], most first, then by key."""
        with self._reading() as connection:
            return self._at(connection).frequent(role, since, until, least)

    def kinds(self, area: str, until: int) -> dict[str, tuple[int, tuple[int, ...]]]:
        """Kind → events of this window, and of earlier ones, newest first."""
        with self._reading() as connection:
            return self._at(connection).kinds(area, until)

    # inside another transaction

    def recall_on(self, connection: Connection, call: Call) -> tuple[dict[str, Any], ...]:
        """`recall` over a connection."""
        return recall(call, self._at(connection), self.settings)

    def record_on(self, connection: Connection, call: Call) -> str:
        """`record` in a transaction that the caller begins and ends; one writer at a time."""
        check_result(call.result, self.settings)
        store = self._at(connection)
        known = store.event_of(call.incident_id)
        if known is not None:
            return store.founders([known])[0].incident_id
        event = event_of(call, store, self.settings)
        number = store.last() + 1
        tables = self._tables
        insert_rows(connection, tables.calls, [row_of(call, number, number if event is None else event)._asdict()])
        insert_rows(connection, tables.links, _links(call, number, number if event is None else event))
        if event is not None:
            return store.founders([event])[0].incident_id
        for area in dict.fromkeys((call.keys.area, EVERYWHERE)):
            plainly(connection).execute(self._upsert, {"area": area, "day": call.at // DAY, "kind": call.kind, "events": 1})
        return call.incident_id

    # bulk

    def record_many_on(self, connection: Connection, calls: Sequence[Call]) -> int:
        """`record_many` in a transaction of somebody else; `calls` in order of time."""
        for result in {call.result for call in calls}:
            check_result(result, self.settings)
        return self._chunk(connection, calls) if calls else 0

    def _chunk(self, connection: Connection, calls: Sequence[Call]) -> int:
        """Join within a window in memory: what the database holds around the chunk, then the chunk itself."""
        store = self._at(connection)
        known = store.known([call.incident_id for call in calls])
        reach = 2 * self.settings.join_seconds
        window = Ledger(self.settings)
        window.load(*store.between(calls[0].at - reach, calls[-1].at + reach), number=store.last() + 1)
        rows, links = [], []
        days: Counter[tuple[str, int, str]] = Counter()
        for call in calls:
            if call.incident_id in known:
                continue
            known.add(call.incident_id)
            row = window.add(call)
            rows.append(row._asdict())
            links += _links(call, row.number, row.event)
            if row.event == row.number:
                days.update((area, call.at // DAY, call.kind) for area in dict.fromkeys((call.keys.area, EVERYWHERE)))
        links.sort(key=lambda link: link["key"])  # in order of the index: neighbours in the file
        insert_rows(connection, self._tables.calls, rows)
        insert_rows(connection, self._tables.links, links)
        if days:
            connection.execute(self._upsert, [{"area": a, "day": d, "kind": k, "events": n} for (a, d, k), n in days.items()])
        return len(rows)

    # parts

    def _at(self, connection: Connection) -> Reading:
        return Reading(plainly(connection), self._queries, self.settings)

    def _reading(self) -> Any:
        return self._engine.connect().execution_options(reading=True)

    def _lock(self, connection: Connection) -> None:
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))


def _upsert(days: Table, dialect: str) -> Any:
    made = (postgresql.insert(days) if dialect == "postgresql" else sqlite.insert(days)).values(
        {name: bindparam(name) for name in ("area", "day", "kind", "events")}
    )
    return made.on_conflict_do_update(index_elements=["area", "day", "kind"], set_={"events": days.c.events + made.excluded.events})


def _links(call: Call, number: int, event: int) -> list[dict[str, Any]]:
    pairs = dict.fromkeys(call.keys.links)
    return [{"key": key, "role": role, "at": call.at, "call": number, "event": event} for role, key in pairs]
