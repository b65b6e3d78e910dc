"""The trap suite: what real callers say that is not what it looks like, each beside its lookalike twin, through the whole engine.

A case in `tests/data/traps/<kind>.yaml`: id, kind, text, expect, twin, why. A trap stays when it fails: the rules get mended. Until they are, its
id stands in `tests/data/traps_open.txt`, so that the suite still tells when a trap that was mended breaks again; the list only gets shorter.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.engine import Engine
from pipeline.values import Assessment, Incident

_FOLDER = Path(__file__).parent.parent / "data" / "traps"
_KEYS = {"factors_has", "factors_not", "scripts_has", "scripts_not", "colour_in", "colour_not", "category", "dispute_type", "stage_in", "stage_not", "status"}


def _cases() -> list[dict[str, Any]]:
    return [case for path in sorted(_FOLDER.glob("*.yaml")) for case in yaml.safe_load(path.read_text("utf-8"))]


CASES = _cases()
OPEN = frozenset((_FOLDER.parent / "traps_open.txt").read_text("utf-8").split())
_PARAMS = [pytest.param(case, id=case["id"], marks=[pytest.mark.xfail(strict=False, reason=case["why"])] if case["id"] in OPEN else []) for case in CASES]


def misses(case: dict[str, Any], answer: Assessment) -> list[str]:
    """What of the case's expectations the answer does not meet, one short note each."""
    expect = case["expect"]
    factors = {factor.code for factor in answer.risk.factors}
    scripts = {script.code for script in answer.fraud.scripts} if answer.fraud else set()
    stage = answer.fraud.stage if answer.fraud else None
    notes = [f"no {code}" for code in expect.get("factors_has", []) if code not in factors]
    notes += [f"has {code}" for code in expect.get("factors_not", []) if code in factors]
    notes += [f"no script {code}" for code in expect.get("scripts_has", []) if code not in scripts]
    notes += [f"has script {code}" for code in expect.get("scripts_not", []) if code in scripts]
    notes += _one_of("colour", answer.risk.colour, expect.get("colour_in"), expect.get("colour_not"))
    notes += _one_of("category", answer.category.code, expect.get("category"), None)
    notes += _one_of("stage", stage, expect.get("stage_in"), expect.get("stage_not"))
    if "dispute_type" in expect:
        notes += _one_of("type", answer.dispute.type if answer.dispute else None, [expect["dispute_type"]], None)
    return notes + [f"{entry['quote']} not {entry['status']}" for entry in expect.get("status", []) if not _shown(case["text"], answer, entry)]


def _one_of(what: str, got: str | None, wanted: list[str] | None, unwanted: list[str] | None) -> list[str]:
    wrong = (wanted is not None and got not in wanted) or (unwanted is not None and got in unwanted)
    return [f"{what} {got}"] if wrong else []


def _shown(text: str, answer: Assessment, entry: dict[str, str]) -> bool:
    """Some evidence that overlaps the quote carries the status."""
    start = text.index(entry["quote"])
    end = start + len(entry["quote"])
    evidence = [*answer.set_aside, *(one for factor in answer.risk.factors for one in factor.evidence)]
    return any(one.start < end and start < one.end and one.status == entry["status"] for one in evidence)


@pytest.mark.parametrize("case", _PARAMS)
def test_trap(case: dict[str, Any]) -> None:
    assert misses(case, Engine.default().assess(Incident(narrative=case["text"]))) == [], case["why"]


def test_traps_are_well_formed() -> None:
    ids = [case["id"] for case in CASES]
    assert [name for name, count in Counter(ids).items() if count > 1] == []
    assert len(CASES) >= 300
    by_id = {case["id"]: case for case in CASES}
    for case in CASES:
        assert set(case) == {"id", "kind", "text", "expect", "twin", "why"}, case["id"]
        assert case["expect"], case["id"]
        assert case["expect"].keys() <= _KEYS, case["id"]
        assert by_id[case["twin"]]["twin"] == case["id"], case["id"]
        assert all(entry["quote"] in case["text"] for entry in case["expect"].get("status", [])), case["id"]


def test_open_traps_are_known_and_few() -> None:
    assert {case["id"] for case in CASES} >= OPEN
    assert len(OPEN) < len(CASES) * 0.3


def test_twins_differ() -> None:
    texts = [case["text"] for case in CASES]
    assert len(set(texts)) == len(texts)
