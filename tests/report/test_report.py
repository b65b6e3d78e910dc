"""The report as an analyst gets it: counts that a plain recount confirms, nothing of a person, nothing from outside, the same bytes twice."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections import Counter

import pytest
from typer.testing import CliRunner

from pipeline.errors import InputError
from service.cli import app
from service.report.build import build
from service.report.fetch import Quotes
from service.report.history import load_history
from service.report.page import render
from tests.report import labelled
from tests.report.conftest import KEY
from tests.report.reading import Strict, table

RUN = CliRunner()
NOW = dt.datetime(2026, 1, 5, 8)


@pytest.fixture(scope="module")
def made(history, path, engine):
    return build(history, [path], Quotes(engine, history.settings.lists.quote_groups), now=NOW)


@pytest.fixture(scope="module")
def page(made):
    return render(made)


def test_every_record_is_counted_once(history, records):
    assert history.frame.height == len(records)
    names = history.names
    seen = Counter(history.frame["colour"].cast(str).to_list())
    assert seen == Counter(record["fq_risk"] for record in records)
    assert history.frame["rank"].to_list() == [names.rank(record["fq_risk"]) for record in records]


def test_tables_agree_with_a_plain_recount(made, records):
    by_area = {row[0]: row[1] for row in table(made, "各辖区的分级").rows}
    assert by_area == Counter(record["所属辖区"] for record in records)
    months = {row[0]: row[1] for row in table(made, "逐月条数与分级").rows}
    assert months == Counter(record["报警时间"][:7] for record in records)
    week = table(made, "星期与钟点")
    hours = [sum(row[1 + hour] for row in week.rows[:7]) for hour in range(24)]
    assert hours == [sum(int(record["报警时间"][11:13]) == hour for record in records) for hour in range(24)]
    scripts = Counter(script for record in records for script in record["fq_fraud_scripts"].split(";") if script)
    assert sum(row[1] for row in table(made, "各类骗术与损失").rows) == sum(scripts.values())


def test_rates_carry_their_denominators(made, records):
    results = {row[0]: row[1] for row in table(made, "处理结果").rows}
    assert results["已化解(办结)"] == sum(record["处理结果"] == "已化解" for record in records)
    told = sum(record["处理结果"] != "" for record in records)
    tiles = {tile.name: tile for section in made.sections if section.id == "outcome" for tile in section.blocks[0].tiles}
    assert tiles["化解率"].under.startswith(f"{results['已化解(办结)']:,} / {told:,}")
    rated = [record["满意度"] for record in records if record["满意度"]]
    assert tiles["满意度"].under.startswith(f"{rated.count('满意'):,} / {len(rated):,}")


def test_the_downgrade_list_is_complete_and_gravest_first(made, records):
    order = {"低": 0, "中": 1, "高": 2}
    lower = [record["警情编号"] for record in records if order[record["风险等级"]] < order[labelled.GRADES[record["fq_risk"]]]]
    listed = table(made, "降级清单")
    assert {row[0] for row in listed.rows} == set(lower)
    assert listed.total == len(lower) > 20
    ranks = [row[4] for row in listed.rows]
    assert ranks == sorted(ranks, reverse=True)
    assert all(row[8] for row in listed.rows[:5])  # the words it rests on


def test_domestic_violence_filed_as_a_family_dispute_is_listed_strongest_first(made, records):
    listed = table(made, "疑似漏标的家庭暴力")
    told = {record["警情编号"] for record in records if "domestic_violence" in record["fq_factors"].split(";") and record["fq_category"] == "dispute"}
    assert told
    assert told <= {row[0] for row in listed.rows}
    reasons = [row[5] for row in listed.rows]
    assert reasons == sorted(reasons, key=["文本说的是家庭暴力", "家人或恋人之间有伤害", "家人或恋人之间动了手"].index)


def test_agreement_is_that_of_the_files_own_labels(made, records):
    rows = {row[0]: row for row in table(made, "一致程度").rows}
    order = {"低": 0, "中": 1, "高": 2}
    equal = sum(order[record["风险等级"]] == order[labelled.GRADES[record["fq_risk"]]] for record in records)
    assert (rows["等级(低中高三档)"][1].hits, rows["等级(低中高三档)"][1].total) == (equal, len(records))
    drift = sum(row[2] for row in table(made, "接警到处警的改动").rows)
    assert drift == sum(record["接警类别"] != record["处警类别"] for record in records)


def test_no_person_stands_in_the_page_or_the_workbook(page, made, records, tmp_path):
    from service.report.workbook import write_workbook

    write_workbook(tmp_path / "report.xlsx", made)
    shown = page + _workbook_text(tmp_path / "report.xlsx")
    for record in records:
        assert record["报警电话"] not in shown
        assert record["报警人"] not in shown
        assert record["案发地"] not in shown
        assert not record["报警内容"] or len(record["报警内容"]) < 30 or record["报警内容"] not in shown


def _workbook_text(path) -> str:
    import python_calamine

    book = python_calamine.CalamineWorkbook.from_path(str(path))
    return "\n".join(str(cell) for name in book.sheet_names for row in book.get_sheet_by_name(name).iter_rows() for cell in row)


def test_the_page_runs_nothing_and_reaches_nowhere(page):
    reader = Strict()
    reader.feed(page)
    assert not reader.bad
    assert "http" not in page.replace("http-equiv", "")
    assert "@import" not in page
    assert re.findall(r"url\((.*?)\)", page) == [found for found in re.findall(r"url\((.*?)\)", page) if found.startswith("#")]
    assert "default-src 'none'" in page


def test_every_chart_is_told_in_words_and_has_a_table(page, made):
    reader = Strict()
    reader.feed(page)
    assert len(reader.ids) == len(set(reader.ids))
    charts = re.findall(r'<svg class="chart".*?</svg>', page, re.S)
    assert len(charts) >= 8
    for chart in charts:
        assert 'role="img"' in chart
        assert re.search(r"<title id=.*?>.+?</title><desc id=.*?>.+?</desc>", chart)
    assert reader.tags["table"] == sum(len(section.tables()) for section in made.sections) > len(charts)


def test_what_the_records_say_is_escaped(records, pack, tmp_path):
    nasty = '<script>alert(1)</script><img src=x onerror=alert(1)>&"\'=HYPERLINK("x")'
    hurt = [record | {"所属辖区": nasty, "处警类别": nasty, "案发地": nasty + "小区1号楼", "处理结果": nasty} for record in records[:60]]
    path = labelled.write(tmp_path / "nasty.jsonl", hurt)
    found = load_history([path], pack, key=KEY)
    page = render(build(found, [path], Quotes(None), title=nasty))
    reader = Strict()
    reader.feed(page)
    assert not reader.bad
    assert "&lt;script&gt;" in page


def test_the_workbook_has_every_table_and_no_formula(made, records, tmp_path):
    import zipfile

    from service.report.workbook import write_workbook

    path = tmp_path / "report.xlsx"
    write_workbook(path, made)
    with zipfile.ZipFile(path) as book:
        sheets = [name for name in book.namelist() if name.startswith("xl/worksheets/sheet")]
        assert len(sheets) == 1 + sum(len(section.tables()) for section in made.sections)
        assert not any(b"<f>" in book.read(name) for name in sheets)
    import python_calamine

    rows = python_calamine.CalamineWorkbook.from_path(str(path)).get_sheet_by_name("各辖区的分级").to_python()
    assert rows[0][:5] == ["辖区", "条", "占全部", "占全部(分子)", "占全部(分母)"]
    assert rows[1][4] == len(records)


def test_the_same_key_gives_the_same_bytes(path, pack, engine, page):
    again = load_history([path], pack, key=KEY)
    assert render(build(again, [path], Quotes(engine, again.settings.lists.quote_groups), now=NOW)) == page


def test_another_key_gives_other_short_ids(path, pack, history):
    other = load_history([path], pack, key=b"another key of 16 bytes")
    assert set(other.frame["person"].to_list()).isdisjoint(set(history.frame["person"].to_list()) - {0})
    assert other.frame["person"].n_unique() == history.frame["person"].n_unique()


@pytest.mark.parametrize("name", ["a.jsonl", "a.parquet", "a.xlsx"])
def test_all_formats_give_the_same_report(name, records, history, pack, tmp_path):
    path = labelled.write(tmp_path / name, records)
    found = load_history([path], pack, key=KEY)
    assert found.frame.equals(history.frame)
    assert set(found.roles) == set(history.roles)


@pytest.mark.parametrize(("encoding", "delimiter", "name"), [("gb18030", ",", "a.csv"), ("utf-8", "\t", "a.tsv"), ("utf-16", ";", "b.csv")])
def test_all_encodings_give_the_same_report(encoding, delimiter, name, records, history, pack, tmp_path):
    path = labelled.write_csv(tmp_path / name, records, encoding, delimiter)
    assert load_history([path], pack, key=KEY).frame.equals(history.frame)


def test_a_folder_of_parts_is_one_report(records, pack, history, tmp_path):
    for number, start in enumerate(range(0, len(records), 300)):
        labelled.write(tmp_path / f"part-{number}.csv", records[start : start + 300])
    (tmp_path / "part.rejects.jsonl").write_text("{}\n", "utf-8")
    found = load_history([tmp_path], pack, key=KEY)
    assert found.frame["colour"].to_list() == history.frame["colour"].to_list()
    assert len(found.files) == 3


def test_damage_is_told_on_the_quality_page(records, pack, tmp_path):
    hurt = [dict(record) for record in records[:200]]
    for record in hurt[:20]:
        record["报警内容"] = ""
    for record in hurt[20:30]:
        record["报警内容"] = "有人打架"
    for record in hurt[30:35]:
        record["报警时间"] = "昨天"
    for record in hurt[35:38]:
        record["警情编号"] = "3.2E+17"
    for record in hurt[40:44]:
        record["报警内容"] = "锟斤拷" * 8
    path = labelled.write_csv(tmp_path / "hurt.csv", hurt)
    with path.open("a", encoding="utf-8", newline="") as stream:
        stream.write("只有一格\n")
    found = load_history([path], pack, key=KEY)
    rows = {row[0]: row[1] for row in table(build(found, [path], Quotes(None)), "数据质量").rows}
    empty = sum(not record["报警内容"] for record in hurt) + 1
    assert (rows["文本空白"].hits, rows["文本空白"].total) == (empty, 201)
    assert rows["文本短于 10 字"].hits >= 10
    assert rows["时间写了但认不出"].hits == 5
    assert rows["编号成了科学记数"].hits == 3
    assert rows["乱码或解不开的字"].hits == 4
    assert found.files[0].ragged == 1


def test_the_command_writes_both_files(path, tmp_path):
    key = tmp_path / "key"
    key.write_bytes(KEY)
    args = [
        "report",
        str(path),
        "-o",
        str(tmp_path / "r.html"),
        "--xlsx",
        str(tmp_path / "r.xlsx"),
        "--key",
        str(key),
        "--no-quotes",
        "--at",
        "2026-01-05T08:00:00",
    ]
    done = RUN.invoke(app, args)
    assert done.exit_code == 0, done.output
    assert (tmp_path / "r.html").read_text("utf-8").startswith("<!doctype html>")
    assert (tmp_path / "r.xlsx").stat().st_size > 10_000


WRONG = [
    (["report", "no-such-file.csv"], "FQ2002"),
    (["report", "{bare}"], "FQ2204"),
    (["report", "{good}", "--column", "time=没有这列"], "FQ2205"),
    (["report", "{good}", "--column", "moon=报警时间"], "FQ2205"),
    (["report", "{good}", "--key", "{short}"], "FQ2208"),
    (["report", "{good}", "--mapping", "{bad}"], "FQ2201"),
    (["report", "{text}"], "FQ2202"),
    (["report", "{empty}"], "FQ2206"),
]


@pytest.mark.parametrize(("args", "code"), WRONG)
def test_wrong_use_is_a_coded_error(args, code, path, records, tmp_path):
    files = {name: tmp_path / name for name in ("bare.csv", "short", "bad.yaml", "text.doc", "empty.csv")}
    labelled.write_csv(files["bare.csv"], [{"警情编号": "1", "报警内容": "吵架"}])
    files["short"].write_bytes(b"abc")
    files["bad.yaml"].write_text("labels: [{names: [x], kategory: dispute}]\n", "utf-8")
    files["text.doc"].write_text("x", "utf-8")
    labelled.write_csv(files["empty.csv"], records[:1])
    files["empty.csv"].write_text(files["empty.csv"].read_text("utf-8-sig").splitlines()[0] + "\n", "utf-8")
    told = {name.partition(".")[0]: str(found) for name, found in files.items()} | {"good": str(path)}
    done = RUN.invoke(app, [arg.format(**told) for arg in args] + ["-o", str(tmp_path / "out.html")])
    assert isinstance(done.exception, InputError), done.output
    assert done.exception.code == code
    assert done.exception.remedy


def test_a_local_mapping_goes_before_the_shipped_one(records, pack, tmp_path):
    local = tmp_path / "local.yaml"
    local.write_text("labels:\n  - {names: [其他], category: service}\n  - {names: [治安纠纷], category: crime}\n", "utf-8")
    path = labelled.write(tmp_path / "a.csv", records[:100])
    found = load_history([path], pack, key=KEY, local_mapping=[local])
    assert found.filing.label("其他").category == "service"
    assert found.filing.label("治安纠纷").category == "crime"
    assert found.filing.label("邻里纠纷").types == ("neighbour",)


def test_a_file_with_labels_alone_still_gives_a_report(pack, tmp_path):
    path = tmp_path / "bare.jsonl"
    path.write_text("".join(json.dumps({"fq_category": "dispute", "fq_risk": colour}) + "\n" for colour in ("red", "green", "green")), "utf-8")
    found = load_history([path], pack)
    made = build(found, [path], Quotes(None))
    assert {section.id for section in made.sections} == {"overview", "kinds", "review", "quality", "reading"}
    assert "33.3%(1/3)" in render(made)
