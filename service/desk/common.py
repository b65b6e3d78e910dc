"""What every page of the desk needs: who looks at it, and the values that the frame around it shows."""

from __future__ import annotations

from typing import Any

from fastapi import Request
from sqlalchemy import select
from starlette.responses import RedirectResponse, Response

from service.api.auth import allowed
from service.api.context import Context
from service.desk.names import Names, words
from service.keys import Principal
from service.problems import Problem
from service.store.tables import incidents


async def visitor(request: Request) -> Principal | Response:
    """Who looks at a page; strangers are sent to the door."""
    try:
        return await allowed("read")(request)
    except Problem as problem:
        if problem.status != 401:
            raise
        return RedirectResponse("/desk/login", 303)


def common(here: Context, who: Principal) -> dict[str, Any]:
    """Values of the frame."""
    return {"who": who, "demo": here.settings.demo, "shadow": here.settings.shadow, "words": words(), "names": Names(here.assessor.engine)}


async def stations(here: Context) -> list[str]:
    """Stations that have sent something, by name."""
    asked = select(incidents.c.station).distinct().order_by(incidents.c.station)
    return [row[0] for row in await here.store.read_async(lambda connection: list(connection.execute(asked))) if row[0]]
