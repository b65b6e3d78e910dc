"""A report as a workbook: one sheet per table, types right, nothing in a cell is ever a formula."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import xlsxwriter

from service.metrics import Share
from service.report.model import Column, Report, Table

_LONGEST_NAME = 31  # characters in a sheet's name
_WIDEST = 48


def write_workbook(path: Path, report: Report) -> None:
    """Write the workbook. Strings are written as strings, so that a cell that begins with = + - @ stays text. Raises OSError."""
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "nan_inf_to_errors": True}
    with xlsxwriter.Workbook(str(path), options) as book:
        formats = {
            "head": book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"}),
            "title": book.add_format({"bold": True, "font_size": 14}),
            "count": book.add_format({"num_format": "#,##0"}),
            "number": book.add_format({"num_format": "#,##0.##"}),
            "share": book.add_format({"num_format": "0.0%"}),
            "note": book.add_format({"font_color": "#5d6b78"}),
        }
        _cover(book, formats, report)
        taken = {"说明"}
        for section in report.sections:
            for table in section.tables():
                _sheet(book, formats, table, _name(table, taken), report.levels)


def _cover(book: Any, formats: dict[str, Any], report: Report) -> None:
    sheet = book.add_worksheet("说明")
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 100)
    sheet.write_string(0, 0, report.title, formats["title"])
    sheet.write_string(1, 0, report.banner, formats["note"])
    line = 3
    for name, value in report.facts:
        sheet.write_string(line, 0, name)
        sheet.write_string(line, 1, value)
        line += 1
    for section in report.sections:
        line += 1
        sheet.write_string(line, 0, section.title, formats["head"])
        sheet.write_string(line, 1, section.lead)
        for block in section.blocks:
            for point in getattr(block, "points", ()):
                line += 1
                sheet.write_string(line, 1, point)
        line += 1


def _name(table: Table, taken: set[str]) -> str:
    """A name that Excel accepts and no other sheet has."""
    base = re.sub(r"[\[\]:*?/\\：']", " ", table.sheet or table.title).strip()[:_LONGEST_NAME]
    name, again = base, 2
    while name.casefold() in taken:
        name, again = f"{base[: _LONGEST_NAME - 3]} {again}", again + 1
    taken.add(name.casefold())
    return name


def _sheet(book: Any, formats: dict[str, Any], table: Table, name: str, levels: tuple[tuple[str, str], ...]) -> None:
    sheet = book.add_worksheet(name)
    place = 0
    for index, column in enumerate(table.columns):
        for head in _heads(column):
            longest = max((_width(str(row[index])) for row in table.rows[:200] if column.kind in ("text", "id")), default=0)
            sheet.set_column(place, place, min(max(_width(head) + 2, longest + 2, 9), _WIDEST))
            place += 1
    sheet.freeze_panes(1, 1)
    sheet.write_row(0, 0, [head for column in table.columns for head in _heads(column)], formats["head"])
    line = 1
    for line, row in enumerate(table.rows, 1):
        _row(sheet, formats, line, table.columns, row, levels)
    total = table.total if table.total is not None else len(table.rows)
    cut = f"共 {total:,} 行，这里列出前 {len(table.rows):,} 行。" if total > len(table.rows) else ""
    if table.note or cut:
        sheet.write_string(line + 2, 0, f"{table.note} {cut}".strip(), formats["note"])


def _heads(column: Column) -> tuple[str, ...]:
    """A share is three columns: the share, its numerator and its denominator."""
    return (column.name, f"{column.name}(分子)", f"{column.name}(分母)") if column.kind == "share" else (column.name,)


def _row(sheet: Any, formats: dict[str, Any], line: int, columns: tuple[Column, ...], row: tuple[Any, ...], levels: tuple[tuple[str, str], ...]) -> None:
    place = 0
    for column, value in zip(columns, row, strict=True):
        if column.kind == "share":
            _share(sheet, formats, line, place, value)
            place += 3
            continue
        if value is None or value == "":
            pass
        elif column.kind in ("count", "yuan", "number"):
            sheet.write_number(line, place, value, formats["number" if column.kind == "number" else "count"])
        elif column.kind == "trend":
            sheet.write_string(line, place, "、".join(f"{part:g}" for part in value))
        else:
            sheet.write_string(line, place, levels[value][1] if column.kind == "colour" else str(value))
        place += 1


def _share(sheet: Any, formats: dict[str, Any], line: int, place: int, value: Share | None) -> None:
    if value is None:
        return
    if value.total:
        sheet.write_number(line, place, value.value, formats["share"])
    sheet.write_number(line, place + 1, value.hits, formats["count"])
    sheet.write_number(line, place + 2, value.total, formats["count"])


def _width(text: str) -> float:
    """Columns wide: a Chinese character takes two."""
    return sum(2 if ord(character) > 0x2E80 else 1 for character in text)
