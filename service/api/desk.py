"""The queue and a person's decisions: what the triage desk is built on."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Query, Request
from sqlalchemy import Connection, and_, exists, func, or_, select, tuple_
from starlette.responses import Response

from pipeline.values import incident_from_json
from service.api.auth import acting, allowed
from service.api.context import Context, Here
from service.api.once import commit, replayed
from service.api.openapi import body, reply
from service.api.replies import Decided, Page, QueueItem, Record, VersionOut, decision_of, state_of
from service.api.wire import DecisionIn, ListQuery, SearchIn, epoch_ms, json_response, purpose_of, read_body
from service.audit import Entry
from service.decisions import Decision, find_incident
from service.intake import Who
from service.keys import Principal
from service.problems import Problem
from service.store.database import now_ms
from service.store.tables import assessments, decisions, incidents
from service.store.writer import Tx, Unit

router = APIRouter(tags=["assessments"])
Reading = Annotated[Principal, Depends(allowed("read"))]
Deciding = Annotated[Principal, Depends(allowed("decide"))]
EXCERPT = 60  # characters of the narrative in a queue item
_TOP = and_(incidents.c.status == "open", incidents.c.rank == incidents.c.levels - 1)  # what no filter hides


@router.post(
    "/v1/assessments/{id}/decision",
    summary="记录民警的决定",
    responses=reply("Decided", 200) | reply("Decided", 202, "待第二人确认, 现级未变"),
    openapi_extra=body("DecisionIn"),
)
async def decide(id: str, request: Request, here: Here, who: Deciding) -> Response:
    """认可、调高、调低、办结, 或确认、撤回待定的决定。机器的答案永不改动; 每一步记入审计。"""
    asked = await read_body(request, DecisionIn)
    if not (asked.colour or asked.close or asked.confirms or asked.withdraws):
        raise Problem(422, "FQ6409", "没有说决定什么", "nothing was decided", remedy="colour、close、confirms 或 withdraws")
    purpose = purpose_of(request, asked.purpose, who.purpose, required=here.settings.require_purpose)
    before = await replayed(request, here, who)
    if before is not None:
        return before
    actor, second = _persons(who, asked)
    levels = {name: here.assessor.level(name) for name in here.assessor.engine.pack.rules["profiles"]}
    settings = here.settings
    told = (asked.colour, asked.close, asked.reason, asked.confirms, asked.withdraws)
    decision = Decision(Who(actor, purpose), second, *told, levels, settings.shadow, nameless=who.vouches and asked.by is None)

    def render(done: dict[str, Any]) -> Response:
        kind = done["decision"]
        here.metrics.decisions.labels(kind["kind"], kind["from_colour"], kind["to_colour"]).inc()
        return json_response(Decided(decision_of(kind), state_of(done["incident"])), status=202 if kind["state"] == "pending" else 200)

    return await commit(request, here, who, decision.unit(here.store, id), render)


def _persons(who: Principal, asked: DecisionIn) -> tuple[str, str | None]:
    """Who decides and who stands beside. Only the key of a system that vouches for its officers may name them."""
    actor, second = acting(who, asked.by), acting(who, asked.second_person)
    if asked.second_person is not None and asked.by is None:
        raise Problem(422, "FQ6411", "写了第二人, 也须写明 by", "second_person needs by", remedy="by 写作出决定者的警号")
    if who.vouches and asked.confirms and asked.by is None:  # else the system itself would be the second person
        raise Problem(422, "FQ6411", "受托系统确认时须写明 by", "a system that confirms must say for whom", remedy="by 写确认者的警号")
    return actor, second if asked.second_person else None


@router.get("/v1/assessments", summary="警情队列", responses=reply("Page", 200))
async def queue(request: Request, here: Here, who: Reading, query: Annotated[ListQuery, Query()]) -> Response:
    """依紧急程度、现级、先后排列, 分页。任何筛选都不隐去未决的最高级(红)。"""
    _known(here, query)
    return json_response(await search_page(request, here, who, query))


@router.post("/v1/assessments:search", summary="检索警情", responses=reply("Page", 200), openapi_extra=body("SearchIn"))
async def search(request: Request, here: Here, who: Reading) -> Response:
    """同队列, 并可在警情文本中查找; 用 POST, 文字不进网址。"""
    query = await read_body(request, SearchIn)
    _known(here, query)
    return json_response(await search_page(request, here, who, query))


def _known(here: Context, query: SearchIn) -> None:
    """Raises Problem 422 where a filter names a code that the rules do not have: an empty page would look like a quiet night."""
    rules = here.assessor.engine.pack.rules
    levels = {str(level["code"]) for spec in rules["profiles"].values() for level in spec.data["levels"]}
    for name, may in (("colour", levels), ("category", rules["categories"]), ("dispute", rules["disputes"]), ("script", rules["scripts"])):
        if not set(getattr(query, name)) <= set(may):
            shown = " ".join(sorted(may)) if name == "colour" else "GET /v1/meta 所列"
            raise Problem(422, "FQ6022", f"{name} 没有这个代码", f"{name} holds an unknown code", remedy=f"可用 {shown}")


async def search_page(request: Request, here: Context, who: Principal, query: SearchIn) -> Page:
    """A page of the queue; looking for words is audited. The desk's pages show the same."""
    purpose = purpose_of(request, None, who.purpose, required=here.settings.require_purpose)
    after = _cursor(query.cursor)
    page = await here.store.read_async(lambda connection: _ask(connection, query, after))
    if query.text:  # looking through narratives is looking at them
        entry = Entry(now_ms(), who.name, purpose, "search", "", {"text_hash": here.store.keyed_hash(query.text), "found": len(page.items)})
        await here.store.write(lambda tx: tx.audit(entry))
    return page


