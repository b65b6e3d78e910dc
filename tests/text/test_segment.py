"""Segmentation: the lexicon does its work, rjieba is jieba, spaCy sees the same words."""

from __future__ import annotations

import json

import pytest

from corpora import narratives
from pipeline.engine import Engine
from pipeline.text import spacy_doc
from pipeline.text.segment import lexicon, tokens
from pipeline.values import Incident

CASES = [
    ("报警人张某称丈夫扬言跳楼", ["报警人", "张某", "称", "丈夫", "扬言", "跳楼"]),
    ("处警民警到场后", ["处警", "民警", "到场", "后"]),
    ("派出所社区民警已出警", ["派出所", "社区民警", "已", "出警"]),
]


@pytest.mark.parametrize(("text", "words"), CASES)
@pytest.mark.parametrize("backend", ["rjieba", "jieba"])
def test_police_words_come_out_right(text, words, backend):
    assert [token.text for token in tokens(text, backend)] == words


def test_the_lexicon_is_broad_and_clean():
    entries = list(lexicon())
    assert len(entries) >= 2_500
    assert len({entry.word for entry in entries}) == len(entries)
    assert all(entry.frequency > 0 and entry.tag and " " not in entry.word for entry in entries)


def test_rjieba_cuts_like_jieba():
    texts = [row["text"] for row in narratives()][::8]
    same = total = 0
    for text in texts:
        fast, reference = {t[1:] for t in tokens(text, "rjieba")}, {t[1:] for t in tokens(text, "jieba")}
        same, total = same + len(fast & reference), total + len(reference)
    # the two differ on runs of Latin letters with punctuation inside and on a few words that only the HMM knows
    assert same / total >= 0.995


@pytest.mark.parametrize("text", ["", " ", "\ud800", "a b  c", "打 我\n快来", "😀"])
def test_tokens_join_up_to_the_text(text):
    assert "".join(token.text for token in tokens(text)) == text


def test_spacy_doc_keeps_the_text_and_carries_the_evidence():
    text = "他没有动手, 只是骂人; 昨天老公拿菜刀追我"
    doc = spacy_doc.to_doc(text, Engine.default().assess(Incident(narrative=text)))
    assert doc.text == text
    labels = {span.label_ for span in doc.spans[spacy_doc.SPANS]}
    assert any(label.startswith("factor.") for label in labels)
    assert {span._.status for span in doc.spans[spacy_doc.SPANS]} >= {"asserted"}
    html = spacy_doc.render(doc)
    assert "http" not in html.replace("http://www.w3.org", "")


def test_spacy_pipe_gives_the_same_as_one_by_one():
    texts = ["报警人称被打", "楼上漏水"]
    nlp = spacy_doc.pipeline()
    assert [[t.text for t in doc] for doc in nlp.pipe(texts)] == [[t.text for t in nlp(text)] for text in texts]


def test_the_corpus_reads():
    rows = list(narratives())
    assert len(rows) >= 2_000
    assert {"id", "writer", "text", "category", "risk"} <= rows[0].keys()
    assert json.dumps(rows[0], ensure_ascii=False)
