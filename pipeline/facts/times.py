"""When: words (昨晚, 刚才), dates and clock times (2019年3月5日22时, 3月初, 晚上十点半), spans before the call (半小时前) and durations (三个月)."""

from __future__ import annotations

import re
from datetime import datetime
from operator import itemgetter
from typing import Any

from pipeline.facts.cues import Beside
from pipeline.facts.model import Fact
from pipeline.facts.moments import Fields, resolve
from pipeline.facts.numbers import Number, parse
from pipeline.facts.scan import Scan

_N = "(?:[0-9]{1,2}|[零一二三四五六七八九十两]{1,3})"
_YEAR = "(?:(?:19|20)[0-9]{2}|[一二][零九][零一二三四五六七八九]{2}|[0-9]{2}(?=年[0-9一二三四五六七八九十]{1,2}月))"
_ISO = re.compile(
    r"((?:19|20)[0-9]{2})([-./])([0-9]{1,2})(?:\2([0-9]{1,2}))?(?:[ t日]{0,2}([0-9]{1,2}):([0-9]{2})(?::[0-9]{2})?)?(?![0-9])",
)
_LIMITS = {"y": (1900, 2100), "m": (1, 13), "d": (1, 32), "hour": (0, 25), "minute": (0, 60)}
_NO_LIMIT = (-1e9, 1e9)

_WEEK = ("周", "期", "拜")
_PART_ENDS = ("晨", "午", "晚", "夜", "上", "早", "间", "后")
_NO_DAY = tuple("第路街巷弄道村区楼")
_HALF = ("上", "下", "前", "后")
_HALVED, _DOUBTFUL = ("年", "天"), frozenset(("年", "月", "天", "周", "个月"))
_DECADES, _AFTER_YEAR = "五六七八九", ("级", "代", "龄")


