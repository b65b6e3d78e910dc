"""Engine and memory together: look up before the answer, record after it. The one place where an incident in clear meets the hashed store."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from pipeline import facts
from pipeline.engine import Engine
from pipeline.facts.model import Facts
from pipeline.repeats.answer import kind_of
from pipeline.repeats.keys import Keyer, cues
from pipeline.repeats.model import Call, Memory, seconds
from pipeline.repeats.settings import settings_of
from pipeline.repeats.vectors import vector
from pipeline.text.document import read
from pipeline.values import Assessment, Incident


class Remembering:
    """An engine with a memory. `Engine.assess(incident)` stays as it is: this adds what the memory knows.

    An incident without `occurred_at` or `incident_id` is assessed but neither looked up nor recorded: there is no clock in here.
    """

    def __init__(self, engine: Engine, memory: Memory, keyer: Keyer) -> None:
        self.engine, self.memory, self.keyer = engine, memory, keyer
        self.settings = settings_of(engine.pack)

    def assess(self, incident: Incident, *, profile: str | None = None) -> Assessment:
        """Assess with what the memory knows of the past; records nothing."""
        return self.engine.assess(incident, profile=profile, recall=self.recall if incident.occurred_at is not None else None)

    def turn(self) -> Turn:
        """For one incident: looks up while it is assessed and keeps what is to be remembered of it."""
        return Turn(self)

    def take(self, incident: Incident, *, profile: str | None = None) -> Assessment:
        """Assess and record: what a dispatch system does once for each call."""
        answer = self.assess(incident, profile=profile)
        self.record(incident, answer)
        return answer

    def recall(self, incident: Incident, found: Facts, kind: str) -> tuple[dict[str, Any], ...]:
        """The entries of history for an incident whose facts and kind are known (see `pipeline.values.Recall`)."""
        call = self._call(incident, found, kind)
        return self.memory.recall(call) if call is not None else ()

    def with_history(self, incident: Incident) -> Incident:
        """The incident with its history looked up: from here on the answer needs no memory, and the same incident is the same answer."""
        entries: list[dict[str, Any]] = []

        def keep(known: Incident, found: Facts, kind: str) -> tuple[dict[str, Any], ...]:
            entries.extend(self.recall(known, found, kind))
            return ()

        self.engine.assess(incident, recall=keep)
        return replace(incident, history=incident.history + tuple(entries))

    def record(self, incident: Incident, answer: Assessment) -> str:
        """Remember the call; returns the id of the event's first call, "" where it cannot be recorded (no id or no time)."""
        call = self.call_of(incident, answer)
        return self.memory.record(call) if call is not None else ""

    def call_of(self, incident: Incident, answer: Assessment) -> Call | None:
        """What is remembered of an assessed incident; None where it has no id or no time."""
        return _remembered(self._call(incident, facts.extract(read(incident.narrative)), ""), incident.incident_id, answer)

    def _call(self, incident: Incident, found: Facts, kind: str) -> Call | None:
        if incident.occurred_at is None:
            return None
        keys = self.keyer.keys(cues(incident, found, self.settings))
        return Call(incident.incident_id, seconds(incident.occurred_at), keys, kind, vector=vector(incident.narrative, self.settings))


class Turn:
    """One incident: what it is known by (facts, keys, vector) is made once, when it is looked up, and serves again when it is remembered."""

    def __init__(self, remembering: Remembering) -> None:
        self.remembering = remembering
        self._call: Call | None = None

    def recall(self, incident: Incident, found: Facts, kind: str) -> tuple[dict[str, Any], ...]:
        """See `Remembering.recall`."""
        self._call = call = self.remembering._call(incident, found, kind)
        return self.remembering.memory.recall(call) if call is not None else ()

    def call_of(self, incident_id: str, answer: Assessment) -> Call | None:
        """What is remembered of the incident that was looked up, under this id; None where it has no id or no time."""
        return _remembered(self._call, incident_id, answer)


def _remembered(call: Call | None, incident_id: str, answer: Assessment) -> Call | None:
    if call is None or not incident_id:
        return None
    return Call(incident_id, call.at, call.keys, kind_of_answer(answer), answer.risk.colour, answer.risk.gates, "", call.vector)


def kind_of_answer(answer: Assessment) -> str:
    """The kind by which an assessed incident is counted."""
    finer = answer.dispute.type if answer.dispute else answer.fraud.scripts[0].code if answer.fraud and answer.fraud.scripts else None
    return kind_of(answer.category.code, finer)
