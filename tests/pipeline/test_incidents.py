"""The seeds' own incidents, retold: each telling must come out as POLICING_MODELS expects, on the full answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.values import Incident

FOLDER = Path(__file__).parent.parent / "data" / "incidents"
CASES = [(case, text) for path in sorted(FOLDER.glob("*.yaml")) for case in [yaml.safe_load(path.read_text("utf-8"))] for text in case["tellings"]]


def misses(expect: dict[str, Any], answer: Any) -> list[str]:
    factors = {factor.code for factor in answer.risk.factors}
    scripts = {script.code for script in answer.fraud.scripts} if answer.fraud else set()
    asked = {question.field for question in answer.missing_information}
    stage = answer.fraud.stage if answer.fraud else None
    kind = answer.dispute.type if answer.dispute else None
    notes = []
    for name, got in (("category", answer.category.code), ("dispute_type", kind)):
        wanted = expect.get(name)
        if wanted is not None and got not in (wanted if isinstance(wanted, list) else [wanted]):
            notes.append(f"{name} {got}")
    for name, got in (("colour_in", answer.risk.colour), ("stage_in", stage)):
        if expect.get(name) and got not in expect[name]:
            notes.append(f"{name} {got}")
    held = {"factors_has": factors, "gates_has": set(answer.risk.gates), "scripts_has": scripts, "questions_has": asked}
    for name, found in held.items():
        notes += [f"{name} lacks {code}" for code in expect.get(name) or [] if code not in found]
    notes += [f"has {code}" for code in expect.get("factors_not") or [] if code in factors]
    if isinstance(expect.get("review"), bool) and answer.needs_review.flag != expect["review"]:
        notes.append(f"review {answer.needs_review.codes}")
    return notes + conduct_misses(expect, answer)


def conduct_misses(expect: dict[str, Any], answer: Any) -> list[str]:
    """What to do: the step, who comes, which papers, who else is told, what is barred, what may be mediated or diverted."""
    route, mediation = answer.route, answer.mediation
    held = {
        "team_has": {entry["id"] for entry in route["team"]},
        "documents_has": set(route["documents"]) | set(mediation["documents"] if mediation else ()),
        "notify_has": {entry["id"] for entry in route["also_notify"]},
        "competent_has": {entry["id"] for entry in route["competent"]},
        "blocked_has": {entry["step"] for entry in route["blocked"]},
        "alternatives_has": {entry["step"] for entry in route["alternatives"]},
        "checklists_has": {entry["id"] for entry in route["checklists"]},
        "safeguards_has": {entry["rule"] for entry in route["safeguards"]},
        "marks_has": {entry["rule"] for entry in route["marks"]},
        "cards_has": {entry["id"] for entry in route["cards"]},
    }
    notes = [f"{name} lacks {code}" for name, found in held.items() for code in expect.get(name) or [] if code not in found]
    notes += [f"notifies {code}" for code in expect.get("notify_not") or [] if code in held["notify_has"]]
    allowed = route["diversion"]["allowed"] if route["diversion"] else False
    got = {
        "route_in": route["step"],
        "mediation_in": mediation["eligible"] if mediation else None,
        "mediation_kind": mediation["kind"] if mediation else None,
        "diversion": route["diversion"]["item"] if route["diversion"] else None,
        "diverted": allowed,
    }
    for name, value in got.items():
        if name in expect and value not in (expect[name] if isinstance(expect[name], list) else [expect[name]]):
            notes.append(f"{name} {value}")
    assert route["reasons"], "a route without a reason"
    return notes


def test_all_22_are_there():
    assert {case["id"] for case, _ in CASES} == {f"F{number:02d}" for number in range(1, 23)}


@pytest.mark.parametrize(("case", "text"), CASES, ids=[f"{case['id']}-{index}" for index, (case, _) in enumerate(CASES)])
def test_incident(engine, case, text):
    notes = misses(case["expect"], engine.assess(Incident(narrative=text)))
    assert not notes, "; ".join(notes)
