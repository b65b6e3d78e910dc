"""Putting the readers together: one scan for words, one for numbers, then joining and resolving."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

from pipeline.facts.ages import AgeReader
from pipeline.facts.apps import AppReader
from pipeline.facts.counts import CountReader
from pipeline.facts.harm import HarmReader
from pipeline.facts.identifiers import IdentifierReader
from pipeline.facts.lexicon import Units, Words
from pipeline.facts.loss import LossReader
from pipeline.facts.model import Fact, Facts
from pipeline.facts.money import MoneyReader
from pipeline.facts.numbers import Number, number_pattern, parse
from pipeline.facts.parties import PartyReader
from pipeline.facts.payments import PaymentReader
from pipeline.facts.places import PlaceReader
from pipeline.facts.questions import QuestionReader
from pipeline.facts.scan import Scan
from pipeline.facts.times import TimeReader
from pipeline.text.document import Document

_ONE_EACH = tuple("个天年月次单亩斤平头台件户家晚")
_GROUPS, _LINKS = ("*", "-", " "), ("到", "至", "-", ".", "")  # what may go on after digits


class Extractor:
    """Everything compiled from the word lists (name → file); immutable after load, safe to share between threads."""

    def __init__(self, lists: Mapping[str, dict[str, Any]]) -> None:
        self._lists = lists
        self._times = TimeReader(lists["times"])
        self._money = MoneyReader(lists["money"])
        self._counts = CountReader(lists["counts"])
        self._ages = AgeReader(lists["ages"])
        self._places = PlaceReader(lists["places"])
        self._identifiers = IdentifierReader(lists["identifiers"])
        self._parties = PartyReader(lists["roles"], lists["names"], lists["acts"])
        self._harm = HarmReader(lists["injuries"])
        self._apps = AppReader(lists["apps"])
        self.questions = QuestionReader(lists["questions"])
        self._automaton, self._readers = self._words(lists).compiled()
        self._units = self._dispatch().compiled()
        self._number = number_pattern(self._units)

    @cached_property
    def loss(self) -> LossReader:
        """What was lost, by the cues of this pack; made at the first fraud, so that a start does not pay for it."""
        return LossReader(self._lists["loss"])

    @cached_property
    def payments(self) -> PaymentReader:
        """How the money went, by the words of this pack; made at the first fraud."""
        return PaymentReader(self._lists["payments"], self.loss)

    def _words(self, lists: Mapping[str, dict[str, Any]]) -> Words:
        words = Words()
        words.decoys(lists["decoys"]["terms"])
        party, time, place, known = self._parties, self._times, self._places, self._identifiers
        entries = (("acts", party.act), ("weapons", self._harm.weapon), ("apps", self._apps.listed))
        for name, reader in entries:
            for code, entry in lists[name]["entries"].items():
                words.add(entry["terms"], reader, code)
        for code, entry in lists["roles"]["entries"].items():
            words.add(entry["terms"], party.named_role if code in party.named else party.role, code)
        for code, entry in lists["injuries"]["entries"].items():
            words.add(entry["terms"], self._harm.injury, (code, int(entry["grade"])))
        words.add(lists["names"]["titles"], party.title, None)
        words.add(party.little, party.short, None)
        for terms, fields in time.words(lists["times"]):
            words.add(terms, time.word, fields)
        words.add(lists["places"]["provinces"], place.province, "province")
        for level, row in lists["places"]["suffixes"].items():
            words.add(row["terms"], place.suffix, level)
        words.add(lists["counts"]["many"]["terms"], self._counts.many, None)
        words.add(lists["counts"]["calls"]["vague"], self._counts.vague_calls, int(lists["counts"]["calls"]["vague_number"]))
        for word, age in lists["ages"]["words"].items():
            words.add([word], self._ages.word, age)
        for word, age in lists["ages"]["grades"]["terms"].items():
            words.add([word], self._ages.grade, age)
        words.add(self._apps.anchors, self._apps.anchor, None)
        words.add(known.plates, known.plate, None, bounded=False)
        words.add(known.wechat, known.wechat_cue, None)
        words.add(known.alipay, known.alipay_cue, None)
        for mark in known.marks:
            words.add([mark], known.mark, mark)
        return words

    def _dispatch(self) -> Units:
        """Which reader is asked at a number, by the unit after it; of readers of one unit the first goes first."""
        units, money, counts, times = Units(), self._money, self._counts, self._times
        for unit, share in self._ages.nouns.items():
            units.add([unit], self._ages.years_old, share)
        units.add(self._ages.years, self._ages.school_year, None)
        for unit, part in self._places.parts.items():
            units.add([unit], self._places.read, part)
        for unit, rate in money.units.items():
            units.add([unit], money.read, rate)
        units.add(counts.occasions, counts.occasion, None)
        units.add(counts.households, counts.household, None)
        units.add(counts.measured, counts.persons, None)
        units.add(counts.named, counts.named_persons, None)
        units.add(counts.mouths, counts.mouth, None)
        for unit, minutes in times.durations.items():
            units.add([unit], times.duration, minutes)
        units.add(times.clock_units, times.date, None)
        units.add(times.iso_units, times.iso, None)
        for unit, harm in self._harm.units.items():
            units.add([unit], self._harm.read, harm)
        return units

    def extract(self, document: Document, occurred_at: datetime | None = None) -> Facts:
        """All facts of a document; `occurred_at` is the time of the call, to which 昨晚 and 半小时前 refer. Never raises.

        >>> from pipeline.facts.lexicon import load_lists
        >>> from pipeline.text.document import read
        >>> Extractor(load_lists()).extract(read("昨晚他骗走我3万元")).sum
        30000.0
        """
        scan = Scan(document.text)
        readers = self._readers
        try:
            hits = self._automaton.find(scan.text)
        except UnicodeEncodeError:  # lone surrogates: same length, none left
            scan.text = scan.text.encode("utf-8", "replace").decode("utf-8")
            hits = self._automaton.find(scan.text)
        for start, end, word in hits:
            for reader, told in readers[word]:
                reader(scan, start, end, told)
        self._numbers(scan)
        return Facts(
            parties=self._parties.parties(scan) if scan.mentions else (),
            acts=self._parties.relations(scan, document) if scan.acts and scan.mentions else (),
            money=_ordered(scan.money),
            times=self._times.facts(scan, occurred_at) if scan.times else (),
            places=self._places.facts(scan) if scan.places else (),
            counts=_ordered(scan.counts),
            identifiers=_ordered(scan.identifiers),
            apps=tuple(scan.apps),
            weapons=tuple(scan.weapons),
            injuries=_ordered(scan.injuries),
            ages=_ordered(scan.ages),
        )

    def _numbers(self, scan: Scan) -> None:
        text, units = scan.text, self._units
        for found in self._number.finditer(text):
            start, end = found.span()
            if start < scan.skip:
                continue
            after = text[end : end + 1]
            if (end - start > 4 or after in _GROUPS) and self._identified(scan, start, end, after):
                continue
            table, gap, token = units.get(after), 0, found[0]
            if table is None and after == " " and text[end + 1 : end + 2] in units:  # 3000 元
                table, gap = units[text[end + 1]], 1
            elif token[-1] == "一" and end - start > 1 and ((token[-2] in "十百千万亿" and after in _ONE_EACH) or parse(token) is None):
                token, end, after, table = token[:-1], end - 1, "一", None  # 两千一个月, 三千五一天
            number = parse(token)
            if number is None:
                continue
            stop = self._measured(scan, start, end + gap, number, table) if table is not None or "." in token else 0
            if not stop and (table is None or after in _LINKS):
                stop = self._money.bare(scan, start, end, number)
            if stop:
                scan.skip = stop
            elif table is None or after in _LINKS:
                scan.bare.append((start, end, number))

    def _identified(self, scan: Scan, start: int, end: int, after: str) -> bool:
        """Whether a long, masked or grouped run of digits is an identifier, which is then consumed."""
        if not "0" <= scan.text[start] <= "9" or (end - start < 3 and after != "*") or (after in "- " and not 3 <= end - start < 5 and end - start < 5):
            return False
        stop = self._identifiers.digits(scan, start)
        scan.skip = stop or scan.skip
        return stop > 0

    def _measured(self, scan: Scan, start: int, end: int, number: Number, table: Any) -> int:
        """Ask the readers of the units that follow, the longest unit first; the end of what was read, or 0."""
        if table is None:
            return self._times.iso(scan, start, end, end, number, None) if number.scale == 1 else 0
        lengths, units = table
        for length in lengths:
            unit = scan.text[end : end + length]
            if len(unit) < length:  # the text ends here; the shorter unit is asked in its turn
                continue
            for reader, told in units.get(unit, ()):
                stop: int = reader(scan, start, end, end + length, number, told)
                if stop:
                    return stop
        return 0


def _ordered(facts: list[Fact]) -> tuple[Fact, ...]:
    return tuple(sorted(facts, key=_start)) if len(facts) > 1 else tuple(facts)


def _start(fact: Fact) -> int:
    return fact.start
