"""Where a text asks and whether it breaks off, told by its first and last sentence; the examples of the word list are held to it."""

from __future__ import annotations

import pytest

from pipeline.facts.lexicon import load_list
from pipeline.facts.questions import QuestionReader

WORDS = load_list("questions")
READER = QuestionReader(WORDS)
ASKED = {
    "heading": READER.asks_first,
    "sure": lambda text: READER.asks_last(text) == 2,
    "asking": lambda text: READER.asks_last(text) == 1,
    "unfinished": READER.breaks_off,
}


def rows(kind):
    return [(name, text) for name in ASKED for text in WORDS[name][kind]]


@pytest.mark.parametrize(("name", "text"), rows("examples"))
def test_an_example_of_the_list_is_one(name, text):
    assert ASKED[name](text)


@pytest.mark.parametrize(("name", "text"), rows("counterexamples"))
def test_a_counterexample_of_the_list_is_none(name, text):
    assert not ASKED[name](text)


@pytest.mark.parametrize(
    ("asked", "text", "expected"),
    [
        (READER.asks_first, "老城区的路什么时候能修好 尊敬的领导, 我们每天走这条路", True),
        (READER.asks_first, "投诉楼下酒吧噪音扰民 每天吵到半夜, 请问有没有人管", False),
        (READER.asks_first, "小区电梯坏了三个月, 物业说没有钱, 我们每天爬楼。请问怎么办", False),
        (READER.asks_first, "", False),
        (READER.asks_last, "签了字还能反悔吗", 2),
        (READER.asks_last, "钱还能退回来么。", 2),
        (READER.asks_last, "这样做合法?", 2),
        (READER.asks_last, "起诉离婚律师如何收费, 谢谢", 0),
        (READER.asks_last, "问他他也没说什么。双方已离开", 0),
        (READER.asks_last, "", 0),
        (READER.breaks_off, "房子是中介介绍的,", True),
        (READER.breaks_off, "村里有一个水塘, 面积是160", True),
        (READER.breaks_off, "他把车开走了。", False),
        (READER.breaks_off, "", False),
        (READER.open_end, "我在一家店里办了卡", True),
        (READER.open_end, "我在一家店里办了卡。", False),
        (READER.open_end, "", False),
    ],
)
def test_a_text_asks_or_breaks_off(asked, text, expected):
    assert asked(text) == expected
