"""Sessions for browsers: the desk's pages (and EventSource, which cannot send headers) carry a cookie that stands for a key."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from service.api.auth import DEMO, SESSION, allowed
from service.api.context import Here
from service.api.openapi import body, reply
from service.api.replies import SessionOut
from service.api.wire import SessionIn, json_response, read_body
from service.keys import Principal

router = APIRouter(tags=["operations"])


@router.post("/v1/session", summary="登录研判台", responses=reply("SessionOut", 200), openapi_extra=body("SessionIn"))
async def sign_in(request: Request, here: Here) -> Response:
    """用密钥换一个 HttpOnly 会话; 密钥作废, 会话随之失效。"""
    asked = await read_body(request, SessionIn)
    if here.settings.keyless:
        return json_response(_told(DEMO))
    request.scope["headers"] = [pair for pair in request.scope["headers"] if pair[0] not in (b"authorization", b"x-api-key")]
    request.scope["headers"].append((b"authorization", b"Bearer " + asked.key.encode()))
    principal = await here.guard.principal(Request(request.scope))
    response = json_response(_told(principal))
    secure = request.url.scheme == "https"
    age = int(here.settings.session_hours * 3600)
    response.set_cookie(SESSION, here.guard.open_session(principal), max_age=age, httponly=True, samesite="strict", secure=secure, path="/")
    return response


@router.get("/v1/session", summary="当前登录者", responses=reply("SessionOut", 200))
async def signed_in(who: Annotated[Principal, Depends(allowed("read"))]) -> Response:
    """谁在登录, 有什么权限。"""
    return json_response(_told(who))


@router.delete("/v1/session", summary="退出", status_code=204, response_class=Response)
async def sign_out(request: Request) -> Response:
    """清除会话。"""
    response = Response(status_code=204)
    response.delete_cookie(SESSION, path="/", httponly=True, samesite="strict")
    return response


def _told(principal: Principal) -> SessionOut:
    return SessionOut(principal.name, tuple(sorted(principal.scopes)), principal.vouches)
