"""Near-duplicate calls of one event: five neighbours who report one brawl are one event, and so is one caller who rings again to hurry."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from pipeline.repeats.keys import ESTATE, PARTY, REPORTER, ROLE_NAMES, Keys
from pipeline.repeats.model import Call
from pipeline.repeats.settings import Settings
from pipeline.repeats.vectors import likenesses

Pair = tuple[int, bytes]  # role and key as recorded
AREA = "area"
_RANK = {name: rank for rank, name in enumerate(("person", "household", "party", "building", "estate", AREA))}


class Row(NamedTuple):
    """A recorded call. `event` is the number of the event's first call; `number == event` for that call itself."""

    number: int
    event: int
    incident_id: str
    at: int
    kind: str
    area: str
    colour: str
    gates: str
    result: str
    vector: bytes
    placed: int  # whether it told its place


class Joinable(Protocol):
    """What joining needs of a store."""

    def seen(self, pairs: Sequence[Pair], since: int, until: int, limit: int) -> Sequence[tuple[int, bytes, int, int]]:
        """(role, key, at, event) of recorded links in [since, until], for each pair the newest `limit` at most."""

    def founders(self, events: Iterable[int]) -> Sequence[Row]:
        """The first call of each event."""

    def begun(self, area: str, since: int, until: int) -> Sequence[Row]:
        """First calls of events in an area in [since, until]."""


def wanted(keys: Keys) -> dict[str, list[Pair]]:
    """What to look for under each name: the reporter as reporter; anybody else, or the reporter in another role, as party; each place as itself."""
    persons, parties = keys.of(REPORTER), keys.of(PARTY)
    found: dict[str, list[Pair]] = {"person": [(REPORTER, key) for key in persons]}
    found["party"] = [(PARTY, key) for key in persons] + [(role, key) for key in parties for role in (REPORTER, PARTY)]
    for role, key in keys.links:
        if role > PARTY:
            found.setdefault(ROLE_NAMES[role], []).append((role, key))
    return {name: pairs for name, pairs in found.items() if pairs}


def event_of(call: Call, store: Joinable, settings: Settings) -> int | None:
    """The number of the event that this call belongs to, None where it begins its own. Ties: the closer granularity, the more alike, the earlier."""
    reach = settings.join_seconds
    if not reach:
        return None
    since, until = call.at - reach, call.at + reach
    shared = shared_events(call, store, since - reach, until + reach, 64)
    rows = {row.event: row for row in store.founders(shared)} if shared else {}
    if call.vector and AREA in settings.join_needs:
        rows |= {row.event: row for row in store.begun(call.keys.area, since, until) if row.event not in rows}
    near = [row for row in rows.values() if since <= row.at <= until and row.incident_id != call.incident_id]
    return best_event(call, near, shared, settings) if near else None


def shared_events(call: Call, store: Joinable, since: int, until: int, limit: int) -> dict[int, set[str]]:
    """Events that share something with this call, and what."""
    named: dict[Pair, str] = {}
    for name, pairs in wanted(call.keys).items():
        for pair in pairs:
            named.setdefault(pair, name)
    found: dict[int, set[str]] = {}
    for role, key, _at, event in store.seen(tuple(named), since, until, limit):
        found.setdefault(event, set()).add(named[role, key])
    return found


def best_event(call: Call, rows: Sequence[Row], shared: dict[int, set[str]], settings: Settings) -> int | None:
    """The best of the events that are near in time, None where none is like enough."""
    placed = bool(call.keys.of(ESTATE))  # two places that differ are two events, however alike the words
    names = {row.event: shared.get(row.event, set()) | ({AREA} if row.area == call.keys.area and not (row.placed and placed) else set()) for row in rows}
    rows = [row for row in rows if names[row.event]]
    alike = dict.fromkeys(names, settings.join_unknown)
    compared = [row for row in rows if row.vector and len(row.vector) == len(call.vector)] if call.vector else []
    if compared:
        alike |= zip((row.event for row in compared), map(float, likenesses(call.vector, [row.vector for row in compared])), strict=True)
    best: tuple[int, float, int, int] | None = None
    for row in rows:
        for name in names[row.event]:
            same, other = settings.join_needs.get(name, (2.0, 2.0))
            score = alike[row.event]
            if score >= (same if row.kind == call.kind else other):
                entry = (_RANK[name], -score, row.at, row.event)
                best = entry if best is None or entry < best else best
    return best[3] if best else None
