"""The daily sheet: exactly the day asked for, what came back, what is late."""

from __future__ import annotations

import datetime as dt

import pytest
from typer.testing import CliRunner

from pipeline.rulepack.store import load_pack
from service.cli import app
from service.report.digest import digest
from service.report.fetch import Quotes
from service.report.history import load_history
from service.report.page import render
from tests.report import labelled

KEY = b"0123456789abcdef0123456789abcdef"
DAY = dt.date(2025, 9, 16)
BASE = {
    "所属辖区": "城关派出所", "接警类别": "治安纠纷", "处警类别": "治安纠纷", "处理结果": "已化解", "fq_category": "dispute", "fq_dispute_type": "neighbour", "fq_risk": "green", "fq_factors": "",
    "fq_fraud_scripts": "", "fq_fraud_stage": "", "fq_loss_yuan": "", "fq_needs_review": "false", "fq_review_codes": "",
}  # fmt: skip


def record(number: int, when: str, **more: str) -> dict:
    place = f"{number}号小区{number}号楼1单元{number}01室"
    return (
        {
            "警情编号": f"J{number:04d}",
            "报警时间": when,
            "案发地": place,
            "报警电话": f"1370000{number:04d}",
            "报警内容": f"第{number}件各不相同的事情{number * 7919}",
        }
        | BASE
        | more
    )


ROWS = [
    record(1, "2025-09-01 10:00:00", 报警电话="13711112222"),
    record(2, "2025-09-10 10:00:00", 报警电话="13711112222", fq_risk="orange"),
    record(3, "2025-09-16 08:00:00", 报警电话="13711112222"),  # third in 30 days
    record(4, "2025-09-16 09:00:00", fq_risk="red", fq_factors="weapon", 报警内容="邻居拿菜刀砍我家门, 说要砍死我"),
    record(5, "2025-09-16 23:59:00", fq_needs_review="true", fq_review_codes="thin_text", 案发地="二号小区2号楼1单元101室"),
    record(6, "2025-09-02 09:00:00", 案发地="二号小区2号楼1单元101", fq_risk="yellow"),
    record(7, "2025-09-17 00:00:00", fq_risk="red"),  # tomorrow
    record(8, "2025-09-12 09:00:00", fq_risk="red", 处理结果="调解中"),  # one day allowed
    record(9, "2025-09-14 09:00:00", fq_risk="yellow", 处理结果="调解中"),  # seven days allowed
    record(10, "2025-09-15 22:00:00", fq_risk="red", 处理结果="调解中"),  # not yet a day and a day
    record(11, "", fq_risk="red"),
]


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return labelled.write_csv(tmp_path_factory.mktemp("day") / "labelled.csv", ROWS)


@pytest.fixture(scope="module")
def pack():
    return load_pack(())


@pytest.fixture(scope="module")
def sheet(path, pack, engine):
    history = load_history([path], pack, key=KEY)
    return digest(history, [path], Quotes(engine, history.settings.lists.quote_groups), day=DAY, now=dt.datetime(2025, 9, 17, 8))


def rows(sheet, title):
    return next(table.rows for section in sheet.sections for table in section.tables() if table.title.startswith(title))


def test_the_red_list_is_that_of_the_day_with_the_words_it_rests_on(sheet):
    listed = rows(sheet, "当日红色")
    assert [row[0] for row in listed] == ["J0004"]
    assert "砍死" in listed[0][-1] or "菜刀" in listed[0][-1]


def test_who_came_back_today_is_listed_and_who_did_not_is_not(sheet):
    persons = rows(sheet, "一人多次")
    assert [(row[1], row[3]) for row in persons] == [(3, 2)]
    assert persons[0][0].startswith("R-")
    homes = rows(sheet, "一地多起 · 户")
    assert [(row[1], row[3]) for row in homes] == [(2, 1)]
    assert "101" not in homes[0][0]


def test_overdue_counts_by_grade_until_the_end_of_the_day(sheet):
    assert [(row[0], row[5]) for row in rows(sheet, "超期未办结")] == [("J0008", "超 3 天")]
    overdue = next(section for section in sheet.sections if section.id == "overdue")
    assert "33.3%(1/3)" in overdue.lead


def test_what_needs_review_says_why(sheet, pack):
    listed = rows(sheet, "当日需人工复核")
    assert [(row[0], row[5]) for row in listed] == [("J0005", pack.rules["review"]["thin_text"].name)]


def test_the_week_is_beside_the_week_before(sheet):
    week = {row[0]: row[1:] for row in rows(sheet, "近 7 天")}
    assert week["红色"] == (3, 0)
    assert week["合计"] == (7, 0)


def test_a_column_of_due_dates_decides_where_there_is_one(pack, tmp_path):
    due = [
        record(1, "2025-09-16 08:00:00", 处理结果="调解中", 办理期限="2025-09-16"),
        record(2, "2025-09-01 08:00:00", 处理结果="调解中", 办理期限="2025-10-01"),
    ]
    path = labelled.write_csv(tmp_path / "due.csv", due)
    sheet = digest(load_history([path], pack, key=KEY), [path], Quotes(None), day=DAY)
    assert [row[0] for row in rows(sheet, "超期未办结")] == ["J0001"]


def test_the_page_names_no_person_and_the_last_day_is_the_default(path, pack):
    history = load_history([path], pack, key=KEY)
    sheet = digest(history, [path], Quotes(None))
    assert sheet.title == "每日研判 2025-09-17"
    page = render(sheet)
    for row in ROWS:
        assert row["报警电话"] not in page
        assert row["案发地"] not in page


def test_the_command_prints_and_writes(path, tmp_path):
    done = CliRunner().invoke(app, ["digest", str(path), "--date", "2025-09-16", "--no-quotes"])
    assert done.exit_code == 0, done.output
    assert "J0004" in done.output
    done = CliRunner().invoke(
        app, ["digest", str(path), "--date", "2025-09-16", "--no-quotes", "-o", str(tmp_path / "d.html"), "--xlsx", str(tmp_path / "d.xlsx")]
    )
    assert done.exit_code == 0, done.output
    assert "J0004" in (tmp_path / "d.html").read_text("utf-8")
    assert (tmp_path / "d.xlsx").exists()


@pytest.mark.parametrize("told", [{"fq_route": "crisis_now"}, {"fq_route": "workstation", "fq_route_name": "轻生危机处置"}])
def test_where_to_send_is_told_by_name(tmp_path, told, monkeypatch):
    path = labelled.write_csv(tmp_path / "labelled.csv", [record(1, "2025-09-16 08:00:00", fq_risk="red", **told)])
    monkeypatch.setenv("COLUMNS", "200")
    shown = CliRunner().invoke(app, ["digest", str(path), "--no-quotes"])
    assert shown.exit_code == 0, shown.output
    assert "轻生危机处置" in shown.output
    assert told["fq_route"] not in shown.output
