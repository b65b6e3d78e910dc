"""Sums of signs: what is added, what falls, what is left as conditions found it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipeline import weigh
from pipeline.engine import Engine
from pipeline.rulepack.files import SHIPPED, read_yaml
from pipeline.rulepack.pack import Scale
from pipeline.values import Incident
from pipeline.weigh import Weighed, chosen, shares, sums

SCALE = Scale(("a", "b"), np.array([0.5, 0.0]), np.array([[9.0, 9.0], [1.0, -1.0], [0.0, 2.0], [0.0, 0.0]]), None)


@pytest.fixture
def pack():
    return Engine.default().pack


@pytest.fixture
def reading():
    return Engine.default().read(Incident(narrative="楼上漏水"))[1]


def test_sums_add_what_stands_in_the_text_and_shares_make_one():
    signals = np.array([1, 2, 3])
    assert sums(SCALE, signals).tolist() == [1.5, 1.0]
    assert sums(SCALE, signals[:0]).tolist() == [0.5, 0.0]
    parts = shares(SCALE, signals)
    assert parts["a"] > parts["b"]
    assert sum(parts.values()) == pytest.approx(1)


def test_weights_name_groups_that_there_are(pack):
    for path in (SHIPPED / "weights").glob("*.yaml"):
        for name, groups in read_yaml(path)["weights"].items():
            family, _, rule = name.partition(".")
            assert groups.keys() <= pack.rules[family][rule].groups.keys(), (path.name, name)


def test_every_script_and_stage_has_weights(pack):
    assert set(pack.scales["script"].labels) == set(pack.rules["scripts"])
    assert set(pack.scales["stage"].labels) == set(pack.rules["stages"])


def test_signs_against_a_case_let_a_script_fall_and_doubt_takes_the_unlikely_one(pack, reading):
    assert chosen(pack, reading, Weighed(-6.0, {"romance": 0.9, "investment": 0.1}), ["romance"]) == []
    assert chosen(pack, reading, Weighed(1.0, {"romance": 0.97, "investment": 0.01}), ["investment", "romance"]) == ["romance"]
    assert chosen(pack, reading, Weighed(1.0, {"romance": 0.55, "investment": 0.4}), ["investment"]) == ["investment", "romance"]
    assert chosen(pack, reading, Weighed(1.0, {"romance": 0.45, "investment": 0.4}), ["investment"]) == ["investment"]


def test_what_is_told_in_so_many_words_stays_whatever_the_signs_say():
    engine = Engine.default()
    answer = engine.assess(Incident(narrative="打工认识的同乡问我借卡转工资, 我没多想就把卡给了他, 派出所说他拿我的卡跑分"))
    reading = engine.settled(Incident(narrative="打工认识的同乡问我借卡转工资, 我没多想就把卡给了他, 派出所说他拿我的卡跑分"))
    assert [script.code for script in answer.fraud.scripts] == ["money_mule"]
    weighed = Weighed(-6.0, {"money_mule": 0.01, "romance": 0.9})
    assert chosen(engine.pack, reading, weighed, ["money_mule"]) == ["money_mule"]
    assert chosen(engine.pack, reading, Weighed(1.0, {"money_mule": 0.01, "romance": 0.3}), ["money_mule"]) == ["money_mule"]


def test_what_stands_in_for_the_unknown_displaces_nothing(pack, reading):
    assert chosen(pack, reading, Weighed(3.0, {"other_fraud": 0.97, "investment": 0.01}), ["investment"]) == ["investment"]


def test_nothing_is_added_to_a_text_that_tells_nothing_of_the_script(pack, reading):
    assert chosen(pack, reading, Weighed(6.0, {"romance": 0.99}), []) == []


def test_a_calmer_stage_needs_clearer_signs(pack, reading, monkeypatch):
    stages = pack.rules["stages"]
    reading.values["weighed.fraud"] = 2.0
    for share, expected in ((0.5, "transferring"), (0.95, "discovered")):
        parts = {"discovered": share, "transferring": 0.05}
        monkeypatch.setattr(weigh, "shares", lambda scale, found, parts=parts: parts)
        assert weigh.weigh_stage(pack, reading, stages["transferring"]).id == expected
    monkeypatch.setattr(weigh, "shares", lambda scale, found: {"discovered": 0.7, "transferring": 0.3})
    assert weigh.weigh_stage(pack, reading, stages["transferring"]).id == "transferring"


def weighed(text, **odds):
    """The shipped engine with a scale of factors that knows only a base for each: its settled reading and what is spoken against."""
    engine = Engine.default()
    scale = Scale(tuple(odds), np.array(list(odds.values())), np.zeros((len(engine.pack.signals), len(odds))), None)
    engine = Engine(replace(engine.pack, scales={**engine.pack.scales, "factor": scale}))
    return engine, engine.settled(Incident(narrative=text))


@pytest.mark.parametrize(("name", "counts"), [("many_parties", 1.0), ("reconciled", None)])
def test_a_factor_is_added_on_words_of_its_own_and_what_calms_is_only_told(pack, name, counts):
    added = 0
    for text in read_yaml(SHIPPED / "factors" / f"{name}.yaml")["counterexamples"]:
        _, reading = weighed(text, **{name: 9.0})
        own = any(reading.counted(signal) for signal in pack.rules["factors"][name].groups.values())
        held = reading.decided.get(f"factor.{name}")
        assert (held is not None) == own, text
        if held is not None:
            added += 1
            assert held.hits
            assert (reading.values.get(f"factor.{name}") or None) == counts
    assert added > 0


def test_the_answer_leaves_out_what_the_signs_speak_against_unless_a_gate_or_the_grade_rests_on_it():
    text = "他拿刀追着人砍, 孩子在旁边哭, 欠了三十万不还"
    engine, _ = weighed(text, minor=-9.0, weapon=-9.0, large_stakes=-9.0)
    plain = {factor.code for factor in Engine.default().assess(Incident(narrative=text)).risk.factors}
    answer = engine.assess(Incident(narrative=text))
    assert "weapon" in plain & {factor.code for factor in answer.risk.factors}
    assert answer.risk.colour == Engine.default().assess(Incident(narrative=text)).risk.colour


def test_factors_to_be_weighed_are_those_that_have_weights(pack):
    assert set(pack.scales["factor"].labels) == set(pack.settings["weighed"]["factors"])


def test_a_gate_is_never_opened_by_a_sum():
    engine, _ = weighed("学校旁边的小卖部欠我货款", minor=9.0)
    answer = engine.assess(Incident(narrative="学校旁边的小卖部欠我货款, 孩子们都去买"))
    assert "未成年人" not in answer.risk.gate_names


def test_pasted_messages_and_a_pack_without_weights_are_left_alone(pack):
    engine = Engine.default()
    message = engine.read(Incident(narrative="您的快递丢失, 加客服微信理赔", channel="message"))[1]
    assert weigh.weigh_scripts(pack, message) is None
    _, plain, _ = engine.read(Incident(narrative="网恋对象带我投资, 钱提不出来了"))
    bare = replace(pack, scales={})
    assert weigh.weigh_scripts(bare, plain) is None


def test_an_added_script_shows_the_words_that_it_rests_on():
    seen = 0
    for path in sorted((SHIPPED / "scripts").glob("*.yaml")):
        for text in read_yaml(path)["examples"]:
            answer = Engine.default().assess(Incident(narrative=text))
            for script in answer.fraud.scripts if answer.fraud else ():
                seen += 1
                assert all(text[piece.start : piece.end] == piece.quote for piece in script.evidence)
    assert seen > 200


def test_no_sum_says_that_nothing_can_be_lost_any_more():
    """Whoever is still on the line with a swindler has not seen through him, however much else of the text speaks of dissuading."""
    told = "推送预警:居民李某接听境外号码17分钟,疑似冒充公检法,见面劝阻时其仍在通话,拒绝挂断"
    fraud = Engine.default().assess(Incident(narrative=told)).fraud
    assert fraud is not None
    assert fraud.stage == "hooked"


MATTERS = [
    ("service", "我们这片停电快一天了, 打供电所一直占线"),
    ("service", "暖气片不热, 热力公司说等通知, 什么时候能供上"),
    ("dispute", "供暖公司收了我两年的费屋里一直不热, 要求退费他们不退"),
    ("dispute", "房东停了我的电逼我搬家, 押金也不退"),
    ("traffic", "货车把骑车的大姐压在轮子下面了, 快来人"),
    ("traffic", "渣土车把过马路的学生卷到轮子底下, 人不动了"),
    ("traffic", "面包车翻到沟里, 司机卡着叫不应"),
    ("help", "叉车作业时工人的腿卡住了, 快叫消防"),
    ("help", "小孩把婴儿车推倒了, 手夹在轮子里拿不出来"),
    ("crime", "后备箱里放的两条烟和酒不见了, 锁没坏"),
    ("crime", "停在楼道的电瓶没了, 问了都说没看见"),
    ("help", "钱包落在出租车后座上了, 记不得车牌"),
    ("dispute", "我爸喝多了提着菜刀在屋里骂, 我妈和我锁在厕所里"),
    ("crime", "陌生男的持刀冲进店里, 把我爸划伤了"),
    ("crime", "丈夫昨夜用铁锤将妻子砸死, 已经投案"),
    ("dispute", "两口子吵完架, 男的发消息说下辈子再见, 人找不到了"),
    ("help", "孩子把自己反锁在卧室, 妈妈在门外叫不开, 怕出事"),
    ("dispute", "拆迁办来拆房, 我爹在房顶说谁敢上来就跳"),
]


@pytest.mark.parametrize(("category", "told"), MATTERS)
def test_who_acts_on_whom_decides_the_category_not_the_scenery(category, told):
    assert Engine.default().assess(Incident(narrative=told)).category.code == category


def test_without_weights_of_matters_nothing_leans(pack):
    bare = replace(pack, scales={kind: scale for kind, scale in pack.scales.items() if kind != "matter"})
    told = Engine(bare).read(Incident(narrative="楼上漏水"))[1]
    weigh.weigh_matter(bare, told)
    assert not [name for name in told.values if name.startswith("matter.")]
    weigh.weigh_matter(pack, told)
    leaning = {name: value for name, value in told.values.items() if name.startswith("matter.")}
    assert leaning.keys() == {f"matter.{label}" for label in pack.rules["categories"]}
    assert all(-3 <= value <= 3 for value in leaning.values())
    assert max(leaning, key=leaning.__getitem__) == "matter.dispute"
