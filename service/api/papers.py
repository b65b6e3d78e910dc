"""`/v1/papers`: drafts in Word or HTML, of one incident or of a day's, as `fengqiao paper` makes them. People check, complete and sign."""

from __future__ import annotations

import asyncio
import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import msgspec
from fastapi import APIRouter, Depends, Request
from sqlalchemy import select
from starlette.responses import Response

from pipeline.errors import InputError
from pipeline.values import Incident, assessment_from_json, incident_from_json
from service.api.auth import allowed
from service.api.context import Context, Here
from service.api.openapi import body, reply
from service.api.replies_work import PaperList, PaperOut
from service.api.wire import CHINA, PaperIn, cached, epoch_ms, purpose_of, read_body
from service.audit import Entry
from service.decisions import find_incident
from service.desk.names import person
from service.intake import Who
from service.keys import Principal
from service.papers.fill import asks, zh_time
from service.papers.schema import Template
from service.problems import Problem
from service.standing import standing
from service.store.database import now_ms
from service.store.tables import assessments, case_steps, incidents
from service.store.writer import Tx

if TYPE_CHECKING:
    from service.papers.context import Step

router = APIRouter(tags=["papers"])
Reading = Annotated[Principal, Depends(allowed("read"))]
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
HTML = "text/html"
MOST = 2000  # incidents on one sheet: more is no day of one station
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_FILES: dict[int | str, dict[str, Any]] = {
    200: {"description": "草稿", "content": {DOCX: _BINARY, HTML: {"schema": {"type": "string"}}}},
    406: {"description": "只有 Word 与 HTML 两种", "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemOut"}}}},
}
_WEIGHT = re.compile(r"[01](\.[0-9]{0,3})?")
Told = tuple[Mapping[str, Any], Mapping[str, Any]]  # the incident's row and its assessment's


@router.get("/v1/papers", summary="文书一览", responses=reply("PaperList", 200))
async def papers(request: Request, here: Here, who: Reading) -> Response:
    """可预填的文书: 代码、名称、由一起警情还是一段时间的警情做成、可以补填哪些项。"""
    shown = [PaperOut(t.id, t.name, t.description, t.status, t.draft, t.many, asks(t)) for t in here.papers.values()]
    return cached(request, PaperList(tuple(shown)))


@router.post("/v1/papers/{kind}", summary="预填一份文书(草稿)", responses=_FILES, openapi_extra=body("PaperIn"))
async def draft(kind: str, request: Request, here: Here, who: Reading) -> Response:
    """按已存的研判预填, 叙述未提及的留白; 每页标明草稿, 须由承办人核对、补全并依法签发。Accept 为 text/html 得网页, 否则得 Word。生成记入审计。"""
    form = wanted(request.headers.get("accept", ""))
    asked = await read_body(request, PaperIn)
    return await drafted(here, Who(who.name, purpose_of(request, None, who.purpose, required=here.settings.require_purpose)), kind, asked, form)


