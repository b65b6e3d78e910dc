"""What the loop's rules say about a case (`pipeline.loop`): who takes the next step, until when, on what proof, and the return visits after closing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.loop.case import REOPENED, STEP, VISIT, Case, Due, Happening
from pipeline.loop.machine import state
from pipeline.rulepack.pack import Pack, RuleSpec
from service.api.replies import Label
from service.api.replies_work import CasePlan, Planned
from service.api.wire import CHINA, epoch_ms

Rows = Sequence[Mapping[str, Any]]


def rule_of(pack: Pack, loop: Sequence[Label]) -> RuleSpec | None:
    """The loop file that has the steps of the playbook; None where there is none."""
    names = [step.name for step in loop]
    return next((rule for rule in pack.rules["loop"].values() if [step["name"] for step in rule.data["steps"]] == names), None)


def outcomes_of(rule: RuleSpec | None) -> dict[str, Mapping[str, Any]]:
    """Outcomes of a return visit, by code."""
    return {entry["id"]: entry for entry in rule.data["visits"]["outcomes"]} if rule is not None else {}


def plan(pack: Pack, loop: Sequence[Label], incident: Mapping[str, Any], steps: Rows, visits: Rows, now_ms: int) -> CasePlan | None:
    """The plan at `now_ms`, at the level that stands; None where no loop file has the steps of the playbook. Deadlines run from the step before.

    A visit that found the matter risen again starts the loop anew.
    """
    rule = rule_of(pack, loop)
    if rule is None:
        return None
    ids = dict(zip((step.code for step in loop), (step["id"] for step in rule.data["steps"]), strict=True))
    outcomes = outcomes_of(rule)
    happened = [Happening(kind=STEP, at=_local(row["at"]), by=row["actor"], step=ids[row["step"]]) for row in steps if row["step"] in ids]
    for row in visits:
        happened.append(Happening(kind=VISIT, at=_local(row["at"]), by=row["actor"], outcome=row["outcome"]))
        if outcomes.get(row["outcome"], {}).get("again"):
            happened.append(Happening(kind=REOPENED, at=_local(row["at"]), by=row["actor"], step=rule.data["steps"][0]["id"]))
    happened.sort(key=lambda entry: entry.at)  # stable: a visit, then the reopening that it led to
    case = Case(id=incident["key"], opened_at=_local(incident["received_at"]), colour=incident["colour"], loop=rule.id, happened=tuple(happened))
    told = state(rule.data, case, _local(now_ms))
    labels = tuple(Label(code, str(entry["name"])) for code, entry in outcomes.items())
    return CasePlan(rule.id, str(rule.data["status"]), _planned(told.next) if told.next else None, tuple(map(_planned, told.visits)), labels)


def reopened(pack: Pack, loop: Sequence[Label], steps: Rows, visits: Rows) -> bool:
    """Whether a visit after the last step found the matter risen again."""
    outcomes = outcomes_of(rule_of(pack, loop))
    last = steps[-1]["at"] if steps else 0
    return any(row["at"] >= last and outcomes.get(row["outcome"], {}).get("again") for row in visits)


def _planned(due: Due) -> Planned:
    return Planned(due.name, epoch_ms(due.due), due.late_hours, due.who, tuple(due.needs.values()))


def _local(ms: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(ms / 1000, CHINA).replace(tzinfo=None)
