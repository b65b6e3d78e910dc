"""`POST /v1/assessments` and `:batch`: assess, make durable, answer; and reading an answer back."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

import msgspec
from fastapi import APIRouter, Depends, Request
from sqlalchemy import select
from starlette.responses import Response

from models.patience import until
from pipeline.errors import RuleError
from pipeline.values import Assessment, Incident, to_json
from service.api.auth import allowed
from service.api.context import Context, Here
from service.api.once import commit, replayed
from service.api.openapi import body, reply
from service.api.replies import BatchOut, ProblemField, Rejected, Shadowed
from service.api.wire import IDENT, AssessIn, BatchIn, etag, json_bytes, json_response, purpose_of, read_body, tag_of, validated
from service.audit import Entry
from service.decisions import find_incident
from service.intake import Intake, Taken, Who
from service.keys import Principal
from service.problems import Problem
from service.store.database import now_ms
from service.store.tables import assessments
from service.store.writer import Tx, Unit

T = TypeVar("T")
router = APIRouter(tags=["assessments"])
may_assess = allowed("assess")
Assessing = Annotated[Principal, Depends(may_assess)]
Reading = Annotated[Principal, Depends(allowed("read"))]
_LONGEST_IDENT = 128
_SLICE, _SLICE_CHARACTERS = 25, 20_000  # what a batch assesses before others get their turn


@dataclass(frozen=True, slots=True)
class Ready:
    """Assessed, and ready to be written."""

    intake: Intake
    unit: Unit[Taken]
    seconds: float


@router.post("/v1/assessments", summary="研判一条警情", responses=reply("Assessment", 200) | reply("Shadowed", 202), openapi_extra=body("AssessIn"))
async def assess(request: Request, here: Here, who: Assessing) -> Response:
    """给出类别、纠纷类型、四色、诈骗剧本与处置建议, 每项附所据文字。落盘后才答复; 只是建议, 由人决定。"""
    asked = await read_body(request, AssessIn)
    check(here, asked)
    purpose = purpose_of(request, None, who.purpose, required=here.settings.require_purpose)
    before = await replayed(request, here, who)
    if before is not None:
        return before
    actor = Who(who.name, purpose)
    if len(asked.narrative) <= here.settings.inline_narrative and here.assessor.inline and not remembered(here, asked):
        ready = prepared(here, asked, actor)
        here.metrics.saw(ready.intake.answer, ready.seconds)
    else:
        ready = await single(here, asked, actor)
    return await commit(request, here, who, ready.unit, lambda taken: _answered(here, ready.intake, taken))


def _answered(here: Context, intake: Intake, taken: Taken) -> Response:
    headers = {"content-location": f"/v1/assessments/{taken.assessment}", "fengqiao-assessment-id": taken.assessment, "fengqiao-version": str(taken.version)}
    if here.settings.shadow:
        return json_response(Shadowed(True, taken.assessment, taken.incident if intake.named else taken.assessment), status=202, headers=headers)
    return json_bytes(intake.data, headers=headers | {"etag": tag_of(intake.digest)})


@router.post(
    "/v1/assessments:batch", summary="成批研判, 最多 500 条", responses=reply("BatchShown", 200) | reply("Shadowed", 202), openapi_extra=body("BatchIn")
)
async def assess_batch(request: Request, here: Here, who: Assessing) -> Response:
    """逐项研判, 一次落盘。某一项有误只影响这一项: 该项为 null, 并在 rejected 中说明。"""
    asked = await read_body(request, BatchIn)
    if len(asked.incidents) > here.settings.batch_limit:
        raise Problem(422, "FQ6203", "一次条数过多", "too many incidents in one call", remedy=f"最多 {here.settings.batch_limit} 条; 更多请用长批量任务")
    purpose = purpose_of(request, None, who.purpose, required=here.settings.require_purpose)
    before = await replayed(request, here, who)
    if before is not None:
        return before
    good, rejected = _sorted(here, asked.incidents)
    made = await off_loop(here, [item for _, item in good], Who(who.name, purpose))

    def unit(tx: Tx) -> list[Taken]:
        return [ready.unit(tx) for ready in made]

    places = [index for index, _ in good]
    intakes = [ready.intake for ready in made]
    return await commit(request, here, who, unit, lambda taken: _batch(here, len(asked.incidents), places, intakes, taken, rejected))


def _batch(here: Context, count: int, places: Sequence[int], intakes: Sequence[Intake], taken: Sequence[Taken], rejected: Sequence[Rejected]) -> Response:
    answers: list[msgspec.Raw | None] = [None] * count
    ids: list[str | None] = [None] * count
    for index, intake, place in zip(places, intakes, taken, strict=True):
        ids[index] = place.assessment
        if not here.settings.shadow:
            answers[index] = msgspec.Raw(intake.data)
    return json_response(BatchOut(tuple(answers), tuple(ids), tuple(rejected)), status=202 if here.settings.shadow else 200)


def _sorted(here: Context, items: Sequence[Any]) -> tuple[list[tuple[int, AssessIn]], list[Rejected]]:
    good: list[tuple[int, AssessIn]] = []
    rejected = []
    for index, item in enumerate(items):
        try:
            asked = validated(AssessIn, item)
            check(here, asked)
            good.append((index, asked))
        except Problem as problem:
            fields = tuple(ProblemField(**error) for error in problem.errors)
            rejected.append(Rejected(index, problem.code, problem.zh, fields, problem.remedy, _ident(item)))
    return good, rejected


def _ident(item: Any) -> str | None:
    """The incident id of an item that cannot be assessed, where it is one: so that a client knows which of its own was refused."""
    given = item.get("incident_id") if isinstance(item, dict) else None
    return given if isinstance(given, str) and len(given) <= _LONGEST_IDENT and re.fullmatch(IDENT, given) else None


def check(here: Context, asked: AssessIn) -> None:
    """What the schema cannot say. Raises Problem 422."""
    if len(asked.narrative) > here.settings.max_narrative:
        raise Problem(422, "FQ6204", "警情文本太长", "the narrative is too long", remedy=f"上限 {here.settings.max_narrative} 字")
    try:
        if asked.profile is not None:
            here.assessor.level(asked.profile)
        if asked.playbook is not None:
            here.assessor.engine.desk(asked.playbook)
    except RuleError as error:
        raise Problem(422, error.code, error.zh, error.en, remedy=error.remedy) from None


def remembered(here: Context, asked: AssessIn) -> bool:
    """Whether the memory of calls is asked and told of it."""
    return here.settings.repeats and asked.occurred_at is not None


def prepared(here: Context, asked: AssessIn, who: Who) -> Ready:
    """Assess, and make all that the writer will need: answer, hashes, rows. Runs on any thread."""
    began = time.perf_counter()
    incident = asked.incident()
    turn = here.memory().turn() if remembered(here, asked) else None
    answer = here.assessor.assess(incident, profile=asked.profile, playbook=asked.playbook, recall=turn.recall if turn is not None else None)
    seconds = time.perf_counter() - began
    levels, keep = here.assessor.level(answer.risk.profile), here.settings.incidents == "full"
    named = asked.incident_id is not None
    data, shadow = to_json(answer), here.settings.shadow
    intake = Intake(incident, answer, data, who, tuple(levels), asked.station, named, shadow, keep, where=asked.where, turn=turn)
    return Ready(intake, intake.unit(here.store), seconds)


async def single(here: Context, asked: AssessIn, who: Who) -> Ready:
    """The same in a thread for single calls. Raises Problem 503."""
    ready = await _threaded(here, lambda: prepared(here, asked, who))
    here.metrics.saw(ready.intake.answer, ready.seconds)
    return ready


async def glanced(here: Context, incident: Incident) -> Assessment:
    """An answer that is shown and not kept. Raises Problem 503."""
    if here.assessor.inline and len(incident.narrative) <= here.settings.inline_narrative:
        return here.assessor.assess(incident)
    return await _threaded(here, lambda: here.assessor.assess(incident))


async def _threaded(here: Context, work: Callable[[], T]) -> T:
    """Whose turn comes late is not made to wait for the encoder as well: the answer says that it is degraded."""
    patience = here.settings.encoder_ms
    moment = time.monotonic() + patience / 1000 if patience else None

    def run() -> T:
        with until(moment):
            return work()

    async with _turn(here):
        return await asyncio.get_running_loop().run_in_executor(here.singles, run)


def _turn(here: Context) -> asyncio.Semaphore:
    """A place among those who wait. Raises Problem 503 where there is none."""
    if here.waiting.locked():
        raise Problem(503, "FQ6205", "排队的研判太多", "too much work is waiting", remedy="稍后再试", headers={"retry-after": "2"})
    return here.waiting


async def off_loop(here: Context, items: Sequence[AssessIn], who: Who) -> list[Ready]:
    """Many in the worker thread, a slice at a time, so that one batch does not keep all others waiting. Raises Problem 503."""
    made: list[Ready] = []
    loop = asyncio.get_running_loop()
    async with _turn(here):
        for part in _slices(items):
            done = await loop.run_in_executor(here.workers, lambda part=part: [prepared(here, item, who) for item in part])  # type: ignore[misc]
            for ready in done:
                here.metrics.saw(ready.intake.answer, ready.seconds)
            made += done
    return made


def _slices(items: Sequence[AssessIn]) -> Iterator[Sequence[AssessIn]]:
    """Parts of so many narratives or characters, whichever is less."""
    start = characters = 0
    for place, item in enumerate(items):
        if place > start and (place - start == _SLICE or characters + len(item.narrative) > _SLICE_CHARACTERS):
            yield items[start:place]
            start, characters = place, 0
        characters += len(item.narrative)
    yield items[start:]


@router.get("/v1/assessments/{id}", summary="读回一份研判", responses=reply("Assessment", 200))
async def read_back(id: str, request: Request, here: Here, who: Reading) -> Response:
    """按研判编号读回当时的答案, 逐字节相同; 给警情编号则为最新一版。读取记入审计。"""
    purpose = purpose_of(request, None, who.purpose, required=here.settings.require_purpose)

    def find(tx: Tx) -> Any:
        wanted = select(assessments).where(assessments.c.id == id)
        found = tx.rows(wanted) or tx.rows(select(assessments).where(assessments.c.id == find_incident(tx.rows, id)["assessment"]))
        tx.audit(Entry(now_ms(), who.name, purpose, "read", found[0]["incident"], {"assessment": found[0]["id"]}))
        return found[0]

    row = await here.store.write(find)
    data = row["answer"].encode()
    headers = {"etag": etag(data), "fengqiao-assessment-id": row["id"], "fengqiao-version": str(row["version"])}
    if not row["whole"]:
        headers["fengqiao-redacted"] = "true"
    if headers["etag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return json_bytes(data, headers=headers)
