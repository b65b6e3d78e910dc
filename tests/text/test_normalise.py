"""Normalising keeps every position or maps it."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.text import normalise as normalise_module
from pipeline.text.document import read
from pipeline.text.normalise import fold, normalise

CASES = [
    ("報警人稱", "报警人称"),
    ("１３８＊＊＊＊１２３４", "138****1234"),
    ("ＱＱ：ＡＢＣ", "qq:abc"),
    ("「他打我」", "“他打我”"),
    ("①刀", "1刀"),
    ("张○○", "张某某"),
    ("二〇二四年", "二零二四年"),
]


@pytest.mark.parametrize(("text", "folded"), CASES)
def test_fold_is_one_to_one(text, folded):
    assert fold(text) == folded
    assert len(fold(text)) == len(text)


def test_few_and_many_characters_fold_the_same():
    """Up to a few kinds are replaced one by one, more go through the table: no character may be folded twice."""
    table = normalise_module._table()
    chars = [chr(code) for code, plain in enumerate(table) if ord(plain) != code]
    many = "".join(chars)
    assert fold(many) == many.translate(table)
    pairs = [char + table[ord(char)] for char in chars]
    assert [fold(pair) for pair in pairs] == [pair.translate(table) for pair in pairs]
    assert fold("苧薴") == "苎苧"


SHORTENED = [("打\u200b人", "打人"), ("張 三 打 我", "张三打我"), ("快来!!!!!!", "快来!"), ("\ufeff你好", "你好"), ("今天很难 想死", "今天很难 想死")]


@pytest.mark.parametrize(("text", "normalised"), SHORTENED)
def test_what_is_dropped_is_mapped(text, normalised):
    document = read(text)
    assert document.text == normalised
    start, end = document.original(0, len(document.text))
    assert fold(text[start:end]).replace("\x00", "").replace(" ", "").rstrip("!") == normalised.replace(" ", "").rstrip("!")


@given(st.text(max_size=200))
def test_every_position_maps_back(text):
    normalised, offsets = normalise(text)
    if offsets is None:
        assert len(normalised) == len(text)
    else:
        assert len(offsets) == len(normalised) + 1
        assert all(fold(text[offsets[i]]) == normalised[i] for i in range(len(normalised)))


@given(st.text(max_size=200))
def test_clauses_and_sentences_lie_in_order(text):
    document = read(text)
    for spans in (document.sentences, document.clauses):
        assert all(a < b for a, b in spans)
        assert all(first[1] <= second[0] for first, second in pairwise(spans))


def test_the_short_way_of_folding_gives_what_the_table_gives():
    table = normalise_module._table()
    assert [code for code in range(0x110000) if fold(chr(code)) != chr(code).translate(table)] == []
    for text in ("他说：你好（真的）！", "ＡＢ，12；？", "報警，称", "\ud800，", "𠮷：x"):
        assert fold(text) == text.translate(table)


_TOLD = "昨天晚上我和他在小区门口因为停车的事情吵了起来然后他回车上拿出一根铁棍追着我跑了半条街,保安拦住了他,现在他还在我家楼下不肯走"


@pytest.mark.parametrize("width", [16, 20, 33])
def test_lines_broken_at_a_fixed_width_go_on(width):
    wrapped = "\n".join(_TOLD[at : at + width] for at in range(0, len(_TOLD), width))
    if wrapped.count("\n") < 3:
        wrapped += "\n" + wrapped  # a second paragraph of the same width
    text, kept = normalise(wrapped)
    assert "追着我跑了半条街,保安" in text
    assert kept is not None
    assert [wrapped[at] for at in kept[:-1]] == list(text)


@pytest.mark.parametrize(
    "text",
    [
        "在吗\n我在楼下等你\n你怎么不说话\n再不出来我就上去了\n",  # a chat
        "今天他又来我店门口骂人了还踢门。\n今天他又来我店门口骂人了还泼水。\n今天他又来我店门口骂人了还扔砖。\n没了",  # finished sentences of one length
    ],
)
def test_lines_that_are_turns_or_sentences_stay(text):
    assert normalise(text)[0].count("\n") == text.count("\n")
