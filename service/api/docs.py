"""The documentation pages, served from files of the installed package `fastapi-offline` (Swagger UI and ReDoc): nothing comes from outside."""

from __future__ import annotations

import secrets
from importlib.util import find_spec
from pathlib import Path

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

from service.api.gate import POLICY

router = APIRouter(include_in_schema=False)
_SWAGGER = """<!doctype html><html lang="zh"><meta charset="utf-8"><title>枫桥 接口</title><link rel="icon" href="/docs/static/favicon.png">
<link rel="stylesheet" href="/docs/static/swagger-ui.css"><div id="swagger"></div><script src="/docs/static/swagger-ui-bundle.js"></script>
<script nonce="{nonce}">SwaggerUIBundle({{url: "/openapi.json", dom_id: "#swagger", deepLinking: true, validatorUrl: null}})</script></html>"""
_REDOC = """<!doctype html><html lang="zh"><meta charset="utf-8"><title>枫桥 接口</title><link rel="icon" href="/docs/static/favicon.png">
<body style="margin:0"><div id="redoc"></div><script src="/docs/static/redoc.standalone.js"></script>
<script nonce="{nonce}">Redoc.init("/openapi.json", {{disableSearch: false, disableGoogleFont: true}}, document.getElementById("redoc"))</script></body></html>"""


def static_files() -> StaticFiles:
    """The scripts and styles of both pages."""
    spec = find_spec("fastapi_offline")
    assert spec is not None
    assert spec.origin is not None
    return StaticFiles(directory=Path(spec.origin).parent / "static")


def _page(template: str) -> Response:
    nonce = secrets.token_urlsafe(16)
    policy = f"{POLICY}; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; worker-src blob:; connect-src 'self'"
    return HTMLResponse(template.format(nonce=nonce), headers={"content-security-policy": policy})


@router.get("/docs")
async def swagger() -> Response:
    """Swagger UI."""
    return _page(_SWAGGER)


@router.get("/redoc")
async def redoc() -> Response:
    """ReDoc."""
    return _page(_REDOC)
