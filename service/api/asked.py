"""What may be asked in an address: a parameter that a route does not have is refused, so that a misspelt filter is not silently no filter."""

from __future__ import annotations

from typing import Any

from fastapi import Request
from pydantic import BaseModel

from service.problems import Problem


def parameters(route: Any) -> tuple[str, ...]:
    """The query parameters that a route declares, those of a model each by name."""
    found: dict[str, None] = {}
    dependant = getattr(route, "dependant", None)
    for field in dependant.query_params if dependant is not None else ():
        kind = field.field_info.annotation
        names = (
            [name for name, told in kind.model_fields.items() if not told.exclude] if isinstance(kind, type) and issubclass(kind, BaseModel) else [field.alias]
        )
        found |= dict.fromkeys(names)
    return tuple(found)


async def known(request: Request) -> None:
    """A dependency of all routes of the API. Raises Problem 422 for a parameter that is not declared; its name is not repeated, it may be anything."""
    if not request.scope["query_string"] or not request.url.path.startswith("/v1/"):
        return
    may = parameters(request.scope["route"])
    if set(request.query_params) - set(may):
        remedy = f"可用 {' '.join(may)}" if may else "这个地址不带参数; 内容放在请求体里"
        raise Problem(422, "FQ6021", "网址里有这个地址没有的参数", "unknown query parameter", remedy=remedy)
