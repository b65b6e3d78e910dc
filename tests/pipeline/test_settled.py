"""Factors that are asked again once category and type are fixed."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from pipeline.decide import settle_factors
from pipeline.engine import Engine
from pipeline.errors import ConditionError
from pipeline.rulepack.files import SHIPPED
from pipeline.rulepack.schema import Factor
from pipeline.values import Incident

ENGINE = Engine.default()


def factors(text: str) -> dict[str, list[str]]:
    """Factors of the answer and the words that each rests on."""
    return {factor.code: [piece.quote for piece in factor.evidence] for factor in ENGINE.assess(Incident(narrative=text)).risk.factors}


def test_a_teacher_is_a_party_where_the_school_took_the_money_and_not_where_pupils_quarrel() -> None:
    assert "institution" in factors("家长与老师争执, 称学校不退补课费, 校方说要等通知, 家长要求退费")
    assert "institution" not in factors("两名初中生在篮球场推搡, 老师拉开, 家长到校后互相道歉")


def test_what_a_fraud_took_is_no_stake() -> None:
    assert "large_stakes" not in factors("报警人被冒充客服的人骗走十二万元, 刚发现, 已转账两小时")
    assert "large_stakes" in factors("合伙人账目对不上, 涉及二十一万元, 双方在店里争吵")


def test_the_evidence_of_a_settled_factor_is_its_own_words() -> None:
    answer = ENGINE.assess(Incident(narrative="业主来电, 电梯停了四天, 三户业主在服务中心拍桌子吵, 经理说账上没钱修"))
    found = next(factor for factor in answer.risk.factors if factor.code == "institution")
    assert found.evidence
    assert {piece.by.partition("/")[0] for piece in found.evidence} == {"factor.institution"}


def test_a_person_who_keeps_silent_in_a_full_story_leaves_nothing_untold() -> None:
    assert "insufficient" not in factors("我男人喝了酒又打我, 打完坐在沙发上不吭声, 我脸肿了, 孩子吓哭了, 你们快来, 我在二单元三楼")
    assert "insufficient" in factors("来电人只说有纠纷, 问何事不肯说")


def test_settled_decides_for_every_text_alike() -> None:
    """The same engine answers the same after other texts: nothing of a reading is kept."""
    text = "公司拖欠我三个月工资, 人事说等通知"
    first = factors(text)
    factors("两户邻居为一堵墙争吵")
    assert factors(text) == first


def test_a_gate_may_not_be_settled() -> None:
    with pytest.raises(ValidationError):
        Factor.model_validate({"id": "x", "name": "x", "group": "threat", "gate": True, "once_settled": "category.dispute"})


def test_what_means_nothing_in_such_a_matter_is_left_out_and_a_model_cannot_bring_it() -> None:
    told = "村民代表来电, 承包人把水渠堵了, 全村的秧苗都浇不上水"
    assert "many_parties" in factors(told)
    assert "many_parties" not in factors("村民代表来电, 入伏以后全村隔三差五跳闸")
    pack = ENGINE.pack
    reading = ENGINE.settled(Incident(narrative="路灯坏了, 请来修"))
    reading.propose(pack.rules["factors"]["many_parties"], 0.9, counts=True)
    assert "factor.many_parties" not in settle_factors(pack, reading)
    assert "factor.many_parties" not in reading.decided


def test_a_gate_may_not_be_limited_to_some_matters() -> None:
    with pytest.raises(ValidationError):
        Factor.model_validate({"id": "x", "name": "x", "group": "threat", "gate": True, "matters": ["dispute"]})


@pytest.mark.parametrize(
    ("place", "line", "wrong"),
    [
        ("factors/refuses_mediation.yaml", "matters: [dispute, crime]", "matters: [quarrel]"),
        ("scripts/credit_record.yaml", "beside: [impersonate_service]", "beside: [service_pretended]"),
    ],
)
def test_an_unknown_matter_or_script_named_in_a_file_is_told(tmp_path, place, line, wrong) -> None:
    (tmp_path / place).parent.mkdir()
    (tmp_path / place).write_text((SHIPPED / place).read_text("utf-8").replace(line, wrong), "utf-8")
    with pytest.raises(ConditionError, match="FQ1207"):
        Engine.load([tmp_path])
