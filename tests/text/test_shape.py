"""Turns of a chat are told by their shape; forms, lists of fields and prose are none."""

from __future__ import annotations

import pytest

from pipeline.text.shape import turns


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("李总: 在忙吗\n我: 不忙\n李总: 付一笔款\n我: 好的", 4),
        ("王书记\n14:02\n小李您好\n在单位吗", 4),
        ("在吗\n借我两千\n好的", 3),
        ("客服 09:12: 您好\n我: 什么事\n客服 09:13: 退款\n我: 哦", 4),
        ("报警人: 张某\n地址: 某路三号\n事由: 被打", 0),
        ("在吗\n好的", 0),
        ("今天下午三点, 楼上漏水, 物业来看过。\n协商没有结果。\n请民警到场。", 0),
        ("在吗\n好的\n" + "他说要把钱转给他" * 20, 0),
        ("", 0),
    ],
)
def test_turns_are_counted_by_shape(text, expected):
    assert turns(text) == expected
