"""What an officer reads fits the colour and the category: handling, next step, time limit, mediation, questions and marks say one thing."""

from __future__ import annotations

import pytest

from pipeline.advice import Opinion
from pipeline.engine import Engine
from pipeline.values import Incident

AXES = {"green": 0, "yellow": 1, "orange": 2, "red": 3}
RED, ORANGE = (0.1, 0.1, 0.1, 0.7), (0.1, 0.1, 0.75, 0.05)


class Says:
    """An adviser that leaves every label as it is and holds a level likely."""

    version, profile = "hand/1", "tongxin346"

    def __init__(self, levels, factors):
        self._levels, self._opinion = levels, Opinion(factors=factors, adds=bool(factors))

    def labels(self, view):
        return self._opinion

    def levels(self, opinion, axes, level):
        return self._levels

    def evidence(self, view, opinion, label):
        return ()


def raised(engine, text, levels, **factors):
    return Engine(engine.pack, adviser=Says(levels, factors)).assess(Incident(narrative=text))


def asked(answer):
    return {question.field for question in answer.missing_information}


# calm to the rules: whatever a model makes of them, the rules cannot say why
CALM = [
    "表弟栽树占了我家地边一尺, 想请村里给说和说和。",
    "我和租客为押金的事说不拢, 他说月底再谈。",
    "老同学之间为份子钱有点不痛快, 想请人说和一下。",
    "请问居住证到期了在哪里换。",
    "两辆车在停车场轻轻碰了一下, 车主都在。",
    "钥匙忘在屋里了, 想找个开锁的电话。",
    "楼下的广场舞声音有点大, 希望提醒一下。",
]


@pytest.mark.parametrize("text", CALM)
def test_a_red_of_the_model_alone_reaches_step_limit_mediation_and_reasons(engine, text):
    answer = raised(engine, text, RED)
    risk = answer.risk
    assert risk.colour == "red"
    assert max(risk.urgency, risk.danger, risk.difficulty) == 3
    assert answer.route["due_within"]["minutes"] == 0
    assert "调" not in answer.route["name"]
    assert answer.mediation is None or answer.mediation["eligible"] == "no"
    assert "模型" in risk.why_not_lower
    assert "规则没有看出" in risk.why_not_lower
    assert "核实" in risk.handling
    assert any("模型" in reason["says"] for reason in answer.route["reasons"])
    assert answer.category.code == "invalid" or "verify_danger" in asked(answer)


@pytest.mark.parametrize("text", CALM)
def test_an_orange_of_the_model_alone_is_verified_before_anything_is_mediated(engine, text):
    answer = raised(engine, text, ORANGE)
    assert answer.risk.colour == "orange"
    assert answer.route["step"] == "verify"
    assert answer.mediation is None or answer.mediation["eligible"] == "no"


def test_what_the_model_alone_sees_is_named_and_decides_the_step(engine):
    answer = raised(engine, "侄女昨天把东西都分给同学了, 今天电话不接。", RED, suicide_threat=0.7)
    assert answer.route["step"] == "crisis_seen"
    assert "轻生" in answer.risk.why_not_lower
    assert "suicide_now" in asked(answer)


@pytest.mark.parametrize("text", ["老公拿菜刀追着我砍, 我躲在邻居家", "有人要跳楼, 人已经坐在楼顶边上了"])
def test_what_the_rules_know_is_not_called_unknown(engine, text):
    answer = raised(engine, text, RED)
    assert answer.risk.colour == "red"
    assert "规则没有看出" not in answer.risk.why_not_lower
    assert "核实" not in answer.risk.handling


@pytest.mark.parametrize("text", ["邻居为停车打了我一拳, 嘴角破了", "前男友又到公司楼下堵我, 一路跟到小区"])
def test_a_lesser_danger_that_the_rules_know_is_told_beside_the_raised_colour(engine, text):
    answer = raised(engine, text, RED)
    assert engine.assess(Incident(narrative=text)).risk.colour == "orange"
    assert answer.risk.colour == "red"
    assert answer.route["due_within"]["minutes"] == 0
    assert "规则看出的是" in answer.risk.why_not_lower
    assert answer.mediation["eligible"] == "no"


@pytest.mark.parametrize("text", CALM)
def test_without_a_model_calm_matters_stay_as_they_were(engine, text):
    answer = engine.assess(Incident(narrative=text))
    assert answer.risk.colour in ("green", "yellow")
    assert answer.route["step"] not in ("verify", "crisis_seen", "dispatch_now")
    assert ("已是最低一级" in answer.risk.why_not_lower) == (answer.risk.colour == "green")


NOT_DISPUTES = [
    ("昨夜店门被撬, 柜台里两条烟和零钱没了", "crime"),
    ("有人在巷子口卖假烟, 见人就躲", "crime"),
    ("我网购退款被人骗了八百块, 前天的事, 对方已经拉黑我", "fraud"),
    ("刚接到冒充客服的电话, 我没信, 挂了, 来报个号码", "fraud"),
    ("国道上两辆货车追尾, 司机受了点伤", "traffic"),
    ("老母亲早上出门买菜, 到现在没回来, 她有老年痴呆", "help"),
]


@pytest.mark.parametrize(("text", "category"), NOT_DISPUTES)
def test_what_is_no_dispute_is_not_handed_to_mediators(engine, text, category):
    answer = engine.assess(Incident(narrative=text))
    assert answer.category.code == category
    assert "调解员" not in answer.risk.handling
    assert "调处" not in answer.risk.handling


