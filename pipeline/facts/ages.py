"""How old: 3岁, 六十多岁, 八个月大, 读初二, 幼儿园大班; and whether the person may be at risk."""

from __future__ import annotations

from typing import Any

from pipeline.facts.counts import phrase_before
from pipeline.facts.cues import Beside, Within
from pipeline.facts.model import Fact
from pipeline.facts.numbers import Number
from pipeline.facts.scan import Scan

_NEAR = 30  # characters between a person and an age that is still that person's


class AgeReader:
    """Reads ages by ages.yaml. `not_at_risk` marks ages of statutes, of doers, and of children who are only mentioned."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.nouns: dict[str, float] = dict.fromkeys(told["noun"], 1.0) | dict.fromkeys(told["months"], 1 / 12)
        self._statute_before, self._statute_after = Beside(told["statute_before"]), Beside(told["statute_after"])
        self._cues, self._statutes = Within((*told["doers"], *told["mentions"])), Within(told["statute_words"])
        self._doers = frozenset(told["doer_roles"])
        grades = told["grades"]
        self._before, self._after = tuple(grades["before"]), tuple(grades["after"])
        self._not_before, self._not_after = tuple(grades["not_before"]), tuple(grades["not_after"])
        years = told["school_years"]
        self._years: tuple[int, int, int] = (years["offset"], years["low"], years["high"])
        self.years: list[str] = [years["unit"]]

    def years_old(self, scan: Scan, start: int, end: int, stop: int, number: Number, share: float) -> int:
        """3岁, 六十多岁, 八个月大; `share` is the part of a year that the unit stands for."""
        if number.value * share > 120 or scan.text.startswith(("月", "数"), stop):
            return 0
        self._keep(scan, start, stop, number.value * share, number.high * share, number.about or number.vague)
        return stop

    def school_year(self, scan: Scan, start: int, end: int, stop: int, number: Number, told: object) -> int:
        """三年级"""
        offset, low, high = self._years
        if not low <= number.value < high + 1 or any(age.start < start < age.end for age in scan.ages):
            return 0
        self._keep(scan, start, stop, number.value + offset, 0.0)
        return stop

    def word(self, scan: Scan, start: int, end: int, age: float) -> None:
        """婴儿, 八旬老人, 幼儿园大班."""
        self._keep(scan, start, end, float(age), 0.0, about=True)

    def grade(self, scan: Scan, start: int, end: int, age: float) -> None:
        """初二, 高三: a school year only beside 读, 上, 学生 …, not 正月初一 or 大年初二."""
        text = scan.text
        if text.endswith(self._not_before, 0, start) or text.startswith(self._not_after, end):
            return
        if text.endswith(self._before, max(0, start - 3), start) or text.startswith(self._after, end):
            self._keep(scan, start, end, float(age), 0.0, about=True)

    def _keep(self, scan: Scan, start: int, end: int, age: float, high: float, about: bool = False) -> None:
        text = scan.text
        extra: tuple[tuple[str, str | float | bool], ...] = (("high", round(high, 2)),) if high > age else ()
        if about:
            extra += (("about", True),)
        if (
            self._statute_before.before(text, start)
            or self._statute_after.after(text, end)
            or self._cues.found(phrase_before(text, start, 14) + text[start : end + 6])
            or self._statutes.found(text[max(0, start - 24) : start])
            or self._of_doer(scan, start)
        ):
            extra += (("not_at_risk", True),)
        value = round(age, 2)
        scan.ages.append(Fact("age", start, end, int(value) if value == int(value) else value, extra))

    def _of_doer(self, scan: Scan, start: int) -> bool:
        """Whether the last person named before, no further than a short sentence away, is a suspect or an officer."""
        begin = -1
        for first, last, role, _named in reversed(scan.mentions):
            if first >= start:
                continue
            if role == "person" and begin < 0:  # 张某: the role word right before the name tells who that is
                begin = first
            else:
                return role in self._doers and start - first < _NEAR and begin in (-1, last)
        return False
