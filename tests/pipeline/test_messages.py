"""Pasted messages and calls through the whole engine: ordinary ones stay silent, swindlers' own words name their script.

`tests/data/silent/<field>.yaml` holds what banks, couriers, police stations, schools, shops and people really send; `tests/data/messages/<kind>.yaml`
holds what swindlers send. Both are written for the project. A case stays when it fails: the rules get mended.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.engine import Engine
from pipeline.values import Assessment, Incident

_DATA = Path(__file__).parent.parent / "data"
_STAGES = {"contact", "hooked", "transferring", "paid", "averted", "discovered"}


def _cases(folder: str) -> list[dict[str, Any]]:
    return [case for path in sorted((_DATA / folder).glob("*.yaml")) for case in yaml.safe_load(path.read_text("utf-8"))]


SILENT = _cases("silent")
MESSAGES = _cases("messages")


def _assess(case: dict[str, Any]) -> Assessment:
    return Engine.default().assess(Incident(narrative=case["text"], channel=case.get("channel", "message")))


@pytest.mark.parametrize("case", SILENT, ids=[case["id"] for case in SILENT])
def test_an_ordinary_message_is_no_fraud(case: dict[str, Any]) -> None:
    fraud = _assess(case).fraud
    assert fraud is None, [(script.code, [piece.quote for piece in script.evidence]) for script in fraud.scripts]


# cases that still fail: listed, not deleted; a case that starts to hold is taken off the list
OPEN = set((_DATA / "messages_open.txt").read_text("utf-8").split())


def _marked(case: dict[str, Any]) -> Any:
    return pytest.param(case, id=case["id"], marks=[pytest.mark.xfail(strict=False, reason="open")] if case["id"] in OPEN else [])


@pytest.mark.parametrize("case", [_marked(case) for case in MESSAGES])
def test_a_fraud_message_names_its_script_and_stage(case: dict[str, Any]) -> None:
    fraud = _assess(case).fraud
    assert fraud is not None
    assert {script.code for script in fraud.scripts} & set(case["scripts"])
    assert fraud.stage in case["stage_in"]


def test_the_corpora_are_well_formed() -> None:
    assert len(SILENT) >= 200
    assert len(MESSAGES) >= 120
    ids = [case["id"] for case in SILENT + MESSAGES]
    assert [name for name, count in Counter(ids).items() if count > 1] == []
    texts = [case["text"] for case in SILENT + MESSAGES]
    assert len(set(texts)) == len(texts)
    assert all(set(case) == {"id", "channel", "text"} for case in SILENT)
    assert all(set(case) == {"id", "scripts", "stage_in", "text"} and set(case["stage_in"]) <= _STAGES for case in MESSAGES)


def test_every_remote_script_has_messages() -> None:
    remote = {name for name, rule in Engine.default().pack.rules["scripts"].items() if rule.data["remote"]}
    told = {code for case in MESSAGES for code in case["scripts"]}
    assert remote - told <= {"other_fraud"}