@pytest.mark.parametrize("text", ["楼上漏水把我家天花板泡了, 找了两次都不管, 今天又吵起来了", "两家为宅基地边界吵了好几天, 谁也不让"])
def test_a_dispute_that_may_be_mediated_still_is(engine, text):
    answer = engine.assess(Incident(narrative=text))
    assert answer.category.code == "dispute"
    assert "调" in answer.risk.handling
    assert "mediation_consent" in asked(answer)


@pytest.mark.parametrize("text", ["老公昨晚又打我, 胳膊都青了", "他掐着我脖子不放, 邻居拉开的", "前夫拿着刀站在我家门口, 说今天非弄死我"])
def test_where_nothing_is_mediated_nobody_asks_whether_they_are_willing(engine, text):
    answer = engine.assess(Incident(narrative=text))
    assert answer.mediation["eligible"] == "no"
    assert "mediation_consent" not in asked(answer)


ANSWERED = [
    ("讨债的几个人堵在我店门口骂, 威胁要砸店", "on_scene", False),
    ("老公喝多了打我, 现在他在客厅坐着", "on_scene", False),
    ("前男友打了我一耳光, 我不敢回家", "on_scene", True),
    ("老公打我, 孩子在旁边吓得直哭", "minor", False),
    ("老公打我, 女儿抱着我的腿", "minor", False),
    ("老公打我一巴掌, 我跑到楼下了", "minor", True),
    ("两家为彩礼退不退吵起来, 说话很难听", "pregnant", False),
    ("谈恋爱分手, 男方要回送的手机", "pregnant", False),
    ("老婆被我推了一把, 她说要告我家暴", "silent_callback", False),
    ("接通后没有人说话, 只听到哭声, 随即挂断", "silent_callback", True),
    ("前面那辆车开得歪歪扭扭, 像是喝了酒", "weapon", False),
    ("前面那辆车开得歪歪扭扭, 像是喝了酒", "minor", False),
    ("我弟弟不接电话, 门从里面反锁, 微信发了句对不起", "animal_place", False),
    ("楼道里有个马蜂窝, 已经蜇了两个人, 请来处理", "animal_place", True),
]


@pytest.mark.parametrize(("text", "field", "wanted"), ANSWERED)
def test_a_question_is_asked_where_its_answer_is_missing_and_matters(engine, text, field, wanted):
    assert (field in asked(engine.assess(Incident(narrative=text)))) is wanted


def test_few_questions_the_most_useful_first(engine):
    text = "老公喝了酒拿凳子砸我, 还推倒了婆婆, 邻居五六个人围着劝, 他说要同归于尽, 家里砸得稀烂"
    answer = engine.assess(Incident(narrative=text))
    assert 4 <= len(answer.missing_information) <= engine.pack.settings["most_questions"]


TAKEN = [
    ("停在楼下的电动车昨晚被人骑走了", True),
    ("在早市上钱包被扒了, 里面有八百块现金", True),
    ("半夜进了贼, 抽屉里的首饰不见了", True),
    ("有人在出租屋里打牌抽头, 输赢上万", False),
    ("举报三楼有人吸毒", False),
    ("我朋友被一个陌生男的下了药带到宾馆侵犯了", False),
    ("听说村西头有人被捅死了, 人还在地上", False),
]


@pytest.mark.parametrize(("text", "taken"), TAKEN)
def test_prevention_and_recovery_belong_to_what_was_taken(engine, text, taken):
    answer = engine.assess(Incident(narrative=text))
    assert answer.category.code == "crime"
    assert ("preventable" in {mark["rule"] for mark in answer.route["marks"]}) is taken
    assert ("追赃挽损台账" in answer.route["documents"]) is taken


MULES = [
    ("我把银行卡借给别人走账, 走一万给我一百, 现在卡被冻结了", True),
    ("网上有人让我帮忙跑分, 用我的收款码收钱再转出去, 做了一个星期", True),
    ("我儿子在外面帮人取现送钱, 一趟给三百, 已经送了四趟", True),
    ("我在网上刷单被骗了五千, 昨天才发现", False),
    ("冒充我领导的人让我转了三万, 刚转完", False),
    ("被骗子骗走两千, 平台说我银行卡填错被冻结要交解冻金", False),
]


@pytest.mark.parametrize(("text", "mule"), MULES)
def test_who_carries_the_money_is_not_advised_as_a_victim(engine, text, mule):
    answer = engine.assess(Incident(narrative=text))
    assert answer.category.code == "fraud"
    assert (answer.fraud.response["plan"] == "mule") is mule
    assert (answer.route["step"] == "fraud_mule") is mule
    assert ("fraud_amount" in asked(answer) or "追赃" in answer.route["what"]) <= (not mule)


def test_the_next_level_is_told_in_three_conditions_the_nearest_first(engine):
    text = engine.assess(Incident(narrative="我在网上买鞋被骗了六百, 上周的事了")).risk.why_not_higher
    assert "诈骗损失三千元以上" in text
    assert "持械" not in text
    assert "家" not in text
    assert text.partition("。")[0].count("、") <= 2


def test_reasons_for_review_have_names_and_no_codes(engine):
    review = engine.assess(Incident(narrative="喂, 那个")).needs_review
    assert review.flag
    assert len(review.names) == len(review.codes)
    assert not any(character.isascii() and character.isalpha() for name in review.names for character in name)
