"""The extraction never raises, its spans quote the original, and its time grows with the text alone."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import RuleError
from pipeline.facts import extract
from pipeline.facts.lexicon import load_lists
from pipeline.facts.loss import loss
from pipeline.text.document import Document, read

_WORDS = [
    *"0123456789一二三十百千万亿几半多余年月日号点时分秒元块人个名户家次岁栋室*:,。、-.@ ()“”",
    "被骗",
    "转账",
    "某",
    "http",
    "qq",
    "微信号",
    "川a",
    "小区",
    "昨晚",
    "前",
    "打",
    "民警",
]


@given(st.lists(st.sampled_from(_WORDS), max_size=60).map("".join))
@settings(max_examples=300, deadline=None)
def test_no_mixture_of_pieces_raises(text):
    document = read(text)
    facts = extract(document)
    loss(document, facts)
    for rows in facts.to_json(document).values():
        for row in rows:
            assert document.narrative[row["start"] : row["end"]] == row["quote"]
            assert 0 <= row["start"] < row["end"] <= len(text)


@given(st.text(st.characters(), max_size=200))
@settings(max_examples=200, deadline=None)
def test_no_text_raises(text):
    extract(read(text))
    extract(Document(text, text, None, ((0, len(text)),), ((0, len(text)),)))


def test_lone_surrogates_keep_their_places():
    text = "\ud800被骗3万元\udfff"
    (fact,) = extract(Document(text, text, None, (), ())).money
    assert text[fact.start : fact.end] == "3万元"


LONG = ["一", "1", "1,", "3万", "被骗3万元", "打", "村", "138", "*", "@", "a.", "某", "月", "、1", " ", "路", "十", "2019.", "(", "张"]


def spent(piece, length):
    """Processor time to read so many characters of repeated `piece`, in seconds."""
    document = read(piece * (length // len(piece)))
    begin = time.thread_time()
    loss(document, extract(document))
    return time.thread_time() - begin


@pytest.mark.parametrize("piece", LONG)
def test_a_hundred_thousand_characters_take_no_runaway_time(piece):
    """Eight times the text takes about eight times as long; were the time to grow with the square, 64 times."""
    short = max(spent(piece, 12_500) for _ in range(3))
    assert min(spent(piece, 100_000) for _ in range(2)) < 50 * short


def test_a_broken_word_list_stops_the_start(tmp_path):
    (tmp_path / "facts").mkdir()
    (tmp_path / "facts" / "money.yaml").write_text("id: other\n", "utf-8")
    with pytest.raises(RuleError):
        load_lists([tmp_path])
