"""How many: persons, households, calls to the police, occasions."""

from __future__ import annotations

import re
from typing import Any

from pipeline.facts.cues import Beside, Within
from pipeline.facts.model import Fact
from pipeline.facts.numbers import Number
from pipeline.facts.scan import Scan

_PAUSE = re.compile(r"[,。;!?:、\n]")
_EACH = ("第", "每")


def phrase_before(text: str, at: int, reach: int) -> str:
    """The words before a position, no further than `reach` characters and the last pause."""
    return _PAUSE.split(text[max(0, at - reach) : at])[-1]


class CountReader:
    """Reads numbers of persons, households, calls and occasions by counts.yaml."""

    def __init__(self, told: dict[str, Any]) -> None:
        self._wholes_before, self._wholes_after = Within(told["wholes_before"]), Beside(told["wholes_after"])
        self._whole_households, self._nothing = Within(told["households_whole"]), Beside(())
        self._near, self._near_after = Within(told["calls"]["near"]), Beside(told["calls"]["near"])
        self._links = frozenset(told["calls"]["links"])
        self._whole_from = int(told["whole_from"])
        self._not_named, self._not_persons = Beside(told["not_named"]), frozenset(told["not_persons"])
        self._not_occasions = {unit: frozenset(chars) for unit, chars in told["not_occasions"].items()}
        self.measured: list[str] = ["人", *(measure + person for measure in told["measures"] for person in told["persons"])]
        self.named: list[str] = told["measures_alone"]
        self.mouths: list[str] = told["mouths"]
        self.households: list[str] = told["households"]
        self.occasions: list[str] = told["occasions"]

    def persons(self, scan: Scan, start: int, end: int, stop: int, number: Number, told: object) -> int:
        """五六个人, 三个工人"""
        text = scan.text
        if number.value < 2 or (start and text[start - 1] in _EACH) or (text[stop - 1] == "人" and text[stop : stop + 1] in self._not_persons):
            return 0
        self._keep(scan, "people", start, stop, number, self._wholes_before, self._wholes_after)
        return stop

    def named_persons(self, scan: Scan, start: int, end: int, stop: int, number: Number, told: object) -> int:
        """30余名, but not 3名额."""
        return 0 if self._not_named.after(scan.text, stop) else self.persons(scan, start, end, stop, number, told)

    def mouth(self, scan: Scan, start: int, end: int, stop: int, number: Number, told: object) -> int:
        """一家五口, 五口人: the size of a family, not of a crowd."""
        if stop == end + 1 and scan.text[start - 1 : start] != "家":
            return 0
        scan.counts.append(Fact("people", start, stop, number.value, (("whole", True),)))
        return stop

    def household(self, scan: Scan, start: int, end: int, stop: int, number: Number, told: object) -> int:
        """十几户, 三家商户"""
        if number.value < 2 or scan.text[start - 1 : start] == "第":
            return 0
        self._keep(scan, "households", start, stop, number, self._whole_households, self._nothing)
        return stop

    def _keep(self, scan: Scan, kind: str, start: int, end: int, number: Number, before: Within, after: Beside) -> None:
        extra: tuple[tuple[str, str | float | bool], ...] = ()
        low = scan.low_of_range(start) if scan.bare else None
        value = low[1] if low is not None and low[1] < number.value else number.value
        if number.high > value:
            extra += (("high", number.high),)
        if number.about or number.vague:
            extra += (("about", True),)
        if value >= self._whole_from or after.after(scan.text, end) or before.found(phrase_before(scan.text, start, 12)):
            extra += (("whole", True),)
        scan.counts.append(Fact(kind, low[0] if low is not None and value == low[1] else start, end, value, extra))

    def occasion(self, scan: Scan, start: int, end: int, stop: int, number: Number, told: object) -> int:
        """次, 回, 趟: calls where 报警, 110 or the police stand beside it in the same phrase, else occasions."""
        text = scan.text
        if text[stop : stop + 1] in self._not_occasions[text[end]]:
            return 0
        ordinal = text[start - 1 : start] == "第"
        phrase = phrase_before(text, start - ordinal, 9)
        at = stop + (text[stop : stop + 1] in self._links)
        called = bool(self._near_after.after(text, at)) or self._near.found(phrase)
        if called and not phrase.endswith("不是"):
            scan.counts.append(Fact("calls", start - ordinal, stop, number.value, _marks(number, ordinal)))
        elif number.value >= 2 or ordinal:
            scan.counts.append(Fact("occasions", start - ordinal, stop, number.value, _marks(number, ordinal)))
        else:
            return 0
        return stop

    def many(self, scan: Scan, start: int, end: int, told: object) -> None:
        """一群人: several, nobody knows how many."""
        scan.counts.append(Fact("people", start, end, None, (("many", True),)))

    def vague_calls(self, scan: Scan, start: int, end: int, told: int) -> None:
        """多次报警: called before, the number not told; at least `told`."""
        scan.counts.append(Fact("calls", start, end, told, (("about", True),)))


def _marks(number: Number, ordinal: bool) -> tuple[tuple[str, str | float | bool], ...]:
    marks: tuple[tuple[str, str | float | bool], ...] = ()
    if number.high > number.value:
        marks += (("high", number.high),)
    if number.about or number.vague:
        marks += (("about", True),)
    return (*marks, ("ordinal", True)) if ordinal else marks
