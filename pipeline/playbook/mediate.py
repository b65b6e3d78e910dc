"""Whether a matter may be mediated, by whom, what forbids it, what must be known first and which limits run."""

from __future__ import annotations

from typing import Any

from pipeline.playbook.case import Case
from pipeline.playbook.desk import Kind, Named


def mediation(case: Case) -> dict[str, Any] | None:
    """None where there is nothing to mediate. Advice for a person: `yes` only where the text itself shows consent.

    Shape: eligible yes|no|unknown, kind, name, says, citation, blockers [{rule, kind, says, citation, evidence …}], missing [{id, question, citation …}],
    deadline, deadlines, kinds [{kind, name, force, available}], documents, fields, warnings.
    """
    on = case.on
    if not any(on[number] for number in case.desk.mediable):
        return None
    states = [(kind, *_state(case, kind)) for kind in case.desk.kinds if on[kind.on]]
    blockers = _blockers(case, states)
    chosen = next((entry for wanted in ("yes", "unknown") for entry in states if entry[1] == wanted), None)
    made: dict[str, Any] = {"eligible": chosen[1] if chosen else "no", "kind": chosen[0].rule.id if chosen else None, "blockers": blockers}
    if chosen is None:
        made |= {"name": "", "says": "", "citation": "", "missing": [], "deadline": None, "deadlines": [], "documents": [], "fields": []}
        warnings = [warning for blocker in blockers for warning in blocker["warnings"]]
    else:
        kind, _, needs = chosen
        data = kind.rule.data
        cited = case.cite(tuple(data["cite"]))
        deadlines = [_deadline(case, entry) for entry in kind.deadlines if on[entry.on]]
        made |= {
            "name": kind.rule.name,
            "says": data["scope_says"],
            "citation": cited["citation"],
            "missing": [case.desk.asked(need, case.epoch) for need in needs],
            "deadline": deadlines[0] if deadlines else None,
            "deadlines": deadlines,
            "documents": data["documents"],
            "fields": data["fields"],
        }
        warnings = [*cited["warnings"], *(warning for entry in deadlines for warning in entry["warnings"])]
    made["kinds"] = [kind.shown[state] for kind, state, _ in states]
    made["warnings"] = list(dict.fromkeys(warnings))
    return made


def _state(case: Case, kind: Kind) -> tuple[str, tuple[Named, ...]]:
    """yes, no or unknown, and what is still to be asked."""
    on = case.on
    for blocker in kind.blockers:
        if on[blocker.on]:
            return "no", ()
    needs = tuple(need for need in kind.needs if on[need.on] and (need.off is None or not on[need.off]))
    return ("unknown" if any(need.data["essential"] for need in needs) else "yes"), needs


def _blockers(case: Case, states: list[tuple[Kind, str, tuple[Named, ...]]]) -> list[dict[str, Any]]:
    """What forbids each kind, once; what forbids all kinds first and under no kind."""
    made: dict[str, dict[str, Any]] = {}
    for entry in case.desk.shared:
        if case.on[entry.on]:
            made[entry.id] = {**case.say(entry), "kind": None}
    for kind, state, _ in states:
        if state == "no":
            for entry in kind.blockers:
                if entry.id not in made and case.on[entry.on]:
                    made[entry.id] = {**case.say(entry), "kind": kind.rule.id}
    return list(made.values())


def _deadline(case: Case, entry: Named) -> dict[str, Any]:
    """id, says, days, unit, start, date (None where the event is not known), assumes, calendar_known, citation, warnings."""
    data = entry.data
    date, known = case.on_day(data["days"], data["unit"]) if data["assumes"] else (None, True)
    return {
        "id": data["id"], "says": data["says"], "days": data["days"], "unit": data["unit"], "start": data["start"], "date": date,
        "assumes": data["assumes"] if date else "", "calendar_known": known, **case.cite(entry.cites),
    }  # fmt: skip
