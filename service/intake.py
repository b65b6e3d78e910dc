"""Taking an assessed incident into the store: the immutable assessment, the incident's present state, and the audit entry, in one transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from sqlalchemy import select, update

from pipeline.repeats.compose import Turn
from pipeline.repeats.model import Call
from pipeline.values import Assessment, Evidence, Incident, to_json
from service.audit import Entry
from service.repeats.memory import SqlMemory
from service.store.database import new_id, now_ms
from service.store.store import Store
from service.store.tables import assessments, incidents
from service.store.writer import Tx, Unit

_WRITTEN = ("incident_id", "profile", "levels", "machine_colour", "machine_rank", "category", "dispute", "script", "needs_review")


@dataclass(frozen=True, slots=True)
class Who:
    """Who asks, and what for."""

    actor: str
    purpose: str


@dataclass(frozen=True, slots=True)
class Taken:
    """Where an assessment was put."""

    assessment: str
    incident: str
    version: int


@dataclass(frozen=True, slots=True)
class Intake:
    """One assessed incident on its way into the store. `named`: the client gave the incident id. `levels`: the profile's colours, lowest first."""

    incident: Incident
    answer: Assessment
    data: bytes
    who: Who
    levels: tuple[str, ...]
    station: str = ""
    named: bool = False
    shadow: bool = False
    keep: bool = True
    first_seen: int | None = None  # ms; for history that is taken in later
    where: tuple[float, float] | None = None  # longitude, latitude; kept to a thousandth of a degree
    turn: Turn | None = None  # what the call is remembered by, where it is: keyed hashes
    digest: str = field(init=False)  # sha256 of data, in hex

    def __post_init__(self) -> None:
        object.__setattr__(self, "digest", hashlib.sha256(self.data).hexdigest())

    @property
    def memory(self) -> SqlMemory | None:
        """Where the call is remembered."""
        found = self.turn.remembering.memory if self.turn is not None else None
        return found if isinstance(found, SqlMemory) else None

    def unit(self, store: Store) -> Unit[Taken]:
        """The write. All that can be made beforehand is made here, in the caller's thread."""
        ident, at = new_id(), now_ms()
        payload = to_json(self.incident).decode()
        row: dict[str, Any] = {
            "id": ident,
            "incident": self.incident.incident_id if self.named else ident,
            "at": at,
            "actor": self.who.actor,
            "purpose": self.who.purpose,
            "input_hash": store.keyed_hash(payload),
            "payload": payload if self.keep else None,
            "answer": self.data.decode() if self.keep else to_json(without_quotes(self.answer)).decode(),
            "answer_hash": self.digest,
            "whole": self.keep,
            "colour": self.answer.risk.colour,
            "rules": self.answer.versions.rules,
        }
        call = self.turn.call_of(row["incident"], self.answer) if self.turn is not None else None
        return lambda tx: self._write(tx, row, call)

    def _write(self, tx: Tx, row: dict[str, Any], call: Call | None) -> Taken:
        found = tx.by(incidents.c.key, row["incident"]) if self.named else ()
        version = found[0]["versions"] + 1 if found else 1
        state = self._state(row, version)
        if found:
            (before,) = tx.rows(select(assessments.c.input_hash).where(assessments.c.id == found[0]["assessment"]))
            changed = _renewed(found[0], state, self.levels, same=before["input_hash"] == row["input_hash"])
            tx.execute(update(incidents).where(incidents.c.key == row["incident"]).values(changed))
            state |= changed
        else:
            tx.add(incidents, state)
        tx.add(assessments, {**row, "version": version})
        tx.audit(Entry(row["at"], self.who.actor, self.who.purpose, "assess", row["incident"], self._told(row, state, version)))
        if call is not None and self.memory is not None:
            self.memory.record_on(tx.beside(), call)
        return Taken(row["id"], row["incident"], version)

    def _state(self, row: dict[str, Any], version: int) -> dict[str, Any]:
        answer, rank = self.answer, self.levels.index(self.answer.risk.colour)
        return {
            "key": row["incident"],
            "incident_id": answer.incident_id,
            "received_at": self.first_seen or row["at"],
            "updated_at": row["at"],
            "station": self.station,
            "channel": self.incident.channel,
            "versions": version,
            "assessment": row["id"],
            "status": "open",
            "profile": answer.risk.profile,
            "levels": len(self.levels),
            "machine_colour": answer.risk.colour,
            "machine_rank": rank,
            "colour": answer.risk.colour,
            "rank": rank,
            "urgency": answer.risk.urgency,
            "category": answer.category.code,
            "dispute": answer.dispute.type if answer.dispute else "",
            "script": answer.fraud.scripts[0].code if answer.fraud and answer.fraud.scripts else "",
            "needs_review": answer.needs_review.flag,
            "shadow": self.shadow,
            "longitude": round(self.where[0] * 1000) if self.where and self.keep else None,
            "latitude": round(self.where[1] * 1000) if self.where and self.keep else None,
        }

    def _told(self, row: dict[str, Any], state: dict[str, Any], version: int) -> dict[str, Any]:
        answer = self.answer
        return {
            "assessment": row["id"],
            "version": version,
            "incident_id": answer.incident_id,
            "input_hash": row["input_hash"],
            "answer_hash": row["answer_hash"],
            "code": answer.versions.code,
            "rules": answer.versions.rules,
            "model": answer.versions.model,
            "degraded": answer.degraded,
            "shadow": self.shadow,
            "review": answer.needs_review.codes,
            **{
                name: state[name]
                for name in ("profile", "machine_colour", "colour", "rank", "levels", "urgency", "category", "dispute", "script", "station", "status")
            },
        }


