"""Opening hours as people write them: 周一至周五 08:30-17:30; 周六 09:00-12:00, 全天, 每天 18:00-次日02:00."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from pipeline.errors import InputError

DAY = 24 * 60  # minutes
WEEK = 7 * DAY
_ALWAYS = ("全天", "24小时", "全天候", "24h")
_DAYS = {"一": 0, "二": 1, "三": 2, "四": 3, "五": 4, "六": 5, "日": 6, "天": 6}
_EVERY = {"每天": range(7), "每日": range(7), "工作日": range(5), "周末": range(5, 7), "双休日": range(5, 7)}
_SPAN = re.compile(r"(\d{1,2})[:点](\d{2})?分?-(次日)?(\d{1,2})[:点](\d{2})?分?")
_NAMES = "周一至周五"


@dataclass(frozen=True, slots=True)
class Hours:
    """Open spans as half-open minutes of the week from Monday 00:00, in order; a span may run past Sunday midnight."""

    spans: tuple[tuple[int, int], ...]

    @property
    def always(self) -> bool:
        """Open round the clock."""
        return self.spans == ((0, WEEK),)

    def open_at(self, moment: dt.datetime) -> bool:
        """Open at this local time."""
        minute = _minute(moment)
        return any(start <= minute < end or start <= minute + WEEK < end for start, end in self.spans)

    def opens_in(self, moment: dt.datetime) -> int | None:
        """Minutes until it opens, 0 where it is open, None where it never does."""
        if self.open_at(moment):
            return 0
        minute = _minute(moment)
        return min(((start - minute) % WEEK for start, _ in self.spans), default=None)


def _minute(moment: dt.datetime) -> int:
    return moment.weekday() * DAY + moment.hour * 60 + moment.minute


def parse_hours(text: str) -> Hours:
    """Read opening hours. Raises InputError with the part that cannot be read.

    >>> parse_hours("周一至周五 8:30-12:00, 14:00-17:30; 周六 9:00-12:00").open_at(dt.datetime(2026, 11, 20, 13, 0))
    False
    """
    plain = _plain(text)
    if plain in _ALWAYS:
        return Hours(((0, WEEK),))
    spans: list[tuple[int, int]] = []
    for part in filter(None, plain.split(";")):
        spans += _part(part, text)
    return Hours(tuple(sorted(spans)))


def _plain(text: str) -> str:
    table = str.maketrans(
        {"；": ";", "，": ",", "、": ",", "：": ":", "—": "-", "–": "-", "~": "-", "～": "-", "－": "-", "\n": ";", " ": None, "\u3000": None}
    )
    return text.translate(table).replace("星期", "周").replace("礼拜", "周")


def _part(part: str, whole: str) -> list[tuple[int, int]]:
    first = _SPAN.search(part)
    head = part[: first.start()] if first else part.removesuffix("全天")
    if first is None and head == part:
        raise _wrong(part, whole)
    days = _days(head.rstrip(","), part, whole)
    if first is None:
        return [(day * DAY, (day + 1) * DAY) for day in days]
    if _SPAN.sub("", part[first.start() :]).strip(","):
        raise _wrong(part, whole)
    spans = []
    for found in _SPAN.finditer(part):
        start = int(found[1]) * 60 + int(found[2] or 0)
        end = int(found[4]) * 60 + int(found[5] or 0)
        if start >= DAY or end > DAY or (start == end and not found[3]):
            raise _wrong(part, whole)
        end += DAY if found[3] or end < start else 0
        spans += [(day * DAY + start, day * DAY + end) for day in days]
    return spans


def _days(head: str, part: str, whole: str) -> list[int]:
    if not head:
        return list(range(7))
    days: set[int] = set()
    for word in head.replace("及", ",").replace("和", ",").split(","):
        if word in _EVERY:
            days.update(_EVERY[word])
            continue
        ends = [_DAYS.get(end.removeprefix("周"), -1) for end in re.split("至|到|-", word)]
        if not 1 <= len(ends) <= 2 or -1 in ends:
            raise _wrong(part, whole)
        last = ends[-1] + (7 if ends[-1] < ends[0] else 0)
        days.update(day % 7 for day in range(ends[0], last + 1))
    return sorted(days)


def _wrong(part: str, whole: str) -> InputError:
    return InputError(
        "FQ2601",
        "看不懂的开放时间",
        "opening hours not understood",
        seen=f"{part[:40]} ({whole[:60]})",
        remedy=f"如“{_NAMES} 08:30-17:30; 周六 09:00-12:00”或“全天”",
    )
