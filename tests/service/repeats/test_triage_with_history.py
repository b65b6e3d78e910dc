"""`fengqiao triage --history FILE --resources DIR`: a table of earlier calls and a directory change the answer."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from service.cli import app
from service.resources.read import example

RUNNER = CliRunner()
TEXT = "楼上半夜拖椅子, 吵得睡不着, 讲过不听。"
TABLE = """警情编号,报警时间,报警人电话,事发地址,报警内容,处理结果
A1,2026-11-05 22:10,13900000001,望溪街道桃园小区3栋2单元501室,楼上半夜拖椅子吵得睡不着,调解未达成协议
A2,2026-11-12 23:00,13900000001,桃园小区三幢2单元501,楼上又拖椅子敲地板,
A3,2026-11-13 09:00,13900000099,柳岸小区1栋,电动车在楼下被偷了,
A4,,13900000001,桃园小区3栋,没有时间的一条,
"""


def triage(*options: str):
    return RUNNER.invoke(app, ["triage", TEXT, "--at", "2026-11-18T22:30:00", "--place", "桃园小区3号楼2单元501室", "--caller", "139 0000 0001", *options])


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "history.csv"
    path.write_text(TABLE, "gb18030")
    return str(path)


def test_a_history_file_is_counted_and_raises_the_colour(table):
    alone = json.loads(triage("--json", "--tier", "rules").stdout)  # what the history does, without what a classifier makes of the text
    told = json.loads(triage("--json", "--tier", "rules", "--history", table).stdout)
    assert alone["repeat"] is None
    assert (alone["risk"]["colour"], told["risk"]["colour"]) == ("green", "orange")
    repeat = told["repeat"]
    assert (repeat["by_person"], repeat["by_place"], repeat["same_matter"], repeat["failed_mediations"]) == (2, 2, 2, 1)
    assert repeat["prior_ids"] == ["A2", "A1"]


def test_a_directory_names_who_can_help(table):
    told = json.loads(triage("--json", "--history", table, "--resources", str(example())).stdout)
    assert {resource["kind"] for resource in told["resources"]} >= {"station", "workstation", "mediator"}
    assert any(resource["fallback"] for resource in told["resources"])  # it is half past ten at night


def test_people_see_both(table):
    shown = triage("--history", table, "--resources", str(example())).output
    assert "一人多次" in shown
    assert "望溪派出所" in shown


def test_a_history_without_times_is_an_error(tmp_path):
    path = tmp_path / "h.csv"
    path.write_text("编号,报警内容\n1,楼上漏水\n", "utf-8")
    assert "FQ2503" in str(triage("--history", str(path)).exception)
