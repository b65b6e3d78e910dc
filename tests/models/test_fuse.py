"""What a classifier may and may not do to the rules' answer. The classifiers here are made by hand, so that each rule is seen by itself."""

from __future__ import annotations

from pipeline.advice import Opinion
from pipeline.engine import Engine
from pipeline.values import Incident

LEAK = "楼上漏水, 把我家屋顶泡了, 找他他不管。"
KNIFE = "老公没有一天不打我, 今天又拿菜刀追我"


class Says:
    """An adviser with one fixed opinion."""

    version, profile = "hand/1", "tongxin346"

    def __init__(self, opinion=None, levels=()):
        self.opinion, self._levels = opinion or Opinion(), levels

    def labels(self, view):
        return self.opinion

    def levels(self, opinion, axes, level):
        return self._levels

    def evidence(self, view, opinion, label):
        return tuple(view.document.clauses[:1])


def ask(engine, text, **told):
    return Engine(engine.pack, adviser=Says(**told)).assess(Incident(narrative=text))


def without_version(answer):
    import msgspec

    return msgspec.structs.replace(answer, versions=None)


def test_no_opinion_changes_nothing(engine):
    for text in (LEAK, KNIFE, "", "有人冒充公检法让我把钱转到安全账户, 我正在银行转账"):
        assert without_version(ask(engine, text)) == without_version(engine.assess(Incident(narrative=text)))


def test_the_opinion_ranks_categories_and_types_and_says_so(engine):
    answer = ask(engine, LEAK, opinion=Opinion(category={"dispute": 0.9, "service": 0.1}, dispute={"property_mgmt": 0.7, "neighbour": 0.3}))
    assert (answer.dispute.type, answer.dispute.score) == ("property_mgmt", 0.7)
    assert [other["type"] for other in answer.dispute.alternatives] == ["neighbour"]
    assert answer.versions.model == "hand/1"


def test_a_differing_category_asks_for_review(engine):
    answer = ask(engine, LEAK, opinion=Opinion(category={"service": 0.8, "dispute": 0.2}))
    assert answer.category.code == "service"
    assert "rule_model_disagree" in answer.needs_review.codes


def test_a_label_that_no_rule_found_points_at_the_words_of_the_classifier(engine):
    answer = ask(engine, LEAK, opinion=Opinion(factors={"long_running": 0.6}, adds=True))
    (found,) = [factor for factor in answer.risk.factors if factor.code == "long_running"]
    (piece,) = found.evidence
    assert piece.by == "model.hand/1"
    assert LEAK[piece.start : piece.end] == piece.quote


def test_a_model_never_lowers_a_colour_even_by_another_category(engine):
    alone = engine.assess(Incident(narrative=KNIFE))
    answer = ask(engine, KNIFE, opinion=Opinion(category={"invalid": 1.0}, factors={"weapon": 0.0, "domestic_violence": 0.0}), levels=(1.0, 0.0, 0.0, 0.0))
    assert alone.risk.colour == answer.risk.colour == "red"
    assert answer.risk.gates == alone.risk.gates
    assert {"weapon", "domestic_violence"} <= {factor.code for factor in answer.risk.factors}


def test_a_model_raises_the_colour_with_a_reason_and_a_review(engine):
    alone = engine.assess(Incident(narrative=LEAK))
    answer = ask(engine, LEAK, levels=(0.1, 0.1, 0.7, 0.1))
    assert alone.risk.colour in ("green", "yellow")
    assert answer.risk.colour == "orange"
    assert "model_raised" in answer.needs_review.codes
    assert any(reason["axis"] == "model" for reason in answer.risk.reasons)


def test_a_model_under_its_bound_raises_nothing(engine):
    alone = engine.assess(Incident(narrative=LEAK))
    assert ask(engine, LEAK, levels=(0.75, 0.15, 0.06, 0.04)).risk.colour == alone.risk.colour


