"""The state machine: what may happen next to a case, and what a case looks like at a moment. Pure: every time is an argument."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from pipeline.errors import LoopError
from pipeline.loop.case import REGRADED, REOPENED, STEP, VISIT, Case, Due, Happening, State
from pipeline.rulepack.pack import Pack

Loop = Mapping[str, Any]  # the data of pipeline/rules/loop/*.yaml
_OTHER = "other"  # the entry for colours that are not listed
_HOUR = dt.timedelta(hours=1)


def loop_of(pack: Pack, name: str = "six_steps") -> Loop:
    """A loop of the pack. Raises LoopError for an unknown one."""
    rule = pack.rules["loop"].get(name)
    if rule is None:
        raise LoopError("FQ2701", "没有这个闭环", "unknown loop", seen=name, remedy="可用 " + "、".join(sorted(pack.rules["loop"])))
    return rule.data


def open_case(loop: Loop, case_id: str, *, colour: str, at: dt.datetime) -> Case:
    """A new case at its first step."""
    return Case(id=case_id, opened_at=at, colour=colour, loop=loop["id"])


def take(loop: Loop, case: Case, step: str, *, by: str, role: str, at: dt.datetime, evidence: Mapping[str, str]) -> Case:
    """The case with one more step done. Raises LoopError where it is not that step's turn, the role may not, or evidence is missing."""
    expected = _next_step(loop, case)
    told = next((entry for entry in loop["steps"] if entry["id"] == step), None)
    if told is None:
        raise LoopError("FQ2702", "没有这一步", "unknown step", seen=step, remedy="可用 " + "、".join(entry["id"] for entry in loop["steps"]))
    if expected is None:
        raise LoopError("FQ2703", "案件已办结", "the case is closed", seen=told["name"], remedy="如须再办, 先重新打开")
    if told is not expected:
        raise LoopError("FQ2704", "不可跳步", "no step may be skipped or repeated", seen=told["name"], remedy=f"现在该办: {expected['name']}")
    _allowed(told["who"], role, told["name"])
    missing = [proof["name"] for proof in told["evidence"] if not evidence.get(proof["id"], "").strip()]
    if missing:
        raise LoopError("FQ2705", "缺少凭据", "evidence is missing", seen=told["name"], remedy="补上 " + "、".join(missing))
    return _with(case, Happening(kind=STEP, at=at, by=by, role=role, step=step, evidence=dict(evidence)))


def reopen(loop: Loop, case: Case, *, by: str, role: str, at: dt.datetime, reason: str, colour: str = "") -> Case:
    """A closed case goes on. Raises LoopError where it is open, the role may not, or no reason is given."""
    if _next_step(loop, case) is not None:
        raise LoopError("FQ2706", "案件没有办结, 不必重新打开", "the case is open", seen=case.id, remedy="接着办下一步")
    _allowed(loop["reopen"]["who"], role, "重新打开")
    if not reason.strip():
        raise LoopError("FQ2707", "须写明理由", "a reason is needed", seen="重新打开", remedy="写明为什么再办")
    return _with(case, Happening(kind=REOPENED, at=at, by=by, role=role, step=loop["reopen"]["to"], reason=reason, colour=colour))


def regrade(case: Case, colour: str, *, by: str, at: dt.datetime, reason: str) -> Case:
    """The colour from here on (what a person decided elsewhere); deadlines follow it."""
    return _with(case, Happening(kind=REGRADED, at=at, by=by, colour=colour, reason=reason))


def visit(loop: Loop, case: Case, outcome: str, *, by: str, role: str, at: dt.datetime, levels: Sequence[str], reason: str = "") -> Case:
    """A return visit to a closed case; where the matter has come back the case goes on, one level higher (`levels`: colours from low to high)."""
    told = next((entry for entry in loop["visits"]["outcomes"] if entry["id"] == outcome), None)
    if told is None:
        known = "、".join(f"{entry['id']}({entry['name']})" for entry in loop["visits"]["outcomes"])
        raise LoopError("FQ2708", "没有这个回访结果", "unknown outcome of a visit", seen=outcome, remedy=f"可用 {known}")
    if _next_step(loop, case) is not None:
        raise LoopError("FQ2709", "办结后才回访", "visits follow closing", seen=case.id, remedy="先办完六步")
    _allowed(loop["visits"]["who"], role, "回访")
    done = _with(case, Happening(kind=VISIT, at=at, by=by, role=role, outcome=outcome, reason=reason))
    return recur(loop, done, by=by, at=at, levels=levels, reason=told["name"]) if told["again"] else done


def recur(loop: Loop, case: Case, *, by: str, at: dt.datetime, levels: Sequence[str], reason: str) -> Case:
    """The same matter has come back (found by a visit or by the memory of repeats).

    A case closed within the days of the rule is reopened one level higher; one that is open rises likewise; one closed long ago stays as it is.
    """
    closed = closed_at(loop, case)
    if closed is not None and at - closed > dt.timedelta(days=loop["recurrence"]["days"]):
        return case
    colour = colour_of(case)
    if colour in levels:
        colour = levels[min(len(levels) - 1, list(levels).index(colour) + loop["recurrence"]["raises"])]
    kind, step = (REOPENED, loop["reopen"]["to"]) if closed is not None else (REGRADED, "")
    return _with(case, Happening(kind=kind, at=at, by=by, step=step, colour=colour, reason=reason))


