"""Where a text asks and whether it breaks off, told by its first and last sentence."""

from __future__ import annotations

import pytest

from pipeline.text.question import asks_first, asks_last, breaks_off, open_end


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("咨询某县公租房的申请条件 您好, 我在县城工作", True),
        ("请问落户需要什么材料? 本人去年毕业", True),
        ("老城区的路什么时候能修好 尊敬的领导, 我们每天走这条路", True),
        ("投诉楼下酒吧噪音扰民 每天吵到半夜, 请问有没有人管", False),
        ("小区电梯坏了三个月, 物业说没有钱, 我们每天爬楼。请问怎么办", False),
        ("", False),
    ],
)
def test_a_heading_that_asks(text, expected):
    assert asks_first(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("签了字还能反悔吗", 2),
        ("钱还能退回来么。", 2),
        ("这样做合法?", 2),
        ("医药费谁付", 1),
        ("起诉离婚律师如何收费, 谢谢", 0),
        ("这样做有风险不", 1),
        ("他把车开走了", 0),
        ("两家为车位争吵, 谁也不肯让", 0),
        ("问他他也没说什么。双方已离开", 0),
        ("", 0),
    ],
)
def test_a_question_at_the_end(text, expected):
    assert asks_last(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("我买的房子三年了, 开发商还", True),
        ("房子是中介介绍的,", True),
        ("村里有一个水塘, 面积是160", True),
        ("他不还钱", False),
        ("他把车开走了。", False),
        ("", False),
    ],
)
def test_a_sentence_that_breaks_off(text, expected):
    assert breaks_off(text) is expected


def test_an_end_without_its_mark():
    assert open_end("我在一家店里办了卡")
    assert not open_end("我在一家店里办了卡。")
    assert not open_end("")