def test_what_may_be_two_levels_worse_is_looked_at_and_not_the_calmest(engine):
    answer = ask(engine, LEAK, levels=(0.78, 0.05, 0.17, 0.0))
    assert engine.assess(Incident(narrative=LEAK)).risk.colour == "green"
    assert answer.risk.colour == "yellow"
    assert "worse_possible" in answer.needs_review.codes
    (reason,) = [reason for reason in answer.risk.reasons if reason["axis"] == "model"]
    assert "不能排除" in reason["says"]
    calm = ask(engine, LEAK, levels=(0.8, 0.15, 0.05, 0.0))
    assert calm.risk.colour == "green"
    assert "worse_possible" not in calm.needs_review.codes


def test_where_the_rules_are_sure_and_the_classifier_is_not_their_category_stands(engine):
    text = "邻居家漏水, 找了三次都不管, 今天又吵起来, 司法所调解过一次没谈成"
    torn = ask(engine, text, opinion=Opinion(category={"service": 0.5, "dispute": 0.3, "help": 0.2}))
    assert (torn.category.code, torn.category.score) == ("dispute", 0.5)
    assert "rule_model_disagree" in torn.needs_review.codes
    sure = ask(engine, text, opinion=Opinion(category={"service": 0.75, "dispute": 0.25}))
    assert sure.category.code == "service"


def test_a_model_raises_no_gate(engine):
    answer = ask(engine, LEAK, opinion=Opinion(factors={"domestic_violence": 0.99}, adds=True))
    assert "domestic_violence" in {factor.code for factor in answer.risk.factors}
    assert answer.risk.gates == ()


def test_a_doubted_factor_goes_where_neither_grade_nor_gate_rests_on_it(engine):
    text = "我在健身房办了卡, 公司关门了不给退钱, 我七十岁了"
    alone = engine.assess(Incident(narrative=text))
    answer = ask(engine, text, opinion=Opinion(factors={"elder": 0.01, "institution": 0.4}))
    assert {factor.code for factor in alone.risk.factors} - {factor.code for factor in answer.risk.factors} == {"elder"}
    assert answer.risk.colour == alone.risk.colour


def test_wide_sets_ask_for_review(engine):
    assert "wide_set" in ask(engine, LEAK, opinion=Opinion(category_set=("dispute", "service"))).needs_review.codes
    assert "wide_set" not in ask(engine, LEAK, opinion=Opinion(category_set=("dispute",))).needs_review.codes


def test_scripts_are_added_to_fraud_only(engine):
    text = "对方让我先垫钱做任务返佣金, 我转了五千, 现在提不出来"
    told = {"scripts": {"gambling_platform": 0.9}, "adds": True}
    assert "gambling_platform" in {script.code for script in ask(engine, text, opinion=Opinion(**told)).fraud.scripts}
    assert ask(engine, LEAK, opinion=Opinion(**told)).fraud is None


def test_what_none_of_the_others_is_stands_beside_none_of_them(engine):
    text = "我在网上刷单被骗了, 垫付了三单五千元, 现在提现不了, 客服把我拉黑"
    answer = ask(engine, text, opinion=Opinion(category={"fraud": 0.99}, scripts={"brushing_rebate": 0.9, "other_fraud": 0.9}, adds=True))
    assert [script.code for script in answer.fraud.scripts] == ["brushing_rebate"]


def test_degraded_is_told(engine):
    assert not ask(engine, LEAK).degraded
    assert ask(engine, LEAK, opinion=Opinion(degraded=True)).degraded
    assert Engine(engine.pack, degraded=True).assess(Incident(narrative=LEAK)).needs_review.codes[0] == "degraded"


def test_a_model_may_name_another_stage_but_the_colour_stays(engine):
    text = "客服说我百万保障到期了, 让我现在往安全账户转3万, 我正在手机上操作转账"
    by_rules = ask(engine, text, opinion=Opinion())
    assert by_rules.fraud.stage == "transferring"
    told = ask(engine, text, opinion=Opinion(stage={"discovered": 0.9, "transferring": 0.1}, adds=True))
    assert told.fraud.stage == "discovered"
    assert {script.stage for script in told.fraud.scripts} == {"discovered"}
    assert told.risk.colour == by_rules.risk.colour == "red"


def test_an_unsure_or_hasty_model_leaves_the_stage_alone(engine):
    text = "客服说我百万保障到期了, 让我现在往安全账户转3万, 我正在手机上操作转账"
    assert ask(engine, text, opinion=Opinion(stage={"discovered": 0.4, "paid": 0.3}, adds=True)).fraud.stage == "transferring"
    assert ask(engine, text, opinion=Opinion(stage={"discovered": 0.9}, adds=False)).fraud.stage == "transferring"


