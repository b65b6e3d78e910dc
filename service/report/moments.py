"""Times as other systems write them → seconds of local time. Never raises; None where the cell is no time."""

from __future__ import annotations

import datetime as dt
import re

_WRITTEN = re.compile(
    r"\s*(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[T\s]*(\d{1,2})[:时点：](\d{1,2})?(?:[:分：](\d{1,2}))?(?:\.\d+)?[秒分]?\s*(Z|[+-]\d{2}:?\d{2})?)?\s*$"
)
_COMPACT = re.compile(r"\s*(20\d{2}|19\d{2})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2})?)?\s*$")
_SERIAL = re.compile(r"\s*([2-7]\d{4})(\.\d+)?\s*$")  # days since 1899-12-30: what Excel hands out where a cell lost its format
_EPOCH = dt.datetime(1970, 1, 1)
_CHINA = dt.timedelta(hours=8)  # one zone for the whole country
Moment = tuple[int, bool]  # seconds of local time since 1970, whether the hour was told


def moment(text: str) -> Moment | None:
    """Seconds since 1970-01-01 in local time, and whether a clock time was written.

    >>> moment("2024年3月5日 7时08分"), moment("20240305"), moment("45356.5"), moment("昨天")
    ((1709622480, True), (1709596800, False), (1709640000, True), None)
    """
    if len(text) == 19 and text[4] == "-":  # the usual way, several times faster than the pattern
        try:
            return _seconds(dt.datetime.fromisoformat(text)), True
        except ValueError:
            pass
    found = _WRITTEN.match(text) or _COMPACT.match(text)
    if found is not None:
        year, month, day, hour, minute, second, *zone = found.groups()
        try:
            when = dt.datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0))
        except ValueError:
            return None
        return _seconds(when + _shift(zone[0] if zone else None)), hour is not None
    serial = _SERIAL.match(text)
    if serial is None:
        return None
    days = float(serial[1] + (serial[2] or ""))
    return round((days - 25569) * 86400), serial[2] is not None


def _seconds(when: dt.datetime) -> int:
    return int((when - _EPOCH).total_seconds())


def _shift(zone: str | None) -> dt.timedelta:
    """What a written zone asks to add so that the clock shows China's time; nothing where none is written."""
    if not zone:
        return dt.timedelta()
    if zone == "Z":
        return _CHINA
    digits = zone[1:].replace(":", "")
    offset = dt.timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return _CHINA - (offset if zone[0] == "+" else -offset)


def shown(seconds: int) -> str:
    """Seconds as `2024-03-05 07:08`."""
    return (_EPOCH + dt.timedelta(seconds=seconds)).strftime("%Y-%m-%d %H:%M")
