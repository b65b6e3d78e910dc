"""The memory of calls that lives in memory: for a batch, a test, one `triage --history FILE`. The measure that the databases are held to."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from pipeline.errors import InputError
from pipeline.repeats.join import Pair, Row, event_of
from pipeline.repeats.keys import ESTATE
from pipeline.repeats.model import EVERYWHERE, Call
from pipeline.repeats.recall import recall
from pipeline.repeats.settings import DAY, Settings


def check_result(result: str, settings: Settings) -> str:
    """The result code, or InputError where the settings do not know it (free text could name somebody)."""
    if result and result not in settings.results:
        raise InputError("FQ2502", "没有这个处理结果代码", "unknown result code", seen=result[:24], remedy="可用 " + "、".join(settings.results))
    return result


def windows_of(days: dict[int, int], today: int, first: int, settings: Settings) -> tuple[int, tuple[int, ...]]:
    """Events per day → those of the window that ends today, and of the whole windows before it back to the first day on record."""
    length = settings.kind_days
    least = today - length * (1 + int(settings.surge["windows"])) + 1
    sums = [0] * (1 + int(settings.surge["windows"]))
    for day, events in days.items():
        if least <= day <= today:
            sums[(today - day) // length] += events
    whole = max(0, min(len(sums) - 1, (today - length + 1 - first) // length))
    return sums[0], tuple(sums[1 : 1 + whole])


def row_of(call: Call, number: int, event: int) -> Row:
    """A call as a store keeps it."""
    placed = int(bool(call.keys.of(ESTATE)))
    return Row(number, event, call.incident_id, call.at, call.kind, call.keys.area, call.colour, ",".join(call.gates), call.result, call.vector, placed)


class Ledger:
    """A Memory of plain dictionaries. Not shared between threads."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._rows: dict[int, Row] = {}
        self._next = 0
        self._numbers: dict[str, int] = {}
        self._links: dict[Pair, list[tuple[int, int]]] = defaultdict(list)  # (at, event), in order
        self._members: dict[int, list[int]] = defaultdict(list)
        self._begun: dict[str, list[tuple[int, int]]] = defaultdict(list)  # area → (at, event)
        self._kinds: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
        self._days: dict[str, dict[str, Counter[int]]] = defaultdict(lambda: defaultdict(Counter))
        self._first = 1 << 60

    # Memory

    def record(self, call: Call) -> str:
        """Remember a call; a second time for the same incident changes nothing."""
        number = self._numbers.get(call.incident_id)
        if number is not None:
            return self._rows[self._rows[number].event].incident_id
        return self._rows[self.add(call).event].incident_id

    def add(self, call: Call) -> Row:
        """Remember a call that is not known yet; its row."""
        check_result(call.result, self.settings)
        event = event_of(call, self, self.settings)
        number = self._next
        row = row_of(call, number, number if event is None else event)
        self._keep(row)
        for pair in dict.fromkeys(call.keys.links):
            insort(self._links[pair], (row.at, row.event))
        return row

    def load(self, rows: Iterable[Row], links: Iterable[tuple[int, bytes, int, int]], *, number: int) -> None:
        """Take over calls and their links (role, key, at, event) from another store; the next call gets `number`."""
        for row in rows:
            self._keep(row)
        for role, key, at, event in links:
            if event in self._rows:
                insort(self._links[role, key], (at, event))
        self._next = number

    def _keep(self, row: Row) -> None:
        number, event = row.number, row.event
        self._next = number + 1
        self._rows[number] = row
        self._numbers[row.incident_id] = number
        insort(self._members[event], number, key=lambda n: (self._rows[n].at, n))
        if event != number:
            return
        insort(self._begun[row.area], (row.at, event))
        insort(self._kinds[row.kind, row.area], (row.at, event))
        day = row.at // DAY
        self._first = min(self._first, day)
        for area in dict.fromkeys((row.area, EVERYWHERE)):
            self._days[area][row.kind][day] += 1

    def record_many(self, calls: Iterable[Call]) -> int:
        """Remember a history, in order of time."""
        before = len(self._rows)
        for call in sorted(calls, key=lambda call: (call.at, call.incident_id)):
            self.record(call)
        return len(self._rows) - before

    def close(self, incident_id: str, result: str) -> bool:
        """What was done."""
        number = self._numbers.get(incident_id)
        if number is not None:
            self._rows[number] = self._rows[number]._replace(result=check_result(result, self.settings))
        return number is not None

    def recall(self, call: Call) -> tuple[dict[str, Any], ...]:
        """The entries for `Incident.history`."""
        return recall(call, self, self.settings)

    def frequent(self, role: int, since: int, until: int, least: int) -> Sequence[tuple[bytes, int]]:
        """Keys with at least so many events in (since, until], most first, then by key."""
        found = []
        for (kind, key), links in self._links.items():
            if kind == role:
                events = len({event for _, event in _between(links, since + 1, until)})
                if events >= least:
                    found.append((key, events))
        return sorted(found, key=lambda item: (-item[1], item[0]))

    def kinds(self, area: str, until: int) -> dict[str, tuple[int, tuple[int, ...]]]:
        """Kind → this window and the earlier ones."""
        today = until // DAY
        made = {kind: windows_of(days, today, self._first, self.settings) for kind, days in self._days.get(area or EVERYWHERE, {}).items()}
        return {kind: told for kind, told in made.items() if told[0] or any(told[1])}

    # Readable

    def seen(self, pairs: Sequence[Pair], since: int, until: int, limit: int) -> Sequence[tuple[int, bytes, int, int]]:
        """Links of these pairs, newest first."""
        return [(*pair, *link) for pair in pairs for link in _between(self._links.get(pair, []), since, until)[-limit:][::-1]]

    def founders(self, events: Iterable[int]) -> Sequence[Row]:
        """First calls."""
        return [self._rows[event] for event in sorted(events)]

    def begun(self, area: str, since: int, until: int) -> Sequence[Row]:
        """Events that began in an area."""
        return [self._rows[event] for _, event in _between(self._begun.get(area, []), since, until)]

    def event_of(self, incident_id: str) -> int | None:
        """The event of an incident."""
        number = self._numbers.get(incident_id)
        return None if number is None else self._rows[number].event

    def count(self, pairs: Sequence[Pair], since: int, until: int, without: int) -> int:
        """Distinct events."""
        return len({event for pair in pairs for _, event in _between(self._links.get(pair, []), since, until)} - {without})

    def count_kind(self, pairs: Sequence[Pair], kind: str, since: int, until: int, without: int) -> int:
        """Distinct events of a kind."""
        events = {event for pair in pairs for _, event in _between(self._links.get(pair, []), since, until)} - {without}
        return sum(self._rows[event].kind == kind for event in events)

    def calls_of(self, events: Iterable[int]) -> Sequence[Row]:
        """All calls of events."""
        return sorted((self._rows[number] for event in events for number in self._members[event]), key=lambda row: (row.at, row.number))

    def like(self, kind: str, area: str, until: int, limit: int) -> Sequence[Row]:
        """The newest events of a kind in an area."""
        return [self._rows[event] for _, event in _between(self._kinds.get((kind, area), []), 0, until - 1)[-limit:][::-1]]


def _between(links: list[tuple[int, int]], since: int, until: int) -> list[tuple[int, int]]:
    return links[bisect_left(links, (since, -1)) : bisect_right(links, (until, 1 << 60))]
