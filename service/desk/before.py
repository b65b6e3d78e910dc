"""Earlier calls beside a note: what is shared, how each was graded, where it stands, and the reason with which it was closed."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from pipeline.repeats.settings import settings_of
from service.api.context import Context
from service.desk.names import Level, Names, words
from service.desk.view import moment
from service.repeats.earlier import earlier
from service.store.tables import decisions, incidents, repeats

SHOWN = 6


@dataclass(frozen=True, slots=True)
class Before:
    """One earlier call."""

    key: str
    at: str
    level: Level
    kind: str
    shared: str
    done: str


async def before(here: Context, names: Names, key: str) -> tuple[list[Before], int]:
    """The newest earlier calls that share a person or a place with this one, and how many there are in all."""
    if not here.settings.repeats:
        return [], 0
    return await here.store.read_async(lambda connection: _read(here, connection, names, key))


def _read(here: Context, connection: Connection, names: Names, key: str) -> tuple[list[Before], int]:
    settings = settings_of(here.assessor.engine.pack)
    shared: dict[str, list[str]] = {}
    results: dict[str, str] = {}
    for item in earlier(connection, repeats, [key], days=max(settings.person_days, settings.place_days)).get(key, ()):
        shared.setdefault(item.incident_id, []).append(item.on)
        results[item.incident_id] = settings.results.get(item.result, "")
    ids = list(shared)[:SHOWN]
    states = {row["key"]: row for row in connection.execute(select(incidents).where(incidents.c.key.in_(ids))).mappings()}
    closing = select(decisions.c.incident, decisions.c.reason).where(decisions.c.incident.in_(ids), decisions.c.kind == "close", decisions.c.state == "applied")
    reasons = {row.incident: row.reason for row in connection.execute(closing.order_by(decisions.c.at)) if row.reason}
    found = []
    for ident in ids:
        state = states.get(ident)
        if state is None:
            continue
        # the finest that is shared says most: a household rather than its estate
        on = next(name for name in ("person", "party", "household", "building", "estate") if name in shared[ident])
        done = "; ".join(part for part in (words()["states"][state["status"]], results[ident], reasons.get(ident, "")) if part)
        kind = names.kind(state["category"], state["dispute"], state["script"])
        found.append(Before(ident, moment(state["received_at"]), names.level(state["profile"], state["colour"]), kind, settings.flags[on]["same"], done))
    return found, len(shared)
