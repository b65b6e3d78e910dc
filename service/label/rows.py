"""What passes between readers, workers and writers: rows, rejects and what a source was found to hold."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from pipeline.errors import InputError

Kinds = dict[str, set[str]]  # column → names of the Python types its cells have, empty cells left out


class Row(NamedTuple):
    """One record: its number in the source (1 = first below the header) and its cells, in the order of the source's columns."""

    number: int
    cells: tuple[Any, ...]


class Reject(NamedTuple):
    """A record that could not be labelled: where it stands and why, never what it says. `row` 0 stands for the whole source."""

    source: str
    row: int
    line: int | None
    column: str | None
    code: str
    zh: str
    en: str

    def to_json(self) -> dict[str, Any]:
        """The line in the rejects file."""
        return {
            "file": self.source,
            "row": self.row or None,
            "line": self.line,
            "column": self.column,
            "code": self.code,
            "reason": self.zh,
            "reason_en": self.en,
        }


class Reader(Protocol):
    """One source: a file, or one sheet of a workbook. Iterating gives every record in order, as a row or a reject, the same each time."""

    source: str
    columns: tuple[str, ...]
    about: dict[str, Any]  # what the manifest says of it: encoding, delimiter, sheet …

    def __iter__(self) -> Iterator[Row | Reject]: ...

    def arrow_types(self) -> dict[str, str] | None:
        """Declared types by column (Parquet); None where cells say their own."""


@dataclass(slots=True)
class Survey:
    """What a first pass over a source found."""

    reader: Reader
    records: int = 0
    rejects: int = 0
    kinds: Kinds = field(default_factory=dict)
    longest: dict[str, int] = field(default_factory=dict)


def survey(reader: Reader) -> Survey:
    """Count records and note the types of cells. Reads everything once; costs microseconds a row."""
    found = Survey(reader, kinds={column: set() for column in reader.columns})
    untyped = reader.arrow_types() is None and reader.about["format"] != "csv"
    for item in reader:
        found.records += 1
        if isinstance(item, Reject):
            found.rejects += 1
        elif untyped:
            for column, cell in zip(reader.columns, item.cells, strict=True):
                if cell is not None and cell != "":
                    found.kinds[column].add(kind(cell))
    return found


def kind(cell: Any) -> str:
    """The type of a cell as tables know it: str, bool, int, int64 (past what a float holds), long (past 64 bits), float, datetime, date, time or nested."""
    name = type(cell).__name__
    if name == "int":
        return "int" if abs(cell) < 2**53 else "int64" if -(2**63) <= cell < 2**63 else "long"
    return name if name in ("str", "bool", "float", "datetime", "date", "time") else "nested"


NO_HEADER = "首行应为列名; 表里没有表头请加 --no-header, 并用 --text-column '#3' 指明第几列是警情文本"
LONGEST_HEADER = 60  # characters; a longer one is a narrative in a table without headers


def header_of(cells: Sequence[object], source: str, *, told: bool) -> tuple[str, ...]:
    """Column names from the first row, or 列1, 列2 … where the table has no header (`told` False).

    Raises InputError where a first row is too long for a header: its cells would be lost, and stand in the manifest.
    """
    if not told:
        return tuple(f"列{place}" for place in range(1, len(cells) + 1))
    if any(len(str(cell)) > LONGEST_HEADER for cell in cells):
        raise InputError("FQ3024", "首行不像表头", "the first row is no header", seen=source, remedy=NO_HEADER)
    return unique(cells)


def unique(headers: Sequence[object]) -> tuple[str, ...]:
    """Headers as column names: trimmed, empty ones numbered, repeated ones told apart.

    >>> unique(["编号", "", "编号 "])
    ('编号', '列2', '编号_2')
    """
    made: list[str] = []
    for place, header in enumerate(headers, 1):
        name = "".join(str("" if header is None else header).replace("﻿", "").split("\n")).strip() or f"列{place}"
        again = 2
        base = name
        while name in made:
            name, again = f"{base}_{again}", again + 1
        made.append(name)
    return tuple(made)


def sha256(path: Path) -> str:
    """Hash of a file, read in pieces."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
