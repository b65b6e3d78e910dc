"""From rows to a Directory: headings in Chinese or English, names of labels to codes; what does not fit is told with file and line, the rest stands."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from pipeline.errors import InputError
from pipeline.resources.compose import settings_of
from pipeline.resources.hours import Hours, parse_hours
from pipeline.resources.model import Area, Directory, Resource
from pipeline.rulepack.pack import Pack
from service.resources.tables import Row, rows

_LIST = re.compile(r"[;；、,，\s]+")
_DATE = re.compile(r"(\d{4})[-./年](\d{1,2})[-./月](\d{1,2})日?$")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a row. `fatal`: the row is left out; otherwise it stands without the cell."""

    where: str
    says: str
    fatal: bool

    def __str__(self) -> str:
        return f"{self.where} {'✗' if self.fatal else '●'} {self.says}"


def _listed(value: object) -> object:
    return tuple(dict.fromkeys(part for part in _LIST.split(value) if part)) if isinstance(value, str) else value


def _dated(value: object) -> object:
    found = _DATE.match(value) if isinstance(value, str) else None
    return dt.date(int(found[1]), int(found[2]), int(found[3])) if found else value or None


Listed = Annotated[tuple[str, ...], BeforeValidator(_listed)]
Dated = Annotated[dt.date | None, BeforeValidator(_dated)]
Degrees = Annotated[float | None, BeforeValidator(lambda value: value or None)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)
    id: str = Field(min_length=1, max_length=64)
    name: str = Field(min_length=1, max_length=64)
    lat: Degrees = Field(default=None, ge=-90, le=90)
    lon: Degrees = Field(default=None, ge=-180, le=180)

    @property
    def point(self) -> tuple[float, float] | None:
        """Latitude and longitude, where both are told."""
        return (self.lat, self.lon) if self.lat is not None and self.lon is not None else None


class _AreaRow(_Entry):
    level: str = ""
    parent: str = ""
    aliases: Listed = ()


class _ResourceRow(_Entry):
    kind: str = Field(min_length=1)
    area: str = ""
    address: str = ""
    phone: str = ""
    hours: str = ""
    skills: Listed = ()
    languages: Listed = ()
    gender: str = ""
    force: str = ""
    at: str = ""
    cover: str = ""
    verified: Dated = None
    note: str = ""


def read_directory(folder: Path, pack: Pack) -> tuple[Directory, list[Problem]]:
    """The directory of a folder and all that is wrong with it. Raises InputError where nothing at all can be read."""
    return build(rows(folder), pack)


def build(found: Iterable[Row], pack: Pack) -> tuple[Directory, list[Problem]]:
    """A directory of rows; problems in the order in which they were met."""
    builder = _Builder(pack)
    for row in found:
        builder.take(row)
    return builder.finish()