class TimeReader:
    """Reads times by times.yaml into fields, joins neighbours (昨晚 + 十点) and resolves them against the time of the call."""

    def __init__(self, told: dict[str, Any]) -> None:
        parts: dict[str, int] = dict(told["words"]["part"])
        joined = "|".join(sorted(map(re.escape, parts), key=len, reverse=True))
        self._date = re.compile(
            rf"(?:({_YEAR})年(?:度)?)?(?:({_N})月(?:份)?(?![大里]))?(?:({_N})[日号](?![楼院线门店机桌铺房人室栋码召称脉角令志]))?"
            rf"\s?({joined})?\s?(?:({_N})(?:点|时(?!候)|:(?=[0-9]{{2}}))(?:钟)?(?:(半)|([一二三])刻|({_N})(?![个天人次年月元块万千百])分?)?)?"
        )
        self._parts = parts
        self._afternoon = frozenset(told["afternoon"])
        self._only_joined = frozenset(told["only_joined"])
        self.durations: dict[str, float] = told["durations"]
        self._ago = Beside(told["ago_after"])
        self._no_clock = Beside(told["not_clock"])
        self._weekdays: str = told["weekdays"]
        self.clock_units = list("年月日号点时:")
        self.iso_units = list("-/.")

    def words(self, told: dict[str, Any]) -> list[tuple[list[str], Fields]]:
        """The words of the list with the fields that each fixes."""
        rows: list[tuple[list[str], Fields]] = []
        for name in ("ago", "day", "week", "month", "year"):
            rows += [(terms, {name: float(number)}) for number, terms in told["words"][name].items()]
        for key, terms in told["words"]["day_part"].items():
            day, hour = key.split()
            rows.append((terms, {"day": float(day), "part": float(told["part_hours"][hour])}))
        rows += [([word], {"part": float(hour)}) for word, hour in self._parts.items()]
        rows += [([word], {"season": float(month)}) for word, month in told["words"]["season"].items()]
        return rows

    def word(self, scan: Scan, start: int, end: int, fields: Fields) -> None:
        """A time word of the list; 上周 takes its weekday along."""
        word = scan.text[start:end]
        if "week" in fields:
            weekday = self._weekdays.find(scan.text[end : end + 1] or "x")
            if weekday >= 0 and scan.text[end + 1 : end + 2] != scan.text[end]:  # 这礼拜天天
                fields, end = fields | {"weekday": float(min(weekday, 6))}, end + 1
        if word in self._afternoon:
            fields = fields | {"late": 1.0}
        if word in self._only_joined:
            fields = fields | {"weak": 1.0}
        scan.times.append((start, end, fields))

    def date(self, scan: Scan, start: int, end: int, stop: int, number: Number, told: object) -> int:
        """2019年3月5日22时, 3月初, 22:30"""
        text = scan.text
        found = self._date.match(text, start)
        if found is None or found.end() <= end:
            return 0
        fields = self._fields(text, start, found)
        if fields is None:
            return 0
        scan.times.append((start, found.end(), fields))
        return found.end()

    def duration(self, scan: Scan, start: int, end: int, stop: int, number: Number, minutes: float) -> int:
        """半小时前, 三个月, 两天; an ordinal (第三天) and a year (2019年) are none."""
        text = scan.text
        term = text[end:stop]
        half = 0.5 if term.startswith("个半") else 0.0
        if text.startswith("半", stop) and term in _HALVED:
            half, stop = 0.5, stop + 1
        ago = self._ago.after(text, stop)
        if number.value > 1000 or (term in _DOUBTFUL and self._doubtful(text, start, end, stop, term, number, ago)):
            return 0
        length = (number.value + half) * minutes
        scan.times.append((start, stop + len(ago), {"ago": length} if ago else {"length": length}))
        return stop + len(ago)

    def _doubtful(self, text: str, start: int, end: int, stop: int, term: str, number: Number, ago: str) -> bool:
        """第三天, 上半年, 周二周四, 九几年, 19年, 三年级, 一天 (mostly idle): short units that are often no duration."""
        before, told = text[start - 1 : start], text[start:end]
        if before == "第" or (told == "半" and before in _HALF) or (term == "周" and before in _WEEK):
            return True
        if ago:
            return False
        if term == "年":
            return (number.vague and told[0] in _DECADES) or (told.isascii() and len(told) == 2) or text.startswith(_AFTER_YEAR, stop)
        return term == "月" or (term == "天" and told == "一")

    def iso(self, scan: Scan, start: int, end: int, stop: int, number: Number, told: object) -> int:
        """2019-03-05 22:10, 2019/3/5, 2019.3.5"""
        found = _ISO.match(scan.text, start)
        if found is None or (found[4] is None and found[2] != "-"):
            return 0
        fields: Fields = {"y": float(found[1]), "m": float(found[3])}
        if found[4]:
            fields["d"] = float(found[4])
        if found[5]:
            fields |= {"hour": float(found[5]), "minute": float(found[6])}
        if not _valid(fields):
            return 0
        scan.times.append((start, found.end(), fields))
        return found.end()

    def _fields(self, text: str, start: int, found: re.Match[str]) -> Fields | None:
        """The groups of a date as numbers; None where they make no date or clock time."""
        year, month, day, part, hour, half, quarter, minute = found.groups()
        fields: Fields = {}
        for name, group in (("y", year), ("m", month), ("d", day), ("hour", hour), ("minute", minute)):
            if group:
                number = parse(group)
                if number is None:
                    return None
                fields[name] = number.value
        if year and fields["y"] < 100:
            fields["y"] += 2000 if fields["y"] < 70 else 1900
        if half or quarter:
            fields["minute"] = 30.0 if half else 15 * "零一二三".index(quarter)
        if part:
            fields["part"] = float(self._parts[part])
            if part in self._afternoon:
                fields["late"] = 1.0
        if not _valid(fields) or (len(fields) == 1 and not self._sure(text, start, hour, day)):
            return None
        return fields

    def _sure(self, text: str, start: int, hour: str | None, day: str | None) -> bool:
        """One lone number: 一点 and 两点建议 are no clock times, 第3号 and 路3号 no days."""
        before = text[start - 1 : start]
        if hour:
            if self._no_clock.after(text, start + len(hour) + 1):
                return False
            return hour not in ("一", "几") or before in _PART_ENDS
        return not day or before not in _NO_DAY

    def facts(self, scan: Scan, occurred_at: datetime | None) -> tuple[Fact, ...]:
        """Join neighbours and resolve what was found."""
        if occurred_at is not None and occurred_at.tzinfo is not None:
            occurred_at = occurred_at.replace(tzinfo=None)  # what callers say is local time
        if len(scan.times) == 1:
            start, end, fields = scan.times[0]
            return () if "weak" in fields else (resolve(start, end, fields, occurred_at),)
        joined: list[tuple[int, int, Fields]] = []
        for start, end, fields in sorted(scan.times, key=itemgetter(0)):
            if joined:
                first, last, sofar = joined[-1]
                if start < last:
                    continue
                if (
                    (start == last or (start - last == 1 and scan.text[last] in " 的"))
                    and not sofar.keys() & fields.keys() - {"weak", "late", "part"}
                    and "length" not in fields
                ):
                    joined[-1] = (first, end, sofar | fields | {"weak": 0.0})
                    continue
            joined.append((start, end, fields))
        return tuple(resolve(start, end, fields, occurred_at) for start, end, fields in joined if not fields.get("weak"))


def _valid(fields: Fields) -> bool:
    """Whether every number is one that a calendar or clock has."""
    for name, number in fields.items():
        low, high = _LIMITS.get(name, _NO_LIMIT)
        if not low <= number < high:
            return False
    return (bool(fields) and "minute" not in fields) or "hour" in fields
