"""Changes of a narrative that change nothing: courtesies, broken lines, quotes, hedges and headings must not make a danger smaller."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

import corpora
from pipeline.engine import Engine
from pipeline.values import Incident

LEVELS = ("green", "yellow", "orange", "red")
THINGS = ("农药", "汽油", "菜刀", "水果刀", "砍刀", "斧头", "安眠药", "敌敌畏", "百草枯", "铁棍", "钢管", "煤气")


def _thing(change: Callable[[str], str]) -> Callable[[str], str]:
    def changed(text: str) -> str:
        thing = next((thing for thing in THINGS if thing in text), None)
        return text.replace(thing, change(thing), 1) if thing else text

    return changed


CHANGES: dict[str, Callable[[str], str]] = {
    "thanks": lambda text: text + "望尽快处理，谢谢！",
    "please": lambda text: text.rstrip("。") + "，请核实处理。",
    "broken lines": lambda text: text.replace("，", "，\n"),
    "heading": lambda text: "报警人来电称：" + text,
    "source": lambda text: "据群众反映，" + text,
    "spaces": lambda text: re.sub("[，,]", " ", text),
    "quotes": _thing(lambda thing: f"“{thing}”"),
    "hedge": _thing(lambda thing: f"疑似{thing}"),
}


@pytest.fixture(scope="module")
def grave(engine: Engine) -> list[tuple[str, int]]:
    """Own narratives that the engine grades as their reader did, orange or red, every fifth."""
    found = []
    for row in list(corpora.narratives())[::5]:
        level = LEVELS.index(row["risk"])
        if level >= 2 and engine.assess(Incident(narrative=row["text"])).risk.colour == row["risk"]:
            found.append((row["text"], level))
    return found


@pytest.mark.parametrize("change", CHANGES)
def test_what_changes_nothing_hardly_ever_lowers_a_colour(engine, grave, change):
    changed = [(CHANGES[change](text), level) for text, level in grave]
    asked = [(text, level) for (text, level), (before, _) in zip(changed, grave, strict=True) if text != before]
    lowered = sum(LEVELS.index(engine.assess(Incident(narrative=text)).risk.colour) < level for text, level in asked)
    assert len(asked) >= 10
    assert lowered <= 0.03 * len(asked) + 1


@pytest.mark.parametrize(
    "text",
    [
        "某村民因低保取消，在镇政府大厅喝下疑似农药，已送医",
        "便利店报:五分钟前一男子持“水果刀”逼其打开收银机，拿走现金后跑了，人还在附近",
        "我儿子拿“菜刀”在屋里转，\n不认人，谢谢！",
        "弟弟报:哥哥在茶楼二楼包间,三个债主说不打钱不让出门,手机快没电。望尽快处理，谢谢！",
    ],
)
def test_courtesy_quotes_and_hedges_leave_a_danger_red(engine, text):
    assert engine.assess(Incident(narrative=text)).risk.colour in ("orange", "red")


@pytest.mark.parametrize("text", ["打雷把电表“打死”了，全屋没电，问找谁修。", "我说的“做掉”是做掉这单交易，定金不要了。"])
def test_a_word_quoted_for_another_meaning_stays_harmless(engine, text):
    assert engine.assess(Incident(narrative=text)).risk.colour in ("green", "yellow")
