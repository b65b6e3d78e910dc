"""The desk's pages. They show what the API's functions give and change nothing: decisions go to the API itself."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field
from sqlalchemy import Connection, select
from starlette.responses import Response

from pipeline.values import Assessment, Incident, assessment_from_json
from service import conduct_view
from service.api.assess import glanced
from service.api.auth import allowed
from service.api.context import Context, Here
from service.api.desk import search_page, viewing
from service.api.replies import Page, Record
from service.api.replies_work import Case
from service.api.wire import LINE, TEXT, SearchIn, Wire, purpose_of, read_body
from service.desk import board, daily, overview, papers
from service.desk.before import before
from service.desk.common import common, stations, visitor
from service.desk.names import Names
from service.desk.pages import page
from service.desk.view import Row, facts, fraud_bar, heading, late_says, moment, row, spans
from service.keys import Principal
from service.problems import Problem
from service.store.database import now_ms
from service.store.tables import assessments
from service.store.writer import Tx

router = APIRouter(include_in_schema=False)
router.include_router(daily.router)
router.include_router(board.router)
router.include_router(overview.router)
router.include_router(papers.router)
Reading = Annotated[Principal, Depends(allowed("read"))]
Assessing = Annotated[Principal, Depends(allowed("assess"))]


class TypingIn(Wire):
    """A note while it is being typed. `highest`: the highest colour seen so far."""

    narrative: str = Field(max_length=20_000, pattern=TEXT)
    highest: str = Field(default="", max_length=32, pattern=LINE)


@router.get("/desk/login")
async def login(request: Request, here: Here) -> Response:
    """The door: a key for a session."""
    return page("login.html")


@router.get("/")
async def home(request: Request, here: Here, note: Annotated[str, Query(max_length=140, pattern=LINE)] = "") -> Response:
    """The queue, with the note that is open beside it."""
    who = await visitor(request)
    if isinstance(who, Response):
        return who
    found = await _queue(request, here, who, SearchIn())
    shown = await _note(request, here, who, note) if note else {}
    levels = found["names"].levels(here.assessor.engine.profile)
    return page("queue.html", **{**found, **shown}, stations=await stations(here), choices=levels[::-1], opened=note)


@router.post("/desk/queue")
async def queue(request: Request, here: Here, who: Reading) -> Response:
    """The rows of the queue for these filters (POST: searched words do not go into an address)."""
    return page("_rows.html", **await _queue(request, here, who, await read_body(request, SearchIn)))


async def _queue(request: Request, here: Context, who: Principal, query: SearchIn) -> dict[str, Any]:
    found: Page = await search_page(request, here, who, query)
    clocks = await here.store.read_async(lambda c: _answers(c, [item.incident.assessment for item in found.items]))
    names, now = Names(here.assessor.engine), now_ms()
    rows: list[Row] = [row(item, clocks.get(item.incident.assessment), names, now) for item in found.items]
    return common(here, who) | {"rows": rows, "next": found.next, "counts": found.open_by_colour, "late_says": late_says, "continued": query.cursor is not None}


def _answers(connection: Connection, ids: list[str]) -> dict[str, str]:
    asked = select(assessments.c.id, assessments.c.answer).where(assessments.c.id.in_(ids))
    return {row.id: row.answer for row in connection.execute(asked)}


@router.get("/desk/notes/{id}")
async def note(id: str, request: Request, here: Here, part: bool = False) -> Response:
    """One incident, as a page of its own or as the part beside the queue."""
    who = await visitor(request)
    if isinstance(who, Response):
        return who
    return page("_note.html" if part else "note.html", **await _note(request, here, who, id))


async def _note(request: Request, here: Context, who: Principal, ident: str) -> dict[str, Any]:
    purpose = purpose_of(request, None, who.purpose, required=here.settings.require_purpose)
    look = viewing(ident, who.name, purpose)

    def read(tx: Tx) -> tuple[Record, Assessment, Case | None]:
        record = look(tx)
        (found,) = tx.rows(select(assessments.c.answer).where(assessments.c.id == record.incident.assessment))
        return record, assessment_from_json(found["answer"]), board.case_of_note(here, tx, record.incident.key)

    record, answer, case = await here.store.write(read)
    names = Names(here.assessor.engine)
    state = record.incident
    earlier, known = await before(here, names, state.key)
    return common(here, who) | _answered(record.narrative or "", answer, names) | {
        "record": record,
        "earlier": earlier,
        "known": known,
        "case": board.card(case, names, now_ms()) if case is not None else None,
        "state": state,
        "level": names.level(state.profile, state.colour),
        "machine": names.level(state.profile, state.machine_colour),
        "levels": names.levels(state.profile),
        "papers": papers.offered(here, answer) if record.narrative is not None else None,
        "pending": [item for item in record.decisions if item.state == "pending"],
        "moment": moment,
        "may_decide": "decide" in who.scopes,
    }  # fmt: skip


def _answered(narrative: str, answer: Assessment, names: Names) -> dict[str, Any]:
    return {
        "answer": answer,
        "spans": spans(narrative, answer, names),
        "facts": facts(answer),
        "bar": fraud_bar(answer, names),
        "conduct": list(conduct_view.rows(answer)),
        "heading": heading(answer),
    }


@router.get("/desk/typing")
async def typing_page(request: Request, here: Here) -> Response:
    """A call note while it is being typed."""
    who = await visitor(request)
    if isinstance(who, Response):
        return who
    return page("typing.html", **common(here, who), levels=Names(here.assessor.engine).levels(here.assessor.engine.profile))


@router.post("/desk/typing")
async def typed(request: Request, here: Here, who: Assessing) -> Response:
    """Assess what has been typed so far; nothing is stored."""
    if here.settings.shadow:
        raise Problem(403, "FQ6104", "影子模式不给出研判", "shadow mode shows no assessment")
    asked = await read_body(request, TypingIn)
    incident = Incident(narrative=asked.narrative)
    answer = await glanced(here, incident)
    names = Names(here.assessor.engine)
    now, seen = names.level(answer.risk.profile, answer.risk.colour), names.level(answer.risk.profile, asked.highest or answer.risk.colour)
    level = max(now, seen, key=lambda item: item.rank)
    values = common(here, who) | _answered(asked.narrative, answer, names) | {"level": level, "machine": now, "state": None, "earlier": (), "known": 0}
    return page("_typed.html", **values, headers={"fengqiao-colour": level.code, "fengqiao-machine": now.code})