def _renewed(old: Any, new: dict[str, Any], levels: Sequence[str], *, same: bool) -> dict[str, Any]:
    """What a new version changes. The highest colour seen stays until a person lowers it, also where the new version is told in another profile's
    colours (`levels`); a person's lowering stays until a text that differs (`same` is false) is graded higher again."""
    changed = {name: new[name] for name in (*_WRITTEN, "updated_at", "versions", "assessment")}
    rank = old["rank"]
    if old["profile"] != new["profile"]:
        rank = carried(rank, int(old["levels"]), len(levels))
        changed |= {"colour": levels[rank], "rank": rank}
    if new["rank"] > rank and (old["status"] == "open" or not same):
        return changed | {"colour": new["colour"], "rank": new["rank"], "urgency": max(old["urgency"], new["urgency"]), "status": "open"}
    if old["status"] == "open":
        changed["urgency"] = max(old["urgency"], new["urgency"])
    return changed


def carried(rank: int, of: int, to: int) -> int:
    """A rank among `of` levels as one among `to`: the nearest by its share of the way up, the higher of two as near. The top stays the top.

    >>> [carried(rank, 4, 3) for rank in range(4)]
    [0, 1, 1, 2]
    """
    if of < 2:
        return to - 1 if rank else 0
    return min(to - 1, (2 * rank * (to - 1) + of - 1) // (2 * (of - 1)))


def without_quotes(answer: Assessment) -> Assessment:
    """The answer without any words of the narrative: labels, offsets and reasons by code stay; quotes, facts and sentences that quote go."""

    def bare(evidence: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
        return tuple(msgspec.structs.replace(item, quote="") for item in evidence)

    change = msgspec.structs.replace
    risk = change(
        answer.risk,
        factors=tuple(change(factor, evidence=bare(factor.evidence)) for factor in answer.risk.factors),
        why_not_higher="",
        why_not_lower="",
    )
    fraud = answer.fraud and change(
        answer.fraud,
        scripts=tuple(change(script, evidence=bare(script.evidence)) for script in answer.fraud.scripts),
        loss_evidence=None,
        money=None,
        stage_evidence=bare(answer.fraud.stage_evidence),
        response=None,
    )
    return change(
        answer,
        category=change(answer.category, evidence=bare(answer.category.evidence)),
        dispute=answer.dispute and change(answer.dispute, evidence=bare(answer.dispute.evidence)),
        risk=risk,
        fraud=fraud,
        facts={},
        mediation=None,
        route=None,
        repeat=None,
        set_aside=bare(answer.set_aside),
    )
