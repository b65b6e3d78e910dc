"""De-identification, the directory of resources, and the shadow report."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from sqlalchemy import Connection, select
from starlette.responses import Response

from pipeline.errors import InputError
from pipeline.privacy import Deidentifier, Job
from pipeline.resources.compose import resources_for, settings_of
from pipeline.values import assessment_from_json, incident_from_json
from service.api.auth import allowed
from service.api.context import Context, Here
from service.api.openapi import body, reply
from service.api.replies_work import Deidentified, ResourceList, ResourceOut, ShadowReport, ShadowRow, TreatedOut
from service.api.wire import LINE, DeidentifyIn, cached, json_response, purpose_of, read_body
from service.audit import Entry
from service.decisions import find_incident
from service.keys import Principal
from service.problems import Problem
from service.shadow import compare
from service.store.database import now_ms
from service.store.tables import assessments, decisions, incidents

router = APIRouter(tags=["assessments"])
Reading = Annotated[Principal, Depends(allowed("read"))]


@router.post("/v1/deidentify", summary="脱敏", responses=reply("Deidentified", 200), openapi_extra=body("DeidentifyIn"))
async def deidentify(request: Request, here: Here, who: Annotated[Principal, Depends(allowed("deidentify"))]) -> Response:
    """找出并处理指向个人的姓名、证件、号码、住址等。什么都不保存; 审计只记段数与处数。"""
    asked = await read_body(request, DeidentifyIn)
    if max(map(len, asked.texts)) > here.settings.max_narrative:
        raise Problem(422, "FQ6204", "文本太长", "a text is too long", remedy=f"上限 {here.settings.max_narrative} 字")
    purpose = purpose_of(request, None, who.purpose, required=here.settings.require_purpose)
    done = await asyncio.get_running_loop().run_in_executor(here.workers, lambda: _treated(asked))
    found = sum(len(text.findings) for text in done.texts)
    entry = Entry(now_ms(), who.name, purpose, "deidentify", "", {"texts": len(asked.texts), "found": found, "mode": asked.mode, "quotes": asked.quotes})
    await here.store.write(lambda tx: tx.audit(entry))
    return json_response(done)


def _treated(asked: DeidentifyIn) -> Deidentified:
    try:
        deidentifier = Deidentifier.reading(asked.reader)
    except InputError as error:  # not installed here: asked for again, it would fail again
        raise Problem(422, error.code, error.zh, error.en, remedy=error.remedy) from None
    job, made = Job.random(), []
    for text in asked.texts:
        treated = deidentifier.treat(text, asked.mode, job, strict=asked.strict)
        findings = tuple(finding.to_json(quote=asked.quotes) for finding in treated.findings)
        offsets = tuple((change.start, change.end, change.new_start, change.new_end) for change in treated.offsets.changes)
        made.append(TreatedOut(treated.text, findings, offsets, treated.strict))
    return Deidentified(asked.mode, deidentifier.digest, tuple(made))


@router.get("/v1/resources", summary="可用资源", responses=reply("ResourceList", 200))
async def resources(
    request: Request,
    here: Here,
    who: Reading,
    assessment: Annotated[str | None, Query(max_length=140, pattern=LINE, description="给出研判或警情编号, 则列适合它的资源及理由")] = None,
    kind: Annotated[str | None, Query(max_length=40, pattern=LINE, description="只看某种")] = None,
) -> Response:
    """名录中的派出所、工作站、调解员、部门、热线; 或适合某一研判的。名录由 FENGQIAO_RESOURCES 指定。"""
    directory = here.assessor.directory
    if directory is None:
        raise Problem(404, "FQ6303", "没有资源名录", "no directory of resources", remedy="FENGQIAO_RESOURCES=文件夹")
    names = settings_of(here.assessor.engine.pack)["kinds"]
    if assessment is not None:
        found = tuple(_matched(entry, directory) for entry in await here.store.read_async(lambda connection: _for(here, connection, assessment)))
    else:
        every = directory.resources.values()
        found = tuple(ResourceOut(r.id, r.name, r.kind, names.get(r.kind, r.kind), r.area, r.phone, r.hours_told, "", None, None) for r in every)
    return cached(request, ResourceList(tuple(entry for entry in found if kind in (None, entry.kind))))


def _for(here: Context, connection: Connection, ident: str) -> list[dict[str, Any]]:
    incident = find_incident(lambda statement: connection.execute(statement).mappings().all(), ident)
    row = connection.execute(select(assessments).where(assessments.c.id == incident["assessment"])).mappings().one()
    if row["payload"] is None:
        raise Problem(409, "FQ6412", "警情文本没有保存或已清除", "the narrative is not kept", remedy="重新研判")
    directory = here.assessor.directory
    assert directory is not None
    answer = assessment_from_json(row["answer"])
    return resources_for(answer, incident_from_json(row["payload"]), directory, settings_of(here.assessor.engine.pack))


def _matched(entry: dict[str, Any], directory: Any) -> ResourceOut:
    area = directory.resources[entry["id"]].area
    told = (
        entry["id"],
        entry["name"],
        entry["kind"],
        entry["kind_name"],
        area,
        entry["phone"],
        entry["hours"],
        entry["why"],
        entry["score"],
        entry["stale_days"],
    )
    return ResourceOut(*told)


@router.get("/v1/shadow/report", summary="影子对照报告", responses=reply("ShadowReport", 200))
async def shadow_report(
    request: Request, here: Here, who: Reading, profile: Annotated[str | None, Query(max_length=64, pattern=LINE, description="分级方案; 空为默认")] = None
) -> Response:
    """影子模式下机器定级与现有流程(以决定接口回填)的对照: 一致率、加权 kappa、机器偏低的逐件列出。"""
    wanted = profile or here.assessor.engine.profile
    if wanted not in here.assessor.engine.pack.rules["profiles"]:
        raise Problem(422, "FQ1301", "没有这个分级方案", "unknown profile", remedy="GET /v1/meta")
    levels = here.assessor.level(wanted)
    pairs, without = await here.store.read_async(lambda connection: _pairs(connection, wanted))
    result = compare([(machine, person) for _, machine, person in pairs], levels)
    table = tuple(ShadowRow(machine, person, count) for (machine, person), count in sorted(Counter((m, p) for _, m, p in pairs).items()))
    lower = tuple(key for key, machine, person in pairs if levels.index(machine) < levels.index(person))[:200]
    report = ShadowReport(
        wanted, len(pairs), without, result.agreed, result.agreement, result.weighted_kappa, result.lower, result.higher, table, lower
    )  # fmt: skip
    return cached(request, report)


def _pairs(connection: Connection, profile: str) -> tuple[list[tuple[str, str, str]], int]:
    """(incident, machine's colour, the person's last colour) of shadowed incidents, and how many nobody has graded yet."""
    shadowed = select(incidents.c.key, incidents.c.machine_colour).where(incidents.c.shadow, incidents.c.profile == profile).order_by(incidents.c.key)
    machine = {row[0]: row[1] for row in connection.execute(shadowed)}
    observed = (
        select(decisions.c.incident, decisions.c.to_colour)
        .join(incidents, incidents.c.key == decisions.c.incident)
        .where(decisions.c.kind == "observed", incidents.c.profile == profile)
        .order_by(decisions.c.at, decisions.c.id)
    )
    person = {row[0]: row[1] for row in connection.execute(observed)}
    return [(key, colour, person[key]) for key, colour in machine.items() if key in person], sum(key not in person for key in machine)
