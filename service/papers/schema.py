"""What a template may say: blocks in order, each with Jinja2 expressions over the incident and its assessment."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from pipeline.rulepack.schema_base import Identified, Model


class Cell(Model):
    """A label and what stands beside it. `tall`: room to write, in lines."""

    label: str
    value: str = ""
    tall: int = Field(default=1, ge=1, le=12)


class Check(Model):
    """A box for a person to tick; `hint` says what the narrative tells about it. The machine ticks nothing."""

    says: str
    hint: str = ""
    cite: str = ""


class Checks(Model):
    """Boxes: listed here, or one for each entry of a list of the context (`each`, as `item`)."""

    items: list[Check] = Field(default=[])
    each: str = ""
    item: Check | None = None


class Grid(Model):
    """A table: one row for each entry of a list of the context (as `item`), and empty rows to write in."""

    columns: list[str]
    each: str
    row: list[str]
    widths: list[float] = []  # shares of the page; equal where not given
    empty: int = Field(default=0, ge=0, le=20)


class Block(Model):
    """One block: exactly one of these. `when`: shown where the expression is true."""

    heading: str | None = None
    text: str | None = None
    fields: list[list[Cell]] | None = None
    checks: Checks | None = None
    grid: Grid | None = None
    signs: list[str] | None = None
    note: str | None = None
    when: str = ""

    @model_validator(mode="after")
    def _one(self) -> Block:
        given = [name for name in ("heading", "text", "fields", "checks", "grid", "signs", "note") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError("每块只写一样 · one of heading, text, fields, checks, grid, signs, note")
        return self


class Template(Identified):
    """A paper: title, number line, blocks. `many`: made of a day's incidents instead of one. `suits`: an expression over the assessment
    (risk, dispute, fraud, mediation, route): for which incidents the paper is offered first; it can be made for any."""

    title: str
    number: str = ""
    many: bool = False
    suits: str = ""
    draft: Annotated[str, Field(min_length=2)] = "草稿"
    blocks: list[Block] = Field(min_length=1)
