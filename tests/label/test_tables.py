"""Excel, Parquet and folders in; every format out with its types."""

from __future__ import annotations

import csv
import datetime as dt
import json
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import python_calamine
import xlsxwriter
import xlwt

sys.path.insert(0, str(Path(__file__).parent))
from label_tables import HEADERS, TEXTS, as_csv, records, run

from pipeline.errors import InputError
from service.label.deid import deid

WHEN = dt.datetime(2024, 3, 5, 7, 8, 9)


def write_xlsx(path: Path, sheets: dict[str, list[list]]) -> None:
    book = xlsxwriter.Workbook(str(path))
    stamp = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for number, row in enumerate(rows):
            for place, cell in enumerate(row):
                if isinstance(cell, dt.datetime):
                    sheet.write_datetime(number, place, cell, stamp)
                elif isinstance(cell, str):
                    sheet.write_string(number, place, cell)
                elif cell is not None:
                    sheet.write(number, place, cell)
    book.close()


def write_xls(path: Path, sheets: dict[str, list[list]]) -> None:
    book = xlwt.Workbook(encoding="utf-8")
    stamp = xlwt.easyxf(num_format_str="YYYY-MM-DD HH:MM:SS")
    for name, rows in sheets.items():
        sheet = book.add_sheet(name)
        for number, row in enumerate(rows):
            for place, cell in enumerate(row):
                if cell is not None:
                    sheet.write(number, place, cell, *([stamp] if isinstance(cell, dt.datetime) else []))
    book.save(str(path))


EXCEL = {"xlsx": write_xlsx, "xls": write_xls}


@pytest.mark.parametrize("suffix", EXCEL)
def test_workbooks_with_titles_gaps_numbers_and_two_sheets(tmp_path, suffix):
    path = tmp_path / f"in.{suffix}"
    first = [
        ["2024年警情统计表"],
        HEADERS,
        ["032010000000000001", WHEN, TEXTS[0], "幸福路1号"],
        [None, None, None, None],
        ["032010000000000002", WHEN, 110, None],
        ["032010000000000003", WHEN, TEXTS[2], "=1+1"],
    ]
    second = [["id", "text", "金额"], [7, TEXTS[4], 12.5]]
    EXCEL[suffix](path, {"一月": first, "二月": second, "空表": []})
    result = run(path)
    assert result.done.accounted
    assert (result.done.records, len(result.rows), result.rejects) == (4, 4, [])  # a blank row is no incident
    assert [row["fq_source"] for row in result.rows] == [f"in.{suffix}#一月"] * 3 + [f"in.{suffix}#二月"]
    assert [row["警情编号"] for row in result.rows] == ["032010000000000001", "032010000000000002", "032010000000000003", None]
    assert [row["fq_row"] for row in result.rows[:3]] == [1, 3, 4]  # the blank one keeps its number
    assert result.rows[0]["报警时间"] == "2024-03-05T07:08:09"
    assert result.rows[1]["报警内容"] == 110
    assert (result.rows[3]["id"], result.rows[3]["金额"]) == ("7", 12.5)  # an id is text, whatever Excel made of it


def test_ids_that_excel_has_spoilt_are_told(tmp_path):
    path = tmp_path / "in.xlsx"
    write_xlsx(path, {"a": [HEADERS, [320100198001011234.0, WHEN, TEXTS[0], ""]]})
    assert run(path).done.manifest["inputs"][0]["warnings"] == ["id_digits_lost"]


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("in.xlsx", b"PK\x03\x04 cut off", "FQ3006"),
        ("in.xls", b"\xd0\xcf\x11\xe0 cut off", "FQ3006"),
        ("in.xls", "<html><table>警情</table>".encode(), "FQ3006"),
        ("in.parquet", b"PAR1 cut off", "FQ3008"),
        ("in.csv", b"", "FQ3004"),
        ("in.csv", "时间,地点\n1,2\n".encode(), "FQ3001"),
        ("in.csv", b"\xff\xfe\xff" * 9 + b"\x81\n" * 9, "FQ3001"),
        ("in.jsonl", b"no json\n", "FQ3004"),
        ("in.doc", b"text", "FQ3012"),
        ("missing.csv", None, "FQ2002"),
    ],
)
def test_what_cannot_be_read_says_so_and_leaves_the_output_alone(tmp_path, name, data, code):
    if data is not None:
        (tmp_path / name).write_bytes(data)
    output = tmp_path / "out.jsonl"
    output.write_text("before")
    with pytest.raises(InputError) as caught:
        run(tmp_path / name, output, overwrite=True)
    assert caught.value.code == code
    assert output.read_text() == "before"


def test_text_under_the_name_of_xls_is_read(tmp_path):
    path = tmp_path / "in.xls"
    path.write_bytes("".join(as_csv(records(), "\t")).encode("gb18030"))
    assert [row["警情编号"] for row in run(path).rows] == [row[0] for row in records()]


