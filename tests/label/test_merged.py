"""Headers in two rows, merged values and formulas that were never calculated: as an analyst's workbook has them."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import pytest
import xlsxwriter
import xlwt
from typer.testing import CliRunner

sys.path.insert(0, str(Path(__file__).parent))
from label_tables import TEXTS, run

from service.cli import app
from service.label.formulas import uncalculated

Merge = tuple[int, int, int, int, object]


def workbook(path: Path, cells: dict[tuple[int, int], object], merges: list[Merge]) -> Path:
    """A sheet of these cells and merged ranges, as xlsx or as xls."""
    if path.suffix == ".xls":
        book = xlwt.Workbook(encoding="utf-8")
        sheet = book.add_sheet("六月")
        for (row, column), value in cells.items():
            sheet.write(row, column, value)
        for top, left, bottom, right, value in merges:
            sheet.write_merge(top, bottom, left, right, value)
        book.save(str(path))
        return path
    with xlsxwriter.Workbook(str(path)) as made:
        page = made.add_worksheet("六月")
        for (row, column), value in cells.items():
            page.write(row, column, value)
        for merge in merges:
            page.merge_range(*merge)
    return path


TWO = [(1, 0, 2, 0, "警情编号"), (1, 1, 2, 1, "报警时间"), (1, 2, 1, 3, "当事人"), (1, 4, 1, 5, "警情")]
LOWER = {(2, 2): "姓名", (2, 3): "电话", (2, 4): "内容", (2, 5): "地址"}


@pytest.mark.parametrize("suffix", ["xlsx", "xls"])
def test_two_rows_of_header_are_one_name_for_each_column(tmp_path, suffix):
    cells = LOWER | {(3, 0): "J1", (3, 2): "甲某", (3, 4): TEXTS[0], (3, 5): "幸福路1号", (4, 0): "J2", (4, 4): TEXTS[4]}
    path = workbook(tmp_path / f"in.{suffix}", cells, [(0, 0, 0, 5, "某分局六月警情"), *TWO, (4, 2, 4, 3, "不详")])
    result = run(path)
    columns = [name for name in result.rows[0] if not name.startswith("fq_")]
    assert columns == ["警情编号", "报警时间", "当事人/姓名", "当事人/电话", "警情/内容", "警情/地址"]
    entry = result.done.manifest["inputs"][0]
    assert entry["text_columns"] == [{"name": "警情/内容", "role": "call"}]
    assert entry["fields"]["place"] == "警情/地址"
    assert [row["警情编号"] for row in result.rows] == ["J1", "J2"]
    assert (result.rows[1]["当事人/姓名"], result.rows[1]["当事人/电话"]) == ("不详", "不详")
    again = run(result.output, tmp_path / "again.jsonl")  # what was written is read by the same names
    assert again.done.manifest["inputs"][0]["text_columns"] == entry["text_columns"]


@pytest.mark.parametrize("named", ["当事人/姓名", "姓名", "#3"])
def test_a_column_in_two_levels_is_named_by_both_or_by_the_lower(tmp_path, named):
    path = workbook(tmp_path / "in.xlsx", LOWER | {(3, 2): "甲某说要杀人", (3, 4): TEXTS[0]}, TWO)
    assert run(path, texts=(named,)).done.manifest["inputs"][0]["text_columns"][0]["name"] == "当事人/姓名"


def test_the_same_name_under_two_groups_is_told_apart(tmp_path):
    cells = {(1, 0): "内容", (1, 1): "时间", (1, 2): "内容", (1, 3): "民警", (2, 0): TEXTS[1], (2, 2): "已劝离"}
    found = run(workbook(tmp_path / "in.xlsx", cells, [(0, 0, 0, 1, "接警"), (0, 2, 0, 3, "处警")])).done.manifest["inputs"][0]
    assert found["text_columns"] == [{"name": "接警/内容", "role": "call"}, {"name": "处警/内容", "role": "outcome"}]


@pytest.mark.parametrize("suffix", ["xlsx", "xls"])
def test_a_merged_header_over_a_record_and_a_form_above_a_header_are_no_levels(tmp_path, suffix):
    wide = {(0, 0): "编号", (1, 0): "J1", (2, 0): "J2"}
    first = run(workbook(tmp_path / f"a.{suffix}", wide, [(0, 1, 0, 2, "报警内容"), (1, 1, 1, 2, TEXTS[0]), (2, 1, 2, 2, TEXTS[4])]), tmp_path / "a.jsonl")
    assert [(row["编号"], row["报警内容"], row.get("列3")) for row in first.rows] == [("J1", TEXTS[0], None), ("J2", TEXTS[4], None)]
    form = {(1, 0): "编号", (1, 1): "报警时间", (1, 2): "报警内容", (1, 3): "地址", (2, 0): "J1", (2, 2): TEXTS[0]}
    second = run(workbook(tmp_path / f"b.{suffix}", form, [(0, 0, 0, 1, "填报单位：某所"), (0, 2, 0, 3, "日期：六月")]), tmp_path / "b.jsonl")
    assert [name for name in second.rows[0] if not name.startswith("fq_")] == ["编号", "报警时间", "报警内容", "地址"]


@pytest.mark.parametrize("suffix", ["xlsx", "xls"])
def test_a_merged_value_holds_for_its_rows_and_makes_none_of_its_own(tmp_path, suffix):
    cells = {(0, 0): "编号", (0, 1): "报警内容", (0, 2): "当事人", (1, 2): "甲某", (2, 2): "乙某", (3, 0): "J2", (3, 1): TEXTS[4]}
    merges = [(1, 0, 2, 0, "J1"), (1, 1, 2, 1, TEXTS[1]), (4, 0, 4, 2, "以下为夜间警情"), (5, 0, 6, 0, "J3"), (5, 1, 6, 1, TEXTS[0]), (5, 2, 6, 2, "丙某")]
    rows = run(workbook(tmp_path / f"in.{suffix}", cells, merges)).rows
    assert [(row["编号"], row["报警内容"], row["当事人"]) for row in rows] == [
        ("J1", TEXTS[1], "甲某"),
        ("J1", TEXTS[1], "乙某"),
        ("J2", TEXTS[4], None),
        ("以下为夜间警情", None, None),  # a band is no narrative
        ("J3", TEXTS[0], "丙某"),  # two lines of the sheet, one record
    ]


def test_formulas_without_a_value_are_counted_and_told_and_the_rest_goes_on(tmp_path):
    path = tmp_path / "in.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("六月")
        sheet.write_row(0, 0, ["编号", "报警内容", "备注"])
        for row in range(1, 4):
            sheet.write(row, 0, f"J{row}")
            sheet.write_formula(row, 1, "=A1&A2", None, TEXTS[0] if row == 1 else "待算")
    with zipfile.ZipFile(path) as old:
        held = {name: old.read(name) for name in old.namelist()}
    sheet_file = "xl/worksheets/sheet1.xml"
    held[sheet_file] = (
        held[sheet_file].replace("<v>待算</v>".encode(), b"", 1).replace("<v>待算</v>".encode(), b"<v/>", 1).replace(b'r="B3" t="str"', b'r="B3"')
    )
    held[sheet_file] = held[sheet_file].replace(b'r="B4" t="str"', b'r="B4"')
    with zipfile.ZipFile(path, "w") as new:
        for name, data in held.items():
            new.writestr(name, data)
    told = CliRunner().invoke(app, ["label", str(path), "-o", str(tmp_path / "out.jsonl"), "-q", "--tier", "rules"])
    assert told.exit_code == 0, told.output
    assert "[FQ3121] in.xlsx#六月: 2 个公式单元格没有算出的值, 按空读入(报警内容 2)" in told.stderr
    assert "WPS" in told.stderr
    assert "3 条 = 已标注 3" in told.stderr


def test_formulas_are_counted_across_the_pieces_that_a_sheet_is_read_in(tmp_path, monkeypatch):
    path = tmp_path / "in.xlsx"
    rows = "".join(f'<row r="{row}"><c r="A{row}"><f>1+{row}</f></c><c r="AB{row}" t="str"><f>A1</f><v></v></c></row>' for row in range(1, 101))
    with xlsxwriter.Workbook(str(path)) as book:
        book.add_worksheet("a")
    with zipfile.ZipFile(path) as old:
        held = {name: old.read(name) for name in old.namelist()}
    held["xl/worksheets/sheet1.xml"] = held["xl/worksheets/sheet1.xml"].replace(b"<sheetData/>", f"<sheetData>{rows}</sheetData>".encode())
    with zipfile.ZipFile(path, "w") as new:
        for name, data in held.items():
            new.writestr(name, data)
    for piece in (37, 1 << 20):
        monkeypatch.setattr("service.label.formulas._PIECE", piece)
        assert uncalculated(path, "a", after=1) == {0: 99}
    assert uncalculated(path, "b", after=0) == {}
