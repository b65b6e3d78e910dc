"""What to do about a fraud: the plan follows the stage, its steps are filled from the text, the gaps are questions."""

from __future__ import annotations

import pytest

from pipeline.rulepack.load import load
from pipeline.rulepack.schema_response import Response
from pipeline.values import Incident

PLANS = load().families["response"]
BEFORE = "接到自称公安局民警的电话, 说我涉嫌洗钱, 要把三万块钱转到安全账户, 我弟弟拦着我, 我还没转, 下载了一个腾讯会议在共享屏幕"
AFTER = "半小时前我被冒充客服的骗子骗了, 把2万元转到卡号6222020200112233445了, 刚发现不对, 快帮我止付"
LATER = "上个月刷单被骗了五万元, 一直没报警, 对方早把我拉黑了"


def response(engine, text):
    answer = engine.assess(Incident(narrative=text))
    assert answer.fraud is not None
    return answer.fraud.response


def test_before_the_payment_the_seven_characters_come_in_order(engine):
    plan = response(engine, BEFORE)
    assert plan["plan"] == "seven_characters"
    assert [step["name"] for step in plan["steps"]] == ["劝", "宣", "卸", "装", "签", "讲", "盯"]
    assert len(plan["documents"]) == 2


def test_steps_are_filled_from_the_text(engine):
    steps = {step["name"]: step["says"] for step in response(engine, BEFORE)["steps"]}
    assert "我弟" in steps["劝"] or "弟弟" in steps["劝"]
    assert "冒充公检法" in steps["宣"]
    assert all("{" not in says for says in steps.values())


def test_after_the_payment_the_clock_runs_and_gaps_are_asked(engine):
    plan = response(engine, AFTER)
    assert plan["plan"] == "stop_payment"
    assert plan["deadline"]["minutes"] == 30
    assert plan["deadline"]["minutes_since"] == 30
    asked = {field["field"] for field in plan["missing"]}
    assert {"victim_identity", "payer_account", "proof"} <= asked
    assert all(field["question"] for field in plan["missing"])


def test_long_after_the_payment_the_money_is_traced(engine):
    plan = response(engine, LATER)
    assert plan["plan"] == "recovery"
    assert plan["follow_up"]["days"]


@pytest.mark.parametrize("plan", PLANS.values(), ids=list(PLANS))
def test_every_number_of_a_plan_is_cited_or_marked_as_an_example(plan):
    assert isinstance(plan, Response)
    assert plan.references
    assert all(reference.date for reference in plan.references)
    assert all(step.basis for step in plan.steps)
    for part in (plan.clock, plan.follow_up):
        assert part is None or part.basis
    for step in plan.steps:
        if any(char.isdigit() for char in step.says.replace("96110", "")):
            assert "示例" not in step.basis or step.example_default


def test_the_brother_who_sees_through_it_averts_the_transfer(engine):
    text = (
        "网民接到自称某市公安局民警的电话, 称其银行卡涉嫌洗黑钱, 把她的身份信息说得一清二楚, 要求把钱转到安全账户接受核查。她卡里钱不够, 打电话向弟弟借两万元, "
        "弟弟觉得不对, 识破是骗局, 联系了社区民警, 民警边打电话嘱咐切勿转账边赶到家中, 最后没有转出去。"
    )
    answer = engine.assess(Incident(narrative=text))
    assert answer.category.code == "fraud"
    assert "impersonate_police" in {script.code for script in answer.fraud.scripts}
    assert answer.fraud.stage == "averted"
    plan = answer.fraud.response
    assert plan["plan"] == "seven_characters"
    assert [step["name"] for step in plan["steps"]] == ["劝", "宣", "卸", "装", "签", "讲", "盯"]
    assert "弟弟" in plan["steps"][0]["says"]
    assert answer.fraud.paid == "no"
    # she is the one to be protected: no script of hers, nothing urgent left
    assert "money_mule" not in {script.code for script in answer.fraud.scripts}
    assert answer.risk.colour == "green"


def test_what_is_already_paid_is_stopped_while_the_rest_is_dissuaded(engine):
    text = "我中午已经转过去4.6万, 自称公安局的说还差定期那一笔, 下午三点前要打到核查账户, 我现在就在去银行的路上"
    plan = response(engine, text)
    assert plan["plan"] == "seven_characters"
    assert "46,000 元同时报反诈中心 96110 止付" in plan["steps"][0]["says"].replace("46,000 元 同时", "46,000 元同时")
    assert "止付" not in response(engine, BEFORE)["steps"][0]["says"]


def test_a_dispute_has_no_fraud_response(engine):
    assert engine.assess(Incident(narrative="楼上装修太吵, 说了几次不听")).fraud is None
