"""The one value that flows: offsets, determinism, bad input, monotone grading."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.engine import Engine
from pipeline.grade import AXES, grade
from pipeline.values import Incident, assessment_from_json, incident_from_json, to_json

TEXTS = [
    "报警人称其丈夫没有一天不打她,今天又拿菜刀追她,孩子躲在屋里。",
    "報警人稱：對方拿著菜刀，說要殺了她全家！！！！！",
    "張 三 打 我 ,还把我家玻璃砸了",
    "打\u200b人了\ufeff,快\u00ad来",
    "我被骗了３万元，对方说我涉嫌洗钱，让我转到安全账户。",
    "没有动手, 就是吵了几句, 现在和好了",
]


def pieces(answer: object) -> list[dict]:
    """Every piece of evidence anywhere in an answer's JSON."""
    found, stack = [], [json.loads(to_json(answer))]
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            if {"start", "end", "quote"} <= node.keys():
                found.append(node)
            stack.extend(node.values())
        elif isinstance(node, list):
            stack.extend(node)
    return found


def assert_quotes_stand(narrative: str, answer: object) -> None:
    for piece in pieces(answer):
        assert narrative[piece["start"] : piece["end"]] == piece["quote"]


@pytest.mark.parametrize("text", TEXTS)
def test_every_quote_stands_in_the_narrative_as_it_came_in(engine, text):
    answer = engine.assess(Incident(narrative=text))
    assert pieces(answer)
    assert_quotes_stand(text, answer)


@pytest.mark.parametrize("text", TEXTS)
def test_the_same_incident_is_the_same_bytes(engine, text):
    first = to_json(engine.assess(Incident(narrative=text)))
    assert first == to_json(Engine(engine.pack).assess(Incident(narrative=text)))


@pytest.mark.parametrize("text", TEXTS)
def test_assessment_and_incident_round_trip_through_json(engine, text):
    incident = Incident(narrative=text, incident_id="x1", place="某小区")
    answer = engine.assess(incident)
    assert assessment_from_json(to_json(answer)) == answer
    assert incident_from_json(to_json(incident)) == incident


UNCLEAR = [
    "",
    " ",
    "\n\n",
    "喂",
    "。。。。",
    "!!!???",
    "😀😀😀",
    "\x00\x01",
    "hello help me please",
    "<html><body></body></html>",
    "嗯嗯啊啊",
    "12345678",
    "喂…救…",
    "无声电话,随后挂断",
]


@pytest.mark.parametrize("text", UNCLEAR)
def test_unclear_text_is_never_green_by_default(engine, text):
    answer = engine.assess(Incident(narrative=text))
    assert answer.risk.colour != "green"
    assert answer.needs_review.flag


LONG = ["对方一直在打我。" * 12_500, "a" * 100_000, "（" * 5_000, "没" * 20_000, "，" * 30_000, "不知道说什么" * 3_000]


@pytest.mark.parametrize("text", LONG, ids=range(len(LONG)))
def test_very_long_text_gets_a_valid_answer(engine, text):
    answer = engine.assess(Incident(narrative=text))
    assert_quotes_stand(text, answer)


@given(st.text(max_size=300))
@settings(max_examples=300, deadline=None)
def test_no_text_raises(text):
    assert_quotes_stand(text, Engine.default().assess(Incident(narrative=text)))


WORDS = [
    "打",
    "没",
    "没有",
    "刀",
    "老公",
    "转账",
    "三万",
    "昨天",
    "要是",
    "就",
    "杀了你",
    ",",
    "。",
    "听说",
    "报警",
    "第3次",
    "孩子",
    "煤气",
    "　",
    "１",
    "\u200b",
    "經核實",
    "系误会",
    "\n",
]


@given(st.lists(st.sampled_from(WORDS), max_size=60))
@settings(max_examples=300, deadline=None)
def test_no_heap_of_trigger_words_raises(words):
    text = "".join(words)
    assert_quotes_stand(text, Engine.default().assess(Incident(narrative=text)))


