"""Reading public collections that a user has got for himself: one YAML per collection says where text and label stand and what a label means here."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from pipeline.errors import InputError
from pipeline.rulepack.files import read_yaml
from pipeline.text.decoding import decoded


class Meaning(BaseModel):
    """What a label of the collection says in the labels of the labelling guide. Fields left out are not said."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    category: str | None = None
    dispute_type: str | None = None
    fraud_scripts: tuple[str, ...] | None = None
    factors: tuple[str, ...] | None = None


class Collection(BaseModel):
    """One file of this folder."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    name: str
    about: str
    home: str  # where a user finds it
    terms: str
    use: str = Field(pattern="^(train|measure)$")
    files: tuple[str, ...]  # globs below the folder that the user gives
    form: str = Field(pattern="^(json|jsonl|table|nested)$")
    text: tuple[str, ...]  # fields that make up the text, joined by a line break
    label: str | None
    strip: str = ""  # what stands before every text and belongs to the task, not to the matter
    split_on: str = ""  # several labels in one field
    labels: dict[str, Meaning]
    always: Meaning = Meaning()


@dataclass(frozen=True, slots=True)
class Entry:
    """One text of a collection: its own labels as they stand there, and what they say in ours (fields of the labelling guide)."""

    id: str
    text: str
    source: str
    told: tuple[str, ...]
    labels: dict[str, Any] = field(default_factory=dict)


@cache
def collections() -> dict[str, Collection]:
    """All collections known, by id."""
    folder = Path(str(files("corpora"))) / "adapters"
    found = [Collection.model_validate(read_yaml(path)) for path in sorted(folder.glob("*.yaml"))]
    return {entry.id: entry for entry in found}


def read(name: str, folder: Path) -> Iterator[Entry]:
    """The texts of a collection in a folder. Raises InputError for an unknown collection or a folder without its files.

    Lines that cannot be read are left out; `Entry.id` tells file and line of those that can.
    """
    known = collections().get(name)
    if known is None:
        raise InputError("FQ4010", "没有这个数据集适配器", "no adapter of this name", seen=name, remedy="可用 available: " + "、".join(collections()))
    paths = sorted({path for pattern in known.files for path in folder.rglob(pattern) if path.is_file()})
    if not paths:
        remedy = f"{known.home} 下载后指向其文件夹 · needs {'、'.join(known.files)}"
        raise InputError("FQ4011", "文件夹里没有该数据集的文件", "the folder holds no file of this collection", seen=folder.name, remedy=remedy)
    for path in paths:
        for number, record in enumerate(_records(known, path), 1):
            entry = _entry(known, record, f"{name}:{path.name}:{number}")
            if entry is not None:
                yield entry


def _entry(known: Collection, record: dict[str, Any], ident: str) -> Entry | None:
    text = "\n".join(str(record[name]).strip() for name in known.text if record.get(name)).removeprefix(known.strip).strip()
    if not text:
        return None
    told = _told(known, record.get(known.label) if known.label else None)
    return Entry(ident, text, known.id, told, _meant(known, told))


def _told(known: Collection, value: Any) -> tuple[str, ...]:
    if value is None or value == "":
        return ()
    values = value if isinstance(value, list) else str(value).split(known.split_on) if known.split_on else [value]
    return tuple(str(one).strip(" 。;；") for one in values if str(one).strip(" 。;；"))


def _meant(known: Collection, told: tuple[str, ...]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for meaning in (known.always, *(known.labels[one] for one in told if one in known.labels)):
        for name, value in meaning.model_dump(exclude_none=True).items():
            made[name] = sorted({*made.get(name, ()), *value}) if isinstance(value, tuple) else value
    return made


def _records(known: Collection, path: Path) -> Iterator[dict[str, Any]]:
    if path.suffix.lower() in (".xlsx", ".xls"):
        yield from _sheet(path)
        return
    text = decoded(path.read_bytes(), path.name)
    if known.form == "table":
        yield from csv.DictReader(io.StringIO(text), delimiter="\t" if path.suffix.lower() == ".tsv" else ",")
    elif known.form == "json":
        found = json.loads(text)
        yield from (record for record in (found.values() if isinstance(found, dict) else found) if isinstance(record, dict))
    else:  # a record, or a list of records, on each line
        for line in text.splitlines():
            if line.strip():
                found = json.loads(line)
                yield from found if known.form == "nested" else (found,)


def _sheet(path: Path) -> Iterator[dict[str, Any]]:
    from python_calamine import CalamineWorkbook

    rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
    if rows:
        head = [str(cell).strip() for cell in rows[0]]
        yield from (dict(zip(head, row, strict=False)) for row in rows[1:])
