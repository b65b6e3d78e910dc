"""The two routes that carry the load, reached without the framework's matching and solving of dependencies.

They are declared like all others (and so documented, and served by the framework where an address has a prefix); here the same functions are called
with the same arguments. What it saves is a third of what a request costs beside the engine (tests/service/api/parts.py measures it).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from service.api import assess
from service.api.context import Context
from service.keys import Principal

Endpoint = Callable[[Request, Context, Principal], Awaitable[Response]]
_ENDPOINTS: tuple[Endpoint, ...] = (assess.assess, assess.assess_batch)


class Lane:
    """ASGI middleware, innermost: hosts, limits and headers are seen to by those around it, which also turn what is raised here into problems."""

    def __init__(self, app: ASGIApp, context: Context) -> None:
        self._app, self._context = app, context
        routes: dict[Any, Any] = {getattr(route, "endpoint", None): route for route in assess.router.routes}
        self._ways = {routes[endpoint].path: (endpoint, routes[endpoint]) for endpoint in _ENDPOINTS}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        way = self._ways.get(scope["path"]) if scope["type"] == "http" and scope["method"] == "POST" else None
        if way is None or scope["query_string"]:  # nothing is asked in the address; the framework says so
            await self._app(scope, receive, send)
            return
        endpoint, scope["route"] = way
        request = Request(scope, receive)
        response = await endpoint(request, self._context, await assess.may_assess(request))
        await response(scope, receive, send)
