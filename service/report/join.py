"""Records of one event, by the rules of `pipeline.repeats.join`: a table is read in order of time, and what is too old to be joined is forgotten.

The answer to one call and a report over a year so count the same events. Per record the past of a few hours is looked at, never the table.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.repeats.join import Pair, Row, event_of
from pipeline.repeats.keys import BUILDING, ESTATE, HOUSEHOLD, REPORTER, Keys
from pipeline.repeats.ledger import row_of
from pipeline.repeats.model import Call
from pipeline.repeats.settings import Settings

_ROLES = (REPORTER, HOUSEHOLD, BUILDING, ESTATE)
_LATEST = 1 << 60


class Pieces:
    """Rows of several arrays under one running number."""

    def __init__(self, parts: Sequence[NDArray[np.int8]]) -> None:
        self._parts = parts
        self._starts = np.concatenate(([0], np.cumsum([len(part) for part in parts])))[:-1].tolist()

    def __getitem__(self, index: int) -> NDArray[np.int8]:
        place = bisect_right(self._starts, index) - 1
        row: NDArray[np.int8] = self._parts[place][index - self._starts[place]]
        return row


class Known(NamedTuple):
    """What records are known by, one entry a record: seconds, area, kind, keys (person, household, building, estate; 0 is nobody), vectors of the texts."""

    times: NDArray[np.int64]
    areas: Sequence[str]
    kinds: Sequence[str]
    keys: tuple[NDArray[Any], ...]
    vectors: Pieces
    usable: NDArray[np.bool_]  # False: the time of day is not told, and the record is an event of its own


def join_events(known: Known, settings: Settings, most: int) -> NDArray[np.int64]:
    """The event of each record: the index of its first record in order of time. An unplaced call is compared with `most` calls of its area at most."""
    events = np.arange(len(known.times), dtype=np.int64)
    order = np.flatnonzero(known.usable)
    order = order[np.lexsort((order, known.times[order]))]
    window = Window(settings, most)
    for index in order.tolist():
        events[index] = window.add(_call(known, index), index)
    return events


def _call(known: Known, index: int) -> Call:
    links = tuple((role, int(key).to_bytes(8, "big")) for role, column in zip(_ROLES, known.keys, strict=True) if (key := column[index]))
    vector = known.vectors[index]
    return Call(str(index), int(known.times[index]), Keys(links, known.areas[index]), known.kinds[index], vector=vector.tobytes() if vector.any() else b"")


class Window:
    """The last hours of a table as `pipeline.repeats.join` asks for them. Calls are added in order of time."""

    def __init__(self, settings: Settings, most: int) -> None:
        self.settings, self._most = settings, most
        self._keep = 3 * settings.join_seconds  # a link that still counts is 2 reaches old at most, and the first call of its event one more
        self._links: dict[Pair, list[tuple[int, int]]] = defaultdict(list)
        self._begun: dict[str, list[tuple[int, int]]] = defaultdict(list)
        self._rows: dict[int, Row] = {}
        self._past: deque[tuple[int, int, Call]] = deque()

    def add(self, call: Call, number: int) -> int:
        """The event that the call belongs to, its own number where it begins one."""
        self._forget(call.at - self._keep)
        found = event_of(call, self, self.settings)
        event = number if found is None else found
        if event == number:
            self._rows[number] = row_of(call, number, event)
            insort(self._begun[call.keys.area], (call.at, event))
        for pair in dict.fromkeys(call.keys.links):
            insort(self._links[pair], (call.at, event))
        self._past.append((number, event, call))
        return event

    def _forget(self, before: int) -> None:
        while self._past and self._past[0][2].at < before:
            number, event, call = self._past.popleft()
            if event == number:
                del self._rows[number]
                _drop(self._begun, call.keys.area, (call.at, event))
            for pair in dict.fromkeys(call.keys.links):
                _drop(self._links, pair, (call.at, event))

    # Joinable

    def seen(self, pairs: Sequence[Pair], since: int, until: int, limit: int) -> Sequence[tuple[int, bytes, int, int]]:
        """Links of these pairs, newest first."""
        return [(*pair, *link) for pair in pairs for link in self._between(self._links.get(pair), since, until, limit)]

    def founders(self, events: Iterable[int]) -> Sequence[Row]:
        """First calls, those that are too old left out."""
        return [self._rows[event] for event in sorted(events) if event in self._rows]

    def begun(self, area: str, since: int, until: int) -> Sequence[Row]:
        """Events that began in an area, the newest of them."""
        return [self._rows[event] for _, event in self._between(self._begun.get(area), since, until, self._most)]

    @staticmethod
    def _between(links: list[tuple[int, int]] | None, since: int, until: int, limit: int) -> Iterator[tuple[int, int]]:
        if not links:
            return iter(())
        return reversed(links[bisect_left(links, (since, -1)) : bisect_right(links, (until, _LATEST))][-limit:])


def _drop(table: dict[Any, list[tuple[int, int]]], key: Any, link: tuple[int, int]) -> None:
    table[key].remove(link)
    if not table[key]:
        del table[key]
