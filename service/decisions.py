"""A person's decision on an incident. The machine's output is never touched: a decision moves the incident's state and stands beside the answer.

Raising is free. Lowering and closing need a reason, and from the upper half of the profile's colours (red and orange of four) a second person;
until that person confirms, the decision is pending and the colour stands. Nothing closes by itself.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update

from service.audit import Entry
from service.intake import Who
from service.problems import Problem, not_found
from service.store.database import new_id, now_ms
from service.store.store import Store, decision_hash
from service.store.tables import assessments, decisions, incidents
from service.store.writer import Tx, Unit

SHORTEST_REASON = 2


@dataclass(frozen=True, slots=True)
class Decision:
    """What is asked for. `levels`: colours of the incident's profile, lowest first, by profile."""

    who: Who
    second: str | None
    colour: str | None
    close: bool
    reason: str | None
    confirms: str | None
    withdraws: str | None
    levels: Mapping[str, Sequence[str]]
    shadow: bool = False
    nameless: bool = False  # a system decides without saying for which officer

    def unit(self, store: Store, ident: str) -> Unit[dict[str, Any]]:
        """The write; `ident` is an assessment's or an incident's id. Raises Problem without having written anything."""
        return lambda tx: self._decide(tx, store, ident)

    def _decide(self, tx: Tx, store: Store, ident: str) -> dict[str, Any]:
        incident = find_incident(tx.rows, ident)
        if self.confirms or self.withdraws:
            return self._settle(tx, incident)
        levels = self.levels.get(incident["profile"], (incident["colour"],))
        target = self.colour or incident["colour"]
        if target not in levels:
            raise Problem(422, "FQ6401", "此分级方案没有这一级", "the incident's profile has no such colour", remedy="可用 " + " ".join(levels))
        kind = self._kind(incident, levels.index(target))
        pending = self._guard(incident, kind, ident)
        row = self._row(store, incident, kind, target, "pending" if pending else "applied")
        tx.add(decisions, row)
        state = _state(incident) if pending or kind == "observed" else self._apply(tx, incident, kind, target, levels.index(target), row["at"])
        return self._done(tx, row, state)

    def _kind(self, incident: Mapping[str, Any], rank: int) -> str:
        if self.shadow:
            return "observed"
        if self.close:
            return "close"
        return "accept" if rank == incident["rank"] else "raise" if rank > incident["rank"] else "lower"

    def _guard(self, incident: Mapping[str, Any], kind: str, ident: str) -> bool:
        """Whether a second person has to confirm; raises where the decision may not be made at all."""
        if kind not in ("lower", "close"):
            return False
        if len((self.reason or "").strip()) < SHORTEST_REASON:
            raise Problem(422, "FQ6402", "调低或办结须写理由", "lowering and closing need a reason", remedy="在 reason 写明理由, 至少两个字")
        if ident not in (incident["assessment"], incident["key"], incident["incident_id"]):
            raise Problem(409, "FQ6403", "已有更新的研判", "there is a newer assessment", remedy="看过最新一版再调低")
        upper = 2 * incident["rank"] >= incident["levels"]
        if upper and self.nameless:  # else nobody could tell whether the second person is another one
            raise Problem(422, "FQ6411", "须写明 by", "a system must say for whom it lowers or closes", remedy="by 为作出决定者的警号")
        if self.second is not None and _same(self.second, self.who.actor):
            raise Problem(422, "FQ6404", "第二人须是另一人", "the second person must be another person", remedy="second_person 写另一名民警的警号")
        return upper and self.second is None

    def _row(self, store: Store, incident: Mapping[str, Any], kind: str, target: str, state: str) -> dict[str, Any]:
        return {
            "id": new_id(),
            "incident": incident["key"],
            "assessment": incident["assessment"],
            "at": now_ms(),
            "kind": kind,
            "state": state,
            "from_colour": incident["colour"],
            "to_colour": target,
            "actor": self.who.actor,
            "second": self.second,
            "purpose": self.who.purpose,
            "reason": self.reason,
            "reason_hash": store.keyed_hash(self.reason) if self.reason else None,
            "settles": None,
        }

    def _apply(self, tx: Tx, incident: Mapping[str, Any], kind: str, target: str, rank: int, at: int) -> dict[str, Any]:
        # in the queue a raised matter goes up with its colour and a lowered one down
        urgency = max(incident["urgency"], rank) if kind == "raise" else min(incident["urgency"], rank) if kind == "lower" else incident["urgency"]
        changed = {"colour": target, "rank": rank, "urgency": urgency, "updated_at": at, "status": "closed" if kind == "close" else "decided"}
        tx.execute(update(incidents).where(incidents.c.key == incident["key"]).values(changed))
        tx.execute(
            update(decisions)
            .where(decisions.c.incident == incident["key"], decisions.c.state == "pending")
            .values(state="withdrawn")  # they spoke of another state
        )
        return _state({**incident, **changed})

    def _settle(self, tx: Tx, incident: Mapping[str, Any]) -> dict[str, Any]:
        """Confirm or withdraw a pending decision."""
        wanted = self.confirms or self.withdraws
        found = tx.rows(select(decisions).where(decisions.c.id == wanted, decisions.c.incident == incident["key"]))
        if not found:
            raise not_found("没有这个待确认的决定", "no such pending decision")
        first = found[0]
        if first["state"] != "pending" or first["from_colour"] != incident["colour"]:
            raise Problem(
                409, "FQ6405", "该决定已不待确认", "the decision is no longer pending", remedy="看 /v1/assessments/{id}/record 的现状, 需要时重新提出"
            )
        if self.confirms and _same(first["actor"], self.who.actor):
            raise Problem(
                403, "FQ6406", "须由另一人确认", "another person has to confirm", remedy="请另一名民警用本人的密钥或警号确认; 换密钥、换系统仍是同一人"
            )
        kind = "confirm" if self.confirms else "withdraw"
        row = {**first, "id": new_id(), "at": now_ms(), "kind": kind, "state": "applied", "actor": self.who.actor, "purpose": self.who.purpose}
        row |= {"second": None, "reason": None, "reason_hash": None, "settles": first["id"]}
        fate = {"state": "applied", "second": self.who.actor} if self.confirms else {"state": "withdrawn"}
        tx.execute(update(decisions).where(decisions.c.id == first["id"]).values(fate))
        tx.add(decisions, row)
        state = _state(incident)
        if self.confirms:
            levels = self.levels.get(incident["profile"], (incident["colour"],))
            state = self._apply(tx, incident, first["kind"], first["to_colour"], levels.index(first["to_colour"]), row["at"])
        return self._done(tx, row, state)

    def _done(self, tx: Tx, row: dict[str, Any], state: dict[str, Any]) -> dict[str, Any]:
        detail = {
            "decision": row["id"],
            "decision_hash": decision_hash(row),
            "assessment": row["assessment"],
            "reason_hash": row["reason_hash"],
            "settles": row["settles"],
            "kind": row["kind"],
            "state": row["state"],
            "from": row["from_colour"],
            "to": row["to_colour"],
            "second": row["second"],
            **{name: state[name] for name in ("colour", "rank", "levels", "urgency", "status", "station", "incident_id")},
        }
        tx.audit(Entry(row["at"], self.who.actor, self.who.purpose, "decide", row["incident"], detail))
        return {"decision": {name: row[name] for name in SHOWN}, "incident": state}