def test_no_stage_without_a_script(engine):
    assert ask(engine, LEAK, opinion=Opinion(stage={"transferring": 0.99}, adds=True)).fraud is None


def test_of_a_text_that_cannot_be_read_no_opinion_is_taken(engine):
    garbled = "哭韵蹩崧莪.c哭韵蹩筘莪。婴韵笱蹩侨崧莪癸韵蹩筘"
    told = {"opinion": Opinion(category={"dispute": 0.99}, dispute={"family": 0.9}, factors={"threat": 0.9}, adds=True)}
    answer, plain = ask(engine, garbled, **told), engine.assess(Incident(narrative=garbled))
    assert (answer.category.code, answer.dispute, answer.risk.colour) == (plain.category.code, plain.dispute, plain.risk.colour)
    assert answer.needs_review.flag
    assert ask(engine, LEAK, **told).dispute.type == "family"


def test_a_classifier_alone_makes_no_fraud_of_a_lost_purse(engine):
    for text in ("我的钱包丢了, 里面有身份证", "免费wifi能不能连"):
        answer = ask(engine, text, opinion=Opinion(category={"fraud": 0.95, "help": 0.05}, scripts={"other_fraud": 0.9}, adds=True))
        assert answer.category.code != "fraud"
        assert answer.fraud is None
        assert "rule_model_disagree" in answer.needs_review.codes


def test_a_classifier_that_is_sure_of_nothing_else_leaves_the_rules_category(engine):
    text = "我的钱包丢了, 里面有身份证"
    answer = ask(engine, text, opinion=Opinion(category={"fraud": 1.0}))
    assert answer.category.code == engine.assess(Incident(narrative=text)).category.code


def test_where_the_rules_see_a_sign_of_it_a_classifier_may_call_it_fraud(engine):
    text = "网上订海边民宿交了五百六, 到地方是个养鸡场, 微信已经被删"
    answer = ask(engine, text, opinion=Opinion(category={"fraud": 0.9, "dispute": 0.1}, scripts={"shopping_service": 0.9}, adds=True))
    assert answer.category.code == "fraud"
    assert [script.code for script in answer.fraud.scripts] == ["shopping_service"]


def test_against_all_signs_a_classifier_must_be_sure(engine):
    text = "女子电话只说了他在门外四个字, 随后没声, 线没断"
    assert ask(engine, text, opinion=Opinion(category={"fraud": 0.54, "help": 0.46})).category.code == "help"


def test_a_swindlers_own_words_that_rules_know_stay_fraud_unless_the_classifier_is_sure(engine):
    text = "短信内容为: 您好, 我是支付宝征信专员, 您的信用评分较低, 需要增加流水, 请把钱转到指定账户"
    answer = ask(engine, text, opinion=Opinion(category={"service": 0.85, "fraud": 0.15}))
    assert answer.category.code == "fraud"
    assert [script.code for script in answer.fraud.scripts] == ["credit_record"]
    assert "rule_model_disagree" in answer.needs_review.codes
    sure = ask(engine, text, opinion=Opinion(category={"service": 0.97, "fraud": 0.03}))
    assert sure.category.code == "service"
    assert "rule_model_disagree" in sure.needs_review.codes


def test_of_a_message_without_a_known_script_the_classifier_must_be_sure(engine):
    text = "短信内容为: 明天上午我过来一趟, 你把东西准备好放门口就行"
    for share, category in ((0.8, False), (0.9, True)):
        answer = ask(engine, text, opinion=Opinion(category={"fraud": share, "invalid": 1 - share}, scripts={"impersonate_acquaintance": 0.4}, adds=True))
        assert (answer.category.code == "fraud") is category
        assert [script.code for script in answer.fraud.scripts] == ["impersonate_acquaintance"] if category else answer.fraud is None


def test_a_script_told_in_so_many_words_is_not_doubted_away(engine):
    text = "打工认识的同乡问我借卡转工资, 我没多想就把卡给了他, 派出所说他拿我的卡跑分"
    answer = ask(engine, text, opinion=Opinion(scripts={"money_mule": 0.05, "other_fraud": 0.9}, adds=True))
    assert "money_mule" in {script.code for script in answer.fraud.scripts}


