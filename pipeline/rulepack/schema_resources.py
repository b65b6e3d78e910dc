"""What the settings of resource matching may say: kinds, weights, what is looked for in which case."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pipeline.rulepack.schema_base import Identified, Model


class Weights(Model):
    """How much each part of the score weighs; `stale` is taken off."""

    skill: float = Field(ge=0)
    focus: float = Field(ge=0)
    area: float = Field(ge=0)
    hours: float = Field(ge=0)
    language: float = Field(ge=0)
    gender: float = Field(ge=0)
    stale: float = Field(le=0)


class Case(Model):
    """In which cases something is looked for; what is not said does not matter."""

    categories: list[str] = []
    types: list[str] = []
    colours: list[str] = []
    factors: list[str] = []
    gates: Literal["any"] | list[str] = []
    not_gates: bool = False


class Want(Model):
    """One thing to look for. `need_skill`: only who names what is looked for among their skills: the matter, or what is special about the persons.
    `need_area`: not looked for where nobody knows the place."""

    id: str
    kinds: list[str]
    most: int = Field(ge=1, le=20)
    says: str
    for_: Case = Field(alias="for")
    need_skill: bool = False
    need_area: bool = False
    skills: Literal["matter", "persons"] = "matter"


class Resources(Identified):
    """The settings of resource matching."""

    weights: Weights
    stale_days: int = Field(ge=1)
    soon_hours: float = Field(ge=0)
    near_km: float = Field(gt=0)
    everywhere: float = Field(ge=0, le=1)
    generalist: float = Field(ge=0, le=1)
    all_skills: str
    kinds: dict[str, str]
    fallback_kinds: list[str]
    skill_factors: list[str]
    gender: dict[Literal["female", "male"], list[str]]
    wants: list[Want]
    columns: dict[str, list[str]]
    area_sheets: list[str]
    refused_columns: list[str]
    genders: dict[str, str]
