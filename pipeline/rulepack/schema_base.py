"""What every rule file has: identity, status, references; nothing that it does not know."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Status = Literal["draft", "trial", "stable", "retired"]


class Model(BaseModel):
    """Frozen, no unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Reference(Model):
    """Where a piece of knowledge is from, and of what date."""

    title: str
    date: dt.date | str | int | None = None
    article: str | int | None = None
    url: str | None = None
    note: str | None = None


class Identified(Model):
    """What every file has."""

    id: str = Field(pattern=r"^[a-z0-9_]+$")
    name: str
    status: Status = "stable"
    description: str = ""
    references: list[Reference] = []
    since: dt.date | None = None
