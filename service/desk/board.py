"""The board of the loop: one column per step, one for return visits; what is due first is on top. Matters move when a person records a step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request
from sqlalchemy import Connection, exists, select
from starlette.responses import Response

from service.api.context import Context, Here
from service.api.memory import case_in, case_of, loop_of, open_cases
from service.api.replies import IncidentState, Label
from service.api.replies_work import Case, Planned
from service.api.wire import LINE
from service.desk.common import common, stations, visitor
from service.desk.names import Level, Names
from service.desk.pages import page
from service.desk.view import moment, span
from service.problems import Problem
from service.store.database import now_ms
from service.store.tables import case_steps, incidents
from service.store.writer import Tx

router = APIRouter(include_in_schema=False)
WAITING = 60  # decided matters of the upper levels that nobody has put into the loop yet
_DAY = 86_400_000
_WAITING_DAYS = 14


@dataclass(frozen=True, slots=True)
class Card:
    """One matter. `next`: the step to record, None where all are done; `visit`: the return visit to make next; `left`: in words until when."""

    case: Case
    state: IncidentState
    level: Level
    kind: str
    next: Label | None
    visit: Planned | None
    due: str
    left: str
    late: bool
    who: str
    needs: str
    unit: str
    steps: Sequence[tuple[str, str, str, str, str]]
    visits: Sequence[tuple[str, str, str, str]]
    order: int


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the board."""

    code: str
    name: str
    cards: Sequence[Card]

    @property
    def late(self) -> int:
        """How many are late."""
        return sum(card.late for card in self.cards)


@router.get("/desk/board")
async def board(request: Request, here: Here, station: Annotated[str, Query(max_length=64, pattern=LINE)] = "", part: bool = False) -> Response:
    """The board, whole or only its columns."""
    who = await visitor(request)
    if isinstance(who, Response):
        return who
    _, loop = loop_of(here)
    names, now = Names(here.assessor.engine), now_ms()
    found = [*await open_cases(here, visits=True), *await here.store.read_async(lambda connection: _waiting(here, connection, now))]
    cards = sorted((card(case, names, now) for case in found if not station or case.incident.station == station), key=_order)
    columns = [Column(step.code, step.name, [item for item in cards if item.next is not None and item.next.code == step.code]) for step in loop]
    columns.append(Column("visit", "回访", [item for item in cards if item.next is None]))
    values = common(here, who) | {"columns": columns, "may_decide": "decide" in who.scopes, "station": station}
    values["loop_status"] = next((case.plan.status for case in found if case.plan is not None), "")
    return page("_board.html" if part else "board.html", **values, stations=[] if part else await stations(here))


def _waiting(here: Context, connection: Connection, now: int) -> list[Case]:
    """Decided matters of the upper half of the levels that are not in the loop yet, as cases without a step."""
    playbook, loop = loop_of(here)
    begun = exists().where(case_steps.c.incident == incidents.c.key)
    wanted = select(incidents).where(
        incidents.c.status == "decided", 2 * incidents.c.rank >= incidents.c.levels, incidents.c.received_at >= now - _WAITING_DAYS * _DAY, ~begun
    )
    rows = connection.execute(wanted.order_by(incidents.c.rank.desc(), incidents.c.received_at.desc()).limit(WAITING)).mappings()
    return [case_of(here, row, ((), ()), playbook, loop) for row in rows]


def case_of_note(here: Context, tx: Tx, key: str) -> Case | None:
    """The case of an open note; None where the playbook has no loop."""
    (incident,) = tx.rows(select(incidents).where(incidents.c.key == key))
    try:
        return case_in(here, tx.rows, incident)
    except Problem:
        return None


def card(case: Case, names: Names, now: int) -> Card:
    """A case as it is shown."""
    state, plan = case.incident, case.plan
    planned = plan.next if plan is not None else None
    visit = plan.visits[0] if plan is not None and plan.visits and case.next is None else None
    due = visit.due if visit is not None else case.due or (planned.due if planned is not None else None)
    late = visit.late_hours > 0 if visit is not None else due is not None and due < now
    told = visit or planned
    return Card(
        case,
        state,
        names.level(state.profile, state.colour),
        names.kind(state.category, state.dispute, state.script),
        case.next,
        visit,
        moment(due) if due is not None else "",
        _left(due, now, late=late),
        late,
        "、".join(told.who) if told is not None else "",
        "、".join(told.needs) if told is not None else "",
        next((step.unit for step in reversed(case.steps) if step.unit), ""),
        [(step.name, moment(step.at), step.actor, step.unit, step.note or step.result) for step in case.steps],
        [(made.name, moment(made.at), made.actor, made.note or "") for made in case.visits],
        due if due is not None else 2**62,
    )


def _left(due: int | None, now: int, *, late: bool) -> str:
    if due is None:
        return ""
    if due < now:
        return f"逾期 {span(now - due)}" if late else "已到回访日"
    return f"还有 {span(due - now)}"


def _order(item: Card) -> tuple[int, int, str]:
    return item.order, -item.level.rank, item.state.key
