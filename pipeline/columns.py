"""Which column of a table is the narrative, the id, the time: told by the headers of Chinese systems (columns.yaml), or named.

Shared by the library (`pipeline.batch`) and the batch labeller, so that both read a table alike.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from pipeline.errors import InputError

WHICH_TEXT = "用 --text-column 列名, 或 --text-column '#3'(第 3 列)指明; 表里没有表头(首行就是数据)请再加 --no-header"
LEVEL = "/"  # between the levels of a header in two rows: 当事人/姓名
SHORTEST_SUFFIX = 3  # a name of two characters is too common at the end of longer headers (报警人电话, 主管单位地址)


@dataclass(frozen=True, slots=True)
class TextColumn:
    """A column that holds narrative, what part of the story it tells (call, outcome or its own name) and the mark before it when joined."""

    name: str
    role: str
    mark: str


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns that matter, by name; None where the table has no such column."""

    texts: tuple[TextColumn, ...]
    id: str | None = None
    occurred_at: str | None = None
    channel: str | None = None
    place: str | None = None
    caller: str | None = None

    @property
    def joined(self) -> bool:
        """Whether a narrative is put together from several columns."""
        return len(self.texts) > 1


@cache
def known() -> Mapping[str, Any]:
    """The shipped table of headers, validated. Raises pydantic.ValidationError where it is malformed."""
    from pydantic import BaseModel, ConfigDict

    from pipeline.rulepack.files import read_yaml

    class Text(BaseModel):
        model_config = ConfigDict(extra="forbid")
        mark: str
        names: list[str]

    class Table(BaseModel):
        model_config = ConfigDict(extra="forbid")
        since: Any
        texts: dict[str, Text]
        fields: dict[str, list[str]]
        personal: list[str]

    return Table.model_validate(read_yaml(Path(str(files("pipeline"))) / "columns.yaml")).model_dump()


def plain(header: object) -> str:
    """A header as it is compared: NFKC, no space, no bracketed remark, no punctuation around it, lower case.

    >>> plain(" 报警内容（必填）： ")
    '报警内容'
    """
    text = unicodedata.normalize("NFKC", str(header)).lower()
    text = re.sub(r"[(\[【].*?[)\]】]", "", text)
    return re.sub(r"[\s::*#、,.﻿]+", "", text)


def find(headers: Iterable[str], names: Sequence[str]) -> str | None:
    """The header that the earliest of the names fits, equal before ending; None where none fits.

    >>> find(["序号", "110报警内容"], ["报警内容"])
    '110报警内容'
    """
    listed = [(header, plain(header)) for header in headers]
    for name in names:
        for header, text in listed:
            if text == plain(name):
                return header
    for name in names:
        for header, text in listed:
            if len(name) >= SHORTEST_SUFFIX and not name.isascii() and text.endswith(name):
                return header
    return None


def guess(headers: Sequence[str], *, texts: Sequence[str] = (), id_column: str | None = None) -> Columns:
    """The columns of a table with these headers; `texts` and `id_column` name them where the guess would be wrong.

    A named column may carry its role: `outcome=处理意见`. Raises InputError (FQ3001) where no text column is found, (FQ3002) where a named one is missing.
    """
    fields = known()["fields"]
    shown = compared(headers)
    found = tuple(_named(headers, text, place) for place, text in enumerate(texts)) if texts else _guessed(shown)
    if not found:
        raise InputError(
            "FQ3001",
            "看不出哪一列是警情文本",
            "no text column found",
            seen=f"{len(headers)} 列 columns",
            remedy=WHICH_TEXT,
        )
    taken = {column.name for column in found}
    rest = {name: header for name, header in shown.items() if header not in taken}

    def usual(key: str) -> str | None:
        name = find(rest, fields[key])
        return None if name is None else rest[name]

    named_id = _present(headers, id_column) if id_column else usual("id")
    return Columns(found, named_id, *map(usual, ("occurred_at", "channel", "place", "caller")))


def compared(headers: Sequence[str]) -> dict[str, str]:
    """How each header is compared with the usual ones → the header: of a name in two levels the lower one, or both as one word where it occurs twice.

    >>> compared(["编号", "当事人/姓名", "接警/内容", "处警/内容"])
    {'编号': '编号', '姓名': '当事人/姓名', '接警内容': '接警/内容', '处警内容': '处警/内容'}
    """
    lower = [header.rpartition(LEVEL)[2].strip() for header in headers]
    times = Counter(lower)
    told: dict[str, str] = {}
    for header, name in zip(headers, lower, strict=True):
        name = name if name and times[name] == 1 else header.replace(LEVEL, "")
        told[header if name in told or name in headers else name] = header
    return told


def field(headers: Sequence[str], key: str) -> str | None:
    """The column that holds one field of columns.yaml (unit, filed_risk …), or None."""
    return find(headers, known()["fields"][key])


def personal(header: str) -> bool:
    """Whether the cells of a column are a person's name or number as a whole.

    >>> [personal(header) for header in ("报警人", "受害人姓名", "警情类别")]
    [True, True, False]
    """
    names = known()["personal"]
    if find([header], names) is not None:
        return True
    return header.strip().endswith(tuple(name for name in names if not name.isascii()))  # 受害人姓名, 报警人电话: too much hidden is better than too little


def _guessed(shown: Mapping[str, str]) -> tuple[TextColumn, ...]:
    """The best column of each role, each column once. `shown`: name as it is compared → column."""
    made: list[TextColumn] = []
    for role, entry in known()["texts"].items():
        name = find([name for name, header in shown.items() if header not in {column.name for column in made}], entry["names"])
        if name is not None:
            made.append(TextColumn(shown[name], role, entry["mark"]))
    return tuple(made)


def _named(headers: Sequence[str], text: str, place: int) -> TextColumn:
    texts = known()["texts"]
    role, _, name = text.partition("=")
    if role in texts and name and text not in headers:
        return TextColumn(_present(headers, name), role, texts[role]["mark"])
    name = _present(headers, text)
    for role, entry in texts.items():
        if find(compared([name]), entry["names"]) is not None:
            return TextColumn(name, role, entry["mark"])
    first = next(iter(texts))
    return TextColumn(name, first, texts[first]["mark"]) if place == 0 else TextColumn(name, name, f"【{plain(name)}】")


def _present(headers: Sequence[str], name: str) -> str:
    if name in headers:
        return name
    shown = compared(headers)
    if name in shown:
        return shown[name]
    if re.fullmatch(r"#\d+", name) and 1 <= int(name[1:]) <= len(headers):
        return headers[int(name[1:]) - 1]
    for header in headers:
        if plain(header) == plain(name):
            return header
    raise InputError("FQ3002", "没有这一列", "no such column", seen=name, remedy=f"核对表头(共 {len(headers)} 列), 或用 '#3' 表示第 3 列")