def table() -> pa.Table:
    told = records()
    return pa.table(
        {
            "警情编号": [row[0] for row in told],
            "报警时间": pa.array([WHEN] * len(told), pa.timestamp("ns")),
            "报警内容": pa.array([row[2] for row in told]).dictionary_encode(),
            "人数": pa.array(range(len(told)), pa.int8()),
            "坐标": [[1.5, None]] * len(told),
        }
    )


def test_parquet_keeps_its_types(tmp_path):
    path, output = tmp_path / "in.parquet", tmp_path / "out.parquet"
    pq.write_table(table(), path)
    run(path, output)
    read = pq.read_table(output)
    types = {field.name: str(field.type) for field in read.schema}
    assert types["警情编号"] == types["报警内容"] == types["fq_risk"] == "string"
    assert (types["报警时间"], types["人数"], types["坐标"], types["fq_needs_review"]) == ("timestamp[us]", "int8", "list<element: double>", "bool")
    assert read.select(["警情编号", "人数", "坐标"]).to_pydict() == table().select(["警情编号", "人数", "坐标"]).to_pydict()


def test_a_row_group_that_does_not_read_costs_its_own_rows(tmp_path):
    path = tmp_path / "in.parquet"
    pq.write_table(table(), path, row_group_size=3, compression="zstd", use_dictionary=False)
    column = pq.ParquetFile(path).metadata.row_group(1).column(0)
    data = bytearray(path.read_bytes())
    start = column.data_page_offset
    data[start : start + column.total_compressed_size] = b"\xff" * column.total_compressed_size
    path.write_bytes(data)
    result = run(path)
    assert result.done.accounted
    assert [row["警情编号"] for row in result.rows] == [row[0] for place, row in enumerate(records()) if place not in (3, 4, 5)]
    assert [(reject["row"], reject["code"]) for reject in result.rejects] == [(4, "FQ3108"), (5, "FQ3108"), (6, "FQ3108")]


def test_a_folder_is_all_its_files_and_tells_what_it_could_not_read(tmp_path):
    folder = tmp_path / "in"
    (folder / "2024").mkdir(parents=True)
    (folder / "b.csv").write_bytes("".join(as_csv(records())).encode("gb18030"))
    (folder / "a.tsv").write_text("".join(as_csv(records(3), "\t")), "utf-8-sig")
    (folder / "2024" / "c.jsonl").write_text(json.dumps({"text": TEXTS[0], "人数": 3}) + "\n")
    write_xlsx(folder / "d.xlsx", {"无文本": [["单位", "数量"], ["a", 1], ["b", 2]]})
    (folder / "e.parquet").write_bytes(b"PAR1")
    (folder / "说明.docx").write_bytes(b"x")
    (folder / "_SUCCESS").write_bytes(b"")
    result = run(folder)
    assert not result.done.accounted  # e.parquet
    assert [(row["fq_source"], row["fq_row"]) for row in result.rows] == [
        ("2024/c.jsonl", 1), *[("a.tsv", n) for n in (1, 2, 3)], *[("b.csv", n) for n in range(1, 8)],
    ]  # fmt: skip
    assert [(reject["file"], reject["row"], reject["code"]) for reject in result.rejects] == [
        ("d.xlsx", 1, "FQ3001"),
        ("d.xlsx", 2, "FQ3001"),
        ("e.parquet", None, "FQ3008"),
    ]
    assert result.done.manifest["passed_over"] == ["说明.docx"]
    assert {entry["source"]: entry["sha256"][:4] for entry in result.done.manifest["inputs"]}.keys() == {"2024/c.jsonl", "a.tsv", "b.csv", "d.xlsx"}


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("in") / "in.csv"
    told = [*records(), ["=HYPERLINK(1)", "-1", "+86 打架, 有人持刀", "@a"]]
    path.write_text("".join(as_csv(told)), "utf-8", newline="")
    return path


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def test_csv_out_is_utf8_with_its_mark_and_the_cells_as_they_were(tmp_path, source):
    run(source, tmp_path / "out.csv")
    data = (tmp_path / "out.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    read = read_csv(tmp_path / "out.csv")
    assert [[row[header] for header in HEADERS] for row in read[:-1]] == records()
    assert read[-1]["警情编号"] == "=HYPERLINK(1)"
    assert {row["fq_needs_review"] for row in read} <= {"true", "false"}
    run(source, tmp_path / "safe.csv", escape=True)
    assert read_csv(tmp_path / "safe.csv")[-1]["警情编号"] == "'=HYPERLINK(1)"


def test_excel_out_has_types_and_no_formulas(tmp_path, source):
    output = tmp_path / "out.xlsx"
    run(source, output)
    sheet = python_calamine.CalamineWorkbook.from_path(str(output)).get_sheet_by_index(0).to_python()
    head, first, last = sheet[0], sheet[1], sheet[-1]
    row = dict(zip(head, first, strict=True))
    assert row["警情编号"] == "032010000000000000"
    assert isinstance(row["fq_score_risk"], float)
    assert isinstance(row["fq_needs_review"], bool)
    assert last[0] == "=HYPERLINK(1)"
    import zipfile

    with zipfile.ZipFile(output) as packed:
        inside = packed.read("xl/worksheets/sheet1.xml").decode()
        assert "<f>" not in inside
        assert 'quotePrefix="1"' in packed.read("xl/styles.xml").decode()


def test_a_cell_too_long_for_excel_is_a_reject(tmp_path):
    path = tmp_path / "in.csv"
    path.write_text("编号,报警内容\n1,打架\n2," + "吵" * 40_000 + "\n", "utf-8")
    result = run(path, tmp_path / "out.xlsx")
    assert result.done.accounted
    assert [(reject["row"], reject["column"], reject["code"]) for reject in result.rejects] == [(2, "报警内容", "FQ3109")]


def test_jsonl_into_parquet_settles_types_and_loses_nothing(tmp_path):
    path, output = tmp_path / "in.jsonl", tmp_path / "out.parquet"
    given = [{"text": TEXTS[0], "n": 1, "m": 1, "o": None}, {"text": TEXTS[4], "n": 2.5, "m": "二", "o": {"a": [1]}}, {"text": TEXTS[5], "n": 2**70, "b": True}]
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in given))
    run(path, output)
    read = pq.read_table(output).select(["n", "m", "o", "b"]).to_pydict()
    assert read == {"n": ["1", "2.5", str(2**70)], "m": ["1", "二", None], "o": [None, '{"a": [1]}', None], "b": [None, None, True]}


