"""What the report knows, as data: headers, the names of other systems, thresholds, audits, notes; validated when read, file and field named where wrong."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from pipeline import columns
from pipeline.errors import InputError
from pipeline.rulepack.files import read_yaml
from service.reach import cannot_read

FOLDER = Path(str(files("service.report"))) / "knowledge"
Text = Annotated[str, BeforeValidator(str)]  # YAML reads 5 and 否 alike: names are text
_M = TypeVar("_M", bound="_Model")


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Role(_Model):
    """The usual headers of one column."""

    name: str
    names: tuple[Text, ...]
    contains: tuple[Text, ...] = ()


class Headers(_Model):
    """headers.yaml."""

    since: Any
    roles: dict[str, Role]


class Quality(_Model):
    """What counts as short, and which share of midnights is suspicious."""

    short_characters: int
    midnight_share: float


class Lists(_Model):
    """How long lists may be."""

    page_rows: int
    workbook_rows: int
    top: int
    quote_groups: tuple[str, ...]


class DigestSettings(_Model):
    """Days to look back, and after how many days an open record is overdue where no due date is told."""

    look_back_days: int
    open_days: dict[str, int]


class Settings(_Model):
    """settings.yaml."""

    since: Any
    most_compared: int
    quality: Quality
    lists: Lists
    digest: DigestSettings


class Filed(_Model):
    """How a person filed a record: any of the names or mapped codes, none of `not_names`."""

    names: tuple[Text, ...] = ()
    categories: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    not_names: tuple[Text, ...] = ()


class Proof(_Model):
    """What the machine found: every given list must be met."""

    says: str
    factors: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()


class Audit(_Model):
    """One list of records that were possibly filed as too little."""

    id: str
    name: str
    about: str
    basis: str
    filed: Filed
    evidence: tuple[Proof, ...]


class Admonition(_Model):
    """Records with evidence of a factor and no admonition."""

    name: str
    about: str
    factors: tuple[str, ...]


class Audits(_Model):
    """audits.yaml."""

    since: Any
    audits: tuple[Audit, ...]
    admonition: Admonition


class Entry(_Model):
    """Names of other systems and the codes that they mean."""

    category: str
    types: tuple[str, ...] = ()
    names: tuple[Text, ...] = ()
    has: tuple[Text, ...] = ()


class ScaleLevel(_Model):
    """One grade of another scale and which of our colours it covers."""

    names: tuple[Text, ...]
    covers: tuple[str, ...]


class Scale(_Model):
    """Another scale of risk, from low to high."""

    name: str
    levels: tuple[ScaleLevel, ...]


class Mapping(_Model):
    """mapping.yaml, and local files that go before it."""

    since: Any = None
    references: tuple[dict[str, Any], ...] = ()
    labels: tuple[Entry, ...] = ()
    contains: tuple[Entry, ...] = ()
    scales: tuple[Scale, ...] = ()
    resolution: dict[str, tuple[Text, ...]] = {}
    resolution_names: dict[str, str] = {}
    closed: tuple[str, ...] = ()
    satisfaction: dict[str, tuple[Text, ...]] = {}
    no_admonition: tuple[Text, ...] = ()


class Notes(_Model):
    """notes.yaml."""

    since: Any
    banner: str
    reading: tuple[str, ...]
    not_proved: tuple[str, ...]


def plain(text: str) -> str:
    """A name as it is compared: NFKC, no blanks, brackets or code in front, no 类/警情/案件 behind.

    >>> plain(" 0301-家庭纠纷(类) "), plain("盗窃案件"), plain("12")
    ('家庭纠纷', '盗窃', '12')
    """
    folded = re.sub(r"[\s()\[\]【】“”\"'·]", "", unicodedata.normalize("NFKC", text)).casefold()
    bare = re.sub(r"^[a-z]?\d+[-_.、:]?(?=[^\d\W])", "", folded) if re.search(r"[^\W\d_a-z]", folded) else folded
    short = re.sub(r"(?<=..)(类|警情|案件|事件|案)$", "", bare)
    return short or folded


def load(name: str, model: type[_M], path: Path | None = None) -> _M:
    """Read one file of the folder, or `path` in its form. Raises InputError FQ2201 with file and field."""
    source = path or FOLDER / f"{name}.yaml"
    if not source.is_file():
        raise cannot_read(source.name)
    try:
        return model.model_validate(read_yaml(source) or {})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InputError("FQ2201", "对照文件不合格式", "a report knowledge file is malformed", seen=f"{source.name}:{where}", remedy=first["msg"]) from error


_SHARED = {"id": "id", "occurred_at": "time", "place": "place", "caller": "phone", "reporter": "caller", "unit": "area"}  # columns.yaml → headers.yaml


@cache
def headers() -> Headers:
    """The usual headers: those of headers.yaml, then what the labeller knows by pipeline/columns.yaml, so that both read a table alike."""
    told = load("headers", Headers)
    known = columns.known()
    more = {_SHARED[field]: names for field, names in known["fields"].items() if field in _SHARED} | {"text": known["texts"]["call"]["names"]}
    roles = {code: role.model_copy(update={"names": (*role.names, *more.get(code, ()))}) for code, role in told.roles.items()}
    return Headers(since=told.since, roles=roles)


@cache
def audits() -> Audits:
    """The audits."""
    return load("audits", Audits)


@cache
def notes() -> Notes:
    """The texts of the report."""
    return load("notes", Notes)


def settings(path: Path | None = None) -> Settings:
    """Thresholds: the shipped ones, or a whole file in their place."""
    return load("settings", Settings, path)


def mapping(local: Sequence[Path] = ()) -> Mapping:
    """The shipped mapping with local files in front of it."""
    parts = [*(load("mapping", Mapping, path) for path in local), load("mapping", Mapping)]
    merged: dict[str, Any] = {"labels": (), "contains": (), "scales": (), "no_admonition": ()}
    for part in parts:
        for key in merged:
            merged[key] = (*merged[key], *getattr(part, key))
    for key in ("resolution", "satisfaction"):
        told: dict[str, tuple[str, ...]] = {}
        for part in parts:
            for code, names in getattr(part, key).items():
                told[code] = (*told.get(code, ()), *names)
        merged[key] = told
    shipped = parts[-1]
    return Mapping(**merged, resolution_names=shipped.resolution_names, closed=shipped.closed, references=shipped.references)
