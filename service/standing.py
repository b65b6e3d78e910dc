"""The level that stands: what goes out to people and other systems carries a person's decision, not the machine's answer beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from pipeline.grade import handling
from pipeline.rulepack.pack import Pack
from pipeline.values import Assessment


def standing(answer: Assessment, state: Mapping[str, Any], pack: Pack) -> Assessment:
    """The answer at the incident's level (`state`: its row), with what that level asks for; unchanged where nobody decided otherwise."""
    profile = pack.rules["profiles"].get(state["profile"])
    level = next((entry for entry in profile.data["levels"] if entry["code"] == state["colour"]), None) if profile is not None else None
    if level is None or state["colour"] == answer.risk.colour:
        return answer
    says = handling(
        level,
        category=answer.category.code,
        script=answer.fraud.scripts[0].code if answer.fraud and answer.fraud.scripts else "",
        barred=(answer.mediation or {}).get("eligible") == "no" and answer.dispute is not None,
    )
    risk = msgspec.structs.replace(answer.risk, colour=level["code"], name=level["name"], handling=says)
    return msgspec.structs.replace(answer, risk=risk)
