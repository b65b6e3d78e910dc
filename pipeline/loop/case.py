"""A case as a list of what happened to it. The state is read from the list; nothing is overwritten, so the list is its own history."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import msgspec

STEP, REOPENED, REGRADED, VISIT = "step", "reopened", "regraded", "visit"  # kinds of happenings


class Happening(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened. `at` is local time; `by` an officer's id, `role` in what capacity; `evidence` by the ids of the loop file."""

    kind: str
    at: dt.datetime
    by: str
    role: str = ""
    step: str = ""  # the step that was done; after a reopening the step that is next
    colour: str = ""  # the colour from here on, where it changed
    outcome: str = ""  # of a visit
    reason: str = ""
    evidence: dict[str, str] = {}


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One case: opened with a colour, then what happened, oldest first. Round-trips through JSON."""

    id: str
    opened_at: dt.datetime
    colour: str
    loop: str = "six_steps"
    happened: tuple[Happening, ...] = ()


_CASE = msgspec.json.Decoder(Case)


def to_json(case: Case) -> bytes:
    """The case as UTF-8 JSON; the same case is always the same bytes."""
    return msgspec.json.encode(case)


def from_json(data: bytes | str) -> Case:
    """Read a case. Raises msgspec.ValidationError where a field has the wrong type."""
    return _CASE.decode(data)


class Due(msgspec.Struct, frozen=True):
    """Something to do: a step or a visit, until when, and by how many hours it is late (0 where it is not)."""

    kind: str
    id: str
    name: str
    due: dt.datetime
    late_hours: float
    who: tuple[str, ...]
    needs: Mapping[str, str]  # evidence: id → name


class State(msgspec.Struct, frozen=True):
    """Where a case stands at a moment."""

    colour: str
    closed_at: dt.datetime | None
    next: Due | None  # the step to take; None where all are done
    visits: tuple[Due, ...]  # visits still to make
    rounds: int  # 1, and one more for each reopening
    satisfied: bool | None  # what the parties said last; None where nobody asked
