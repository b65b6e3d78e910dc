"""`/v1/webhooks`, and answers in the shapes of other systems."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Query, Request
from sqlalchemy import Connection, func, select, update
from starlette.responses import Response

from pipeline.values import assessment_from_json, incident_from_json
from service.adapters import Told, rendered, sheltered, told_of
from service.api.auth import allowed
from service.api.context import Here
from service.api.openapi import body, reply
from service.api.replies_work import DeliveryList, DeliveryOut, WebhookList, WebhookOut
from service.api.wire import WebhookIn, json_response, purpose_of, read_body
from service.audit import Entry
from service.decisions import find_incident
from service.hooks import ACTIONS, begin, new_secret
from service.keys import Principal
from service.problems import Problem, not_found
from service.store.database import new_id, now_ms
from service.store.tables import assessments, deliveries, webhooks
from service.store.writer import Tx

router = APIRouter(tags=["integration"])
Admin = Annotated[Principal, Depends(allowed("admin"))]
Reading = Annotated[Principal, Depends(allowed("read"))]
_FORMS: dict[int | str, dict[str, Any]] = {
    200: {"description": "所要的样式", "content": {"application/json": {"schema": {"type": "object"}}, "text/csv": {"schema": {"type": "string"}}}}
}


@router.post("/v1/webhooks", summary="登记回调地址", status_code=201, responses=reply("WebhookOut", 201), openapi_extra=body("WebhookIn"))
async def create(request: Request, here: Here, who: Admin) -> Response:
    """到达、决定、闭环、任务发生时 POST 到此地址(CloudEvents 或企业微信消息), HMAC 签名, 失败按间隔重试。secret 只在此给出一次。"""
    asked = await read_body(request, WebhookIn)
    host = _host(asked.url)
    hosts = here.settings.webhook_hosts
    if hosts and host not in hosts:
        raise Problem(422, "FQ6015", "此主机不在允许之列", "the host is not on the list", remedy="FENGQIAO_WEBHOOK_HOSTS")
    ident, secret = new_id(), new_secret()
    row = {
        "id": ident, "at": now_ms(), "actor": who.name, "url": asked.url, "secret": secret, "actions": " ".join(asked.actions or ACTIONS), "form": asked.form,
        "least": asked.least_rank, "ended": None,
    }  # fmt: skip

    def unit(tx: Tx) -> None:
        begin(tx)
        tx.add(webhooks, row)
        tx.audit(Entry(now_ms(), who.name, "", "webhook", ident, {"made": True, "form": asked.form, "actions": asked.actions}))

    await here.store.write(unit)
    return json_response(_told(row, {}, secret), status=201, headers={"location": f"/v1/webhooks/{ident}/deliveries"})


def _host(url: str) -> str:
    """The host of an address that can be posted to. Raises Problem 422."""
    try:
        address = urlsplit(url)
        good = address.scheme in ("http", "https") and address.hostname and not address.username and address.port != 0
    except ValueError:  # a port beyond 65535, half an IPv6 address
        good = False
    if not good or any(letter.isspace() for letter in url):
        raise Problem(
            422,
            "FQ6014",
            "地址须是 http(s)://主机/…",
            "the address must be http(s)://host/…",
            remedy="写成 http(s)://主机[:端口]/路径, 不含空格, 网址里不带用户名与密码",
        )
    return str(address.hostname)


@router.get("/v1/webhooks", summary="回调地址一览", responses=reply("WebhookList", 200))
async def listing(here: Here, who: Admin) -> Response:
    """地址、状态与各状态的投递数; 不含 secret。"""

    def look(connection: Connection) -> WebhookList:
        rows = connection.execute(select(webhooks).where(webhooks.c.ended.is_(None)).order_by(webhooks.c.at)).mappings().all()
        counts: dict[str, dict[str, int]] = {}
        for hook, state, count in connection.execute(
            select(deliveries.c.webhook, deliveries.c.state, func.count()).group_by(deliveries.c.webhook, deliveries.c.state)
        ):
            counts.setdefault(hook, {})[state] = count
        return WebhookList(tuple(_told(row, counts.get(row["id"], {}), None) for row in rows))

    return json_response(await here.store.read_async(look))


@router.delete("/v1/webhooks/{id}", summary="撤销回调地址", status_code=204, response_class=Response)
async def remove(id: str, here: Here, who: Admin) -> Response:
    """不再投递; 未送达的转为 dead。"""

    def unit(tx: Tx) -> int:
        done = tx.execute(update(webhooks).where(webhooks.c.id == id, webhooks.c.ended.is_(None)).values(ended=now_ms())).rowcount
        if done:
            tx.execute(update(deliveries).where(deliveries.c.webhook == id, deliveries.c.state == "pending").values(state="dead"))
            tx.audit(Entry(now_ms(), who.name, "", "webhook", id, {"made": False}))
        return done

    if not await here.store.write(unit):
        raise not_found("没有这个回调地址", "no such webhook")
    return Response(status_code=204)


@router.get("/v1/webhooks/{id}/deliveries", summary="投递情况", responses=reply("DeliveryList", 200))
async def sent(id: str, here: Here, who: Admin, state: Annotated[Literal["pending", "delivered", "dead"], Query(description="哪种状态")] = "dead") -> Response:
    """待投、已达、死信(多次失败后留存, 可重投)。"""
    wanted = select(deliveries).where(deliveries.c.webhook == id, deliveries.c.state == state).order_by(deliveries.c.seq.desc()).limit(500)

    def look(connection: Connection) -> Sequence[Any] | None:
        known = connection.execute(select(webhooks.c.id).where(webhooks.c.id == id)).all()
        return connection.execute(wanted).mappings().all() if known else None

    rows = await here.store.read_async(look)
    if rows is None:
        raise not_found("没有这个回调地址", "no such webhook")
    return json_response(DeliveryList(tuple(DeliveryOut(row["id"], row["seq"], row["state"], row["attempts"], row["due"], row["status"]) for row in rows)))


@router.post("/v1/webhooks/{id}/redeliver", summary="重投死信", responses=reply("DeliveryList", 200))
async def redeliver(id: str, here: Here, who: Admin) -> Response:
    """把此地址的死信重新排入投递。"""

    def unit(tx: Tx) -> list[Any]:
        if not tx.rows(select(webhooks.c.id).where(webhooks.c.id == id, webhooks.c.ended.is_(None))):
            raise not_found("没有这个回调地址", "no such webhook")
        dead = tx.rows(select(deliveries).where(deliveries.c.webhook == id, deliveries.c.state == "dead"))
        if dead:
            again = update(deliveries).where(deliveries.c.webhook == id, deliveries.c.state == "dead")
            tx.execute(again.values(state="pending", attempts=0, due=now_ms()))
            tx.audit(Entry(now_ms(), who.name, "", "webhook", id, {"redelivered": len(dead)}))
        return list(dead)

    rows = await here.store.write(unit)
    return json_response(DeliveryList(tuple(DeliveryOut(row["id"], row["seq"], "pending", 0, now_ms(), row["status"]) for row in rows)))


@router.get("/v1/assessments/{id}/export", summary="按别的系统的样式给出", responses=_FORMS, response_class=Response)
async def export(
    id: str,
    request: Request,
    here: Here,
    who: Reading,
    form: Annotated[
        Literal["wecom", "order", "governance_csv"], Query(description="wecom 企业微信消息 · order 政务热线工单 · governance_csv 综治中心 CSV")
    ] = "wecom",
) -> Response:
    """等级是现级(民警决定过的即所定)。消息只有代码、等级与处置, 没有警情文本; 工单与 CSV 有。导出记入审计。"""
    purpose = purpose_of(request, None, who.purpose, required=here.settings.require_purpose)

    def look(tx: Tx) -> Told:
        state = find_incident(tx.rows, id)
        (row,) = tx.rows(select(assessments).where(assessments.c.id == state["assessment"]))
        if not row["whole"] and form != "wecom":
            raise Problem(409, "FQ6412", "警情文本没有保存或已清除", "the narrative is not kept", remedy="form=wecom")
        tx.audit(Entry(now_ms(), who.name, purpose, "view", state["key"], {"assessment": row["id"], "form": form}))
        given = incident_from_json(row["payload"]) if row["payload"] else None
        return told_of(state, assessment_from_json(row["answer"]), given, here.assessor.engine.pack)

    told = await asyncio.to_thread(sheltered, await here.store.write(look))
    data, media = rendered(form, [told])
    return Response(data, media_type=media)


def _told(row: Any, counts: dict[str, int], secret: str | None) -> WebhookOut:
    return WebhookOut(row["id"], row["at"], row["url"], tuple(row["actions"].split()), row["form"], row["least"], counts, secret)
