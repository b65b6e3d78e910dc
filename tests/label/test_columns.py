"""Headers of Chinese systems, and several text columns joined with their roles kept."""

from __future__ import annotations

import pytest

from pipeline.batch import moment, narrative
from pipeline.columns import TextColumn, field, guess
from pipeline.errors import InputError


@pytest.mark.parametrize(
    ("headers", "texts", "id_column"),
    [
        (
            ["事件单编号", "报警人", "联系电话", "报警时间", "所属分局", "辖区单位", "警情类别", "警情明细", "风险等级", "事发地址", "事件详情"],
            ["事件详情"],
            "事件单编号",
        ),
        (["警情编号", "报警内容", "处警情况"], ["报警内容", "处警情况"], "警情编号"),
        (["序号", "接警单编号", "简要案情（必填）", "反馈 内容："], ["简要案情（必填）", "反馈 内容："], "接警单编号"),
        (["JJDBH", "BJSJ", "BJNR", "CJQK"], ["BJNR", "CJQK"], "JJDBH"),
        (["工单号", "诉求内容", "办理结果"], ["诉求内容", "办理结果"], "工单号"),
        (["id", "text", "label"], ["text"], "id"),
        (["110报警内容", "110警情编号"], ["110报警内容"], "110警情编号"),
        (["报警内容类别", "警情内容"], ["警情内容"], None),
    ],
)
def test_text_and_id_columns_are_guessed(headers, texts, id_column):
    found = guess(headers)
    assert [column.name for column in found.texts] == texts
    assert found.id == id_column


def test_the_other_fields_are_guessed():
    found = guess(["报警内容", "报警时间", "报警方式", "案发地址", "报警电话"])
    assert (found.occurred_at, found.channel, found.place, found.caller) == ("报警时间", "报警方式", "案发地址", "报警电话")
    assert field(["辖区单位", "风险等级"], "filed_risk") == "风险等级"


def test_columns_may_be_named_by_name_place_or_role():
    found = guess(["甲", "乙", "丙"], texts=["甲", "outcome=丙"], id_column="#2")
    assert [(column.name, column.role) for column in found.texts] == [("甲", "call"), ("丙", "outcome")]
    assert found.id == "乙"


@pytest.mark.parametrize(("texts", "code"), [((), "FQ3001"), (("丁",), "FQ3002"), (("#9",), "FQ3002")])
def test_what_is_not_there_is_an_error(texts, code):
    with pytest.raises(InputError) as caught:
        guess(["甲", "乙"], texts=texts)
    assert caught.value.code == code


def test_roles_are_kept_when_columns_are_joined(engine):
    from pipeline.values import Incident

    columns = (TextColumn("报警内容", "call", "【接】"), TextColumn("处警情况", "outcome", "【处】"))
    text = narrative(columns, {"报警内容": "邻居打架, 有人持刀", "处警情况": "经核实双方口角, 无人持刀, 已劝离"})
    assert text == "【接】邻居打架, 有人持刀\n【处】经核实双方口角, 无人持刀, 已劝离"
    assert "outcome" in engine.assess(Incident(narrative=text)).frames
    assert narrative(columns, {"报警内容": "打架", "处警情况": " "}) == "【接】打架"
    assert narrative(columns, {"报警内容": None, "处警情况": ""}) == ""
    assert narrative(columns, {"报警内容": "打架", "处警情况": "打架"}) == "【接】打架"


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("2024-03-05 07:08:09", "2024-03-05T07:08:09"),
        ("2024/3/5 7:08", "2024-03-05T07:08:00"),
        ("2024年3月5日7时8分", "2024-03-05T07:08:00"),
        ("2024-03-05T07:08:09+08:00", "2024-03-05T07:08:09"),
        ("20240305070809", "2024-03-05T07:08:09"),
        ("2024.3.5", "2024-03-05T00:00:00"),
        ("2024-13-05", None),
        ("昨晚", None),
        ("", None),
        (None, None),
        (float("nan"), None),
    ],
)
def test_moments_are_read_as_systems_write_them(cell, told):
    found = moment(cell)
    assert (found.isoformat() if found else None) == told
