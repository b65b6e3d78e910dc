"""Filling a template: its expressions are run in a sandbox, and what they do not find becomes a blank to write in."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import ChainableUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import ValidationError

from pipeline.errors import InputError
from pipeline.rulepack.files import read_yaml
from service.papers.schema import Block, Template

BLANK = "＿＿＿＿＿＿"
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")  # characters that neither form can hold
_GIVEN = re.compile(r"""\bgiven(?:\.([a-z]\w*)|\[\\*['"](\w+)\\*['"]\])""")
_FOLDER = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class Field:
    """A label, its value ("" = blank) and how many lines of room it has."""

    label: str
    value: str
    tall: int


@dataclass(frozen=True, slots=True)
class Part:
    """One filled block. `kind`: heading, text, note, fields, checks, grid, signs; `lines` hold what is in it."""

    kind: str
    text: str = ""
    fields: tuple[tuple[Field, ...], ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()  # checks: says, hint, cite · grid: heading first
    widths: tuple[float, ...] = ()  # of a grid's columns, adding up to 1


@dataclass(frozen=True, slots=True)
class Paper:
    """A filled paper, ready for any form."""

    id: str
    title: str
    number: str
    draft: str
    sources: str
    parts: tuple[Part, ...]

    @property
    def name(self) -> str:
        """The title on one line."""
        return self.title.replace("\n", " ")


def templates(folders: Sequence[Path] = ()) -> dict[str, Template]:
    """All templates by id: those that ship, then local ones that add or replace. Raises InputError with the file for one that does not fit."""
    found: dict[str, Template] = {}
    for folder in (_FOLDER, *folders):
        for path in sorted(folder.glob("*.yaml")):
            template = _read(path)
            found[template.id] = template
    return found


def _read(path: Path) -> Template:
    try:
        template = Template.model_validate(read_yaml(path))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        seen = f"{path.name} · {'.'.join(map(str, first['loc']))}: {first['msg']}"
        raise InputError("FQ2801", "文书模板不合格式", "a paper template does not fit the format", seen=seen, remedy="照随附模板改") from error
    if template.id != path.stem:
        raise InputError("FQ2802", "文件名与 id 不符", "file name and id differ", seen=path.name, remedy="改名使二者一致")
    return template


def asks(template: Template) -> tuple[str, ...]:
    """What the person who makes the paper may add (`given.station` …), in the order of the paper."""
    return tuple(dict.fromkeys(dotted or indexed for dotted, indexed in _GIVEN.findall(template.model_dump_json())))


def fill(template: Template, context: Mapping[str, Any]) -> Paper:
    """The paper. Raises InputError where an expression of the template cannot be run."""
    filler = _Filler(template, context)
    parts = [part for block in template.blocks if (part := filler.block(block)) is not None]
    sources = "; ".join(f"{reference.title}({reference.date})" if reference.date else reference.title for reference in template.references)
    return Paper(template.id, filler.line(template.title), filler.line(template.number), template.draft, sources, tuple(parts))


def suits(template: Template, context: Mapping[str, Any]) -> bool:
    """Whether the paper suits this assessment (its fields as plain values). Raises InputError where the expression cannot be run."""
    return not template.suits or bool(_Filler(template, context)._value(template.suits))


class _Filler:
    def __init__(self, template: Template, context: Mapping[str, Any]) -> None:
        self._template, self._context = template, context

    def block(self, block: Block) -> Part | None:
        if block.when and not self._value(block.when):
            return None
        if block.fields is not None:
            return Part("fields", fields=tuple(tuple(Field(cell.label, self.value(cell.value), cell.tall) for cell in row) for row in block.fields))
        if block.checks is not None:
            checks = [(self.line(item.says), self.value(item.hint), self.value(item.cite)) for item in block.checks.items]
            if block.checks.item is not None:
                one = block.checks.item
                for entry in self._value(block.checks.each) or ():
                    checks.append((self.line(one.says, item=entry), self.value(one.hint, item=entry), self.value(one.cite, item=entry)))
            return Part("checks", rows=tuple(checks))
        if block.grid is not None:
            grid = block.grid
            rows = [tuple(self.value(cell, item=entry, number=n) for cell in grid.row) for n, entry in enumerate(self._value(grid.each) or (), 1)]
            rows += [("",) * len(grid.columns)] * grid.empty
            shares = grid.widths if len(grid.widths) == len(grid.columns) else [1.0] * len(grid.columns)
            return Part("grid", rows=(tuple(grid.columns), *rows), widths=tuple(share / sum(shares) for share in shares))
        if block.signs is not None:
            return Part("signs", rows=(tuple(block.signs),))
        kind = "heading" if block.heading is not None else "note" if block.note is not None else "text"
        return Part(kind, text=self.line(block.heading or block.note or block.text or ""))

    def line(self, text: str, **more: Any) -> str:
        """Running text: what is not told is a blank to write in."""
        return self._run(text, _blanks(), more)

    def value(self, text: str, **more: Any) -> str:
        """The value of a field: empty where nothing is told."""
        return self._run(text, _empty(), more).strip()

    def _run(self, text: str, env: ImmutableSandboxedEnvironment, more: Mapping[str, Any]) -> str:
        try:
            return _NOT_XML.sub("", env.from_string(text).render({**self._context, **more})).strip("\n")
        except (TemplateError, TypeError, ValueError, KeyError, AttributeError) as error:
            raise self._wrong(text, error) from error

    def _value(self, expression: str) -> Any:
        try:
            return _empty().compile_expression(expression, undefined_to_none=True)(**self._context)
        except (TemplateError, TypeError, ValueError, KeyError, AttributeError) as error:
            raise self._wrong(expression, error) from error

    def _wrong(self, text: str, error: Exception) -> InputError:
        """Names the template and the expression; never a value."""
        return InputError(
            "FQ2803",
            "文书模板里的写法算不出来",
            "an expression of the template fails",
            seen=f"{self._template.id} · {text[:60]} · {type(error).__name__}",
            remedy="改正模板",
        )


@cache
def _blanks() -> ImmutableSandboxedEnvironment:
    return _environment(BLANK)


@cache
def _empty() -> ImmutableSandboxedEnvironment:
    return _environment("")


def _environment(blank: str) -> ImmutableSandboxedEnvironment:
    """Plain text comes out; the forms escape it for themselves. Templates cannot reach attributes that are not data, nor change anything."""
    env = ImmutableSandboxedEnvironment(
        undefined=ChainableUndefined, autoescape=False, finalize=lambda value: blank if value is None or value == "" or isinstance(value, ChainableUndefined) else value
    )  # fmt: skip
    env.filters |= {"zh_time": zh_time, "zh_day": zh_day, "joined": joined, "yuan": yuan}
    return env


def zh_time(value: Any) -> str:
    """2026年11月20日22时05分; "" where it is no time."""
    moment = _moment(value)
    return f"{moment.year}年{moment.month}月{moment.day}日{moment.hour}时{moment.minute:02}分" if moment else ""


def zh_day(value: Any) -> str:
    """2026年11月20日; "" where it is no time."""
    moment = _moment(value)
    return f"{moment.year}年{moment.month}月{moment.day}日" if moment else ""


def _moment(value: Any) -> dt.datetime | None:
    if isinstance(value, dt.datetime):
        return value
    try:
        return dt.datetime.fromisoformat(value) if isinstance(value, str) and value else None
    except ValueError:
        return None


def joined(values: Any, by: str = "、") -> str:
    """A list as one text; "" where there is none."""
    return by.join(str(value) for value in values if value) if isinstance(values, list | tuple) else ""


def yuan(value: Any) -> str:
    """20,000 元; "" where no sum is told."""
    return f"{value:,} 元" if isinstance(value, int | float) else ""
