"""The narrative as a spaCy `Doc`: tokens from jieba with the police lexicon, evidence as spans, displaCy for a look.

spaCy is imported only here, when asked for: the engine does not need it, people who know it do.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from pipeline.text.segment import Backend, segmenter

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

    from pipeline.values import Assessment

SPANS = "fengqiao"


class PoliceTokenizer:
    """A spaCy tokenizer over our segmenter; spaCy's own jieba mode would use the global dictionary."""

    def __init__(self, vocab: Any, backend: Backend = "rjieba") -> None:
        self.vocab, self.backend = vocab, backend

    def __call__(self, text: str) -> Doc:
        """Cut a text; `doc.text == text` always."""
        from spacy.tokens import Doc

        words: list[str] = []
        spaces: list[bool] = []
        for word in segmenter(self.backend).cut(text):
            if word == " " and words and not spaces[-1]:
                spaces[-1] = True
            else:
                words.append(word)
                spaces.append(False)
        return Doc(self.vocab, words=words, spaces=spaces)


@cache
def pipeline(backend: Backend = "rjieba") -> Language:
    """A blank Chinese pipeline with our tokenizer and extension attributes `span._.status` and `span._.rule`."""
    import spacy
    from spacy.tokens import Doc, Span

    nlp = spacy.blank("zh")
    nlp.tokenizer = PoliceTokenizer(nlp.vocab, backend)
    for name in ("status", "rule"):
        if not Span.has_extension(name):
            Span.set_extension(name, default=None)
    if not Doc.has_extension("assessment"):
        Doc.set_extension("assessment", default=None)
    return nlp


def to_doc(narrative: str, answer: Assessment, *, backend: Backend = "rjieba") -> Doc:
    """The narrative with every piece of evidence as a span in `doc.spans["fengqiao"]`, label = family.code.

    A span that begins or ends inside a word is widened to whole words (spaCy spans lie on tokens).
    """
    doc = pipeline(backend)(narrative)
    spans = []
    for label, piece in labelled_evidence(answer):
        span = doc.char_span(piece.start, piece.end, label=label, alignment_mode="expand")
        if span is not None:
            span._.status, span._.rule = piece.status, piece.by
            spans.append(span)
    doc.spans[SPANS] = spans
    doc._.assessment = answer
    return doc


def labelled_evidence(answer: Assessment) -> list[tuple[str, Any]]:
    """(label, evidence) of everything that an answer rests on, then what it set aside."""
    rows: list[tuple[str, Any]] = [(f"category.{answer.category.code}", piece) for piece in answer.category.evidence]
    if answer.dispute:
        rows += [(f"dispute.{answer.dispute.type}", piece) for piece in answer.dispute.evidence]
    rows += [(f"factor.{factor.code}", piece) for factor in answer.risk.factors for piece in factor.evidence]
    if answer.fraud:
        rows += [(f"script.{script.code}", piece) for script in answer.fraud.scripts for piece in script.evidence]
    return rows + [(piece.by.partition("/")[0], piece) for piece in answer.set_aside]


def render(doc: Doc) -> str:
    """displaCy's span view as an HTML fragment (no outside address)."""
    from spacy import displacy

    return str(displacy.render(doc, style="span", options={"spans_key": SPANS}, jupyter=False))
