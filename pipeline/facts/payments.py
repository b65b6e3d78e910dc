"""How the money went: which sums were lost, paid, asked for or came back, in how many payments, when, to whom and by which channel."""

from __future__ import annotations

import re
from typing import Any

from daachorse import MATCH_KIND_LEFTMOST_LONGEST, CharwiseDoubleArrayAhoCorasick

from pipeline.facts.lexicon import any_of
from pipeline.facts.loss import LossReader
from pipeline.facts.model import Fact, Facts
from pipeline.facts.numbers import parse
from pipeline.text.document import Document
from pipeline.text.normalise import fold

Row = dict[str, Any]
_BESIDE = 8  # characters on both sides of 分三笔 in which a verb of paying must stand
_MOST = 6  # entries of one kind that the answer shows


class PaymentReader:
    """Reads by payments.yaml. Immutable after load."""

    def __init__(self, told: dict[str, Any], loss: LossReader) -> None:
        self._loss = loss
        self._channel_of = {fold(str(term)): (code, str(entry["name"])) for code, entry in told["channels"].items() for term in entry["terms"]}
        self._channels = CharwiseDoubleArrayAhoCorasick(list(self._channel_of), MATCH_KIND_LEFTMOST_LONGEST)
        self._verbs, self._not_paid = tuple(told["pay_verbs"]), tuple(told["not_payments"])
        to = rf"[^,。;:!?\s]{{1,16}}?{any_of(told['payee_ends'])}"
        sends, ahead, toward, before = (any_of(told["payee"][name]) for name in ("sends", "noun", "toward", "before"))
        self._payee = re.compile(rf"{sends}{ahead}?{toward}{any_of(told['payee']['done'])}?({to})|{before}({to})(?={any_of(told['payee']['sends_after'])})")
        self._times = re.compile(rf"(\d{{1,3}}|[一二两三四五六七八九十]{{1,3}}){any_of(told['occasions'])}")

    def read(self, document: Document, facts: Facts) -> Row:
        """What the text tells of the money, JSON-ready; every entry carries its half-open span and quote in the original narrative.

        Shape: sums [{yuan, role}], payments {count} or None, when [{value, minutes_ago}], payees, channels [{code, name}], accounts [{kind, value}].
        """
        text = document.text
        ranked = self._loss.roles(document, facts)
        gone = [fact for fact, role in ranked if role in ("lost", "paid")]
        return {
            "sums": [{"yuan": fact.value, "role": role, **_at(document, fact.start, fact.end)} for fact, role in ranked][:_MOST],
            "payments": self._count(document),
            "when": [
                {"value": fact.value, "minutes_ago": fact.get("minutes_ago"), **_at(document, fact.start, fact.end)}
                for fact in facts.times
                if _beside(text, fact, gone) or (not gone and fact.get("minutes_ago") is not None)
            ][:_MOST],
            "payees": [_at(document, *match.span(match.lastindex or 0)) for match in self._payee.finditer(text)][:_MOST],
            "channels": self._used(document),
            "accounts": [{"kind": fact.kind, "value": fact.value, **_at(document, fact.start, fact.end)} for fact in facts.identifiers][:_MOST],
        }

    def _count(self, document: Document) -> Row | None:
        """分七笔, 先后三次: the largest number of payments that is told."""
        text, best = document.text, None
        for match in self._times.finditer(text):
            around = text[max(0, match.start() - _BESIDE) : match.end() + _BESIDE]
            number = parse(match.group(1))
            if number is None or not 1 < number.value < 1000 or text.startswith(self._not_paid, match.end()) or not any(verb in around for verb in self._verbs):
                continue
            if best is None or number.value > best["count"]:
                best = {"count": int(number.value), **_at(document, *match.span())}
        return best

    def _used(self, document: Document) -> list[Row]:
        """The channels named, each once, in the order of the text."""
        found: dict[str, Row] = {}
        for start, end, _index in self._channels.find(document.text):
            code, name = self._channel_of[document.text[start:end]]
            found.setdefault(code, {"code": code, "name": name, **_at(document, start, end)})
        return list(found.values())[:_MOST]


def _beside(text: str, fact: Fact, sums: list[Fact]) -> bool:
    """Whether a time stands in the same sentence as a sum that went."""
    for sum_ in sums:
        low, high = min(fact.end, sum_.end), max(fact.start, sum_.start)
        if not set(text[low:high]) & set("。!?\n"):
            return True
    return False


def _at(document: Document, start: int, end: int) -> Row:
    first, last = document.original(start, end)
    return {"start": first, "end": last, "quote": document.narrative[first:last]}