def test_an_advertisement_in_which_the_rules_see_nothing_is_made_no_fraud_by_a_classifier(engine):
    sure = Opinion(category={"fraud": 0.99, "invalid": 0.01}, scripts={"other_fraud": 0.9}, adds=True)
    advertisement = "城东新开名师数学班, 周末开课, 地址在市委党校三号楼, 电话 0571-8888****"
    answer = Engine(engine.pack, adviser=Says(sure)).assess(Incident(narrative=advertisement, channel="message"))
    assert answer.category.code != "fraud"
    assert answer.fraud is None
    assert answer.needs_review.flag
    alone = Opinion(category={"fraud": 1.0}, scripts={"other_fraud": 0.9}, adds=True)
    assert Engine(engine.pack, adviser=Says(alone)).assess(Incident(narrative=advertisement, channel="message")).category.code != "fraud"


REBATES = "被拉进群做刷单返利任务, 垫付了三单共一万二, 客服说任务没做完不给提现, 现在把我拉黑了"


def test_a_second_script_is_added_only_beside_one_that_it_goes_with(engine):
    assert [script.code for script in engine.assess(Incident(narrative=REBATES)).fraud.scripts] == ["brushing_rebate"]
    told = {"brushing_rebate": 0.9, "gambling_platform": 0.9, "loan_card": 0.9}
    answer = ask(engine, REBATES, opinion=Opinion(category={"fraud": 0.99}, scripts=told, adds=True))
    assert [script.code for script in answer.fraud.scripts] == ["brushing_rebate", "gambling_platform"]


def test_where_all_that_rules_found_is_doubted_the_likeliest_stands_in_its_place(engine):
    opinion = Opinion(category={"fraud": 0.99}, scripts={"brushing_rebate": 0.05, "gambling_platform": 0.55}, adds=True)
    assert [script.code for script in ask(engine, REBATES, opinion=opinion).fraud.scripts] == ["gambling_platform"]
    unsure = Opinion(category={"fraud": 0.99}, scripts={"brushing_rebate": 0.05, "gambling_platform": 0.45}, adds=True)
    assert [script.code for script in ask(engine, REBATES, opinion=unsure).fraud.scripts] == ["brushing_rebate"]


ADVERT = "【老庙黄金】本周金价调整，旧金换新免工费，克减20元。来料加工。"
CALM = {"category": {"invalid": 0.9, "service": 0.1}, "adds": True}


def test_a_mere_doubt_of_the_rules_is_settled_by_a_classifier_that_has_read_all_and_is_sure(engine):
    assert [reason["id"] for reason in engine.assess(Incident(narrative=ADVERT)).risk.reasons] == ["unknown"]
    settled = ask(engine, ADVERT, opinion=Opinion(**CALM), levels=(0.9, 0.08, 0.01, 0.01))
    assert (settled.risk.colour, settled.risk.reasons) == ("green", ())
    assert "thin_evidence" not in set(settled.needs_review.codes)


def test_a_doubt_stays_where_the_classifier_is_less_sure_or_has_not_read_all(engine):
    for told in (
        {"opinion": Opinion(**CALM), "levels": (0.6, 0.38, 0.01, 0.01)},
        {"opinion": Opinion(**CALM), "levels": (0.85, 0.03, 0.06, 0.06)},
        {"opinion": Opinion(**(CALM | {"category": {"invalid": 0.6, "help": 0.4}})), "levels": (0.9, 0.08, 0.01, 0.01)},
        {"opinion": Opinion(**(CALM | {"adds": False})), "levels": (0.9, 0.08, 0.01, 0.01)},
    ):
        assert ask(engine, ADVERT, **told).risk.colour == "yellow"


def test_no_classifier_settles_what_says_that_something_is_wrong(engine):
    assert ask(engine, KNIFE, opinion=Opinion(**CALM), levels=(0.99, 0.01, 0.0, 0.0)).risk.colour == "red"
    assert ask(engine, "喂", opinion=Opinion(**CALM), levels=(0.99, 0.01, 0.0, 0.0)).risk.colour == "yellow"
