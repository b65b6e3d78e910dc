"""The one value that flows: Incident → Assessment. Both frozen, both round-trip through JSON, neither does I/O.

msgspec structs rather than dataclasses: frozen ones are made several times faster, and they encode themselves in the order of their fields, so
that the same answer is the same bytes. Codes are those of the labelling guide; offsets are half-open code points of the narrative as it came in.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Any, Protocol

import msgspec

SCHEMA = "fengqiao.assessment/1"


class Incident(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=False):
    """警情: one narrative and what is known besides. `occurred_at` is when the call came in (naive = local time)."""

    narrative: str
    incident_id: str = ""
    occurred_at: dt.datetime | None = None
    place: str = ""
    channel: str = ""
    caller: str = ""
    history: tuple[dict[str, Any], ...] = ()


class Recall(Protocol):
    """Looks up what a memory knows besides, once facts and kind of an incident are known: entries as in `Incident.history`. Never raises."""

    def __call__(self, incident: Incident, found: Any, kind: str, /) -> tuple[dict[str, Any], ...]:
        """`found` are the facts of the narrative (pipeline.facts.Facts), `kind` is category/type."""


class Evidence(msgspec.Struct, frozen=True):
    """The words that an answer rests on: `narrative[start:end] == quote` always."""

    by: str
    start: int
    end: int
    quote: str
    status: str
    clause: tuple[int, int]


class Category(msgspec.Struct, frozen=True):
    """What kind of matter it is; `score` is its share among the categories."""

    code: str
    name: str
    score: float
    evidence: tuple[Evidence, ...]
    alternatives: tuple[dict[str, Any], ...] = ()


class Dispute(msgspec.Struct, frozen=True):
    """Which kind of dispute, with runners-up."""

    type: str
    name: str
    score: float
    alternatives: tuple[dict[str, Any], ...]
    evidence: tuple[Evidence, ...]


class FactorFound(msgspec.Struct, frozen=True):
    """A risk factor. `fresh`: told as happening now or just now."""

    code: str
    name: str
    group: str
    fresh: bool
    evidence: tuple[Evidence, ...]


class Risk(msgspec.Struct, frozen=True):
    """Axes 0–3, the colour that the profile makes of them, and the reasons on both sides."""

    colour: str
    name: str
    profile: str
    score: float
    urgency: int
    danger: int
    difficulty: int
    factors: tuple[FactorFound, ...]
    gates: tuple[str, ...]
    why_not_higher: str
    why_not_lower: str
    handling: str
    reasons: tuple[dict[str, Any], ...] = ()
    internal: tuple[str, ...] = ()  # finer factors that grading uses and the labelling guide does not name
    gate_names: tuple[str, ...] = ()  # the gates as users read them, in the same order


class ScriptFound(msgspec.Struct, frozen=True):
    """A fraud script that the narrative follows."""

    code: str
    name: str
    stage: str | None
    score: float
    evidence: tuple[Evidence, ...]
    remote: bool = True
    explain: str = ""


class Fraud(msgspec.Struct, frozen=True):
    """Fraud scripts and how far the furthest has gone. `loss_yuan` is null where the text gives no sum."""

    scripts: tuple[ScriptFound, ...]
    stage: str | None
    loss_yuan: float | int | None
    paid: str
    response: dict[str, Any] | None = None
    loss_evidence: Evidence | None = None
    stage_evidence: tuple[Evidence, ...] = ()
    stage_name: str = ""
    money: dict[str, Any] | None = None  # how it went: sums by role, number of payments, when, payees, channels, accounts (pipeline/facts/payments.py)


class Question(msgspec.Struct, frozen=True):
    """What to ask next, and what the answer could change."""

    field: str
    question: str
    would_change: str = ""


class Review(msgspec.Struct, frozen=True):
    """Whether a person should look, and why."""

    flag: bool
    codes: tuple[str, ...]
    names: tuple[str, ...] = ()  # the reasons as users read them, in the same order


class Versions(msgspec.Struct, frozen=True):
    """What made the answer: same versions, same narrative, same bytes."""

    code: str
    rules: str
    model: str | None


class Assessment(msgspec.Struct, frozen=True, kw_only=True):
    """The whole answer (contract: fengqiao.assessment/1). Advice for a person, never a decision.

    `mediation` is null where there is nothing to mediate, `repeat` without a history; `route` is always there (pipeline/playbook/route.py).
    """

    schema: str = SCHEMA
    incident_id: str
    category: Category
    dispute: Dispute | None
    risk: Risk
    fraud: Fraud | None
    facts: dict[str, Any]
    repeat: dict[str, Any] | None = None
    mediation: dict[str, Any] | None = None
    route: dict[str, Any] | None = None
    resources: tuple[dict[str, Any], ...] = ()
    missing_information: tuple[Question, ...] = ()
    needs_review: Review
    set_aside: tuple[Evidence, ...] = ()
    frames: tuple[str, ...] = ()
    advisory: bool = True
    degraded: bool = False
    versions: Versions


_ENCODER = msgspec.json.Encoder()
_ASSESSMENT = msgspec.json.Decoder(Assessment)
_INCIDENT = msgspec.json.Decoder(Incident)


def to_json(value: Assessment | Incident) -> bytes:
    """The value as UTF-8 JSON; the same value is always the same bytes. Half a surrogate pair, which no UTF-8 can hold, becomes U+FFFD: no place shifts."""
    try:
        return _ENCODER.encode(value)
    except UnicodeEncodeError:
        return _ENCODER.encode(_whole(msgspec.to_builtins(value)))


_HALVES = re.compile("[\ud800-\udfff]")


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return _HALVES.sub("\ufffd", value)
    if isinstance(value, dict):
        return {_whole(name): _whole(entry) for name, entry in value.items()}
    return [_whole(entry) for entry in value] if isinstance(value, list | tuple) else value


def assessment_from_json(data: bytes | str) -> Assessment:
    """Read an assessment back. Raises msgspec.ValidationError where a field has the wrong type."""
    return _ASSESSMENT.decode(data)


def incident_from_json(data: bytes | str) -> Incident:
    """Read an incident. Raises msgspec.ValidationError where a field has the wrong type."""
    return _INCIDENT.decode(data)
