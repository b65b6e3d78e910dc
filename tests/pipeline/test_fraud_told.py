"""Swindles told without the trade's own words: victims, relatives, clerks and officers of many regions, and everyday matters that look alike; chats without a channel.

`tests/data/fraud_told/set<n>.yaml` and `tests/data/chats.yaml` are written for the project. Floors, not equality: they hold what the rules can do today.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.engine import Engine
from pipeline.rulepack.files import SHIPPED, read_yaml
from pipeline.values import Assessment, Incident

_DATA = Path(__file__).parent.parent / "data"
CHATS = yaml.safe_load((_DATA / "chats.yaml").read_text("utf-8"))
# measured 2026-11-22: script F1 .90 / .71 / .93 / .66, stage .86 / .53 / .84 / .54, loss .79 / .66 / .86 / .60; set2 and set4 avoid every usual word, and the
# rules were mended while looking at set3 and set4 (before: .64 / .40, .42 / .22, .64 / .30)
FLOORS = {
    "set1": {"script": 0.87, "stage": 0.82, "loss": 0.75},
    "set2": {"script": 0.68, "stage": 0.49, "loss": 0.62},
    "set3": {"script": 0.88, "stage": 0.8, "loss": 0.8},
    "set4": {"script": 0.62, "stage": 0.5, "loss": 0.55},
}


def _told(name: str) -> list[tuple[dict[str, Any], Assessment]]:
    cases = yaml.safe_load((_DATA / "fraud_told" / f"{name}.yaml").read_text("utf-8"))
    return [(case, Engine.default().assess(Incident(narrative=case["text"]))) for case in cases]


def _scripts(answer: Assessment) -> set[str]:
    return {script.code for script in answer.fraud.scripts} if answer.fraud else set()


@pytest.mark.parametrize("name", sorted(FLOORS))
def test_swindles_in_everyday_words_are_known(name: str) -> None:
    rows = _told(name)
    hit = sum(len(set(case["scripts"]) & _scripts(answer)) for case, answer in rows)
    told, found = sum(len(case["scripts"]) for case, _ in rows), sum(len(_scripts(answer)) for _, answer in rows)
    stages = [answer.fraud is not None and answer.fraud.stage == case["stage"] for case, answer in rows if case["stage"]]
    losses = [answer.fraud is not None and answer.fraud.loss_yuan == case["loss_yuan"] for case, answer in rows if case["loss_yuan"]]
    assert 2 * hit / (told + found) >= FLOORS[name]["script"]
    assert sum(stages) / len(stages) >= FLOORS[name]["stage"]
    assert sum(losses) / len(losses) >= FLOORS[name]["loss"]


def test_everyday_matters_that_look_alike_are_no_fraud() -> None:
    wrong = [case["id"] for name in FLOORS for case, answer in _told(name) if not case["scripts"] and answer.fraud]
    assert len(wrong) <= 3, wrong


@pytest.mark.parametrize("case", CHATS, ids=[case["id"] for case in CHATS])
def test_a_chat_is_known_by_its_shape(case: dict[str, Any]) -> None:
    found = _scripts(Engine.default().assess(Incident(narrative=case["text"])))
    assert set(case["scripts"]) <= found
    assert bool(found) == bool(case["scripts"])


@pytest.mark.parametrize("script", sorted(path.stem for path in (SHIPPED / "scripts").glob("*.yaml")))
def test_a_script_file_is_complete(script):
    told = read_yaml(SHIPPED / "scripts" / f"{script}.yaml")
    assert len(told["examples"]) >= 12
    assert len(told["counterexamples"]) >= 8
    assert told["lookalikes"]
    assert all(reference["date"] for reference in told["references"])
    assert len(told["references"]) >= 2
