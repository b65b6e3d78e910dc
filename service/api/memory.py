"""`GET /v1/repeats` and the loop of steps of a case."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from sqlalchemy import Connection, Executable, exists, func, or_, select
from starlette.responses import Response

from pipeline.repeats.keys import ROLE_NAMES
from pipeline.repeats.model import EVERYWHERE
from pipeline.repeats.settings import DAY
from pipeline.values import incident_from_json
from service.api.auth import acting, allowed
from service.api.case_plan import outcomes_of, plan, reopened, rule_of
from service.api.context import Context, Here
from service.api.once import commit, replayed
from service.api.openapi import body, reply
from service.api.replies import Label, state_of
from service.api.replies_work import Case, CaseList, CaseStep, CaseVisit, Frequent, KindCount, Repeats
from service.api.wire import LINE, StepIn, VisitIn, cached, epoch_ms, json_response, purpose_of, read_body
from service.audit import Entry
from service.decisions import Decision, find_incident
from service.intake import Who
from service.keys import Principal
from service.problems import Problem
from service.store.database import new_id, now_ms
from service.store.tables import assessments, case_steps, case_visits, incidents
from service.store.writer import Tx

router = APIRouter(tags=["cases"])
Reading = Annotated[Principal, Depends(allowed("read"))]
_CHINA_SECONDS = 8 * 3600
_VISITS_KEPT_DAYS = 30  # how long past the last planned day a visit that nobody made stays on the board


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
    least: Annotated[int, Query(ge=2, le=1000, description="至少几次(起); 一类多发、一人多次、一地多起都按它")] = 3,
) -> Response:
    """只凭散列计数, 不存姓名号码; 同一起事的几次来电只算一起。一类多发的窗口由规则定(kind_window_days), 不随 days。"""
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
        return Repeats(memory.assess(incident_from_json(payload)).repeat, days, window, (), ())
    until = now_ms() // 1000 + _CHINA_SECONDS
    kinds = tuple(KindCount(kind, count, earlier) for kind, (count, earlier) in sorted(memory.memory.kinds(area, until).items()) if count >= least)
    frequent = tuple(
        Frequent(name, key.hex(), count)
        for role, name in enumerate(ROLE_NAMES)
        for key, count in memory.memory.frequent(role, until - days * DAY, until, least)
    )
    return Repeats(None, days, window, kinds, frequent)


def loop_of(here: Context) -> tuple[str, list[Label]]:
    """The playbook whose loop cases go through, and its steps."""
    name = here.settings.case_playbook
    rule = here.assessor.engine.pack.rules["playbooks"].get(name)
    if rule is not None and rule.data.get("loop"):
        return name, [Label(step["id"], step["name"]) for step in rule.data["loop"]]
    raise Problem(404, "FQ6305", "所设工作模式没有闭环步骤", "the playbook has no loop", remedy="FENGQIAO_CASE_PLAYBOOK")


@router.post("/v1/cases/{id}/steps", summary="记录闭环的一步", responses=reply("Case", 200), openapi_extra=body("StepIn"))
async def take_step(id: str, request: Request, here: Here, who: Annotated[Principal, Depends(allowed("decide"))]) -> Response:
    """交办、核查、处置、反馈、评价、问效依次进行, 不得跳步; 走完后再从头记一轮即为再次交办, 须写明理由(note), 回访又起纠纷的除外。每一步记入审计。"""
    asked = await read_body(request, StepIn)
    purpose = purpose_of(request, None, who.purpose, required=here.settings.require_purpose)
    actor = acting(who, asked.by)
    before = await replayed(request, here, who)
    if before is not None:
        return before
    playbook, loop = loop_of(here)
    pack = here.assessor.engine.pack

    def unit(tx: Tx) -> Case:
        incident = find_incident(tx.rows, id)
        done = tx.rows(select(case_steps).where(case_steps.c.incident == incident["key"]).order_by(case_steps.c.number))
        wanted = loop[len(done) % len(loop)]
        if asked.step != wanted.code:
            raise Problem(409, "FQ6413", f"下一步应是{wanted.name}", "steps follow one another", remedy=f"step={wanted.code}")
        visits = tx.rows(select(case_visits).where(case_visits.c.incident == incident["key"]).order_by(case_visits.c.at))
        ended = done and len(done) % len(loop) == 0 and not reopened(pack, loop, done, visits)
        if ended and not (asked.note or "").strip():
            raise Problem(409, "FQ6417", "六步已走完; 再次交办须写明理由", "the case is closed; beginning again needs a reason", remedy="note")
        row = {
            "id": new_id(), "incident": incident["key"], "number": len(done) + 1, "step": asked.step, "at": now_ms(), "actor": actor, "unit": asked.unit,
            "due": None if asked.due is None else epoch_ms(asked.due), "result": asked.result, "note": asked.note,
        }  # fmt: skip
        tx.add(case_steps, row)
        told = {name: row[name] for name in ("step", "number", "unit", "due", "result")} | {"note_hash": here.store.keyed_hash(asked.note or "")}
        told |= {name: incident[name] for name in ("colour", "rank", "levels", "status", "station", "incident_id")}
        tx.audit(Entry(row["at"], actor, purpose, "case", incident["key"], told))
        return case_of(here, incident, ([*done, row], visits), playbook, loop)

    return await commit(request, here, who, unit, json_response)


@router.post("/v1/cases/{id}/visits", summary="记录一次回访", responses=reply("Case", 200), openapi_extra=body("VisitIn"))
async def visit(id: str, request: Request, here: Here, who: Annotated[Principal, Depends(allowed("decide"))]) -> Response:
    """六步走完后才回访。又起纠纷的, 现级升一级(已是最高级则不变), 警情重新从交办走起。记入审计。"""
    asked = await read_body(request, VisitIn)
    purpose = purpose_of(request, None, who.purpose, required=here.settings.require_purpose)
    actor = acting(who, asked.by)
    before = await replayed(request, here, who)
    if before is not None:
        return before
    playbook, loop = loop_of(here)
    pack = here.assessor.engine.pack
    outcomes = outcomes_of(rule_of(pack, loop))
    if asked.outcome not in outcomes:
        raise Problem(422, "FQ6415", "没有这个回访结果", "unknown outcome of a visit", remedy="可用 " + " ".join(outcomes))

    def unit(tx: Tx) -> Case:
        incident = find_incident(tx.rows, id)
        steps = tx.rows(select(case_steps).where(case_steps.c.incident == incident["key"]).order_by(case_steps.c.number))
        visits = tx.rows(select(case_visits).where(case_visits.c.incident == incident["key"]).order_by(case_visits.c.at))
        if not steps or len(steps) % len(loop) or reopened(pack, loop, steps, visits):
            raise Problem(409, "FQ6416", "六步走完后才回访", "visits follow the last step", remedy="先办完各步")
        row = {"id": new_id(), "incident": incident["key"], "at": now_ms(), "actor": actor, "outcome": asked.outcome, "note": asked.note}
        tx.add(case_visits, row)
        told = {"step": "visit", "result": asked.outcome, "note_hash": here.store.keyed_hash(asked.note or "")}
        told |= {name: incident[name] for name in ("colour", "rank", "levels", "status", "station", "incident_id")}
        tx.audit(Entry(row["at"], actor, purpose, "case", incident["key"], told))
        if outcomes[asked.outcome]["again"]:
            incident = _raised(here, tx, incident, Who(actor, purpose), str(outcomes[asked.outcome]["name"]))
        return case_of(here, incident, (steps, [*visits, row]), playbook, loop)

    return await commit(request, here, who, unit, json_response)


def _raised(here: Context, tx: Tx, incident: Any, who: Who, why: str) -> Any:
    """The incident one level up, as the loop's rules ask where a matter has risen again; as it is where there is no higher level."""
    levels = tuple(here.assessor.level(incident["profile"]))
    if incident["rank"] + 1 >= len(levels) or here.settings.shadow:
        return incident
    higher = levels[incident["rank"] + 1]
    return Decision(who, None, higher, False, why, None, None, {incident["profile"]: levels}).unit(here.store, incident["key"])(tx)["incident"]


