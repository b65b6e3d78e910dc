"""From a store to `Incident.history`: prior events with what they share, exact counts, the usual level of each kind, similar past cases.

Every store answers with a few plain reads; what they mean is said once, here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from pipeline.repeats.join import Joinable, Pair, Row, event_of, wanted
from pipeline.repeats.model import EVERYWHERE, SAME_MATTER, Call, moment
from pipeline.repeats.settings import DAY, Settings
from pipeline.repeats.vectors import likenesses


class Readable(Joinable, Protocol):
    """What recalling needs of a store besides."""

    def event_of(self, incident_id: str) -> int | None:
        """The event of a recorded incident."""

    def count(self, pairs: Sequence[Pair], since: int, until: int, without: int) -> int:
        """Events in [since, until] with a link in any of the pairs; the event `without` is left out."""

    def count_kind(self, pairs: Sequence[Pair], kind: str, since: int, until: int, without: int) -> int:
        """The same, for events of one kind."""

    def calls_of(self, events: Iterable[int]) -> Sequence[Row]:
        """All calls of these events, in order of time."""

    def like(self, kind: str, area: str, until: int, limit: int) -> Sequence[Row]:
        """The newest first calls of events of a kind in an area before `until`."""

    def kinds(self, area: str, until: int) -> dict[str, tuple[int, tuple[int, ...]]]:
        """Kind → events of the window that ends with the day of `until`, and of earlier windows on record, newest first."""


def recall(call: Call, store: Readable, settings: Settings) -> tuple[dict[str, Any], ...]:
    """The entries for `Incident.history`: one per prior event, newest first, then `counts`, `kinds`, and similar cases."""
    recorded = store.event_of(call.incident_id)
    own = recorded if recorded is not None else event_of(call, store, settings)
    own = -1 if own is None else own
    until = call.at
    found, cut = _shared(call, store, settings, until)
    windows = {name: until - settings.days(name) * DAY for name in wanted(call.keys)}
    counts = {
        name: store.count(pairs, windows[name], until, own) if name in cut else sum(own != event and at >= windows[name] for event, at in found[name].items())
        for name, pairs in wanted(call.keys).items()
    }
    entries = _entries(call, store, found, own)
    if counts:
        entries.append({"counts": counts, **(_same(call, store, settings, own) if cut else {})})
    entries.append(_kinds(call, store, own))
    entries += _similar(call, store, settings, {event for events in found.values() for event in events} | {own})
    return tuple(entries)


def _same(call: Call, store: Readable, settings: Settings, own: int) -> dict[str, Any]:
    """Where lists are cut off: how many events of the same matter there were all the same."""
    pairs = [pair for name, pairs in wanted(call.keys).items() if name in SAME_MATTER for pair in pairs]
    spans = {"same": settings.person_days, "same_year": settings.look_back}
    return {name: store.count_kind(pairs, call.kind, call.at - days * DAY, call.at, own) for name, days in spans.items()}


def _shared(call: Call, store: Readable, settings: Settings, until: int) -> tuple[dict[str, dict[int, int]], set[str]]:
    """Per name the events and the time of their latest shared call; and the names whose list is cut off."""
    named = wanted(call.keys)
    limit = settings.entries + 1
    rows = store.seen(tuple(dict.fromkeys(pair for pairs in named.values() for pair in pairs)), until - settings.look_back * DAY, until, limit)
    by_pair: dict[Pair, list[tuple[int, int]]] = {}
    for role, key, at, event in rows:
        by_pair.setdefault((role, key), []).append((at, event))
    found: dict[str, dict[int, int]] = {}
    cut: set[str] = set()
    for name, pairs in named.items():
        events = found.setdefault(name, {})
        for pair in pairs:
            links = by_pair.get(pair, [])
            if len(links) >= limit:
                cut.add(name)
            for at, event in links:
                events[event] = max(at, events.get(event, at))
    return found, cut


def _entries(call: Call, store: Readable, found: dict[str, dict[int, int]], own: int) -> list[dict[str, Any]]:
    events = {event for shared in found.values() for event in shared} | ({own} if own >= 0 else set())
    calls: dict[int, list[Row]] = {}
    for row in store.calls_of(events):
        if row.incident_id != call.incident_id and row.at <= call.at:
            calls.setdefault(row.event, []).append(row)
    entries = []
    for event, rows in calls.items():
        last = rows[-1]
        entry: dict[str, Any] = {
            "incident_id": rows[0].incident_id,
            "occurred_at": moment(last.at),
            "match": [name for name, shared in found.items() if event in shared],
            "kind": rows[0].kind,
            "colour": last.colour,
            "gates": sorted({gate for row in rows for gate in row.gates.split(",") if gate}),
            "result": next((row.result for row in reversed(rows) if row.result), ""),
            "calls": len(rows),
        }
        if event == own:
            entry["same_event"] = True
        entries.append((-last.at, rows[0].incident_id, entry))
    return [entry for _, _, entry in sorted(entries, key=lambda item: item[:2])]


def _kinds(call: Call, store: Readable, own: int) -> dict[str, Any]:
    """Events of each kind in the area, the event at hand left out."""
    area = call.keys.area or EVERYWHERE
    rows = dict(sorted(store.kinds(area, call.at).items()))
    if own >= 0:
        first = next(iter(store.founders([own])), None)
        if first is not None and first.kind in rows and area in (first.area, EVERYWHERE):
            count, windows = rows[first.kind]
            rows[first.kind] = (max(0, count - 1), windows)
    return {"kinds": {kind: [count, list(windows)] for kind, (count, windows) in rows.items()}, "area": area}


def _similar(call: Call, store: Readable, settings: Settings, known: set[int]) -> list[dict[str, Any]]:
    """Past cases told in like words, whoever and wherever they were, with what was done."""
    most = int(settings.similar["most"])
    if not call.vector or not most:
        return []
    rows = [row for row in store.like(call.kind, call.keys.area, call.at, int(settings.similar["candidates"])) if row.event not in known]
    rows = [row for row in rows if len(row.vector) == len(call.vector)]
    if not rows:
        return []
    scores = likenesses(call.vector, [row.vector for row in rows])
    alike: list[tuple[float, Row]] = [(float(score), row) for score, row in zip(scores, rows, strict=True) if score >= settings.similar["least"]]
    alike.sort(key=lambda pair: (-pair[0], -pair[1].at, pair[1].incident_id))
    return [
        {
            "incident_id": row.incident_id,
            "occurred_at": moment(row.at),
            "similar": score,
            "kind": row.kind,
            "colour": row.colour,
            "result": store_result(store, row),
        }
        for score, row in alike[:most]
    ]


def store_result(store: Readable, row: Row) -> str:
    """What was done about the event of this call: the result of its first call, else of the latest that has one."""
    return row.result or next((other.result for other in reversed(store.calls_of([row.event])) if other.result), "")
