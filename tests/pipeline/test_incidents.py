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
    return notes


def test_all_22_are_there():
    assert {case["id"] for case, _ in CASES} == {f"F{number:02d}" for number in range(1, 23)}


@pytest.mark.parametrize(("case", "text"), CASES, ids=[f"{case['id']}-{index}" for index, (case, _) in enumerate(CASES)])
def test_incident(engine, case, text):
    notes = misses(case["expect"], engine.assess(Incident(narrative=text)))
    assert not notes, "; ".join(notes)