def state(loop: Loop, case: Case, now: dt.datetime) -> State:
    """Where the case stands at `now`: the step to take and until when, the visits to make, what is late."""
    step = _next_step(loop, case)
    asked = loop["satisfied"]["evidence"]
    satisfied = [entry.evidence[asked] in loop["satisfied"]["when"] for entry in case.happened if asked in entry.evidence]
    rounds = 1 + sum(entry.kind == REOPENED for entry in case.happened)
    closed = closed_at(loop, case)
    visits = tuple(_visits(loop, case, closed, now)) if closed is not None else ()
    return State(colour_of(case), closed, _due(step, case, now) if step else None, visits, rounds, satisfied[-1] if satisfied else None)


def overdue(loop: Loop, cases: Iterable[Case], now: dt.datetime) -> list[tuple[Case, Due]]:
    """Steps and visits that are late at `now`, the latest first."""
    found = []
    for case in cases:
        told = state(loop, case, now)
        found += [(case, due) for due in (*((told.next,) if told.next else ()), *told.visits) if due.late_hours > 0]
    return sorted(found, key=lambda pair: (-pair[1].late_hours, pair[0].id, pair[1].id))


def colour_of(case: Case) -> str:
    """The colour as it stands."""
    return next((entry.colour for entry in reversed(case.happened) if entry.colour), case.colour)


def closed_at(loop: Loop, case: Case) -> dt.datetime | None:
    """When the last step was done, None where the case is open."""
    if _next_step(loop, case) is not None:
        return None
    return next(entry.at for entry in reversed(case.happened) if entry.kind == STEP)


def figures(loop: Loop, cases: Iterable[Case], since: dt.datetime, until: dt.datetime) -> dict[str, Any]:
    """接报、办结、办结率、满意度 of the cases opened in [since, until), as of `until`, each with its denominator."""
    opened = [case for case in cases if since <= case.opened_at < until]
    states = [state(loop, replace(case, happened=tuple(entry for entry in case.happened if entry.at < until)), until) for case in opened]
    closed = [told for told in states if told.closed_at is not None]
    asked = [told for told in closed if told.satisfied is not None]
    pleased = sum(bool(told.satisfied) for told in asked)
    return {
        "opened": len(opened),
        "closed": len(closed),
        "closing_rate": {"value": round(len(closed) / len(opened), 4) if opened else None, "of": len(opened)},
        "satisfied": {"value": round(pleased / len(asked), 4) if asked else None, "of": len(asked)},
        "late": sum(told.next is not None and told.next.late_hours > 0 for told in states),
        "reopened": sum(told.rounds > 1 for told in states),
    }


# parts


def _with(case: Case, entry: Happening) -> Case:
    last = case.happened[-1].at if case.happened else case.opened_at
    if entry.at < last:
        raise LoopError("FQ2710", "时间早于上一步", "earlier than what happened before", seen=case.id, remedy="检查时间")
    return replace(case, happened=(*case.happened, entry))


def _allowed(roles: Sequence[str], role: str, what: str) -> None:
    if role not in roles:
        raise LoopError("FQ2711", "这一步不由此岗办理", "not for this role", seen=f"{what} · {role}", remedy="应由 " + "、".join(roles))


def _next_step(loop: Loop, case: Case) -> Mapping[str, Any] | None:
    """The step whose turn it is; None where all are done."""
    steps = loop["steps"]
    at = 0
    for entry in case.happened:
        if entry.kind in (STEP, REOPENED):
            number = next(i for i, step in enumerate(steps) if step["id"] == entry.step)
            at = number + 1 if entry.kind == STEP else number
    return steps[at] if at < len(steps) else None


def _due(step: Mapping[str, Any], case: Case, now: dt.datetime) -> Due:
    """Time allowed runs from the end of the step before (or the reopening); a new colour changes how long, not from when."""
    start = next((entry.at for entry in reversed(case.happened) if entry.kind in (STEP, REOPENED)), case.opened_at)
    due = start + _of(step["hours"], colour_of(case)) * _HOUR
    return Due(STEP, step["id"], step["name"], due, _late(due, now), tuple(step["who"]), {proof["id"]: proof["name"] for proof in step["evidence"]})


def _visits(loop: Loop, case: Case, closed: dt.datetime, now: dt.datetime) -> Iterable[Due]:
    """Visits planned and not made: each visit that reached somebody settles the earliest that is open."""
    rules = loop["visits"]
    retry = {entry["id"] for entry in rules["outcomes"] if entry["open"]}
    made = sum(entry.kind == VISIT and entry.at >= closed and entry.outcome not in retry for entry in case.happened)
    for day in _of(rules["days"], colour_of(case))[made:]:
        due = closed + dt.timedelta(days=day)
        yield Due(VISIT, str(day), f"第{day}天回访", due, _late(due + dt.timedelta(days=rules["grace_days"]), now), tuple(rules["who"]), {})


def _of(told: Mapping[str, Any], colour: str) -> Any:
    return told[colour] if colour in told else told[_OTHER]


def _late(due: dt.datetime, now: dt.datetime) -> float:
    return max(0.0, round((now - due) / _HOUR, 2))