@router.get("/v1/cases/{id}/steps", summary="一起警情已办各步", responses=reply("Case", 200), operation_id="case_steps")
@router.get("/v1/cases/{id}", summary="一起警情的闭环", responses=reply("Case", 200))
async def case(id: str, here: Here, who: Reading) -> Response:
    """已办各步、下一步与期限; plan 为闭环规则的安排: 由谁、何时之前、留什么凭据, 走完后何时回访。"""
    loop_of(here)

    def look(connection: Connection) -> Case:
        def rows(statement: Executable) -> Sequence[Any]:
            return connection.execute(statement).mappings().all()

        return case_in(here, rows, find_incident(rows, id))

    return json_response(await here.store.read_async(look))


@router.get("/v1/cases", summary="在办的闭环", responses=reply("CaseList", 200))
async def cases(
    here: Here,
    who: Reading,
    limit: Annotated[int, Query(ge=1, le=500, description="最多几起")] = 200,
    visits: Annotated[bool, Query(description="也列出走完一轮、还有回访要做的")] = False,
) -> Response:
    """看板: 逾期在前, 依期限排列; 走完一轮的不列, 除非要看回访。"""
    return json_response(CaseList(tuple((await open_cases(here, visits=visits))[:limit])))


async def open_cases(here: Context, *, visits: bool) -> list[Case]:
    """Cases under way, those overdue first; with `visits` also those whose steps are done while visits are planned."""
    playbook, loop = loop_of(here)
    found = await here.store.read_async(lambda connection: _open_cases(here, connection, playbook, loop, visits))
    found.sort(key=lambda case: (not case.overdue, case.due or 2**62, -case.incident.rank, case.incident.key))
    return found


