"""Sums of money after a number: 3万元, 一百二十块, 五千来块, 200-300元, 2000、3000元, 两千美元, and bare sums after 被骗, 欠, 转账 …"""

from __future__ import annotations

from typing import Any

from pipeline.facts.cues import Beside
from pipeline.facts.model import Extra, Fact
from pipeline.facts.numbers import Number, parse
from pipeline.facts.scan import Scan
from pipeline.text.normalise import fold

_NONE: tuple[str, ...] = ()
_SPOKEN_TAIL, _SPOKEN_SCALE, _IDIOM = frozenset("一二两三四五六七八九"), frozenset("百千万"), frozenset(("二百五",))
_STOPS = frozenset(",。;:!?、 \n")
_TAIL_END = ("", ",", "。", "、", ";", "!", "?", "的", "钱", "一", "每", ")", " ", "\n")


class MoneyReader:
    """Reads sums by the units and cues of money.yaml. Values are yuan; foreign sums are converted by the dated rates of the file."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.units = {term: (code, float(unit["rate"])) for code, unit in told["units"].items() for term in unit["terms"]}
        self._rates = {code: float(unit["rate"]) for code, unit in told["units"].items()}
        self._signs = {fold(sign): code for sign, code in told["signs"].items()}
        self._not_unit_before = {unit: tuple(words) for unit, words in told["not_unit_before"].items()}
        self._sign_words = Beside(self._signs)
        self._not_money = Beside(told["not_money"])
        self._foreign = frozenset(told["foreign"])
        self._not_sums = frozenset(told["not_sums"])
        self._strong = Beside(word for word in told["bare_before"] if word not in told["weak_before"])
        self._weak, self._cued_after = Beside(told["weak_before"]), Beside(told["bare_after"])
        self._about, self._about_after = Beside(told["about_before"]), Beside(told["about_after"])
        self._list = frozenset(told["links"]["list"])
        self._range = frozenset(told["links"]["range"])
        self._per_after = {word: per for per, words in told["per"]["after"].items() for word in words}
        self._per_before = {word: per for per, words in told["per"]["before"].items() for word in words}
        self._after_words, self._before_words = Beside(self._per_after), Beside(self._per_before)

    def read(self, scan: Scan, start: int, end: int, stop: int, number: Number, told: tuple[str, float]) -> int:
        """A number with a unit of money."""
        text = scan.text
        term = text[end:stop]
        if text.startswith(self._not_unit_before.get(term, _NONE), stop) or (term == "块" and text[start:end] == "一"):
            return 0
        tail = parse(text[stop : stop + 1]) if term == "块" and text[stop : stop + 1] else None
        if tail is not None and 1 <= tail.value < 10 and text[stop + 1 : stop + 2] in _TAIL_END:  # 三块五
            number = number._replace(value=number.value + tail.value / 10, high=number.high + tail.value / 10)
            stop += 1
        self._keep(scan, start, stop, number, *told)
        return stop

    def bare(self, scan: Scan, start: int, end: int, number: Number) -> int:
        """A number without a unit: money where a sign or a cue stands before it, or where it counts in 万; returns its end, or 0."""
        text = scan.text
        sign = self._sign_words.before(text, start - (text[start - 1 : start] == " ")) if start else ""
        if sign:
            code = self._signs[sign]
            self._keep(scan, start, end, number, code, self._rates[code])
            return end
        if number.scale == 1 and (not "0" <= text[start] <= "9" or number.value in self._not_sums):
            return 0
        if (number.scale == 1 and not 10 <= number.value < 10_000_000) or number.scale == 10:
            return 0
        previous = scan.money[-1] if scan.money else None
        if previous is not None and text[previous.end : start] in self._list and (number.scale >= 100 or number.value >= 100):  # 三千和一千五
            self._keep(scan, start, end, number, "CNY", 1.0)
            return end
        at = start - (text[start - 1 : start] == "”")
        for _ in range(2):
            at -= len(self._about.before(text, at))
        large = number.value >= 10_000 and number.scale > 1 and text[start] not in "百千万亿"
        cued = self._strong.before(text, at) or (number.scale >= 100 and self._weak.before(text, at))
        if not (large or cued or _spoken(text, start, end, number) or len(self._cued_after.after(text, end)) > (number.scale < 100)):
            return 0
        if self._not_money.after(text, end) or text[start] == "半":
            return 0
        self._keep(scan, start, end, number, "CNY", 1.0)
        return end

    def _keep(self, scan: Scan, start: int, end: int, number: Number, code: str, rate: float) -> None:
        """Store the sum; take earlier bare numbers of the same range or list along."""
        text = scan.text
        low, begin = number.value, start
        while scan.bare and begin - scan.bare[-1][1] < 3:
            before, after, earlier = scan.bare[-1]
            link = text[after:begin]
            scaled = earlier.value * (number.scale if earlier.scale == 1 and number.scale >= 10_000 and earlier.value < 1000 else 1)
            if link in self._range and begin == start and scaled < number.high:
                low, begin = scaled, before
                scan.bare.pop()
                break
            if link not in self._list or (earlier.value < 10 and scaled == earlier.value):
                break
            scan.bare.pop()
            scan.money.append(Fact("money", before, after, _yuan(scaled * rate if rate != 1 else scaled)))
            begin = before
        begin = begin if low != number.value else start
        extra = self._extra(text, begin, end, number, low, code, rate)
        scan.money.append(Fact("money", begin, end, _yuan(low * rate if rate != 1 else low), extra))

    def _extra(self, text: str, start: int, end: int, number: Number, low: float, code: str, rate: float) -> Extra:
        extra: list[tuple[str, str | float | bool]] = []
        if number.high > low:
            extra.append(("high", _yuan(number.high * rate)))
        if number.about or self._about.before(text, start) or self._about_after.after(text, end):
            extra.append(("about", True))
        if number.vague:
            extra.append(("vague", True))
        if code in self._foreign:
            extra += [("currency", code), ("amount", low)]
        after = self._after_words.after(text, end)
        before = "" if after else self._before_words.before(text, start)
        if after or before:
            extra.append(("per", self._per_after[after] if after else self._per_before[before]))
        return tuple(extra)


def _spoken(text: str, start: int, end: int, number: Number) -> bool:
    """四千二, 一千九百八: the last unit left out is how sums are said; or a clause that is nothing but a sum of 500 and more (…, 八千)."""
    if number.scale < 100 or number.about or not start:
        return False
    if text[end - 1] in _SPOKEN_TAIL and text[end - 2] in _SPOKEN_SCALE:
        return text[start:end] not in _IDIOM
    if number.value >= 1000 and sum(char in _SPOKEN_SCALE for char in text[start:end]) > 1 and text[end - 1] in _SPOKEN_TAIL:  # 四千九百九十九
        return True
    return number.value >= 500 and text[start - 1] in _STOPS and (end == len(text) or text[end] in _STOPS)


def _yuan(amount: float) -> float:
    """Yuan to the fen, an int where whole."""
    if isinstance(amount, int):
        return amount
    rounded = round(amount, 2)
    return int(rounded) if rounded == int(rounded) else rounded
