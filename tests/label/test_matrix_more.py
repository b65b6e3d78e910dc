"""More of what comes out of Chinese systems: line ends of old Macs, mixed folders, hidden and merged sheets, doubled headers, cells beyond all measure.

Everywhere the same law: every record is in the output or in the rejects, none lost, none doubled.
"""

from __future__ import annotations

import datetime as dt
import json
import random
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
import xlwt

sys.path.insert(0, str(Path(__file__).parent))
from label_tables import HEADERS, TEXTS, Result, as_csv, records, run

from pipeline.errors import InputError
from service.label.encoding import LONGEST_LINE

MIB = 1 << 20
WHEN = dt.datetime(2024, 3, 5, 7, 8, 9)


def flat(count: int = 7) -> list[list[str]]:
    """Records without line breaks inside."""
    return [[name, when, " ".join(text.split()), place] for name, when, text, place in records(count)]


def ids(result: Result) -> list[str | None]:
    assert result.done.accounted
    assert len(result.rows) + len(result.rejects) == result.done.records
    return [row["警情编号"] for row in result.rows]


def encode(lines: list[str], encoding: str) -> bytes:
    return "".join(lines).encode("utf-16" if encoding == "utf-16-bom" else encoding)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16-bom"])
@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
@pytest.mark.parametrize("last", ["with", "without"])
def test_any_line_end(tmp_path, end, encoding, last):
    path = tmp_path / "in.csv"
    lines = [line.replace("\r\n", end) for line in as_csv(flat())]
    if last == "without":
        lines[-1] = lines[-1].removesuffix(end)
    path.write_bytes(encode(lines, encoding))
    result = run(path)
    assert ids(result) == [row[0] for row in flat()]
    assert not result.rejects


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
@pytest.mark.parametrize("end", ["\r", "\n"])
def test_a_large_file_with_a_damaged_byte_keeps_its_encoding(tmp_path, end, encoding):
    """Larger than what is looked at in one piece, so that a piece ends inside a character; and one byte is no character."""
    path = tmp_path / "in.csv"
    rows = [[f"{number:018d}", "2024-03-05", "吵架" * 300 + str(number), ""] for number in range(2_000)]
    data = bytearray("".join(line.replace("\r\n", end) for line in as_csv(rows)).encode(encoding))
    assert len(data) > 2 * LONGEST_LINE
    middle = data.index("吵".encode(encoding), len(data) // 2)
    data[middle : middle + 1] = b"\xff"
    path.write_bytes(data)
    from service.label.encoding import detect

    assert detect(path) == encoding


def test_a_damaged_byte_in_the_middle_of_a_file_of_one_line_end_costs_its_record(tmp_path):
    path = tmp_path / "in.csv"
    data = bytearray("".join(line.replace("\r\n", "\r") for line in as_csv(flat(20))).encode("gbk", "replace"))
    data[data.index("菜刀".encode("gbk"))] = 0xFF
    path.write_bytes(data)
    result = run(path)
    assert ids(result) == [row[0] for row in flat(20) if row[0] != flat(20)[1][0]]
    assert [(reject["row"], reject["column"], reject["code"]) for reject in result.rejects] == [(2, "报警内容", "FQ3104")]


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_a_cell_of_more_than_a_megabyte(tmp_path, suffix):
    path = tmp_path / f"in.{suffix}"
    told = flat()
    told[3][2] = "有人打架, " + "吵" * MIB
    if suffix == "csv":
        path.write_text("".join(as_csv(told)), "utf-8", newline="")
    else:
        path.write_text("".join(json.dumps(dict(zip(HEADERS, row, strict=True)), ensure_ascii=False) + "\n" for row in told), "utf-8")
    result = run(path)
    kept = [row[0] for place, row in enumerate(told) if place != 3 or suffix == "jsonl"]
    assert ids(result) == kept
    assert [reject["code"] for reject in result.rejects] == (["FQ3101"] if suffix == "csv" else [])


def test_a_quoted_cell_of_a_thousand_lines_loses_nothing_after_it(tmp_path):
    path = tmp_path / "in.csv"
    told = flat()
    told[3][2] = "有人打架\n" * 1_000
    path.write_text("".join(as_csv(told)), "utf-8", newline="")
    result = run(path)
    assert ids(result) == [row[0] for place, row in enumerate(told) if place != 3]
    assert {reject["code"] for reject in result.rejects} <= {"FQ3101", "FQ3103"}


@pytest.mark.parametrize(
    "data", ["警情编号,报警内容,报警内容\r\n1,打架,又打\r\n", "警情编号,,,报警内容\r\n1,a,b,打架\r\n", "报警内容,报警内容 ,报警内容\n打架,a,b\n"]
)
def test_doubled_and_empty_headers_keep_every_cell(tmp_path, data):
    path = tmp_path / "in.csv"
    path.write_text(data, "utf-8", newline="")
    result = run(path)
    assert result.done.accounted
    line = data.splitlines()[1].split(",")
    assert list(result.rows[0].values())[: len(line)] == line
    assert len(set(result.done.manifest["inputs"][0]["columns"])) == len(line)


@pytest.mark.parametrize("data", ["警情编号,报警时间,报警内容,事发地址\r\n", "警情编号,报警时间,报警内容,事发地址", "\ufeff警情编号,报警内容\n\n\n"])
@pytest.mark.parametrize("output", ["out.jsonl", "out.csv", "out.xlsx", "out.parquet"])
def test_a_header_alone_is_a_table_of_no_rows(tmp_path, data, output):
    path = tmp_path / "in.csv"
    path.write_text(data, "utf-8", newline="")
    result = run(path, tmp_path / output)
    assert result.done.accounted
    assert (result.done.records, result.done.tally.rows, result.done.tally.rejects) == (0, 0, 0)
    assert result.output.exists()


@pytest.mark.parametrize("name", ["in.csv", "in.tsv", "in.jsonl", "in.xlsx", "in.xls", "in.parquet"])
@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf", b"\r\n\r\n", b"\0" * 600, b"\xff\xfe"])
def test_files_of_nothing_say_so(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(InputError) as caught:
        run(tmp_path / name)
    assert caught.value.code.startswith("FQ300") or (data.startswith(b"\0") and caught.value.code == "FQ3024")


def test_a_workbook_with_merged_cells_hidden_sheets_dates_and_long_numbers(tmp_path):
    path = tmp_path / "in.xlsx"
    book = xlsxwriter.Workbook(str(path))
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    shown, hidden, list_ = book.add_worksheet("台账"), book.add_worksheet("旧台账"), book.add_worksheet("字典")
    shown.merge_range("A1:D1", "城关派出所警情台账")
    shown.write_row(1, 0, HEADERS)
    shown.write_row(2, 0, ["032010000000000001", "2024-03-05", TEXTS[0], "幸福路1号"])
    shown.merge_range("A4:A5", "032010000000000002")  # one incident over two rows, one a party
    shown.write_datetime(3, 1, WHEN, day)
    shown.merge_range("C4:C5", TEXTS[1])
    shown.write_row(3, 3, ["幸福路2号"])
    shown.write_row(4, 3, ["幸福路3号"])
    shown.write_number(5, 0, 320100198001011234)
    shown.write(5, 2, TEXTS[4])
    shown.set_row(6, None, None, {"hidden": True})
    shown.write_row(6, 0, ["032010000000000003", "", TEXTS[5], ""])
    shown.autofilter("A2:D7")
    hidden.write_row(0, 0, HEADERS)
    hidden.write_row(1, 0, ["032010000000000004", "", TEXTS[3], ""])
    hidden.hide()
    list_.write_row(0, 0, ["代码", "名称"])
    list_.write_row(1, 0, ["01", "纠纷"])
    list_.very_hidden()
    book.close()
    result = run(path)
    assert [name and name[-1] for place, name in enumerate(ids(result)) if place != 3] == ["1", "2", "2", "3", "4"]
    assert [row["事发地址"] for row in result.rows] == ["幸福路1号", "幸福路2号", "幸福路3号", None, None, None]
    assert [(reject["file"], reject["code"]) for reject in result.rejects] == [("in.xlsx#字典", "FQ3001")]
    told = {entry["sheet"]: entry for entry in result.done.manifest["inputs"]}
    assert [told[name].get("hidden", False) for name in ("台账", "旧台账", "字典")] == [False, True, True]
    assert told["台账"]["warnings"] == ["id_digits_lost"]
    assert [row["报警内容"] for row in result.rows[1:3]] == [TEXTS[1]] * 2  # what is merged holds for both of its rows
    assert result.rows[1]["fq_risk"] == result.rows[2]["fq_risk"] != "green"


def write_xlsx(path: Path, rows: list[list]) -> None:
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            for place, cell in enumerate(row):
                sheet.write_string(number, place, cell)


def write_xls(path: Path, rows: list[list]) -> None:
    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet("a")
    for number, row in enumerate(rows):
        for place, cell in enumerate(row):
            sheet.write(number, place, cell)
    book.save(str(path))


def test_a_folder_of_every_format_and_encoding(tmp_path):
    """Each record has an id of its own; the damaged ones are rejects, all others are in the output once."""
    folder = tmp_path / "in"
    folder.mkdir()
    told = [[f"{number:018d}", "2024-03-05 07:08:09", text, f"幸福路{number}号"] for number, (_, _, text, _) in enumerate(flat(99))]
    parts = [told[start : start + 9] for start in range(0, 99, 9)]
    for number, encoding in enumerate(["utf-8", "utf-8-sig", "gb18030", "utf-16-bom"]):
        (folder / f"a{number}.csv").write_bytes(encode(as_csv(parts[number]), encoding))
    (folder / "b.tsv").write_bytes(encode(as_csv(parts[4], "\t"), "gb18030"))
    (folder / "c.txt").write_bytes(encode(as_csv(parts[5], "|"), "utf-8"))
    write_xlsx(folder / "d.xlsx", [HEADERS, *parts[6]])
    write_xls(folder / "e.xls", [HEADERS, *parts[7]])
    lines = [json.dumps(dict(zip(HEADERS, row, strict=True)), ensure_ascii=False) + "\n" for row in parts[8]]
    (folder / "f.jsonl").write_bytes(b"\xef\xbb\xbf" + "".join(lines).encode())
    columns = dict(zip(HEADERS, map(list, zip(*parts[9], strict=True)), strict=True))
    pq.write_table(pa.table(columns | {"当事人": pa.array([["甲", None], []] * 4 + [None], pa.list_(pa.string()))}), folder / "g.parquet", row_group_size=4)
    old = encode(as_csv(parts[10]), "gb18030").replace(b"\r\n", b"\r")
    (folder / "h.xls").write_bytes(old)  # text under the name of a workbook
    damaged = set()
    for name, place in (("a0.csv", 0), ("a2.csv", 2), ("h.xls", 10)):
        data = bytearray((folder / name).read_bytes())
        at = data.index(parts[place][4][0].encode()) + 30
        data[at] = 0xFF
        (folder / name).write_bytes(data)
        damaged.add(parts[place][4][0])
    result = run(folder)
    assert sorted(ids(result)) == sorted(row[0] for row in told if row[0] not in damaged)
    assert sorted((reject["file"], reject["row"]) for reject in result.rejects) == [("a0.csv", 5), ("a2.csv", 5), ("h.xls", 5)]
    assert result.done.records == 99
    again = run(folder, tmp_path / "again.jsonl", workers=2)
    assert again.output.read_bytes() == result.output.read_bytes()


@pytest.mark.parametrize("output", ["out.csv", "out.xlsx", "out.parquet", "out.jsonl"])
def test_lists_and_nested_values_come_through_every_output(tmp_path, output):
    path = tmp_path / "in.parquet"
    told = flat(4)
    table = pa.table(
        {
            "警情编号": [row[0] for row in told],
            "报警内容": [row[2] for row in told],
            "电话": [["139", "138"], [], None, [None]],
            "位置": [{"x": 1.5, "y": None}] * 4,
            "时刻": pa.array([WHEN] * 4, pa.timestamp("us", "Asia/Shanghai")),
            "金额": pa.array([None, 1, 2, 3], pa.decimal128(12, 2)),
            "图": [b"\x00\xff", None, b"", b"x"],
        }
    )
    pq.write_table(table, path)
    result = run(path, tmp_path / output)
    assert result.done.accounted
    assert (result.done.tally.rows, result.done.tally.rejects) == (4, 0)


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("encoding", ["utf-16-bom", "gb18030", "utf-8-sig"])
def test_bytes_lost_anywhere_are_accounted_for(tmp_path, encoding, seed):
    """A piece of the file is gone (a full disk, a broken transfer): the sums still add up and no record is there twice."""
    dice = random.Random(seed)
    told = flat(30)
    data = bytearray(encode(as_csv(told), encoding))
    head = len(encode(as_csv(told)[:1], encoding))
    for _ in range(3):
        at = dice.randrange(head, len(data) - 40)
        del data[at : at + dice.randrange(1, 40)]
    path = tmp_path / "in.csv"
    path.write_bytes(data)
    result = run(path)
    found = [name for name in ids(result) if name in {row[0] for row in told}]
    assert len(found) == len(set(found))
    if encoding != "utf-16-bom":  # where a unit is cut in half, all that follows is shifted
        assert len(found) >= 30 - 3 * 3