class _Builder:
    def __init__(self, pack: Pack) -> None:
        self.settings = settings_of(pack)
        self.problems: list[Problem] = []
        self._headings = {told.lower(): column for column, names in self.settings["columns"].items() for told in names}
        self._kinds = {name: kind for kind, name in self.settings["kinds"].items()} | {kind: kind for kind in self.settings["kinds"]}
        self._skills = skill_names(pack) | {self.settings["all_skills"]: self.settings["all_skills"], "综合": self.settings["all_skills"]}
        self._areas: dict[str, tuple[_AreaRow, str]] = {}
        self._resources: dict[str, tuple[_ResourceRow, str]] = {}

    def take(self, row: Row) -> None:
        cells: dict[str, str] = {}
        for heading, cell in row.cells.items():
            if heading in self.settings["refused_columns"]:
                self._say(row.where, f"不收“{heading}”一列: 匹配不看这些, 请从名册中删去")
            elif (column := self._headings.get(heading.lower())) and cell:
                cells[column] = cell
        area = row.sheet.lower() in self.settings["area_sheets"]
        try:
            if area:
                self._keep(self._areas, _AreaRow.model_validate(cells), row.where)
            else:
                self._keep(self._resources, _ResourceRow.model_validate(cells), row.where)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            column = ".".join(map(str, first["loc"]))
            self._say(row.where, f"{self.settings['columns'].get(column, [column, column])[1]} ({column}): {first['msg']}", fatal=True)

    def _keep(self, kept: dict[str, tuple[Any, str]], entry: Any, where: str) -> None:
        if entry.id in kept:
            self._say(where, f"编号 {entry.id} 重复, 先见于 {kept[entry.id][1]}", fatal=True)
        else:
            kept[entry.id] = (entry, where)

    def _say(self, where: str, says: str, *, fatal: bool = False) -> None:
        self.problems.append(Problem(where, says, fatal))

    def finish(self) -> tuple[Directory, list[Problem]]:
        areas = [self._area(entry, where) for entry, where in self._areas.values()]
        resources = [made for entry, where in self._resources.values() if (made := self._resource(entry, where)) is not None]
        if not resources:
            seen = str(self.problems[0]) if self.problems else "0"
            raise InputError("FQ2614", "名册里没有一条可用的资源", "no usable resource in the directory", seen=seen, remedy="fengqiao resources check 逐条查看")
        directory = Directory.of(areas, resources)
        for area in areas:
            if area.parent and len(directory.line(area.id)) >= 12:
                self._say(self._areas[area.id][1], "上级辖区互相包含成环")
        return directory, self.problems

    def _area(self, entry: _AreaRow, where: str) -> Area:
        if entry.parent and entry.parent not in self._areas:
            self._say(where, f"没有上级辖区 {entry.parent}")
        return Area(entry.id, entry.name, entry.level, entry.parent, entry.aliases, entry.point)

    def _resource(self, entry: _ResourceRow, where: str) -> Resource | None:
        kind = self._kinds.get(entry.kind)
        if kind is None:
            self._say(where, f"没有“{entry.kind}”这一类; 可用 {'、'.join(self.settings['kinds'].values())}", fatal=True)
            return None
        area = next((area for area, (known, _) in self._areas.items() if entry.area in (area, known.name)), "")
        if entry.area and not area:
            self._say(where, f"没有辖区 {entry.area}", fatal=True)
            return None
        for column, target in (("at", entry.at), ("cover", entry.cover)):
            if target and target not in self._resources:
                self._say(where, f"{self.settings['columns'][column][1]} {target} 不在名册中")
        gender = self.settings["genders"].get(entry.gender.lower(), "")
        if entry.gender and not gender:
            self._say(where, f"看不懂的性别“{entry.gender[:8]}”")
        return Resource(
            entry.id, entry.name, kind, area, entry.address, entry.point, entry.phone, self._hours(entry.hours, where), entry.hours,
            self._codes(entry.skills, where), entry.languages, gender, entry.force, entry.at, entry.cover, entry.verified, entry.note,
        )  # fmt: skip

    def _hours(self, told: str, where: str) -> Hours | None:
        try:
            return parse_hours(told) if told else None
        except InputError as error:
            self._say(where, f"{error.zh}: {error.seen}")
            return None

    def _codes(self, told: tuple[str, ...], where: str) -> tuple[str, ...]:
        codes = {self._skills.get(word): word for word in told}
        unknown = [word for word in told if word not in self._skills]
        if unknown:
            self._say(where, f"不认识的专长 {'、'.join(unknown)}")
        return tuple(code for code in codes if code)


def skill_names(pack: Pack) -> dict[str, str]:
    """How skills may be written: the code of a label, its Chinese name, and the name without 纠纷."""
    names: dict[str, str] = {}
    for family in ("categories", "scripts", "factors", "disputes"):
        for code, rule in pack.rules[family].items():
            plain = rule.name.partition("(")[0]
            for name in (rule.name, plain, plain.removesuffix("纠纷"), plain.removeprefix("涉及"), code):
                names[name] = code
    return names


def example() -> Path:
    """The folder of the fictional county that ships."""
    from importlib.resources import files

    return Path(str(files("pipeline.resources"))) / "example_county"


def counts(directory: Directory, settings: Mapping[str, Any]) -> dict[str, int]:
    """How many resources of each kind, by Chinese name, in the order of the settings."""
    kinds = [resource.kind for resource in directory.resources.values()]
    return {name: kinds.count(kind) for kind, name in settings["kinds"].items() if kind in kinds}
