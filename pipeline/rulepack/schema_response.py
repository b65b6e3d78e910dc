"""What a response plan file may say: the steps to take for a fraud that has gone this far."""

from __future__ import annotations

from pydantic import Field

from pipeline.rulepack.schema_base import Identified, Model


class Step(Model):
    """One step; `says` may hold slots such as {app}, filled from the text or left out. `example_default`: no source confirms it."""

    id: str
    name: str
    says: str
    basis: str
    example_default: bool = False


class Needed(Model):
    """A field that the receiving side asks for, the facts that answer it, and the question where they are missing."""

    id: str
    name: str
    facts: list[str] = []
    all_: bool = Field(default=False, alias="all")
    question: str


class Clock(Model):
    """A limit that runs from an event told in the text."""

    minutes: int
    from_: str = Field(default="transfer", alias="from")
    says: str
    basis: str
    example_default: bool = False


class FollowUp(Model):
    """When to come back."""

    days: int
    says: str
    basis: str
    example_default: bool = False


class Response(Identified):
    """A plan: when it applies, its steps in order, what to ask, which papers to sign."""

    when: str
    order: int = 10
    steps: list[Step]
    fields: list[Needed] = []
    clock: Clock | None = None
    documents: list[str] = []
    follow_up: FollowUp | None = None