SHOWN = ("id", "at", "kind", "state", "from_colour", "to_colour", "actor", "second", "purpose", "reason", "settles", "assessment")
_STATE = (
    "key", "incident_id", "received_at", "updated_at", "station", "channel", "versions", "assessment", "status", "profile", "levels",
    "machine_colour", "machine_rank", "colour", "rank", "urgency", "category", "dispute", "script", "needs_review", "shadow",
)  # fmt: skip


_TITLES = re.compile(r"^(oidc|警号|民警|辅警|police|no)+")


def person(actor: str) -> str:
    """Who stands behind an actor, whichever key spoke: `网关/0123`, `oidc:0123`, `警号 ０１２３` and a key named `0123` are one person.

    What cannot be told apart counts as the same: the price is one more person to ask, the other way round one alone could lower a red.
    """
    told = unicodedata.normalize("NFKC", actor).rpartition("/")[2].casefold()
    plain = "".join(letter for letter in told if letter.isalnum())
    number = _TITLES.sub("", plain)
    return (number.lstrip("0") if number.isdecimal() else number) or plain


def _same(one: str, other: str) -> bool:
    return person(one) == person(other)


def _state(incident: Mapping[str, Any]) -> dict[str, Any]:
    return {name: incident[name] for name in _STATE}


def find_incident(rows: Any, ident: str) -> Mapping[str, Any]:
    """The incident by its key, by the id of any of its assessments, or (where the client gave no id) by the newest with the answer's id.

    Raises Problem 404.
    """
    for statement in (
        select(incidents).where(incidents.c.key == ident),
        select(incidents).join(assessments, assessments.c.incident == incidents.c.key).where(assessments.c.id == ident),
        select(incidents).where(incidents.c.incident_id == ident).order_by(incidents.c.received_at.desc(), incidents.c.key.desc()).limit(1),
    ):
        found = rows(statement)
        if found:
            row: Mapping[str, Any] = found[0]
            return row
    raise not_found()
