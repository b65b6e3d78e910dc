"""Rows of a directory folder: every *.csv, *.yaml and *.xlsx in it, each cell as text, with file and line for whoever must correct it."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import InputError
from pipeline.rulepack.files import read_yaml
from pipeline.text.decoding import decoded

SUFFIXES = (".csv", ".yaml", ".yml", ".xlsx", ".xlsm", ".xls", ".ods")


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it stands in the file: heading → text. `sheet` is the file's or the sheet's name."""

    where: str
    sheet: str
    cells: dict[str, str]


def rows(folder: Path) -> Iterator[Row]:
    """All rows of all files, files in order of name. Raises InputError where the folder or a file cannot be read."""
    if not folder.is_dir():
        raise InputError("FQ2610", "没有这个名册文件夹", "no such directory of resources", seen=folder.name, remedy="检查 --resources")
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and not path.name.startswith(("~", ".")))
    if not paths:
        raise InputError("FQ2611", "名册文件夹里没有表", "no table in the folder", seen=folder.name, remedy="放入 .csv .yaml 或 .xlsx")
    for path in paths:
        suffix = path.suffix.lower()
        yield from _csv(path) if suffix == ".csv" else _yaml(path) if suffix in (".yaml", ".yml") else _excel(path)


def _csv(path: Path) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(decoded(path.read_bytes(), path.name), newline=""))
    heading = [cell.strip() for cell in next(reader, [])]
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield Row(f"{path.name}:{reader.line_num}", path.stem, dict(zip(heading, (cell.strip() for cell in cells), strict=False)))


def _yaml(path: Path) -> Iterator[Row]:
    told = read_yaml(path)
    sheets = told if isinstance(told, dict) else {path.stem: told}
    for sheet, entries in sheets.items():
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise InputError(
                "FQ2612", "名册 YAML 应为列表", "a directory file must be a list of entries", seen=f"{path.name} · {sheet}", remedy="每条以 - 开头"
            )
        for number, entry in enumerate(entries, 1):
            yield Row(f"{path.name} · {sheet} {number}", str(sheet), {str(key): _text(value) for key, value in entry.items()})


def _excel(path: Path) -> Iterator[Row]:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_path(str(path))
    except (CalamineError, OSError) as error:
        raise InputError("FQ2613", "读不了这个表格", "cannot read the workbook", seen=path.name, remedy="另存为 .xlsx 或 .csv") from error
    for sheet in book.sheet_names:
        lines = book.get_sheet_by_name(sheet).to_python()
        heading = [_text(cell) for cell in lines[0]] if lines else []
        for number, cells in enumerate(lines[1:], 2):
            told = {name: _text(cell) for name, cell in zip(heading, cells, strict=False) if name}
            if any(told.values()):
                yield Row(f"{path.name} · {sheet}:{number}", sheet if len(book.sheet_names) > 1 else path.stem, told)


def _text(value: Any) -> str:
    """A cell as text: whole numbers without .0, dates in ISO form, lists joined."""
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        return ";".join(_text(item) for item in value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        return value.date().isoformat()
    return str(value).strip()