def case_in(here: Context, rows: Callable[[Executable], Sequence[Any]], incident: Any) -> Case:
    """The case of an incident, read by `rows`. Raises Problem 404 where the playbook has no loop."""
    playbook, loop = loop_of(here)
    steps = rows(select(case_steps).where(case_steps.c.incident == incident["key"]).order_by(case_steps.c.number))
    visits = rows(select(case_visits).where(case_visits.c.incident == incident["key"]).order_by(case_visits.c.at))
    return case_of(here, incident, (steps, visits), playbook, loop)


def _open_cases(here: Context, connection: Connection, playbook: str, loop: Sequence[Label], visits: bool) -> list[Case]:
    counted = select(case_steps.c.incident, func.count().label("steps"), func.max(case_steps.c.at).label("last")).group_by(case_steps.c.incident).subquery()
    rule = rule_of(here.assessor.engine.pack, loop)
    again = [code for code, entry in outcomes_of(rule).items() if entry["again"]]
    risen = exists().where(case_visits.c.incident == counted.c.incident, case_visits.c.at >= counted.c.last, case_visits.c.outcome.in_(again))
    wanted = or_(counted.c.steps % len(loop) != 0, risen)
    if visits and rule is not None:
        latest = max((day for days in rule.data["visits"]["days"].values() for day in days), default=0) + _VISITS_KEPT_DAYS
        wanted = or_(wanted, counted.c.last >= now_ms() - latest * DAY * 1000)
    keys = select(counted.c.incident).where(wanted)
    steps = _by_incident(connection.execute(select(case_steps).where(case_steps.c.incident.in_(keys)).order_by(case_steps.c.number)).mappings())
    made = _by_incident(connection.execute(select(case_visits).where(case_visits.c.incident.in_(keys)).order_by(case_visits.c.at)).mappings())
    states = connection.execute(select(incidents).where(incidents.c.key.in_(keys))).mappings()
    found = [case_of(here, incident, (steps[incident["key"]], made.get(incident["key"], [])), playbook, loop) for incident in states]
    return [case for case in found if case.next is not None or (case.plan is not None and case.plan.visits)]


def _by_incident(rows: Iterable[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for row in rows:
        found.setdefault(row["incident"], []).append(row)
    return found


def case_of(here: Context, incident: Any, done: tuple[Sequence[Any], Sequence[Any]], playbook: str, loop: Sequence[Label]) -> Case:
    """The case of an incident's row. `done`: its steps and its visits, oldest first."""
    steps, visits = done
    pack = here.assessor.engine.pack
    names = {step.code: step.name for step in loop}
    shown = tuple(
        CaseStep(row["number"], row["step"], names.get(row["step"], row["step"]), row["at"], row["actor"], row["unit"], row["due"], row["result"], row["note"])
        for row in steps
    )
    outcomes = outcomes_of(rule_of(pack, loop))
    told = tuple(_visit(row, outcomes.get(row["outcome"], {})) for row in visits)
    under_way = len(steps) % len(loop) != 0
    due = steps[-1]["due"] if under_way else None
    following = loop[len(steps) % len(loop)] if under_way or not steps or reopened(pack, loop, steps, visits) else None
    now = now_ms()
    planned = plan(pack, loop, incident, steps, visits, now)
    return Case(state_of(incident), playbook, shown, following, due, due is not None and due < now, planned, told)


def _visit(row: Any, outcome: Any) -> CaseVisit:
    return CaseVisit(row["at"], row["actor"], row["outcome"], str(outcome.get("name") or row["outcome"]), bool(outcome.get("again")), row["note"])
