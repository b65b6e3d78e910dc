"""Labelled tables as batches of text columns: CSV, TSV, JSONL, Parquet, XLSX/XLS, or folders of them; only the columns asked for.

Constant memory but for Excel. Damage is counted, never fatal: undecodable bytes, ragged rows, broken JSON lines end in `FileFacts`.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from pipeline.errors import InputError
from service.label.encoding import detect
from service.reach import cannot_read

BATCH = 8_192
KINDS = {".csv": "CSV", ".tsv": "TSV", ".txt": "TSV", ".jsonl": "JSONL", ".ndjson": "JSONL", ".parquet": "Parquet", ".xlsx": "XLSX", ".xls": "XLS"}
_LONGEST_FIELD = 10_000_000


@dataclass(slots=True)
class FileFacts:
    """What was met while reading one file; counts grow as it is read."""

    name: str
    kind: str
    encoding: str = "—"
    rows: int = 0
    ragged: int = 0
    undecodable: int = 0
    broken: int = 0
    header: tuple[str, ...] = ()
    roles: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows of one file: role → texts (a role without a column is absent). `first` is the 1-based data row of the first."""

    file: int
    first: int
    columns: dict[str, list[str]]
    size: int


Pick = Callable[[Sequence[str]], dict[str, str]]  # header → role: column


def input_files(paths: Sequence[Path]) -> list[Path]:
    """The files to read, folders opened, in order of name. Raises InputError FQ2002, FQ2202."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(
                inner
                for inner in path.rglob("*")
                if inner.suffix.lower() in KINDS and inner.is_file() and ".rejects" not in inner.name and inner.name[0] not in "._"
            )
        elif path.is_file():
            found.append(path)
        else:
            raise cannot_read(path.name)
    wrong = [path.name for path in found if path.suffix.lower() not in KINDS]
    if wrong or not found:
        seen = wrong[0] if wrong else "没有文件 no file"
        raise InputError(
            "FQ2202",
            "不是能读的表格",
            "not a table that can be read",
            seen=seen,
            remedy="用 CSV、TSV、XLSX、XLS、JSONL 或 Parquet; 还没有标注的先 fengqiao label 输入 -o 输出",
        )
    return found


def batches(path: Path, number: int, facts: FileFacts, pick: Pick) -> Iterator[Batch]:
    """The batches of one file. Raises InputError FQ2203 where the file is not what its name says."""
    reader = {"CSV": _delimited, "TSV": _delimited, "JSONL": _jsonl, "Parquet": _parquet}.get(facts.kind, _excel)
    try:
        for columns, size in reader(path, facts, pick):
            yield Batch(number, facts.rows + 1, columns, size)
            facts.rows += size
    except (csv.Error, UnicodeError, ValueError, OSError) as error:
        kind = type(error).__name__
        raise InputError(
            "FQ2203",
            "表格读到一半坏了",
            "the table breaks off",
            seen=f"{path.name}: {kind}",
            remedy="文件可能不完整: 重新导出, 或用 Excel、WPS 打开后另存为 xlsx 再试",
        ) from None


_Columns = Iterator[tuple[dict[str, list[str]], int]]


def _delimited(path: Path, facts: FileFacts, pick: Pick) -> _Columns:
    facts.encoding = detect(path)
    csv.field_size_limit(_LONGEST_FIELD)
    with path.open(encoding=facts.encoding, errors="replace", newline="") as stream:
        first = stream.readline()
        stream.seek(0)
        mark = max("\t,;|", key=first.count) if first.strip() else ","
        rows = csv.reader(stream, delimiter=mark)
        header = next(rows, [])
        facts.header = tuple(name.strip().lstrip("﻿") for name in header)
        facts.roles = pick(facts.header)
        places = {role: facts.header.index(column) for role, column in facts.roles.items()}
        while chunk := list(islice(rows, BATCH)):
            chunk = [row for row in chunk if row]
            width = len(facts.header)
            for index, row in enumerate(chunk):
                if len(row) != width:
                    facts.ragged += 1
                    chunk[index] = (row + [""] * width)[:width]
            columns = {role: [row[place] for row in chunk] for role, place in places.items()}
            facts.undecodable += _replaced(columns, len(chunk))
            yield columns, len(chunk)


def _replaced(columns: dict[str, list[str]], size: int) -> int:
    """Rows that hold a replaced character, which stands where bytes could not be decoded."""
    hit = {index for values in columns.values() for index, value in enumerate(values) if "\ufffd" in value}
    return len(hit) if size else 0


def _jsonl(path: Path, facts: FileFacts, pick: Pick) -> _Columns:
    facts.encoding = detect(path)
    decode = msgspec.json.Decoder().decode
    with path.open(encoding=facts.encoding, errors="replace") as stream:
        while lines := list(islice(stream, BATCH)):
            rows = []
            for line in lines:
                if not line.strip():
                    continue
                try:
                    row = decode(line)
                except msgspec.DecodeError:
                    row = None
                if isinstance(row, dict):
                    rows.append(row)
                else:
                    facts.broken += 1
            if not facts.roles:
                facts.header = tuple(dict.fromkeys(name for row in rows for name in row))
                facts.roles = pick(facts.header)
            columns = {role: [as_text(row.get(column)) for row in rows] for role, column in facts.roles.items()}
            facts.undecodable += _replaced(columns, len(rows))
            yield columns, len(rows)


def _parquet(path: Path, facts: FileFacts, pick: Pick) -> _Columns:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as table:
        facts.header = tuple(table.schema_arrow.names)
        facts.roles = pick(facts.header)
        wanted = list(dict.fromkeys(facts.roles.values()))
        for batch in table.iter_batches(BATCH, columns=wanted or None):
            told = {column: batch.column(column).to_pylist() for column in wanted}
            yield {role: [as_text(value) for value in told[column]] for role, column in facts.roles.items()}, batch.num_rows


def _excel(path: Path, facts: FileFacts, pick: Pick) -> _Columns:
    import python_calamine

    try:
        sheet = python_calamine.CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0)
    except python_calamine.CalamineError as error:
        raise ValueError(type(error).__name__) from None
    rows = sheet.iter_rows()
    facts.header = tuple(as_text(value).strip() for value in next(rows, []))
    facts.roles = pick(facts.header)
    places = {role: facts.header.index(column) for role, column in facts.roles.items()}
    while chunk := list(islice(rows, BATCH)):
        yield {role: [as_text(row[place]) if place < len(row) else "" for row in chunk] for role, place in places.items()}, len(chunk)


def as_text(value: Any) -> str:
    """A cell as text: whole floats without a point, times in ISO form, lists joined by `;` as the labeller does."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, (list, tuple)):
        return ";".join(as_text(part) for part in value)
    return str(value)
