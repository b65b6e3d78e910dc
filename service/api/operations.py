"""Events, audit, health, readiness, metrics."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Query, Request
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import Response, StreamingResponse

from service.api.auth import allowed
from service.api.context import Context, Here
from service.api.openapi import reply
from service.api.replies import BreakOut, Health, VerdictOut
from service.api.wire import json_response
from service.audit import Entry
from service.keys import Principal
from service.problems import Problem
from service.store.database import now_ms
from service.store.tables import incidents

router = APIRouter()
Auditing = Annotated[Principal, Depends(allowed("audit"))]
_STREAM = {200: {"description": "事件流", "content": {"text/event-stream": {"schema": {"type": "string"}}}}}
_LINES = {200: {"description": "每行一条", "content": {"application/x-ndjson": {"schema": {"type": "string"}}}}}
_verifying = asyncio.Lock()


@router.get("/v1/events", summary="到达与决定的事件流(SSE)", tags=["events"], responses=_STREAM)  # type: ignore[arg-type]
async def events(
    request: Request,
    here: Here,
    who: Annotated[Principal, Depends(allowed("read"))],
    after: Annotated[int | None, Query(ge=0, lt=2**53, description="从此序号之后; 断线重连用 Last-Event-ID")] = None,
) -> Response:
    """`assess`: 新到或更新的研判; `decide`: 民警的决定。id 为审计序号, 重连不漏。只有代码, 没有文字。"""
    if here.feed.readers >= here.settings.streams:
        raise Problem(503, "FQ6207", "事件流的连接太多", "too many event streams", remedy="稍后再连; FENGQIAO_STREAMS", headers={"retry-after": "10"})
    last = request.headers.get("last-event-id", "")
    start = int(last) if last.isascii() and last.isdigit() and len(last) < 16 else after
    return StreamingResponse(_counted(here, start, request), media_type="text/event-stream", headers={"cache-control": "no-store", "x-accel-buffering": "no"})


async def _counted(here: Context, start: int | None, request: Request) -> Any:
    here.metrics.subscribers.inc()
    try:
        async for event in here.feed.events(start, lambda: here.guard.still(request)):
            yield event
    finally:
        here.metrics.subscribers.dec()


@router.get("/v1/audit/verify", summary="核验审计链", tags=["audit"], responses=reply("VerdictOut", 200))
async def verify(here: Here, who: Auditing) -> Response:
    """从头读一遍审计链并与所存记录对照; 改动、缺失、插入、截尾都会指出在第几条。"""
    if _verifying.locked():
        raise Problem(503, "FQ6206", "正在核验", "a verification is under way", headers={"retry-after": "5"})
    async with _verifying:
        verdict = await asyncio.to_thread(here.store.verify)
    breaks = tuple(BreakOut(item.seq, item.kind, item.says) for item in verdict.breaks)
    entry = Entry(now_ms(), who.name, who.purpose, "verify", "", {"ok": verdict.ok, "checked": verdict.checked})
    await here.store.write(lambda tx: tx.audit(entry))
    return json_response(VerdictOut(verdict.ok, verdict.checked, str(verdict.head), breaks))


@router.get("/v1/audit/export", summary="导出审计链", tags=["audit"], responses=_LINES)  # type: ignore[arg-type]
async def export(here: Here, who: Auditing, after: Annotated[int, Query(ge=0, lt=2**53, description="从此序号之后")] = 0) -> Response:
    """每行一条, 可在别处重算散列。导出本身也记入审计。"""
    head = here.store.head()
    entry = Entry(now_ms(), who.name, who.purpose, "export", "", {"after": after, "upto": head.seq})
    await here.store.write(lambda tx: tx.audit(entry))

    def lines() -> Iterator[bytes]:
        for rows in here.store.entries(after=after, upto=head.seq):
            yield b"".join(msgspec.json.encode(dict(row)) + b"\n" for row in rows)

    return StreamingResponse(lines(), media_type="application/x-ndjson")


@router.head("/healthz", include_in_schema=False)
@router.get("/healthz", summary="进程是否活着", tags=["operations"], responses=reply("Health", 200))
async def healthz() -> Response:
    """进程活着即 200。"""
    return json_response(Health("ok"))


@router.head("/readyz", include_in_schema=False)
@router.get("/readyz", summary="可否接请求", tags=["operations"], responses=reply("Health", 200) | reply("Health", 503, "未就绪或正在停止"))
async def readyz(here: Here) -> Response:
    """规则、库、写入线程都就绪为 200; 正在停止或有一项不行为 503。"""
    checks = {"rules": "stale" if here.assessor.rules_problem else "ok", "model": "degraded" if here.assessor.degraded else "ok"}
    checks["writer"] = "ok" if here.store.writer.alive else "down"
    checks["store"] = await asyncio.to_thread(_store_answers, here)
    ready = not here.draining and "down" not in checks.values()
    return json_response(Health("draining" if here.draining else "ok" if ready else "down", checks), status=200 if ready else 503)


def _store_answers(here: Context) -> str:
    try:
        here.store.read(lambda connection: connection.execute(text("SELECT 1")).scalar())
    except SQLAlchemyError:
        return "down"
    return "ok"


@router.get("/metrics", summary="Prometheus 指标", tags=["operations"], responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}})
async def metrics(request: Request, here: Here) -> Response:
    """颜色、弃判、规则命中、漂移、时延; 没有文字。"""
    if not here.settings.metrics_open:
        await allowed("metrics")(request)
    counted = select(incidents.c.colour, func.count()).where(incidents.c.status == "open").group_by(incidents.c.colour)
    counts = await here.store.read_async(lambda connection: list(connection.execute(counted)))
    here.metrics.queue.clear()
    for colour, count in counts:
        here.metrics.queue.labels(colour).set(count)
    writer = here.store.writer
    here.metrics.group_size.set(writer.units / writer.groups if writer.groups else 0)
    for outcome, count in zip(("asked", "late"), here.assessor.asked, strict=True):
        here.metrics.encoder.labels(outcome).set(count)
    here.metrics.degraded.set(1 if here.assessor.degraded else 0)
    here.metrics.rules_stale.set(1 if here.assessor.rules_problem else 0)
    return Response(here.metrics.exposition(), media_type="text/plain; version=0.0.4; charset=utf-8")
