"""What templates may speak of: the record as it came in, what the narrative tells, the assessment. Nothing is made up; what is not told is absent."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from pipeline.playbook.law import article_name
from pipeline.rulepack.pack import Pack
from pipeline.values import Assessment, Incident

Context = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the loop on record: its name, who took it, when, and what was written down."""

    name: str
    by: str
    at: dt.datetime
    says: str


_PLACE_PARTS = 3  # places named in a paper


def context(
    incident: Incident,
    answer: Assessment,
    pack: Pack,
    *,
    given: Mapping[str, str],
    now: dt.datetime,
    steps: Sequence[Step] = (),
    due: dt.datetime | None = None,
) -> Context:
    """The context of one incident's paper. `given`: what the person who makes the paper adds (station, officer, terms …); `now`: the date on it;
    `steps`: those of the loop that are on record, of the round under way; `due`: the deadline that a person set last, which goes before the route's."""
    told = msgspec.to_builtins(answer)
    facts = told["facts"]
    return {
        "incident": msgspec.to_builtins(incident) | {"incident_id": answer.incident_id, "occurred_at": incident.occurred_at},
        "narrative": incident.narrative,
        "answer": told,
        "risk": told["risk"],
        "dispute": told["dispute"],
        "fraud": told["fraud"],
        "repeat": told["repeat"],
        "route": told["route"] or {},
        "mediation": told["mediation"] or {},
        "resources": told["resources"],
        "reporter": _reporter(incident, facts),
        "others": _names(facts["parties"], "reporter"),
        "places": _places(incident, facts),
        "sums": [fact["quote"] for fact in facts["money"]],
        "times": [fact["quote"] for fact in facts["times"] if fact["value"]],
        "accounts": [fact for fact in facts["identifiers"] if fact["kind"] in pack.settings["response_kinds"]["account"]],
        "contacts": [fact for fact in facts["identifiers"] if fact["kind"] in pack.settings["response_kinds"]["contact"]],
        "apps": list(dict.fromkeys(fact["quote"] for fact in facts["apps"])),
        "injuries": list(dict.fromkeys(fact["quote"] for fact in facts["injuries"])),
        "checklists": _checklists(told["route"] or {}, pack),
        "steps": {step.name: {"by": step.by, "at": step.at, "says": step.says} for step in steps},
        "due": due,
        "given": dict(given),
        "now": now,
    }


def day_context(pairs: Sequence[tuple[Incident, Assessment]], pack: Pack, *, given: Mapping[str, str], now: dt.datetime) -> Context:
    """The context of a day's sheet: counts by colour and category, the red list, the three kinds of key incidents, what a person must look at."""
    rows = [_line(incident, answer) for incident, answer in pairs]
    levels = pack.rules["profiles"][pairs[0][1].risk.profile].data["levels"] if pairs else []
    flags: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        for flag in row["flags"]:
            flags.setdefault(flag["name"], []).append(row | {"says": flag["says"]})
    times = [incident.occurred_at for incident, _ in pairs if incident.occurred_at is not None]
    events = len(rows) - sum(row["joined"] for row in rows)
    return {
        "rows": rows,
        "calls": len(rows),
        "events": events,
        "since": min(times, default=None),
        "until": max(times, default=None),
        "colours": [(level["name"], sum(row["colour"] == level["code"] for row in rows)) for level in reversed(levels)],
        "categories": sorted(_counted(row["category"] for row in rows).items(), key=lambda item: (-item[1], item[0])),
        "top": [row for row in rows if levels and row["colour"] == levels[-1]["code"]],
        "flags": flags,
        "review": [row for row in rows if row["review"]],
        "given": dict(given),
        "now": now,
    }


def _line(incident: Incident, answer: Assessment) -> dict[str, Any]:
    repeat = answer.repeat or {}
    return {
        "id": answer.incident_id,
        "at": incident.occurred_at,
        "place": incident.place or next(iter(_places(incident, answer.facts)), ""),
        "colour": answer.risk.colour,
        "colour_name": answer.risk.name,
        "category": answer.category.name,
        "kind": answer.dispute.name if answer.dispute else answer.fraud.scripts[0].name if answer.fraud else answer.category.name,
        "why": "; ".join(dict.fromkeys(str(reason["says"]) for reason in answer.risk.reasons[:4])),
        "step": (answer.route or {}).get("name", ""),
        "unit": (answer.route or {}).get("unit", ""),
        "due": (answer.route or {}).get("due"),
        "flags": repeat.get("flags", []),
        "joined": repeat.get("calls_of_this_event", 1) > 1,
        "review": "、".join(answer.needs_review.names or answer.needs_review.codes) if answer.needs_review.flag else "",
    }


def _counted(names: Iterable[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for name in names:
        found[name] = found.get(name, 0) + 1
    return found


def _reporter(incident: Incident, facts: Mapping[str, Any]) -> dict[str, str]:
    """Name and number of the reporter where the record or the narrative tells them."""
    digits = incident.caller.replace(" ", "").replace("-", "")
    name = next(iter(_names(facts["parties"], "", only="reporter")), "")
    numeric = digits.removeprefix("+").isdigit()
    return {"name": name or ("" if numeric else incident.caller), "phone": digits if numeric else ""}


def _names(parties: Sequence[Mapping[str, Any]], without: str, *, only: str = "") -> list[str]:
    """Names that the narrative tells, of one role or of all but one."""
    found = [str(party.get("extra", {}).get("name", "")) for party in parties if party["value"] != without and (not only or party["value"] == only)]
    return list(dict.fromkeys(name for name in found if name))


def _places(incident: Incident, facts: Mapping[str, Any]) -> list[str]:
    told = [incident.place] if incident.place else [str(fact["quote"]) for fact in facts.get("places", ())]  # kept without text: no facts
    return list(dict.fromkeys(told))[:_PLACE_PARTS]


def _checklists(route: Mapping[str, Any], pack: Pack) -> dict[str, list[dict[str, Any]]]:
    """Items of every checklist of the rules; what the narrative tells about them where the route asked for the list."""
    made = {code: [_item(item, pack) for item in rule.data["items"]] for code, rule in pack.rules["checklists"].items()}
    return made | {entry["id"]: entry["items"] for entry in route.get("checklists", ())}


def _item(item: Mapping[str, Any], pack: Pack) -> dict[str, Any]:
    cited = [cite.partition("#") for cite in item.get("cite") or ()]
    names = [f"《{pack.rules['laws'][law].data['short']}》{article_name(number)}" for law, _, number in cited]
    return {"id": item["id"], "says": item["says"], "question": item.get("question") or "", "told": False, "citation": "、".join(names)}
