"""110 ↔ 12345: what is on the list goes to the right body with its sentence, never where there is violence, and always for a person to confirm."""

from __future__ import annotations

import pytest

from pipeline.rulepack.load import load

ITEMS = load().families["diversion"]
PARTIES = load().families["departments"]
SPOILERS = ["他拿刀追我", "对方扬言要弄死我", "他说不给钱就从楼上跳下去", "他打了我几拳", "我才十四岁", "二十多个人堵在门口拉横幅", "他把店里的东西都砸了"]
CALM = [
    ("wages", "我想问一下, 公司拖欠我两个月工资, 我该找哪里", "labour_security"),
    ("consumer", "商场买的鞋开胶了, 店家不给退, 我该找谁", "market_regulation"),
    ("contract", "朋友借了我两万块钱到期不还, 我该怎么办", "court"),
    ("street_works", "门口路灯坏了半个月了, 没人修", "urban_management"),
    ("utilities", "自来水停了两天, 什么时候恢复供水", "state_utilities"),
]


@pytest.mark.parametrize(("item", "text", "party"), CALM, ids=[item for item, *_ in CALM])
def test_a_calm_matter_of_the_list_has_its_party_sentence_and_residual_duty(call, item, text, party):
    diversion = call(text).route["diversion"]
    assert (diversion["item"], diversion["party"]["id"]) == (item, party)
    assert diversion["allowed"]
    assert diversion["confirm"]
    assert "请立即拨打110" in diversion["sentence"]
    assert diversion["duty"]
    assert "国办发〔2022〕12号" in diversion["citation"]


@pytest.mark.parametrize("spoiler", SPOILERS)
@pytest.mark.parametrize(("item", "text", "party"), CALM[:3], ids=[item for item, *_ in CALM[:3]])
def test_nothing_with_violence_means_or_a_minor_is_diverted(call, item, text, party, spoiler):
    route = call(f"{text}。{spoiler}").route
    steps = {route["step"], *(entry["step"] for entry in route["alternatives"])}
    assert not any(step.startswith("divert") for step in steps)
    if route["diversion"] is not None:
        assert not route["diversion"]["allowed"]
        assert route["diversion"]["sentence"] == ""


def test_the_windows_of_the_police_are_not_sent_to_the_hotline_alone(call):
    route = call("我从小没有上户口, 现在想办身份证, 要什么材料").route
    assert route["step"] == "window"
    assert not any(entry["step"].startswith("divert") for entry in route["alternatives"])


def test_a_complaint_about_officers_leaves_the_stations_own_queue(call):
    route = call("我要投诉你们派出所的民警, 出警拖了两个小时, 态度恶劣还骂我").route
    assert route["step"] == "supervision"
    assert route["target"] == "所外单位(综合指挥室对接)"
    supervision = next(entry for entry in route["also_notify"] if entry["id"] == "supervision")
    assert supervision["outside_queue"]
    assert "被投诉人不得参与" in supervision["says"]


@pytest.mark.parametrize("item", ITEMS.values(), ids=list(ITEMS))
def test_every_item_is_whole(item):
    assert item.party in PARTIES
    assert item.references
    assert item.cite
    assert item.example_default, "清单由本地审定"
    assert "请立即拨打110" in item.sentence


@pytest.mark.parametrize(
    ("code", "text", "wanted"), [(i.id, t, w) for i in ITEMS.values() for w, ts in ((True, i.examples), (False, i.counterexamples)) for t in ts]
)
def test_examples_of_the_items(call, code, text, wanted):
    diversion = call(text).route["diversion"]
    assert ((diversion or {}).get("item") == code) == wanted, diversion and diversion["item"]
