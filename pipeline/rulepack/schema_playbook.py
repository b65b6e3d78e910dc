"""What the files of routing may say: playbooks, routes, diversion, departments, mediation, laws, the calendar, safeguards, checklists."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import Field

from pipeline.rulepack.schema_base import Identified, Model

Parts = Literal["steps", "duties", "team", "partners", "levels", "forces", "marks", "cards", "escalations", "loop", "measures", "targets"]


class Says(Model):
    """Something that is said where `when` holds. `cite`: `law#article` of laws/. `example_default`: no source confirms it, the local unit must decide."""

    id: str
    when: str | None = None
    says: str
    cite: list[str] = []
    basis: str = ""
    example_default: bool = False


class Within(Model):
    """A time limit. Limits that no source gives are example defaults."""

    minutes: int = Field(ge=0)
    says: str = ""
    basis: str = ""
    cite: list[str] = []
    example_default: bool = True


class Paper(Model):
    """A document that belongs to a route where `when` holds."""

    name: str
    when: str


class Route(Identified):
    """A way to handle a matter. The flags say what it must never be used for; `blocked` says why it may not be taken."""

    what: str
    unit: str
    target: Literal["community", "cases", "command", "both", "outside"] = "community"
    bare: bool = False  # ends on the spot, nobody comes back
    diverts: bool = False  # leaves the police
    mediates: bool = False  # mediation is the main thing
    safety: bool = False  # done beside whatever else is done
    blocked: list[Says] = []
    checklists: list[str] = []
    documents: list[str] = []
    papers: list[Paper] = []  # documents that only some matters need
    closes: str = ""


class MoveUp(Model):
    """What would take the matter a step further; shown unless `unless` already holds."""

    says: str
    unless: str | None = None


class Step(Model):
    """A route's place in a playbook: when it is taken and in which order it is considered."""

    id: str
    route: str
    order: int
    when: str | None = None
    name: str = ""
    unit: str = ""
    because: list[Says]
    due: Within | None = None
    moves_up: list[MoveUp] = []


class Duty(Model):
    """Who owns a matter whose highest axis is `level`, how soon, how often it is looked at, when to call back (days)."""

    level: int = Field(ge=0, le=3)
    owner: str
    respond: Within
    review_days: int | None = None
    call_back_days: list[int] = []
    says: str = ""
    basis: str = ""
    example_default: bool = True


class Member(Model):
    """Somebody who belongs to the team or to the partners."""

    id: str
    name: str
    when: str | None = None
    why: str = ""
    basis: str = ""


class Rung(Model):
    """One of several levels of mediation, from the lowest up; the highest whose `when` holds is taken."""

    id: str
    name: str
    when: str | None = None
    who: str = ""
    basis: str = ""
    example_default: bool = True


class Card(Model):
    """A method named by a source; where its content is unknown it says so and gives none."""

    id: str
    name: str
    when: str | None = None
    says: str
    content_known: bool = True
    basis: str = ""


class LoopStep(Model):
    """A step of the closed loop."""

    id: str
    name: str


class Measure(Model):
    """A figure of the work with its exact numerator and denominator; `reported` is what a source gave."""

    id: str
    name: str
    numerator: str
    denominator: str
    reported: str = ""
    basis: str = ""
    note: str = ""


class Compose(Model):
    """Parts taken from another playbook."""

    playbook: str
    parts: list[Parts]


class Playbook(Identified):
    """One policing model over the same assessment. `composes` takes parts from others; what the file says itself replaces entries of the same id."""

    selectable: bool = True
    composes: list[Compose] = []
    principles: list[str] = []
    headings: list[str] = []
    steps: list[Step] = []
    duties: list[Duty] = []
    team: list[Member] = []
    partners: list[Member] = []
    levels: list[Rung] = []
    forces: dict[str, str] = {}  # mediation kind → what the model calls the force
    targets: dict[str, str] = {}  # target of a route → what the model calls that part of the station
    marks: list[Says] = []
    cards: list[Card] = []
    escalations: list[Says] = []
    loop: list[LoopStep] = []
    measures: list[Measure] = []


class Department(Identified):
    """A body outside the station, or of the police outside this station's queue. `notify`: when to tell it as well."""

    lines: list[str] = []
    order: int = 50
    competent: str | None = None  # 归口: where this holds the matter belongs to it
    notify: list[Says] = []
    outside_queue: bool = False


class Need(Model):
    """What must be known before a mediation is allowed; asked where `when` holds and `unless` does not."""

    id: str
    name: str
    question: str
    when: str | None = None
    unless: str | None = None
    essential: bool = False  # without it the answer is unknown, not yes
    cite: list[str] = []
    basis: str = ""


class Deadline(Model):
    """A limit in days; `unit` says which kind of days. `start` is the event it runs from."""

    id: str
    says: str
    when: str | None = None
    days: int
    unit: Literal["working", "calendar"]
    start: str
    assumes: str = ""  # said where the date is reckoned from the day of the report
    cite: list[str]


class Mediation(Identified):
    """One kind of mediation: its scope, what forbids it, what must be known first, its limits. A `shared` file is no kind: its blockers hold for all."""

    order: int
    shared: bool = False
    force: str = ""
    when: str
    scope_says: str = ""
    cite: list[str] = []
    blockers: list[Says] = []
    needs: list[Need] = []
    deadlines: list[Deadline] = []
    documents: list[str] = []
    fields: list[str] = []


class Warned(Model):
    """Something to say about a version to whoever cites it for a day on or after `since`."""

    since: dt.date
    says: str


class Version(Model):
    """A version of a law: in force from, and the articles that are cited (number → wording or its sense)."""

    label: str
    in_force: dt.date
    checked: dt.date
    wording: Literal["statute", "reported"]  # statute: compared with the text; reported: as second-hand texts give it
    articles: dict[str, str]
    warnings: list[Warned] = []


class Law(Identified):
    """A law or rule that is cited, by version. After `review_by` every citation carries a stale warning."""

    short: str
    review_by: dt.date
    versions: list[Version]


class Year(Identified):
    """Public holidays and shifted working days of one year, as announced."""

    year: int
    holidays: list[dt.date]
    workdays: list[dt.date]


class Safeguard(Identified):
    """What must be done beside any route where `when` holds."""

    when: str
    order: int = 50
    says: str
    cite: list[str] = []
    basis: str = ""
    example_default: bool = False


class Item(Model):
    """A line of a checklist; `told`: the condition that shows the text already answers it."""

    id: str
    says: str
    question: str = ""
    told: str | None = None
    cite: list[str] = []
    basis: str = ""


class Checklist(Identified):
    """What to go through before a decision; never ticked by the machine, only marked as told or to be asked."""

    when: str
    items: list[Item]


ROUTING: dict[str, type[Identified]] = {
    "laws": Law,
    "calendar": Year,
    "departments": Department,
    "mediation": Mediation,
    "safeguards": Safeguard,
    "checklists": Checklist,
    "routes": Route,
    "playbooks": Playbook,
}
