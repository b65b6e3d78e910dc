"""Templates and the headers that they go out with: nothing inline, nothing from outside."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from fastapi.staticfiles import StaticFiles
from starlette.responses import HTMLResponse, Response

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


def static_files() -> StaticFiles:
    """Styles and modules of the desk."""
    return StaticFiles(directory=FOLDER / "static")
