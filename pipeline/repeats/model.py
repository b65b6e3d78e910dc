"""What is recorded of a call, and what a memory of calls must be able to do: in memory, SQLite and PostgreSQL alike."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pipeline.repeats.keys import Keys

_EPOCH = dt.datetime(1970, 1, 1)
_CHINA = dt.timezone(dt.timedelta(hours=8))  # one time zone by law; naive times are local
SAME_MATTER = ("person", "party", "household")  # what makes an event of the same kind the same matter
EVERYWHERE = "*"  # the area that is all areas


def seconds(moment: dt.datetime) -> int:
    """Seconds since 1970-01-01, local time; a time with a zone is turned into China's."""
    if moment.tzinfo is not None:
        moment = moment.astimezone(_CHINA).replace(tzinfo=None)
    return int((moment - _EPOCH).total_seconds())


def moment(at: int) -> str:
    """ISO 8601 local time of these seconds."""
    return (_EPOCH + dt.timedelta(seconds=at)).isoformat()


@dataclass(frozen=True, slots=True)
class Call:
    """One call as it is remembered: no name, no number, no narrative. `at` in seconds, `kind` category/type, `vector` of the narrative."""

    incident_id: str
    at: int
    keys: Keys
    kind: str
    colour: str = ""
    gates: tuple[str, ...] = ()
    result: str = ""
    vector: bytes = b""


class Memory(Protocol):
    """Counts events, not calls. All windows are (since, until]; all methods are safe to repeat for the same incident."""

    def record(self, call: Call) -> str:
        """Remember a call; returns the incident id of the event's first call (its own where it is the first)."""

    def record_many(self, calls: Iterable[Call]) -> int:
        """Remember a history, in any order; returns how many calls were new."""

    def close(self, incident_id: str, result: str) -> bool:
        """What was done (a code of the settings); False where the incident is unknown."""

    def recall(self, call: Call) -> tuple[dict[str, Any], ...]:
        """What is known besides: the entries that go into `Incident.history`. The call itself, if recorded, is left out."""

    def frequent(self, role: int, since: int, until: int, least: int) -> Sequence[tuple[bytes, int]]:
        """Keys in a role with at least so many events in (since, until], most first."""

    def kinds(self, area: str, until: int) -> dict[str, tuple[int, tuple[int, ...]]]:
        """Kind → events of the window that ends with the day of `until`, and of the earlier windows on record, newest first."""
