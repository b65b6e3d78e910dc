"""Whether a matter may be mediated: each blocker of §179 by its own telling, consent never presumed, limits by working days, versions of the law."""

from __future__ import annotations

import datetime as dt

import pytest

QUARREL = "我和邻居因为晾衣服打起来了, 他推了我, 我也打了他两拳, 都没大碍"

AGREED = "楼上漏水把我家天花板泡了, 双方都愿意到社区调解"

BLOCKED = [
    ("hired", "邻居花钱雇了两个人把我打了, 起因是晒场的事", "case_procedure"),
    ("gang", "两家因宅基地纠集七八个人聚众斗殴, 互相打", "case_procedure"),
    ("again", "邻居多次殴打我, 这次又因为漏水把我打了", "case_procedure"),
    ("refused", "邻居打了我两拳, 我明确不接受调解, 要求依法处理", "case_procedure"),
    ("broken", "邻里漏水纠纷调解过程中, 对方又动手打了我一巴掌", "case_procedure"),
    ("fled", "邻居因噪音打了我, 打完人就跑了, 电话关机", "case_procedure"),
]


@pytest.mark.parametrize(("rule", "text", "law"), BLOCKED, ids=[rule for rule, *_ in BLOCKED])
def test_what_section_179_excludes_is_not_mediated_by_the_police(call, rule, text, law):
    mediation = call(text).mediation
    assert mediation is not None
    assert {entry["kind"]: entry["available"] for entry in mediation["kinds"]}.get("public_security") == "no", mediation
    blocker = next(entry for entry in mediation["blockers"] if entry["rule"] == rule)
    assert "程序规定" in blocker["citation"]
    assert "第一百七十九条" in blocker["citation"]
    assert blocker["evidence"]
    assert all(text[piece["start"] : piece["end"]] == piece["quote"] for piece in blocker["evidence"])


@pytest.mark.parametrize(
    ("rule", "text", "article"),
    [
        ("domestic_violence", "我丈夫又打我了, 把我按在墙上扇耳光, 我现在躲在厕所", "第十五条"),
        ("sexual_violence", "房东昨晚进我房间强行把我按在床上脱我衣服要强奸我", "第一百七十九条"),
        ("no_civil_dispute", "我停在楼下的电动车昨晚被偷了", "第九条"),
    ],
)
def test_violence_at_home_sexual_violence_and_theft_are_never_mediated(call, rule, text, article):
    mediation = call(text).mediation
    assert mediation["eligible"] == "no"
    assert mediation["kind"] is None
    assert article in next(entry for entry in mediation["blockers"] if entry["rule"] == rule)["citation"]


def test_consent_is_asked_and_never_presumed(call):
    mediation = call(QUARREL).mediation
    assert (mediation["eligible"], mediation["kind"]) == ("unknown", "public_security")
    asked = {entry["id"]: entry for entry in mediation["missing"]}
    assert asked["consent"]["essential"]
    assert "轻伤" in asked["injury_report"]["question"]


def test_told_consent_makes_a_quarrel_eligible(call):
    mediation = call(AGREED).mediation
    assert (mediation["eligible"], mediation["kind"]) == ("yes", "peoples")
    assert "consent" not in {entry["id"] for entry in mediation["missing"]}


def test_who_demands_punishment_is_asked_before_anybody_speaks_of_mediation(call):
    mediation = call("我妻子怀疑我出轨, 把我的车窗砸了, 我要求你们把她拘留").mediation
    assert mediation["eligible"] == "unknown"
    assert "not_punish" in {entry["id"] for entry in mediation["missing"]}


def test_a_minor_needs_the_guardian(call):
    mediation = call("我儿子十二岁, 跟邻居家孩子争球, 两家大人吵起来了").mediation
    guardian = next(entry for entry in mediation["missing"] if entry["id"] == "guardian")
    assert "第一百八十一条" in guardian["citation"]


def test_a_shove_without_injury_may_be_settled_on_the_spot(call):
    mediation = call("两个人排队插队吵起来, 互相推了一下, 没受伤").mediation
    assert mediation["kind"] == "on_the_spot"
    assert {entry["kind"]: entry["force"] for entry in mediation["kinds"]}["on_the_spot"] == "公安调解"


def test_the_second_mediation_is_due_in_seven_working_days(call):
    answer = call("邻居因噪音打了我一拳, 社区调解过一次没成, 又来找我吵")
    deadline = answer.mediation["deadline"]
    assert deadline["id"] == "second_mediation"
    assert (deadline["days"], deadline["unit"]) == (7, "working")
    # from Monday 21: Tue Wed Thu, Friday is the festival, Mon Tue Wed, the first week of October off, Thursday 8
    assert deadline["date"] == "2026-10-08"
    assert "报警当日" in deadline["assumes"]
    assert "第一百八十三条" in deadline["citation"]


def test_thirty_days_for_the_courts_confirmation_have_no_date_before_there_is_an_agreement(call):
    deadline = call(AGREED).mediation["deadline"]
    assert (deadline["id"], deadline["days"], deadline["unit"], deadline["date"]) == ("judicial_confirmation", 30, "calendar", None)
    assert "第三十三条" in deadline["citation"]


def test_the_law_is_that_of_the_day(call):
    old = call(QUARREL, at=dt.datetime(2025, 12, 31, 12)).mediation
    new = call(QUARREL, at=dt.datetime(2026, 1, 1, 12)).mediation
    late = call(QUARREL, at=dt.datetime(2027, 7, 1, 12)).mediation
    assert "治安管理处罚法》(2012年修正)第九条" in old["citation"]
    assert "治安管理处罚法》(2025年修订)第九条" in new["citation"]
    assert old["warnings"] == []
    assert any("逐字核对" in warning for warning in new["warnings"])
    assert any("配套修改" in warning for warning in new["warnings"])
    assert any("已过复核期" in warning for warning in late["warnings"])


@pytest.mark.parametrize("text", ["半小时前被冒充客服的骗走五万元", "路灯坏了半个月没人修", "我父亲走失了, 七十多岁"])
def test_where_nothing_is_to_be_mediated_there_is_no_mediation(call, text):
    assert call(text).mediation is None


def test_the_agreement_has_the_fields_of_section_184(call):
    fields = " ".join(call(QUARREL).mediation["fields"])
    for word in ("当事人", "时间地点", "起因经过", "协议内容", "履行期限", "签名"):
        assert word in fields
