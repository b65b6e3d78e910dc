"""Which earlier calls an incident shares a person or a place with, and what was done about each: for lists that name them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, and_, select

from pipeline.repeats.keys import ROLE_NAMES
from service.repeats.tables import Tables

_MANY = 500  # values in one IN list


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier call. `on`: what is shared (person, party, household, building, estate); `at`: seconds, local time; `result`: a code or empty."""

    incident_id: str
    on: str
    at: int
    result: str


def earlier(connection: Connection, tables: Tables, incident_ids: Sequence[str], *, days: int) -> dict[str, list[Earlier]]:
    """Incident id → calls of other events in the `days` before it that share a key with it, newest first, each thing shared in an entry of its own."""
    calls, links = tables.calls, tables.links
    here, mine, theirs, there = calls.alias("here"), links.alias("mine"), links.alias("theirs"), calls.alias("there")
    same = and_(
        theirs.c.key == mine.c.key,
        theirs.c.role == mine.c.role,
        theirs.c.at <= mine.c.at,
        theirs.c.at >= mine.c.at - days * 86_400,
        theirs.c.event != mine.c.event,
    )
    joined = here.join(mine, mine.c.call == here.c.number).join(theirs, same).join(there, there.c.number == theirs.c.call)
    asked = select(here.c.incident_id, mine.c.role, there.c.incident_id, there.c.at, there.c.result).select_from(joined)
    found: dict[str, list[Earlier]] = {}
    for start in range(0, len(incident_ids), _MANY):
        wanted = asked.where(here.c.incident_id.in_(incident_ids[start : start + _MANY])).order_by(there.c.at.desc(), there.c.number.desc()).distinct()
        for ident, role, other, at, result in connection.execute(wanted):
            found.setdefault(ident, []).append(Earlier(other, ROLE_NAMES[role], at, result))
    return found
