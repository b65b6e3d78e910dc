"""The baseline that one would write first, and that benchmarks are a ratio to. Loaded by them alone: it needs the rule compiler."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

from pipeline.rulepack.load import load
from pipeline.rulepack.pattern import parse as parse_pattern
from pipeline.rulepack.pattern import regex
from pipeline.rulepack.plan import Planner
from pipeline.rulepack.schema import Context, Rule, Terms
from pipeline.rulepack.schema_base import Identified


def naive_baseline(texts: Sequence[str]) -> Callable[[str], object]:
    """What one would write first: jieba, a spaCy Doc, one regular expression per pattern, scikit-learn TF-IDF with a linear head, JSON."""
    import jieba
    import numpy as np
    import spacy
    from sklearn.feature_extraction.text import TfidfVectorizer
    from spacy.tokens import Doc

    nlp = spacy.blank("zh")
    patterns = [(name, re.compile(expression)) for name, expression in all_patterns()]
    vectoriser = TfidfVectorizer(analyzer="char", ngram_range=(1, 4), max_features=50_000).fit(texts)
    weights = np.random.default_rng(0).normal(size=(len(vectoriser.vocabulary_), 18))

    def call(text: str) -> str:
        words = jieba.lcut(text)
        doc = Doc(nlp.vocab, words=words)
        hits: list[dict[str, Any]] = [
            {"rule": name, "start": match.start(), "end": match.end(), "quote": match.group(0)}
            for name, pattern in patterns
            for match in pattern.finditer(text)
        ]
        scores = vectoriser.transform([text]) @ weights
        return json.dumps({"tokens": len(doc), "hits": hits, "label": int(scores.argmax())}, ensure_ascii=False)

    return call


def all_patterns() -> list[tuple[str, str]]:
    """Every pattern of the shipped rules, exceptions and context cues included, as one regular expression."""
    source = load()
    planner = Planner({name: rule for name, rule in source.families["terms"].items() if isinstance(rule, Terms)}, None)
    made = []
    for family, members in source.families.items():
        for rule in members.values():
            made += [(f"{family}.{rule.id}", regex(parse_pattern(text), planner.words)) for text in _texts(rule)]
    return made


def _texts(rule: Identified) -> list[str]:
    if isinstance(rule, Context):
        return [*rule.patterns, *rule.pseudo, *rule.terminators]
    if isinstance(rule, Rule):
        return [*rule.except_, *(text for signal in rule.signals.values() for text in (*signal.patterns, *signal.except_))]
    return []
