"""Excel workbooks, old and new (xlsx, xlsm, xlsb, xls, ods), one reader a sheet. Never constant memory, so large files are refused with the remedy."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from pipeline.columns import find, known
from pipeline.errors import InputError
from service.label.formulas import uncalculated
from service.label.merged import Header, Range, held, read_header
from service.label.rows import NO_HEADER, Reject, Row, header_of

LARGEST_MB = 80  # of the packed file: about 400,000 rows of 200 characters and 0.6 GB of memory
_EXACT = 10**15  # digits past the fifteenth are lost in Excel's numbers
TOP = 6  # rows among which the header is looked for
OLE, ZIP = b"\xd0\xcf\x11\xe0", b"PK\x03\x04"


class ExcelReader:
    """One sheet. The header is the first of the top rows that names a text column (reports have titles above it), else the first with two cells;
    two rows of it are joined (当事人/姓名). A merged value holds for all that it spans."""

    def __init__(self, path: Path, source: str, sheet: str, *, header: bool = True, hidden: bool = False) -> None:
        self.path, self.source, self.sheet = path, source, sheet
        rows, ranges = self._read
        place = self._header()
        found = read_header(rows, place, ranges) if header else Header(place, 1, tuple(rows[place]))
        self._skip = found.row + found.height if header else 0
        self.columns = header_of(["" if cell is None else cell for cell in map(_cell, found.names)], source, told=header)
        named = [name not in ("", None) for name in found.names] if header else [True] * len(self.columns)
        self._held = held(rows, self._skip, named, ranges)
        self.about: dict[str, Any] = {"format": "excel", "sheet": sheet} | ({"hidden": True} if hidden else {})
        if found.height > 1:
            self.about["header_rows"] = found.height
        if missing := uncalculated(path, sheet, after=self._skip):
            told = {self.columns[column]: count for column, count in missing.items() if column < len(self.columns)}
            self.about["formulas_without_value"] = {"cells": sum(missing.values()), "columns": told}

    def arrow_types(self) -> dict[str, str] | None:
        """Cells say their own type."""
        return None

    @cached_property
    def _read(self) -> tuple[list[list[Any]], list[Range]]:
        """Rows, and merged cells (none where the format does not tell them)."""
        from python_calamine import CalamineWorkbook

        sheet = CalamineWorkbook.from_path(str(self.path)).get_sheet_by_name(self.sheet)
        return sheet.to_python(skip_empty_area=False), sheet.merged_cell_ranges or []

    def _header(self) -> int:
        filled = [(place, [str(cell) for cell in row if cell != ""]) for place, row in enumerate(self._read[0][:TOP])]
        names = [name for entry in known()["texts"].values() for name in entry["names"]]
        told = [place for place, cells in filled if find(cells, names) is not None]
        wide = [place for place, cells in filled if len(cells) > 1] or [place for place, cells in filled if cells]
        if not wide:
            raise InputError("FQ3004", "读不出表头", "no readable header", seen=self.source, remedy=NO_HEADER)
        return (told or wide)[0]

    def __iter__(self) -> Iterator[Row | Reject]:
        rows = self._read[0]
        last = max((place for place, row in enumerate(rows) if any(cell != "" for cell in row)), default=0)  # sheets trail formatted, empty rows
        width = len(self.columns)
        for place, cells in enumerate(rows[self._skip : last + 1], self._skip):
            if any(not isinstance(cell, str) or cell.strip() for cell in cells):  # a blank row is no record; the numbers stay those of the sheet
                made = [_cell(cell) for cell in cells[:width]] + [None] * (width - len(cells))
                for column, value in self._held.get(place, ()):
                    made[column] = _cell(value)
                yield Row(place - self._skip + 1, tuple(made))

    def inexact(self, column: str) -> bool:
        """Whether a column holds numbers so long that Excel has lost their last digits."""
        place = self.columns.index(column)
        return any(isinstance(row[place], float) and abs(row[place]) >= _EXACT for row in self._read[0][self._skip :] if place < len(row))


def excel_sheets(path: Path, source: str) -> list[tuple[str, str, bool]]:
    """(sheet, source name, whether it is hidden) of every sheet that is not empty: hidden ones hold records as others do. Raises InputError where the workbook is too large or does not open."""
    from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum

    size = path.stat().st_size / 2**20
    if size > LARGEST_MB:
        raise InputError(
            "FQ3005", "Excel 文件太大", "workbook too large", seen=f"{source}: {size:.0f} MB", remedy=f"另存为 CSV 或 Parquet(Excel 上限 {LARGEST_MB} MB)"
        )
    try:
        book = CalamineWorkbook.from_path(str(path))
        filled = [name for name in book.sheet_names if book.get_sheet_by_name(name).to_python(nrows=1)]
    except (CalamineError, OSError, ValueError) as error:
        raise InputError(
            "FQ3006", "Excel 文件打不开", "the workbook does not open", seen=source, remedy="文件可能不完整或有密码; 用 Excel 打开后另存"
        ) from error
    if not filled:
        raise InputError("FQ3004", "读不出表头", "no readable header", seen=source, remedy=NO_HEADER)
    shown = {sheet.name for sheet in book.sheets_metadata if sheet.visible == SheetVisibleEnum.Visible}
    return [(name, source if len(filled) == 1 else f"{source}#{name}", name not in shown) for name in filled]


def _cell(cell: Any) -> Any:
    """Empty as None; whole numbers without the point that Excel gives them all; durations as text."""
    if cell == "":
        return None
    if isinstance(cell, float):
        return int(cell) if cell.is_integer() and abs(cell) < 2**63 else cell
    return cell if isinstance(cell, (str, bool, int)) or type(cell).__name__ in ("datetime", "date", "time") else str(cell)
