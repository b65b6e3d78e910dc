"""What a loop file may say: the steps in their order, who takes them, within what time, with what evidence; visits and recurrence."""

from __future__ import annotations

from pydantic import Field, model_validator

from pipeline.rulepack.schema_base import Identified, Model

OTHER = "other"


class Proof(Model):
    """Something that must be on file before the next step."""

    id: str
    name: str


class Step(Model):
    """One step. `hours`: colour → time allowed from the end of the step before."""

    id: str
    name: str
    who: list[str] = Field(min_length=1)
    hours: dict[str, float]
    evidence: list[Proof] = []


class Reopen(Model):
    """Who may reopen a closed case, and at which step it goes on."""

    who: list[str]
    to: str


class Outcome(Model):
    """How a return visit ended. `open`: it must be tried again; `again`: the matter has come back."""

    id: str
    name: str
    open: bool = False
    again: bool = False


class Visits(Model):
    """Return visits: days after closing, by colour."""

    days: dict[str, list[int]]
    grace_days: int = Field(ge=0)
    who: list[str]
    outcomes: list[Outcome]


class Recurrence(Model):
    """Within how many days after closing the same matter counts as come back, and by how many levels it rises."""

    days: int = Field(ge=1)
    raises: int = Field(ge=0)


class Satisfied(Model):
    """Which piece of evidence tells how content the parties are, and which words count as content."""

    evidence: str
    when: list[str]


class Loop(Identified):
    """A loop of steps that a case goes through."""

    steps: list[Step] = Field(min_length=1)
    reopen: Reopen
    visits: Visits
    recurrence: Recurrence
    satisfied: Satisfied

    @model_validator(mode="after")
    def _whole(self) -> Loop:
        names = [step.id for step in self.steps]
        if len(set(names)) != len(names) or self.reopen.to not in names:
            raise ValueError("步骤 id 不得重复, reopen.to 须是其中一步")
        for told in (*(set(step.hours) for step in self.steps), set(self.visits.days)):
            if OTHER not in told:
                raise ValueError(f"须有 {OTHER} 一项, 给没列出的颜色用")
        return self
