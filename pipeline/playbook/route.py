"""Which step comes next, why, what is barred and why, who else is told: one route for every assessment, never a dead end."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pipeline.playbook.case import Case
from pipeline.playbook.desk import Way

ALTERNATIVES = 4


def route(case: Case, mediation: dict[str, Any] | None) -> dict[str, Any]:
    """The route in the contract's shape; the last step of every playbook holds always, so there is one.

    Beyond the contract: name, what, target, together (safety steps that hold besides), safeguards, moves_up, team, partners, competent, diversion,
    checklists, documents, level, marks, cards, escalations, duty, call_back, closes. Nothing here is done by itself; diversion carries `confirm`.
    """
    on = case.on
    forbidden = mediation is not None and mediation["eligible"] == "no"
    taken: list[Way] = []
    blocked: list[dict[str, Any]] = []
    for way in case.desk.ways:
        if not on[way.on]:
            continue
        reasons = case.held(way.blocked) if way.blocked else []
        if way.mediates and forbidden and mediation is not None:
            reasons += mediation["blockers"]
        if reasons:
            if any(entry["name"] == way.name for entry in blocked):
                continue
            blocked.append({"step": way.id, "name": way.name, "reasons": reasons})
        else:
            taken.append(way)
    chosen, *others = _once(taken)
    together = [way for way in others if way.safety]
    others = [way for way in others[:-1] if not way.safety][:ALTERNATIVES]
    return {
        "playbook": case.desk.code, "playbook_name": case.desk.book["name"], **_chosen(case, chosen),
        "together": [way.shown for way in together],
        "safeguards": case.held(case.desk.safeguards),
        "alternatives": [{"step": way.id, "name": way.name, "unit": way.unit} for way in others],
        "blocked": blocked,
        **_who(case),
        "diversion": _diversion(case, {way.id for way in taken if way.route.data["diverts"]}),
        "checklists": _checklists(case, (chosen, *together)),
        "documents": list(dict.fromkeys(name for way in (chosen, *together) for name in _documents(case, way))),
        "level": next((entry for entry in reversed(case.named(case.desk.levels))), None),
        "marks": case.noted(case.desk.marks),
        "cards": case.named(case.desk.cards),
        "escalations": case.noted(case.desk.escalations),
    }  # fmt: skip


def _documents(case: Case, way: Way) -> list[str]:
    """The documents of a step."""
    return [*way.route.data["documents"], *(name for name, number in way.papers if case.on[number])]


def _once(ways: Iterable[Way]) -> list[Way]:
    """Each route once, at its first place."""
    once: dict[str, Way] = {}
    for way in ways:
        once.setdefault(way.route.id, way)
    return list(once.values())


def _chosen(case: Case, way: Way) -> dict[str, Any]:
    """step, name, what, unit, target, due, due_within, duty, call_back, reasons, moves_up, closes of the chosen step."""
    desk, on = case.desk, case.on
    highest = int(case.reading.values.get("axis.max", 0.0))
    duty = next((entry for entry in desk.book["duties"] if entry["level"] == highest), None)
    within = way.due or (duty["respond"] if duty else None)
    return {
        "step": way.id,
        "name": way.name,
        "what": way.route.data["what"],
        "unit": way.unit,
        "target": desk.book["targets"].get(way.target, way.target),
        "due": case.at(within["minutes"]) if within else None,
        "due_within": within,
        "owner": duty["owner"] if duty else "",
        "review_days": duty["review_days"] if duty else None,
        "call_back": [{"days": days, "date": case.on_day(days, "calendar")[0]} for days in duty["call_back_days"]] if duty else [],
        "reasons": case.held(way.because),
        "moves_up": [says for says, unless in way.moves_up if unless is None or not on[unless]],
        "closes": way.route.data["closes"],
    }


def _who(case: Case) -> dict[str, Any]:
    """team, partners, competent (归口), also_notify."""
    on = case.on
    told: dict[str, dict[str, Any]] = {}
    for body, entry in case.desk.notices:
        if on[entry.on]:
            code = body.data["id"]
            if code in told:
                told[code]["says"] += "; " + entry.says
            else:
                told[code] = {**body.data, **case.say(entry)}
    return {
        "team": case.named(case.desk.team),
        "partners": case.named(case.desk.partners),
        "competent": [data for competent, data in case.desk.owners if on[competent]],
        "also_notify": list(told.values()),
    }


def _diversion(case: Case, open_: set[str]) -> dict[str, Any] | None:
    """The item, who receives it, what stays with the police, what to tell the caller. `allowed` is never more than a proposal: a person confirms."""
    rule = case.diversion
    if rule is None:
        return None
    data = rule.data
    party = case.desk.pack.rules["departments"][data["party"]]
    return {
        "item": rule.id, "name": rule.name, "allowed": bool(open_), "confirm": True, "party": {"id": party.id, "name": party.name, "lines": party.data["lines"]},
        "line": data["line"], "duty": data["duty"], "sentence": data["sentence"] if open_ else "", **case.cite(tuple(data["cite"])), "basis": data["basis"],
        "example_default": data["example_default"],
    }  # fmt: skip


def _checklists(case: Case, ways: Iterable[Way]) -> list[dict[str, Any]]:
    """Checklists of the steps taken, and those whose own condition holds."""
    wanted = {name for way in ways for name in way.route.data["checklists"]}
    made = []
    for code, (head, items) in case.desk.checklists.items():
        if code in wanted or case.on[head.on]:
            lines = [{**item.data, "told": item.off is not None and case.on[item.off], "citation": case.cite(item.cites)["citation"]} for item in items]
            made.append({**head.data, "items": lines})
    return made
