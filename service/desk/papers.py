"""Papers of an open note: which suit it, and the draft as a page to print. The files in Word come from the API itself."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from pipeline.errors import InputError
from pipeline.values import Assessment
from service.api.context import Context, Here
from service.api.papers import HTML, drafted
from service.api.wire import LINE, PaperIn, purpose_of
from service.desk.common import visitor
from service.intake import Who
from service.papers.fill import suits
from service.papers.schema import Template

router = APIRouter(include_in_schema=False)
_Name = Annotated[str, Path(max_length=140, pattern=LINE)]


@router.get("/desk/notes/{id}/papers/{kind}")
async def paper(id: _Name, kind: _Name, request: Request, here: Here) -> Response:
    """The draft as a page; making it is noted in the audit, as it is by the API."""
    who = await visitor(request)
    if isinstance(who, Response):
        return who
    purpose = purpose_of(request, None, who.purpose, required=here.settings.require_purpose)
    return await drafted(here, Who(who.name, purpose), kind, PaperIn(incident=id), HTML)


def offered(here: Context, answer: Assessment) -> tuple[list[Template], list[Template]]:
    """Papers that suit this assessment, and the others of one incident."""
    told = msgspec.to_builtins(answer)
    single = [template for template in here.papers.values() if not template.many]
    fit = [template for template in single if _suits(template, told)]
    return fit, [template for template in single if template not in fit]


def _suits(template: Template, told: dict[str, object]) -> bool:
    try:
        return suits(template, told)
    except InputError:  # a local template that is wrong is said when it is made; the note is shown all the same
        return False