def test_too_many_rows_for_excel_are_refused_with_the_remedy(tmp_path, source, monkeypatch):
    monkeypatch.setattr("service.label.write.ExcelWriter.MOST_ROWS", 5)
    with pytest.raises(InputError, match=r"FQ3010.*csv"):
        run(source, tmp_path / "out.xlsx")


def test_labels_of_an_earlier_run_are_kept_beside_the_new_ones(tmp_path, source):
    first = run(source, tmp_path / "a.jsonl")
    corrected = [{**row, "fq_risk": "red", "fq_source": "某所"} for row in first.rows]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in corrected), "utf-8")
    again = run(tmp_path / "a.jsonl", tmp_path / "b.jsonl")
    for before, now in zip(first.rows, again.rows, strict=True):
        assert (now["fq_risk"], now["fq_risk_原"], now["fq_source"]) == (before["fq_risk"], "red", "某所")
        assert {name: value for name, value in now.items() if "_原" not in name and name != "fq_source"} == before
    assert again.done.manifest["inputs"][0]["kept_as"]["fq_risk"] == "fq_risk_原"
    third = run(tmp_path / "b.jsonl", tmp_path / "c.jsonl").rows[0]
    assert (third["fq_risk_原"], third["fq_risk_原2"], third["fq_risk"]) == ("red", first.rows[0]["fq_risk"], first.rows[0]["fq_risk"])


def test_an_earlier_full_answer_does_not_leave_with_what_is_de_identified(tmp_path, source):
    run(source, tmp_path / "full.jsonl", full=True)
    kept = run(tmp_path / "full.jsonl", tmp_path / "b.jsonl").rows[0]
    assert {"fq_assessment_原", "fq_narrative_原"} <= kept.keys()
    left = run(tmp_path / "full.jsonl", tmp_path / "c.jsonl", deid=deid("mask", tmp_path / "key", "rules")).rows[0]
    assert not {name for name in left if name.startswith(("fq_assessment", "fq_narrative"))}
    assert "fq_risk_原" in left


def test_full_answers_point_into_the_narrative(tmp_path, source):
    for row in run(source, tmp_path / "full.jsonl", full=True).rows:
        answer = json.loads(row["fq_assessment"])
        for factor in answer["risk"]["factors"]:
            for piece in factor["evidence"]:
                assert row["fq_narrative"][piece["start"] : piece["end"]] == piece["quote"]


def test_a_full_answer_is_not_squeezed_into_excel(tmp_path, source):
    with pytest.raises(InputError, match="FQ3023"):
        run(source, tmp_path / "out.xlsx", full=True)


def test_the_engine_is_the_one_asked_for(source):
    from service.label.executor import Choice

    other = run(source, full=True, engine=Choice(profile="three_colours", playbook="ezhou_seven_skills"))
    for row in other.rows:
        answer = json.loads(row["fq_assessment"])
        assert (answer["risk"]["profile"], answer["route"]["playbook"], answer["route"]["step"]) == ("three_colours", "ezhou_seven_skills", row["fq_route"])
    assert (other.done.manifest["options"]["profile"], other.done.manifest["options"]["playbook"]) == ("three_colours", "ezhou_seven_skills")


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_a_table_without_header_loses_no_row_and_tells_no_narrative(tmp_path, suffix):
    told = [[row[0], row[1], row[2] * 4, row[3]] for row in records()]
    path = tmp_path / f"in.{suffix}"
    if suffix == "csv":
        path.write_text("".join(as_csv(told)[1:]), "utf-8", newline="")
    else:
        write_xlsx(path, {"a": told})
    with pytest.raises(InputError, match="--no-header"):
        run(path)
    result = run(path, header=False, texts=("#3",), id_column="#1")
    assert [row["列1"] for row in result.rows] == [row[0] for row in told]
    assert TEXTS[0] not in json.dumps(result.done.manifest, ensure_ascii=False)
