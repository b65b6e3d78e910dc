"""Who is told of, who did what to whom, with what, and how badly."""

from __future__ import annotations

import pytest

from pipeline.facts import extract
from pipeline.text.document import read

PARTIES = [
    ("报警人张某某称", [("reporter", "张某某")]), ("邻居王女士", [("neighbour", "王女士")]), ("我老公", [("self", None), ("husband", None)]), ("包工头不给钱", [("contractor", None)]),
    ("嫌疑人李明被抓", [("suspect", "李明")]), ("小李和老张", [("person", "小李"), ("person", "老张")]), ("房东陈某", [("landlord", "陈某")]), ("骗子自称民警", [("fraudster", None), ("officer", None)]),
    ("欧阳女士", [("person", "欧阳女士")]), ("派出所能不能管", [("officer", None)]), ("平台客服却表示", [("contact", None)]),
]  # fmt: skip
NO_PARTIES = [
    "丹东某路口",
    "老房子",
    "被告知结果",
    "小时候",
    "小区门口",
    "老家",
    "其他",
    "其中",
    "总共",
    "某小区",
    "大妈妈"[3:],
    "电脑",
    "他日",
    "母公司名下"[2:][1:][1:],
]


@pytest.mark.parametrize(("text", "parties"), PARTIES)
def test_parties_with_role_and_name(text, parties):
    assert [(fact.value, fact.get("name")) for fact in extract(read(text)).parties] == parties


@pytest.mark.parametrize("text", NO_PARTIES)
def test_a_lookalike_is_no_party(text):
    assert extract(read(text)).parties == ()


def test_a_party_is_told_once_with_the_number_of_mentions():
    facts = extract(read("对方打我,对方又骂我"))
    assert [fact.value for fact in facts.parties] == ["opponent", "self"]


ACTS = [
    ("对方打我", "beat", "对方", "我"), ("我被邻居打伤", "beat", "邻居", "我"), ("老公把我推倒", "beat", "老公", "我"), ("房东对租客辱骂", "abuse", "房东", "租客"),
    ("包工头拖欠我们工资", "owe", "包工头", "我们"), ("丈夫喝酒后,扇了我一耳光", "beat", "丈夫", "我"), ("他威胁我", "threaten", "他", "我"), ("王某被李某捅伤", "wound", "李某", "王某"),
]  # fmt: skip
NO_ACTS = ["我打电话给他", "他推荐我买", "我们打车去医院", "对方没来", "被打了", "他打算找我", "他没打我", "我给人家打了两万六", "他不敢打我"]


@pytest.mark.parametrize(("text", "act", "who", "whom"), ACTS)
def test_who_did_what_to_whom(text, act, who, whom):
    told = [(fact.value, fact.get("who"), fact.get("whom")) for fact in extract(read(text)).acts]
    assert (act, who, whom) in told


@pytest.mark.parametrize("text", NO_ACTS)
def test_a_lookalike_is_no_act(text):
    assert extract(read(text)).acts == ()


WEAPONS = [
    ("持菜刀追人", ["knife"]), ("拎着钢管", ["stick"]), ("泼汽油", ["fire"]), ("喝了农药", ["poison"]), ("用啤酒瓶砸", ["brick"]), ("开车撞他", ["vehicle"]), ("刀削面", []), ("没有拿刀", []), ("加汽油", []),
    ("光棍节", []), ("打农药", []), ("高压水枪", []), ("抢单枪手", []), ("做手术开刀", []), ("砍了十余刀", []), ("我是钢筋工", []), ("闸刀坏了", []),
]  # fmt: skip


@pytest.mark.parametrize(("text", "weapons"), WEAPONS)
def test_weapons_and_means(text, weapons):
    assert [fact.value for fact in extract(read(text)).weapons] == weapons


INJURIES = [
    ("头上流血", 2), ("轻伤二级", 2), ("昏迷不醒", 3), ("缝了8针", 2), ("断了三根肋骨", 3), ("淤青", 1), ("当场死亡", 4), ("没有受伤", 0), ("打了两针疫苗", 0), ("无人受伤", 0), ("血压高", 0), ("险些骨折", 0), ("打断两颗牙", 2), ("种植两颗牙", 0), ("扬言捅死你", 0), ("住院费没结", 0), ("父亲去年过世", 0), ("残疾人补贴", 0),
]  # fmt: skip


@pytest.mark.parametrize(("text", "grade"), INJURIES)
def test_injuries_with_their_grade(text, grade):
    assert max((int(fact.get("grade") or 0) for fact in extract(read(text)).injuries), default=0) == grade