def _ask(connection: Connection, query: SearchIn, after: list[int | str] | None) -> Page:
    wanted = and_(*_filters(query))
    order = (-incidents.c.urgency, -incidents.c.rank, incidents.c.received_at, incidents.c.key)
    pending = exists().where(decisions.c.incident == incidents.c.key, decisions.c.state == "pending")
    columns = (*incidents.c, assessments.c.payload, (~wanted).label("outside"), pending.label("pending"))
    statement = select(*columns).join(assessments, assessments.c.id == incidents.c.assessment).where(or_(wanted, _TOP)).order_by(*order).limit(query.limit + 1)
    if after is not None:
        statement = statement.where(tuple_(*order) > tuple_(*after))
    rows = connection.execute(statement).mappings().all()
    more, shown = len(rows) > query.limit, rows[: query.limit]
    counted = select(incidents.c.colour, func.count()).where(incidents.c.status == "open").group_by(incidents.c.colour)
    items = tuple(QueueItem(state_of(row), bool(row["outside"]), bool(row["pending"]), _excerpt(row["payload"])) for row in shown)
    return Page(items, _next(shown[-1]) if more else None, {row[0]: row[1] for row in connection.execute(counted)})


def _filters(query: SearchIn) -> list[Any]:
    made: list[Any] = [incidents.c.status == query.status] if query.status != "all" else [incidents.c.status != ""]
    for name in ("station", "colour", "category", "dispute", "script"):
        values = getattr(query, name)
        if values:
            made.append(incidents.c[name].in_(values))
    if query.needs_review is not None:
        made.append(incidents.c.needs_review == query.needs_review)
    if query.since is not None:
        made.append(incidents.c.received_at >= epoch_ms(query.since))
    if query.until is not None:
        made.append(incidents.c.received_at < epoch_ms(query.until))
    if query.text:
        inside = msgspec.json.encode(query.text.strip()).decode()[1:-1]  # as the payload's JSON has it
        made.append(func.coalesce(assessments.c.payload, "").contains(inside, autoescape=True))
    return made


def _excerpt(payload: str | None) -> str | None:
    return None if payload is None else incident_from_json(payload).narrative[:EXCERPT]


def _next(row: Any) -> str:
    told = [-row["urgency"], -row["rank"], row["received_at"], row["key"]]
    return base64.urlsafe_b64encode(msgspec.json.encode(told)).decode()


def _cursor(given: str | None) -> list[int | str] | None:
    if given is None:
        return None
    try:
        urgency, rank, at, key = msgspec.json.decode(base64.b64decode(given.encode(), altchars=b"-_", validate=True), type=tuple[int, int, int, str])
    except (binascii.Error, msgspec.MsgspecError, UnicodeError):
        raise Problem(422, "FQ6010", "cursor 不对", "the cursor is not one of ours", remedy="用上一页给出的 next") from None
    if not (abs(urgency) < 100 and abs(rank) < 100 and 0 <= at < 2**53 and "\0" not in key):
        raise Problem(422, "FQ6010", "cursor 不对", "the cursor is not one of ours", remedy="用上一页给出的 next")
    return [urgency, rank, at, key]


@router.get("/v1/assessments/{id}/record", summary="一起警情的全部", responses=reply("Record", 200))
async def record(id: str, request: Request, here: Here, who: Reading) -> Response:
    """现状、警情文本(若保存)、各版研判与所有决定。查看记入审计。"""
    purpose = purpose_of(request, None, who.purpose, required=here.settings.require_purpose)
    return json_response(await here.store.write(viewing(id, who.name, purpose)))


def viewing(ident: str, actor: str, purpose: str) -> Unit[Record]:
    """The unit that reads one incident and notes in the audit that it was looked at."""

    def look(tx: Tx) -> Record:
        incident = find_incident(tx.rows, ident)
        key = incident["key"]
        tx.audit(Entry(now_ms(), actor, purpose, "view", key, {"assessment": incident["assessment"]}))
        versions = tx.rows(select(assessments).where(assessments.c.incident == key).order_by(assessments.c.version))
        decided = tx.rows(select(decisions).where(decisions.c.incident == key).order_by(decisions.c.at, decisions.c.id))
        return _record(incident, versions, decided)

    return look


def _record(incident: Any, versions: Sequence[Any], decided: Sequence[Any]) -> Record:
    payload = versions[-1]["payload"]
    given = msgspec.json.decode(payload) if payload else None
    short = tuple(VersionOut(**{name: row[name] for name in VersionOut.__struct_fields__}) for row in versions)
    return Record(state_of(incident), given and given.pop("narrative"), given, short, tuple(decision_of(row) for row in decided))
