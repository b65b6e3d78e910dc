"""What to do about an assessment: mediation first, then the route, by one playbook."""

from __future__ import annotations

from pipeline.answer import Answer, Conduct
from pipeline.grade import Grade, profile_data
from pipeline.playbook.case import Case, operands
from pipeline.playbook.desk import Desk
from pipeline.playbook.mediate import mediation
from pipeline.playbook.route import route


def conduct(desk: Desk, answer: Answer, grade: Grade) -> Conduct:
    """Decide for a graded answer; its `repeat` is seen by conditions as `repeat.*`."""
    colour = profile_data(desk.pack, grade.profile)["levels"][grade.level]["code"]
    operands(desk, answer.reading, answer.repeat, colour, grade.axes, dispute=bool(answer.disputes))
    case = Case(desk, answer.reading, answer.evidence, answer.incident.occurred_at)
    mediated = mediation(case)
    return Conduct(mediated, route(case, mediated))
