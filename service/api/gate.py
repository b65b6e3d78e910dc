"""The outermost layer: request id and trace, body limit, security headers, one log line and the metrics of every request, and no error that tells."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.logs import frames, log
from service.problems import Problem
from service.store.database import chance_id

if TYPE_CHECKING:
    from service.api.context import Context

_REQUEST_ID = re.compile(r"[A-Za-z0-9._\-]{1,64}")
_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})")  # W3C: version ff and ids of zeros are none
_SIGN_IN = 4096  # bytes: what is read of those who have shown no key
_GONE = 499  # in the log and the metrics alone
POLICY = "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
_HEADERS = [  # as they go out; a route that has its own content-security-policy or cache-control keeps it
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
    (b"content-security-policy", POLICY.encode()),
    (b"cache-control", b"no-store"),
]


class Gate:
    """ASGI middleware around everything."""

    def __init__(self, app: ASGIApp, context: Context) -> None:
        self._app, self._context = app, context
        self._limit = context.settings.max_body_bytes
        self._limits = {"/v1/jobs": context.settings.max_upload_bytes, "/v1/session": _SIGN_IN}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._limits.get(scope["path"], self._limit)
        visit = _Visit(scope, receive, send, limit)
        self._context.in_flight += 1
        try:
            if visit.declared > limit:
                raise _too_large(limit)
            if "\0" in scope["path"] or b"%00" in scope["query_string"]:
                raise Problem(400, "FQ6011", "网址里有不许用的字符", "the address holds a NUL")
            await self._app(scope, visit.receive, visit.send)
        except Problem as problem:
            await visit.refuse(problem)
        except ClientDisconnect:  # nobody is there to be answered
            visit.status = _GONE
        except Exception as error:
            log().error("error", request_id=visit.request_id, where=frames(error), route=visit.route)
            await visit.refuse(Problem(500, "FQ6501", "服务内部出错, 未作研判", "internal error", remedy="凭请求编号查日志"))
        finally:
            self._context.in_flight -= 1
            self._tell(visit)

    def _tell(self, visit: _Visit) -> None:
        seconds = time.perf_counter() - visit.began
        self._context.metrics.visited(visit.route, visit.method, visit.status, seconds)
        actor = visit.scope.get("fengqiao.actor", "")
        log().info(
            "request",
            request_id=visit.request_id,
            trace_id=visit.trace_id,
            route=visit.route,
            method=visit.method,
            status=visit.status,
            ms=round(seconds * 1e3, 2),
            actor=actor,
        )


class _Visit:
    """One request on its way through."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, limit: int) -> None:
        self.scope, self._receive, self._send, self._limit = scope, receive, send, limit
        self.began, self.status, self._taken, self._started = time.perf_counter(), 0, 0, False
        headers = {name: value for name, value in scope["headers"] if name in (b"x-request-id", b"traceparent", b"content-length")}
        given = headers.get(b"x-request-id", b"").decode("latin-1")
        self.request_id = given if _REQUEST_ID.fullmatch(given) else chance_id()
        trace = _TRACEPARENT.fullmatch(headers.get(b"traceparent", b"").decode("latin-1"))
        self.trace_id, self._flags = (trace.group(1), trace.group(2)) if trace else (chance_id(), "00")
        length = headers.get(b"content-length", b"0")
        self.declared = int(length) if length.isdigit() and len(length) < 16 else 0
        scope["fengqiao.request_id"] = self.request_id

    @property
    def method(self) -> str:
        """The method, if it is one of the usual ones (labels must not be made by clients)."""
        method = str(self.scope["method"])
        return method if method in ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS") else "OTHER"

    @property
    def route(self) -> str:
        """The template of the route, never the path itself."""
        route: Any = self.scope.get("route")
        return str(getattr(route, "path", "")) or "-"

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._taken += len(message.get("body", b""))
            if self._taken > self._limit:
                raise _too_large(self._limit)
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._started, self.status = True, message["status"]
            headers = list(message["headers"])
            present = {name for name, _ in headers}
            headers += [pair for pair in _HEADERS if pair[0] not in present]
            headers.append((b"x-request-id", self.request_id.encode()))
            headers.append((b"traceparent", f"00-{self.trace_id}-{chance_id(64)}-{self._flags}".encode()))
            message["headers"] = headers
        await self._send(message)

    async def refuse(self, problem: Problem) -> None:
        """Answer with a problem where nothing has been answered yet."""
        if not self._started:
            await problem.response(self.request_id)(self.scope, self._receive, self.send)


def _too_large(limit: int) -> Problem:
    return Problem(413, "FQ6201", "请求体过大", "the body is too large", remedy=f"上限 {limit} 字节; 大批记录请用长批量任务", headers={"connection": "close"})
