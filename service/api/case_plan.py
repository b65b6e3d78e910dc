"""What the loop's rules say about a case (`pipeline.loop`): who takes the next step, until when, on what proof, and the return visits after closing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.loop.case import STEP, Case, Due, Happening
from pipeline.loop.machine import state
from pipeline.rulepack.pack import Pack
from service.api.replies import Label
from service.api.replies_work import CasePlan, Planned
from service.api.wire import CHINA, epoch_ms


def plan(pack: Pack, loop: Sequence[Label], incident: Mapping[str, Any], steps: Sequence[Mapping[str, Any]], now_ms: int) -> CasePlan | None:
    """The plan at `now_ms`, at the level that stands; None where no loop file has the steps of the playbook. Deadlines run from the step before."""
    names = [step.name for step in loop]
    rule = next((rule for rule in pack.rules["loop"].values() if [step["name"] for step in rule.data["steps"]] == names), None)
    if rule is None:
        return None
    ids = dict(zip((step.code for step in loop), (step["id"] for step in rule.data["steps"]), strict=True))
    happened = tuple(Happening(kind=STEP, at=_local(row["at"]), by=row["actor"], step=ids[row["step"]]) for row in steps if row["step"] in ids)
    case = Case(id=incident["key"], opened_at=_local(incident["received_at"]), colour=incident["colour"], loop=rule.id, happened=happened)
    told = state(rule.data, case, _local(now_ms))
    return CasePlan(rule.id, str(rule.data["status"]), _planned(told.next) if told.next else None, tuple(map(_planned, told.visits)))


def _planned(due: Due) -> Planned:
    return Planned(due.name, epoch_ms(due.due), due.late_hours, due.who, tuple(due.needs.values()))


def _local(ms: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(ms / 1000, CHINA).replace(tzinfo=None)
