"""`GET /v1/repeats` and the loop of steps of a case."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from sqlalchemy import Connection, func, select
from starlette.responses import Response

from pipeline.repeats.keys import ROLE_NAMES
from pipeline.repeats.model import EVERYWHERE
from pipeline.repeats.settings import DAY
from pipeline.values import incident_from_json
from service.api.auth import allowed
from service.api.case_plan import plan
from service.api.context import Context, Here
from service.api.once import commit, replayed
from service.api.openapi import body, reply
from service.api.replies import Label, state_of
from service.api.replies_work import Case, CaseList, CaseStep, Frequent, KindCount, Repeats
from service.api.wire import LINE, StepIn, cached, epoch_ms, json_response, purpose_of, read_body
from service.audit import Entry
from service.decisions import find_incident
from service.keys import Principal
from service.problems import Problem
from service.store.database import new_id, now_ms
from service.store.tables import assessments, case_steps, incidents
from service.store.writer import Tx

router = APIRouter(tags=["cases"])
Reading = Annotated[Principal, Depends(allowed("read"))]
_CHINA_SECONDS = 8 * 3600


@router.get("/v1/repeats", summary="重复警情", responses=reply("Repeats", 200))
async def repeats(
    request: Request,
    here: Here,
    who: Reading,
    incident: Annotated[
        str | None, Query(max_length=140, pattern=LINE, description="研判或警情编号: 给出它的一人多次、一地多起、一类多发与前几次的处理")
    ] = None,
    area: Annotated[str, Query(max_length=64, pattern=LINE, description="辖区; 空为全部")] = "",
    days: Annotated[int, Query(ge=1, le=366, description="一人多次、一地多起的窗口(天)")] = 30,
    least: Annotated[int, Query(ge=2, le=1000, description="至少几次")] = 3,
) -> Response:
    """只凭散列计数, 不存姓名号码; 同一起事的几次来电只算一起。"""
    if not here.settings.repeats:
        raise Problem(404, "FQ6304", "没有启用重复警情", "repeats are off", remedy="FENGQIAO_REPEATS=true")
    return cached(request, await here.store.read_async(lambda connection: _repeats(here, connection, incident, area or EVERYWHERE, days, least)))


def _repeats(here: Context, connection: Connection, incident: str | None, area: str, days: int, least: int) -> Repeats:
    memory = here.memory()
    window = memory.settings.kind_days
    if incident is not None:
        found = find_incident(lambda statement: connection.execute(statement).mappings().all(), incident)
        payload = connection.execute(select(assessments.c.payload).where(assessments.c.id == found["assessment"])).scalar_one()
        if payload is None:
            raise Problem(409, "FQ6412", "警情文本没有保存或已清除", "the narrative is not kept", remedy="重新研判")
        return Repeats(memory.assess(incident_from_json(payload)).repeat, window, (), ())
    until = now_ms() // 1000 + _CHINA_SECONDS
    kinds = tuple(KindCount(kind, count, earlier) for kind, (count, earlier) in sorted(memory.memory.kinds(area, until).items()))
    frequent = tuple(
        Frequent(name, key.hex(), count)
        for role, name in enumerate(ROLE_NAMES)
        for key, count in memory.memory.frequent(role, until - days * DAY, until, least)
    )
    return Repeats(None, window, kinds, frequent)


def loop_of(here: Context) -> tuple[str, list[Label]]:
    """The playbook whose loop cases go through, and its steps."""
    name = here.settings.case_playbook
    rule = here.assessor.engine.pack.rules["playbooks"].get(name)
    if rule is not None and rule.data.get("loop"):
        return name, [Label(step["id"], step["name"]) for step in rule.data["loop"]]
    raise Problem(404, "FQ6305", "所设工作模式没有闭环步骤", "the playbook has no loop", remedy="FENGQIAO_CASE_PLAYBOOK")


@router.post("/v1/cases/{id}/steps", summary="记录闭环的一步", responses=reply("Case", 200), openapi_extra=body("StepIn"))
async def take_step(id: str, request: Request, here: Here, who: Annotated[Principal, Depends(allowed("decide"))]) -> Response:
    """交办、核查、处置、反馈、评价、问效依次进行, 不得跳步; 走完后再从头记一轮即为再次交办。每一步记入审计。"""
    asked = await read_body(request, StepIn)
    purpose = purpose_of(request, None, who.purpose, required=here.settings.require_purpose)
    if asked.by is not None and not who.vouches:
        raise Problem(403, "FQ6410", "此密钥不得代填警号", "this key may not name officers", remedy="每人用自己的密钥")
    before = await replayed(request, here, who)
    if before is not None:
        return before
    playbook, loop = loop_of(here)
    actor = f"{who.name}/{asked.by}" if asked.by else who.name

    def unit(tx: Tx) -> Case:
        incident = find_incident(tx.rows, id)
        done = tx.rows(select(case_steps).where(case_steps.c.incident == incident["key"]).order_by(case_steps.c.number))
        wanted = loop[len(done) % len(loop)]
        if asked.step != wanted.code:
            raise Problem(409, "FQ6413", f"下一步应是{wanted.name}", "steps follow one another", remedy=f"step={wanted.code}")
        row = {
            "id": new_id(), "incident": incident["key"], "number": len(done) + 1, "step": asked.step, "at": now_ms(), "actor": actor, "unit": asked.unit,
            "due": None if asked.due is None else epoch_ms(asked.due), "result": asked.result, "note": asked.note,
        }  # fmt: skip
        tx.add(case_steps, row)
        told = {name: row[name] for name in ("step", "number", "unit", "due", "result")} | {"note_hash": here.store.keyed_hash(asked.note or "")}
        told |= {name: incident[name] for name in ("colour", "rank", "levels", "status", "station", "incident_id")}
        tx.audit(Entry(row["at"], actor, purpose, "case", incident["key"], told))
        return _case(here, incident, [*done, row], playbook, loop)

    return await commit(request, here, who, unit, json_response)


@router.get("/v1/cases/{id}/steps", summary="一起警情已办各步", responses=reply("Case", 200), operation_id="case_steps")
@router.get("/v1/cases/{id}", summary="一起警情的闭环", responses=reply("Case", 200))
async def case(id: str, here: Here, who: Reading) -> Response:
    """已办各步、下一步与期限; plan 为闭环规则的安排: 由谁、何时之前、留什么凭据, 走完后何时回访。"""
    playbook, loop = loop_of(here)

    def look(connection: Connection) -> Case:
        incident = find_incident(lambda statement: connection.execute(statement).mappings().all(), id)
        steps = connection.execute(select(case_steps).where(case_steps.c.incident == incident["key"]).order_by(case_steps.c.number)).mappings().all()
        return _case(here, incident, steps, playbook, loop)

    return json_response(await here.store.read_async(look))


@router.get("/v1/cases", summary="在办的闭环", responses=reply("CaseList", 200))
async def cases(here: Here, who: Reading, limit: Annotated[int, Query(ge=1, le=500, description="最多几起")] = 200) -> Response:
    """看板: 逾期在前, 依期限排列; 走完一轮的不列。"""
    playbook, loop = loop_of(here)
    found = await here.store.read_async(lambda connection: _open_cases(here, connection, playbook, loop))
    found.sort(key=lambda case: (not case.overdue, case.due or 2**62, -case.incident.rank, case.incident.key))
    return json_response(CaseList(tuple(found[:limit])))


def _open_cases(here: Context, connection: Connection, playbook: str, loop: Sequence[Label]) -> list[Case]:
    counted = select(case_steps.c.incident, func.count().label("steps")).group_by(case_steps.c.incident).subquery()
    keys = select(counted.c.incident).where(counted.c.steps % len(loop) != 0)
    rows = connection.execute(select(case_steps).where(case_steps.c.incident.in_(keys)).order_by(case_steps.c.incident, case_steps.c.number)).mappings().all()
    by_incident: dict[str, list[Any]] = {}
    for row in rows:
        by_incident.setdefault(row["incident"], []).append(row)
    states = connection.execute(select(incidents).where(incidents.c.key.in_(keys))).mappings()
    return [_case(here, incident, by_incident[incident["key"]], playbook, loop) for incident in states]


def _case(here: Context, incident: Any, steps: Sequence[Any], playbook: str, loop: Sequence[Label]) -> Case:
    names = {step.code: step.name for step in loop}
    shown = tuple(
        CaseStep(row["number"], row["step"], names.get(row["step"], row["step"]), row["at"], row["actor"], row["unit"], row["due"], row["result"], row["note"])
        for row in steps
    )
    under_way = len(steps) % len(loop) != 0
    due = steps[-1]["due"] if under_way else None
    following = loop[len(steps) % len(loop)] if under_way or not steps else None
    now = now_ms()
    planned = plan(here.assessor.engine.pack, loop, incident, steps, now)
    return Case(state_of(incident), playbook, shown, following, due, due is not None and due < now, planned)
