"""`/v1/jobs`: a table up, 202, progress as it goes, the result as CSV, Excel, Parquet or JSONL; cancelled, or resumed after a restart."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field
from sqlalchemy import select, update
from starlette.responses import FileResponse, Response, StreamingResponse

from pipeline.errors import RuleError
from service.api.auth import allowed
from service.api.context import Context, Here
from service.api.openapi import reply
from service.api.replies_work import JobList, JobOut
from service.api.wire import LINE, Wire, json_response, purpose_of
from service.audit import Entry
from service.jobs.runner import ENDED
from service.keys import Principal
from service.problems import Problem, not_found
from service.store.database import new_id, now_ms
from service.store.tables import jobs
from service.store.writer import Tx

router = APIRouter(tags=["jobs"])
Working = Annotated[Principal, Depends(allowed("jobs"))]
Given = Literal["csv", "tsv", "xlsx", "jsonl", "parquet"]
Wanted = Literal["csv", "xlsx", "jsonl", "parquet"]
Column = Annotated[str, Field(max_length=100, pattern=LINE)]
MEDIA = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "jsonl": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
}
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_UPLOAD = {"requestBody": {"required": True, "content": {"application/octet-stream": _BINARY}}}
_FILE: dict[int | str, dict[str, Any]] = {200: {"description": "文件", "content": {media.split(";")[0]: _BINARY for media in MEDIA.values()}}}
_STREAM: dict[int | str, dict[str, Any]] = {200: {"description": "进度流", "content": {"text/event-stream": {"schema": {"type": "string"}}}}}


class JobQuery(Wire):
    """上传的表格怎样标注。"""

    input: Given = Field(default="csv", description="上传的是什么")
    output: Wanted = Field(default="csv", description="结果要什么")
    text_column: list[Column] = Field(default=[], max_length=20, description="警情文本列; 缺省按常见表头猜")
    id_column: Column | None = Field(default=None, description="编号列")
    no_header: bool = Field(default=False, description="首行就是数据, 列名为 列1 列2 …")
    full: bool = Field(default=False, description="加上完整答案")
    profile: str | None = Field(default=None, max_length=64, pattern=LINE, description="分级方案")
    deid: Literal["mask", "replace", "hash", "remove"] | None = Field(default=None, description="结果去标识")


class _Options(msgspec.Struct, frozen=True):
    given: str
    wanted: str
    texts: list[str]
    id_column: str | None
    full: bool
    engine: dict[str, Any]
    deid: str | None
    header: bool = True


@router.post("/v1/jobs", summary="上传表格成批标注", status_code=202, responses=reply("JobOut", 202), openapi_extra=_UPLOAD)
async def upload(request: Request, here: Here, who: Working, query: Annotated[JobQuery, Query()]) -> Response:
    """请求体就是文件(UTF-8 或 GB18030)。原列都保留, 另加 fq_*; 有误的行另列, 不影响其余。"""
    purpose = purpose_of(request, None, who.purpose, required=here.settings.require_purpose)
    if query.profile is not None:
        try:
            here.assessor.level(query.profile)
        except RuleError as error:
            raise Problem(422, error.code, error.zh, error.en, remedy=error.remedy) from None
    if query.full and query.deid:
        raise Problem(422, "FQ6012", "完整答案引用原文, 不能与去标识同用", "full and deid exclude each other", remedy="full 与 deid 只给一个")
    settings = here.settings
    engine: dict[str, Any] = {"rules": [str(path.absolute()) for path in settings.rules], "profile": query.profile or settings.profile}
    engine |= {"playbook": settings.playbook, "tier": settings.tier, "models": settings.models and str(settings.models.absolute())}
    options = _Options(query.input, query.output, query.text_column, query.id_column, query.full, engine, query.deid, not query.no_header)
    ident = new_id()
    size = await _save(request, here.jobs.place(ident), query.input, options)
    if size == 0:
        raise Problem(422, "FQ6013", "文件是空的", "the upload is empty", remedy="请求体就是文件本身, 如 curl --data-binary @表.csv")
    at = now_ms()
    row: dict[str, Any] = {"id": ident, "at": at, "actor": who.name, "purpose": purpose, "status": "queued", "given": query.input, "wanted": query.output}
    row |= {
        "options": msgspec.json.encode(options).decode(),
        "code": "",
        "owner": "",
        "ended": None,
        "records": 0,
        "rows": 0,
        "rejects": 0,
        "beat": 0,
        "fault": None,
    }

    def unit(tx: Tx) -> None:
        tx.add(jobs, row)
        told = {"status": "queued", "bytes": size, "given": query.input, "wanted": query.output, "deid": query.deid}
        tx.audit(Entry(at, who.name, purpose, "job", ident, told))

    await here.store.write(unit)
    here.jobs.wake()
    return json_response(_told(row), status=202, headers={"location": f"/v1/jobs/{ident}"})


async def _save(request: Request, folder: Path, given: str, options: _Options) -> int:
    """The body to disk as it comes; nothing is left where it breaks off."""
    size = 0
    await asyncio.to_thread(folder.mkdir, parents=True, mode=0o700)
    partial = folder / "upload"
    try:
        with partial.open("wb") as stream:
            async for chunk in request.stream():
                size += len(chunk)
                await asyncio.to_thread(stream.write, chunk)
        (folder / "options.json").write_bytes(msgspec.json.encode(options))
        partial.rename(folder / f"input.{given}")
    finally:
        if size == 0 or partial.exists():
            for path in folder.iterdir():
                path.unlink()
            folder.rmdir()
    return size


@router.get("/v1/jobs", summary="任务一览", responses=reply("JobList", 200))
async def listing(here: Here, who: Working, limit: Annotated[int, Query(ge=1, le=200, description="最多几个")] = 50) -> Response:
    """自己的任务, 新的在前; 有 admin 权限者看到全部。"""
    wanted = select(jobs).order_by(jobs.c.at.desc(), jobs.c.id.desc()).limit(limit)
    if "admin" not in who.scopes:
        wanted = wanted.where(jobs.c.actor == who.name)
    rows = await here.store.read_async(lambda connection: connection.execute(wanted).mappings().all())
    return json_response(JobList(tuple(_told(row) for row in rows)))


@router.get("/v1/jobs/{id}", summary="任务进度", responses=reply("JobOut", 200))
async def progress(id: str, here: Here, who: Working) -> Response:
    """状态、总行数、已标注与退回的行数。"""
    return json_response(_told(await _mine(here, who, id)))


@router.get("/v1/jobs/{id}/events", summary="任务进度流(SSE)", responses=_STREAM)
async def follow(id: str, here: Here, who: Working) -> Response:
    """`progress` 事件, 直到任务结束。"""
    await _mine(here, who, id)

    async def told() -> AsyncIterator[bytes]:
        last = b""
        while not here.feed.stopping:
            now = _told(await _mine(here, who, id))
            data = msgspec.json.encode(now)
            if data != last:
                last = data
                yield b"event: progress\ndata: " + data + b"\n\n"
            if now.status in ENDED:
                return
            await asyncio.sleep(0.4)

    return StreamingResponse(told(), media_type="text/event-stream", headers={"cache-control": "no-store", "x-accel-buffering": "no"})


@router.delete("/v1/jobs/{id}", summary="取消任务", responses=reply("JobOut", 200))
async def cancel(id: str, here: Here, who: Working) -> Response:
    """停下并删去上传的文件; 已结束的任务则删去结果。"""
    await _mine(here, who, id)

    def unit(tx: Tx) -> Any:
        (row,) = tx.rows(select(jobs).where(jobs.c.id == id))
        if row["status"] not in ENDED:
            tx.execute(update(jobs).where(jobs.c.id == id).values(status="cancelled", ended=now_ms()))
            tx.audit(Entry(now_ms(), who.name, row["purpose"], "job", id, {"status": "cancelled"}))
        (after,) = tx.rows(select(jobs).where(jobs.c.id == id))
        return row["status"], after

    before, row = await here.store.write(unit)
    if before != "running":  # the runner clears up after a worker that it had to stop
        from service.jobs.runner import clear

        await asyncio.to_thread(clear, here.jobs.place(id), keep=())
    return json_response(_told(row))


@router.get("/v1/jobs/{id}/result", summary="下载结果", responses=_FILE, response_class=Response)
async def result(
    id: str,
    request: Request,
    here: Here,
    who: Working,
    part: Annotated[Literal["result", "rejects", "manifest"], Query(description="结果、退回的行、清单")] = "result",
) -> Response:
    """标注后的表格; 退回的行(JSONL); 清单(散列与计数)。下载记入审计。还没有完成 409; 失败或已取消 410, 不必再等。"""
    row = await _mine(here, who, id)
    if row["status"] != "done":
        raise _without_result(_told(row))
    name = f"result.{row['wanted']}" + {"result": "", "rejects": ".rejects.jsonl", "manifest": ".manifest.json"}[part]
    path = here.jobs.place(id) / name
    if not path.is_file():
        raise not_found("没有这份文件(没有退回的行, 或已到期清除)", "no such file")
    entry = Entry(now_ms(), who.name, row["purpose"], "job", id, {"status": "fetched", "part": part})
    await here.store.write(lambda tx: tx.audit(entry))
    media = MEDIA[row["wanted"]] if part == "result" else MEDIA["jsonl"]
    return FileResponse(path, media_type=media, filename=f"fengqiao-{id}{name.removeprefix('result')}")


async def _mine(here: Context, who: Principal, ident: str) -> Any:
    rows = await here.store.read_async(lambda connection: connection.execute(select(jobs).where(jobs.c.id == ident)).mappings().all())
    if not rows or (rows[0]["actor"] != who.name and "admin" not in who.scopes):
        raise not_found("没有这个任务", "no such job")
    return rows[0]


def _without_result(job: JobOut) -> Problem:
    """Why there is no result: not yet (409, ask again), or never (410, whoever waits for it may stop)."""
    if job.status == "failed":
        return Problem(410, job.code, job.title or "任务失败", job.reason or "the job failed", remedy=job.remedy)
    if job.status == "cancelled":
        return Problem(410, "FQ6418", "任务已取消, 没有结果", "the job was cancelled", remedy="需要时重新上传")
    return Problem(409, "FQ6414", "任务还没有完成", "the job is not done", remedy=f"等 GET /v1/jobs/{job.id} 的 status 为 done, 或听 /v1/jobs/{job.id}/events")


def _told(row: Any) -> JobOut:
    options = json.loads(row["options"])
    fault = {"title": "", "reason": "", "remedy": ""} | json.loads(row["fault"] or "{}")
    told = {name: row[name] for name in ("id", "at", "actor", "purpose", "status", "records", "rows", "rejects", "code", "ended")}
    return JobOut(**told, input=row["given"], output=row["wanted"], deid=options["deid"], **fault)