ENGINE = Engine.default()
FACTORS = sorted(ENGINE.pack.rules["factors"])


@given(
    st.sets(st.sampled_from(FACTORS), max_size=8),
    st.sampled_from(FACTORS),
    st.booleans(),
    st.sets(st.sampled_from(["frame.live", "script.any", "stage.paid", "stage.hooked"])),
)
@settings(max_examples=400, deadline=None)
def test_adding_a_factor_never_lowers_an_axis(held, added, fresh, others):
    def axes(codes: set[str]) -> dict[str, int]:
        _, reading, _ = ENGINE.read(Incident(narrative="无关文字"))
        for code in codes:
            reading.values[f"factor.{code}"] = 1.0
            if fresh:
                reading.values[f"factor.{code}.fresh"] = 1.0
        for name in others:
            reading.values[name] = 1.0
        return grade(ENGINE.pack, reading, ENGINE.profile).axes

    before, after = axes(set(held)), axes({*held, added})
    assert all(after[axis] >= before[axis] for axis in AXES)


@pytest.mark.parametrize("text", TEXTS)
def test_the_profile_changes_colours_never_factors(engine, text):
    answers = [engine.assess(Incident(narrative=text), profile=profile) for profile in sorted(engine.pack.rules["profiles"])]
    assert len({tuple(factor.code for factor in answer.risk.factors) for answer in answers}) == 1
    assert len({(answer.risk.urgency, answer.risk.danger, answer.risk.difficulty) for answer in answers}) == 1


PAIRS = [
    ("男子喝酒后在{}饭馆打人", ["回族", "汉族", "维吾尔族", "河南", "东北", "外地", "本地"]),
    ("{}女子报警称被丈夫殴打, 现躲在卫生间", ["汉族", "藏族", "四川籍", "外省", "信教的", "打工的"]),
    ("{}租客与房东因押金吵起来", ["新疆", "上海", "农村来的", "大学生", "信佛的"]),
    ("楼下{}邻居放音乐太吵, 说了几次不听", ["四川", "朝鲜族", "基督徒", "外来务工", "老北京"]),
]


@pytest.mark.parametrize(("frame", "who"), PAIRS)
def test_who_people_are_by_birth_or_belief_changes_nothing(engine, frame, who):
    seen = set()
    for word in who:
        answer = engine.assess(Incident(narrative=frame.format(word)))
        seen.add((answer.category.code, answer.dispute.type if answer.dispute else None, answer.risk.colour, tuple(f.code for f in answer.risk.factors)))
    assert len(seen) == 1


@pytest.mark.parametrize(("one", "other"), [("妻子被丈夫打了, 脸上有伤", "丈夫被妻子打了, 脸上有伤"), ("儿子被同学打了", "女儿被同学打了")])
def test_the_sex_of_the_victim_changes_nothing(engine, one, other):
    first, second = (engine.assess(Incident(narrative=text)) for text in (one, other))
    assert first.risk.colour == second.risk.colour
    assert first.risk.gates == second.risk.gates


COMPLAINTS = ["我要投诉派出所民警态度恶劣, 报案不受理", "我要去信访局反映低保问题", "村民到镇政府上访反映征地补偿款没发"]


@pytest.mark.parametrize("text", COMPLAINTS)
def test_a_petition_or_a_complaint_about_officers_is_no_danger(engine, text):
    assert engine.assess(Incident(narrative=text)).risk.danger <= 1


@pytest.mark.parametrize("half", ["\ud800", "\ud800\udc00"])
def test_half_a_character_is_told_as_one_and_shifts_nothing(engine, half):
    answer = engine.assess(Incident(narrative=f"老公{half}拿刀追我, 还打我", incident_id=f"a{half}"))
    told = json.loads(to_json(answer))
    places = [(proof["start"], proof["end"]) for factor in told["risk"]["factors"] for proof in factor["evidence"]]
    assert places == [(proof.start, proof.end) for factor in answer.risk.factors for proof in factor.evidence]
    assert "\ufffd" * len(half) in told["incident_id"]