async def drafted(here: Context, who: Who, kind: str, asked: PaperIn, form: str) -> Response:
    """The draft as a file, noted in the audit. Raises Problem 404 for an unknown paper, 422 where it is made of something else."""
    template = here.papers.get(kind)
    if template is None:
        raise Problem(404, "FQ2804", "没有这种文书", "unknown paper", remedy="GET /v1/papers")
    _check(template, asked)
    at = now_ms()

    def look(tx: Tx) -> tuple[list[Told], Sequence[Any]]:
        found = _day(tx, asked) if template.many else [_one(tx, str(asked.incident))]
        subject = "" if template.many else found[0][0]["key"]
        told = {"paper": kind, "form": "html" if form == HTML else "docx", "incidents": len(found), "set": sorted(asked.set)}
        told |= {"assessment": "" if template.many else found[0][1]["id"]}
        tx.audit(Entry(at, who.actor, who.purpose, "paper", subject, told))
        return found, [] if template.many else tx.rows(select(case_steps).where(case_steps.c.incident == subject).order_by(case_steps.c.number))

    found, steps = await here.store.write(look)
    now = dt.datetime.fromtimestamp(at // 1000, CHINA).replace(tzinfo=None)
    data = await asyncio.get_running_loop().run_in_executor(here.workers, _made, here, template, (found, steps), asked, now, form)
    return Response(data, 200, _headers(template, form), f"{HTML}; charset=utf-8" if form == HTML else DOCX)


def _headers(template: Template, form: str) -> dict[str, str]:
    name = quote(f"{template.name}-{template.draft}.{'html' if form == HTML else 'docx'}")
    disposition = "inline" if form == HTML else "attachment"
    headers = {"content-disposition": f"{disposition}; filename*=UTF-8''{name}", "fengqiao-draft": "true", "vary": "accept"}
    # the page carries its own style and nothing else: no script, no picture, no address
    return headers | ({"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"} if form == HTML else {})


def wanted(accept: str) -> str:
    """The form that an Accept header asks for (RFC 9110: for each form the most exact range counts); Word where either will do. Raises Problem 406."""
    weights: dict[str, float] = {}
    for part in (accept.strip() or "*/*").split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        told = next((piece.removeprefix("q=") for piece in parameters if piece.startswith("q=")), "1")
        weights[name] = float(told) if _WEIGHT.fullmatch(told) else 0.0
    best = max((DOCX, HTML), key=lambda form: (_weight(weights, form), form in weights))
    if _weight(weights, best) == 0:
        raise Problem(406, "FQ6016", "没有这种格式", "papers are Word or HTML", remedy=f"Accept: {DOCX} 或 {HTML}")
    return best


def _weight(weights: Mapping[str, float], form: str) -> float:
    return next((weights[name] for name in (form, form.split("/")[0] + "/*", "*/*") if name in weights), 0.0)


def _check(template: Template, asked: PaperIn) -> None:
    unknown = len(asked.set.keys() - set(asks(template)))
    if unknown:
        raise Problem(
            422,
            "FQ6017",
            "有这份文书没有的补填项",
            "set names what the paper does not ask for",
            remedy="可用 " + "、".join(asks(template)) if asks(template) else "这份文书没有可补填的项, 去掉 set",
        )
    if template.many and (asked.incident is not None or asked.since is None or asked.until is None):
        raise Problem(422, "FQ6018", "这种文书由一段时间的警情做成", "this paper is made of a span of time", remedy="给出 since 与 until, 不给 incident")
    if not template.many and (asked.incident is None or asked.since or asked.until or asked.station):
        raise Problem(422, "FQ6019", "这种文书由一起警情做成", "this paper is made of one incident", remedy="给出 incident, 不给 since、until、station")


def _one(tx: Tx, ident: str) -> Told:
    """The incident with the assessment that `ident` names, or with its newest."""
    incident = find_incident(tx.rows, ident)
    row = (tx.rows(select(assessments).where(assessments.c.id == ident)) or tx.rows(select(assessments).where(assessments.c.id == incident["assessment"])))[0]
    if row["payload"] is None:
        raise Problem(409, "FQ6412", "警情文本没有保存或已清除", "the narrative is not kept", remedy="重新研判")
    return incident, row


def _day(tx: Tx, asked: PaperIn) -> list[Told]:
    """Incidents received in the span, oldest first, each with its newest assessment. Raises Problem 422 where they are too many."""
    assert asked.since is not None
    assert asked.until is not None
    where = [incidents.c.received_at >= epoch_ms(asked.since), incidents.c.received_at < epoch_ms(asked.until)]
    if asked.station:
        where.append(incidents.c.station == asked.station)
    rows = tx.rows(select(incidents).where(*where).order_by(incidents.c.received_at, incidents.c.key).limit(MOST + 1))
    if len(rows) > MOST:
        raise Problem(422, "FQ6020", "警情太多, 一张表容不下", "too many incidents for one sheet", remedy=f"上限 {MOST} 起; 缩短时段或指定 station")
    newest = select(assessments).join(incidents, incidents.c.assessment == assessments.c.id).where(*where)
    answers = {row["id"]: row for row in tx.rows(newest)}
    return [(row, answers[row["assessment"]]) for row in rows]


def _made(here: Context, template: Template, kept: tuple[Sequence[Told], Sequence[Any]], asked: PaperIn, now: dt.datetime, form: str) -> bytes:
    """The file. Runs in the worker thread. Raises Problem where a local template cannot be filled."""
    from service.papers.context import context, day_context
    from service.papers.fill import fill
    from service.papers.html import to_html

    pack = here.assessor.engine.pack
    found, rows = kept
    pairs = [(_incident(state, row), standing(assessment_from_json(row["answer"]), state, pack)) for state, row in found]
    if template.many:
        told = day_context(pairs, pack, given=asked.set, now=now)
    else:
        steps, due = _loop(here, rows)
        told = context(*pairs[0], pack, given=asked.set, now=now, steps=steps, due=due)
    try:
        made = fill(template, told)
    except InputError as error:
        raise Problem(500, error.code, error.zh, error.en, remedy=error.remedy) from None
    if form == HTML:
        return to_html(made).encode()
    from service.papers.docx import to_docx

    return to_docx(made, now=now)


def _loop(here: Context, rows: Sequence[Any]) -> tuple[list[Step], dt.datetime | None]:
    """The steps on record of the round under way, and the deadline that stands for the next; none where the playbook has no loop."""
    from service.papers.context import Step

    rule = here.assessor.engine.pack.rules["playbooks"].get(here.settings.case_playbook)
    names = {step["id"]: str(step["name"]) for step in rule.data.get("loop") or ()} if rule is not None else {}
    if not rows or not names:
        return [], None
    made = []
    for row in rows[(len(rows) - 1) // len(names) * len(names) :]:
        said = (row["unit"] and f"承办 {row['unit']}", row["due"] and f"期限 {zh_time(_china(row['due']))}", row["result"], row["note"])
        made.append(Step(names.get(row["step"], row["step"]), person(row["actor"]), _china(row["at"]), "; ".join(str(part) for part in said if part)))
    due = next((row["due"] for row in reversed(rows[-len(made) :]) if row["due"]), None)
    return made, None if due is None else _china(due)


def _china(ms: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(ms / 1000, CHINA).replace(tzinfo=None)


def _incident(state: Mapping[str, Any], row: Mapping[str, Any]) -> Incident:
    """As it came in, at local time; where the text is not kept a day's sheet still counts it."""
    if row["payload"] is None:
        return Incident(narrative="", incident_id=state["key"])
    incident = incident_from_json(row["payload"])
    at = incident.occurred_at
    return incident if at is None or at.tzinfo is None else msgspec.structs.replace(incident, occurred_at=at.astimezone(CHINA).replace(tzinfo=None))
