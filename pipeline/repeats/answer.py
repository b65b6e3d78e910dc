"""`Incident.history` → `Assessment.repeat`, and the numbers that grading and routing may ask for.

An entry of history is one prior event. Systems that keep their own records may send plain ones:
`{"incident_id", "occurred_at", "caller", "place", "category", "dispute_type", "result"}`; a store of ours sends `match`, `counts`, `kinds`
and `similar` besides. What cannot be read is left out and counted under `ignored`; it never stops an answer.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.facts.model import Facts
from pipeline.repeats.keys import Cues, cues, person_term
from pipeline.repeats.model import SAME_MATTER, moment, seconds
from pipeline.repeats.place import NOWHERE, Place, read_place
from pipeline.repeats.settings import DAY, Settings
from pipeline.repeats.surge import surge
from pipeline.values import Incident

_SHARED = ("person", "party", "household", "building", "estate")
_PLACES = ("household", "building", "estate")
SHOWN = 20  # most prior ids in an answer
MOST_EVENTS = 10**9  # a count above this is a mistake of the sender


def kind_of(category: str, subtype: str | None) -> str:
    """The kind by which incidents are counted: category/dispute type, category/fraud script, or the category alone."""
    return f"{category}/{subtype}" if subtype else category


@dataclass(frozen=True, slots=True)
class Prior:
    """One event of the past that shares something with this incident."""

    incident_id: str
    at: int
    match: tuple[str, ...]
    kind: str
    colour: str
    gates: tuple[str, ...]
    result: str
    calls: int
    same_event: bool


class History:
    """The history of one incident, read once."""

    def __init__(self, incident: Incident, found: Facts, settings: Settings) -> None:
        self.settings = settings
        self.counts: dict[str, int] = {}
        self.kinds: dict[str, tuple[int, tuple[int, ...]]] | None = None  # kind → events in this window, and in each of those before
        self.area = ""
        self.similar: list[dict[str, Any]] = []
        self.ignored = 0
        entries: list[Mapping[str, Any]] = []
        for entry in incident.history:
            self._sort(entry, entries)
        times = [at for entry in entries if (at := _at(entry)) is not None]
        self.at = seconds(incident.occurred_at) if incident.occurred_at is not None else max(times, default=0)
        here = cues(incident, found, settings) if any("match" not in entry for entry in entries) else None
        self.priors = sorted(self._priors(entries, here, incident.incident_id), key=lambda prior: (-prior.at, prior.incident_id))

    def _sort(self, entry: Any, entries: list[Mapping[str, Any]]) -> None:
        if not isinstance(entry, Mapping):
            self.ignored += 1
        elif "counts" in entry and isinstance(entry["counts"], Mapping):
            told = {**entry["counts"], **{name: entry[name] for name in ("same", "same_year") if name in entry}}
            self.counts = {name: count for name, value in told.items() if (count := _events(value)) is not None}
        elif "kinds" in entry and isinstance(entry["kinds"], Mapping):
            self.kinds = {name: row for name, told in entry["kinds"].items() if (row := _row(told)) is not None}
            self.area = str(entry.get("area") or "")
        elif "similar" in entry:
            self.similar.append(dict(entry))
        else:
            entries.append(entry)

    def _priors(self, entries: Sequence[Mapping[str, Any]], here: Cues | None, own_id: str) -> Iterator[Prior]:
        for entry in entries:
            at = _at(entry)
            if at is None or (own_id and entry.get("incident_id") == own_id):
                self.ignored += at is None
                continue
            match = self._match(entry, here)
            same_event = self._same_event(entry, match, at)
            if self.at - self.settings.look_back * DAY <= at <= self.at and (match or same_event):
                yield Prior(
                    str(entry.get("incident_id") or ""), at, match, _kind(entry), str(entry.get("colour") or entry.get("risk") or ""),
                    _words(entry.get("gates")), str(entry.get("result") or ""), _count(entry.get("calls")), same_event,
                )  # fmt: skip

    def _match(self, entry: Mapping[str, Any], here: Cues | None) -> tuple[str, ...]:
        """What the entry shares with this incident: told by the store, else compared in clear."""
        told = entry.get("match")
        if told is not None or here is None:
            return tuple(name for name in _SHARED if name in _words(told))
        place = read_place(str(entry.get("place") or ""), self.settings)
        person = person_term(str(entry.get("caller") or ""), place, self.settings)
        match = ["person"] if person and person in here.persons else ["party"] if person and person in here.parties else []
        parties = {person_term(word, place, self.settings) for word in _words(entry.get("parties"))} - {""}
        if "party" not in match and parties & {*here.persons, *here.parties}:
            match.append("party")
        return (*match, *_same_place(place, here.place))

    def _same_event(self, entry: Mapping[str, Any], match: Sequence[str], at: int) -> bool:
        told = entry.get("same_event")
        if isinstance(told, bool) or "match" in entry:
            return bool(told)
        return self.at - at <= self.settings.join_seconds and bool(set(match) & set(SAME_MATTER))

    def values(self, kind: str, gates: Sequence[str]) -> dict[str, float]:
        """The `history.*` operands of conditions: events before this one, within their windows."""
        if kind.partition("/")[0] in self.settings.not_graded:
            return {}
        told = {f"history.{name}": float(self.number(name)) for name in _SHARED}
        told["history.same"] = float(self.same(kind))
        told["history.failed"] = float(sum(prior.result in self.settings.failed for prior in self.same_matter(kind, self.settings.look_back)))
        told["history.same_gate"] = float(sum(bool(set(prior.gates) & set(gates)) for prior in self.same_matter(kind, self.settings.look_back)))
        return told

    def same(self, kind: str) -> int:
        """How many events of the same matter there were within the window of a person."""
        return self.counts.get("same", len(self.same_matter(kind)))

    def number(self, name: str) -> int:
        """Events before this one that share `name`, within its window."""
        if name in self.counts:
            return self.counts[name]
        return len([prior for prior in self.within(self.settings.days(name)) if name in prior.match])

    def within(self, days: int) -> list[Prior]:
        """Prior events of the last days, newest first, those of this very event left out."""
        return [prior for prior in self.priors if not prior.same_event and prior.at >= self.at - days * DAY]

    def same_matter(self, kind: str, days: int | None = None) -> list[Prior]:
        """Prior events between the same people or in the same household, of the same kind or of a kind that is not known."""
        days = self.settings.person_days if days is None else days
        return [prior for prior in self.within(days) if set(prior.match) & set(SAME_MATTER) and (not prior.kind or prior.kind == kind)]


def repeat_of(history: History, kind: str, kind_name: str) -> dict[str, Any]:
    """The `repeat` of an assessment. Counts are of events before this one; nobody is called a nuisance."""
    settings = history.settings
    counts = {name: history.number(name) for name in _SHARED}
    place = next((name for name in _PLACES if counts[name]), "")
    joined = [prior for prior in history.priors if prior.same_event]
    year = history.same_matter(kind, settings.look_back)
    kinds = _surge(history, kind)
    known = history.within(settings.look_back)
    return {
        "by_person": counts["person"],
        "by_place": max((counts[name] for name in _PLACES), default=0),
        "by_kind": kinds["count"] - 1 if kinds["count"] else 0,
        "window_days": settings.person_days,
        "prior_ids": [prior.incident_id for prior in known if prior.incident_id][:SHOWN],
        "by_party": counts["party"],
        "places": {name: counts[name] for name in _PLACES},
        "nearest_place": place or None,
        "same_matter": history.same(kind),
        "same_matter_year": history.counts.get("same_year", len(year)),
        "failed_mediations": sum(prior.result in settings.failed for prior in year),
        "kind": {"code": kind, "name": kind_name, "area": history.area, "window_days": settings.kind_days, **kinds},
        "flags": _flags(counts, kinds, settings),
        "trend": _trend(history, kind),
        "last": _last(known),
        "calls_of_this_event": sum(prior.calls for prior in joined) + 1,
        "similar": [_similar(entry, settings) for entry in history.similar],
        "windows": {"person": settings.person_days, "place": settings.place_days, "kind": settings.kind_days, "look_back": settings.look_back},
        "ignored": history.ignored,
        "note": settings.note,
    }


def _surge(history: History, kind: str) -> dict[str, Any]:
    """The kind against what is usual in the area; without a store, the listed events are all that is known."""
    limits = history.settings.surge
    if history.kinds is None:
        return surge(sum(prior.kind == kind for prior in history.within(history.settings.kind_days)) + 1, (), limits)
    quiet = (0,) * max((len(windows) for _, windows in history.kinds.values()), default=0)  # a kind never seen: as many windows of nothing as the others have
    count, windows = history.kinds.get(kind, (0, quiet))
    return surge(count + 1, windows, limits)


def _flags(counts: Mapping[str, int], kinds: Mapping[str, Any], settings: Settings) -> list[dict[str, Any]]:
    """一人多次, 一地多起, 一类多发: what is shown as a key incident, and why."""
    flags = []
    for name in _SHARED:
        flag, events, days = settings.flags[name], counts[name] + 1, settings.days(name)
        if events >= flag["least"]:
            says = f"{flag['same']} {days} 天内含本次 {events} 起"
            flags.append({"name": flag["name"], "on": name, "events": events, "window_days": days, "says": says})
    flag = settings.flags["kind"]
    if kinds["surge"] and kinds["count"] >= flag["least"]:
        says = f"{flag['same']}近 {settings.kind_days} 天含本次 {kinds['count']} 起, 平常 {kinds['usual']} 起, 为 {kinds['ratio']} 倍"
        flags.append({"name": flag["name"], "on": "kind", "events": kinds["count"], "window_days": settings.kind_days, "says": says})
    return flags


def _trend(history: History, kind: str) -> str:
    """Whether the same matter comes more often: the later half of the window against the earlier half."""
    half = history.settings.person_days / 2
    same = history.same_matter(kind)
    late = sum(prior.at >= history.at - half * DAY for prior in same) + 1
    early = len(same) + 1 - late
    return "first" if not same else "rising" if late > early + 1 else "falling" if early > late else "steady"


def _last(known: Sequence[Prior]) -> dict[str, Any] | None:
    if not known:
        return None
    prior = known[0]
    return {"incident_id": prior.incident_id, "occurred_at": moment(prior.at), "colour": prior.colour, "result": prior.result, "match": list(prior.match)}


def _similar(entry: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    result = str(entry.get("result") or "")
    return {
        "incident_id": str(entry.get("incident_id") or ""),
        "score": entry.get("similar"),
        "kind": str(entry.get("kind") or ""),
        "colour": str(entry.get("colour") or ""),
        "result": result,
        "done": settings.results.get(result, "未记录"),
    }


def _same_place(a: Place, b: Place) -> tuple[str, ...]:
    if a is NOWHERE:
        return ()
    return tuple(name for name in _PLACES if getattr(a, name) and getattr(a, name) == getattr(b, name))


def _kind(entry: Mapping[str, Any]) -> str:
    told = entry.get("kind")
    if told:
        return str(told)
    category = entry.get("category")
    return kind_of(str(category), str(entry.get("dispute_type") or "") or None) if category else ""


def _at(entry: Mapping[str, Any]) -> int | None:
    told = entry.get("occurred_at")
    if isinstance(told, dt.datetime):
        return seconds(told)
    try:
        return seconds(dt.datetime.fromisoformat(str(told)))
    except (ValueError, OverflowError):
        return None


def _words(told: Any) -> tuple[str, ...]:
    return tuple(str(word) for word in told) if isinstance(told, list | tuple) else ()


def _count(told: Any) -> int:
    return _events(told) or 1


def _events(told: Any) -> int | None:
    """A number of events as somebody else's system sends it, or None where it is none that can be."""
    return told if isinstance(told, int) and 0 <= told <= MOST_EVENTS else None


def _row(told: Any) -> tuple[int, tuple[int, ...]] | None:
    """`[events in this window, [events in each window before]]` of one kind, or None where it is not that."""
    if not isinstance(told, list | tuple) or len(told) != 2 or not isinstance(told[1], list | tuple):
        return None
    count, *windows = (_events(value) for value in (told[0], *told[1]))
    return None if count is None or None in windows else (count, tuple(value for value in windows if value is not None))
