"""Templates and the headers that they go out with: nothing inline, nothing from outside."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from fastapi.staticfiles import StaticFiles
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from service.problems import Problem

FOLDER = Path(__file__).parent
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; font-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


@lru_cache(maxsize=1)
def _environment() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(loader=FileSystemLoader(FOLDER / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


def render(name: str, **values: Any) -> str:
    """A template as text."""
    return str(_environment().get_template(name).render(**values))


def page(name: str, *, status: int = 200, headers: dict[str, str] | None = None, **values: Any) -> Response:
    """A template as a response."""
    return HTMLResponse(render(name, **values), status, {"content-security-policy": POLICY} | (headers or {}))


def wanted(request: Request) -> bool:
    """Whether a person waits for a page of the desk, rather than a program for an answer."""
    path = request.url.path
    return request.method == "GET" and (path == "/" or path.startswith("/desk/")) and "text/html" in request.headers.get("accept", "")


def problem_page(problem: Problem, request_id: str) -> Response:
    """A problem as a page: what is wrong, what helps, and the number under which the log knows it."""
    return page("problem.html", status=problem.status, headers=problem.headers, problem=problem, request_id=request_id)


def static_files() -> StaticFiles:
    """Styles and modules of the desk."""
    return StaticFiles(directory=FOLDER / "static")
