"""From what is told of a time to a point or a span: ISO 8601 where it can be fixed, minutes before the call where it is relative."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache

from pipeline.facts.model import Extra, Fact

Fields = dict[str, float]
"""What a time expression fixes: y, m, d, hour, minute; day, week, month, year counted from the call; ago and length in minutes; part = hour of 晚上 …"""

_DAY = 1440.0
_MINUTES = {"day": _DAY, "week": 7 * _DAY, "month": 30 * _DAY, "year": 365 * _DAY}


def resolve(start: int, end: int, fields: Fields, occurred_at: datetime | None) -> Fact:
    """One fact (`occurred_at` in local time, without a zone): kind `duration` (value in minutes) or `time` (value ISO text or None; `minutes_ago` where it can be known).

    >>> resolve(0, 4, {"ago": 30.0}, datetime(2025, 3, 1, 22, 0)).value
    '2025-03-01T21:30'
    """
    if "length" in fields:
        return Fact("duration", start, end, _whole(fields["length"]))
    if "ago" in fields:
        moment = _shift(occurred_at, fields["ago"]) if occurred_at else None
        precise = fields["ago"] < _DAY
        value = (moment.isoformat(timespec="minutes") if precise else moment.date().isoformat()) if moment else None
        return Fact("time", start, end, value, (("minutes_ago", _whole(fields["ago"])),))
    if occurred_at is None:
        if len(fields) == 1:
            ((name, count),) = fields.items()
            if name in _MINUTES:
                return Fact("time", start, end, None, _counted(name, count))
        return Fact("time", start, end, _absolute(fields), _relative(fields))
    return _anchored(start, end, fields, occurred_at)


@lru_cache(maxsize=256)
def _counted(name: str, count: float) -> Extra:
    """Minutes before the call of so many days, weeks, months or years."""
    return (("minutes_ago", _whole(-count * _MINUTES[name])),)


def _relative(fields: Fields) -> Extra:
    """Minutes before the call from counted days, weeks, months, years, when the time of the call is not known."""
    if "y" in fields or "m" in fields or "d" in fields:
        return ()
    return next((_counted(name, fields[name]) for name in _MINUTES if name in fields), ())


def _absolute(fields: Fields) -> str | None:
    """ISO text of what is told outright; --03-05 where the year is missing, T22:30 where only the clock time is told."""
    clock = ""
    if "hour" in fields:
        hour = _hour(fields)
        clock = f"T{hour % 24:02d}:{int(fields.get('minute', 0)):02d}"
    if "y" in fields:
        text = f"{int(fields['y']):04d}"
        if "m" in fields:
            text += f"-{int(fields['m']):02d}"
            if "d" in fields:
                text += f"-{int(fields['d']):02d}" + clock
        return text
    if "m" in fields and "year" not in fields:
        return f"--{int(fields['m']):02d}" + (f"-{int(fields['d']):02d}{clock}" if "d" in fields else "")
    counted = {"day", "week", "month", "year", "d"} & fields.keys()
    return clock if clock and not counted else None


def _hour(fields: Fields) -> int:
    """The hour of the day: 晚上十点 is 22, 半夜十二点 is 0 of the next day (24)."""
    hour = int(fields["hour"])
    if fields.get("late") and hour < 12:
        return hour + 12
    return 24 if fields.get("late") and hour == 12 and fields.get("part", 0) >= 18 else hour


def _anchored(start: int, end: int, fields: Fields, call: datetime) -> Fact:
    """The latest moment before the call that fits what is told."""
    if not fields.keys() & {"y", "m", "d", "day", "week", "month", "year", "hour"}:
        return Fact("time", start, end, None)
    year, month = call.year, call.month
    if "y" in fields or "year" in fields:
        year = int(fields["y"]) if "y" in fields else call.year + int(fields["year"])
    if "month" in fields:
        count = call.year * 12 + call.month - 1 + int(fields["month"])
        year, month = count // 12, count % 12 + 1
    if "m" in fields:
        month = int(fields["m"])
        if "y" not in fields and "year" not in fields and month > call.month:
            year -= 1
    if "day" in fields or "week" in fields:
        return _by_day(start, end, fields, call)
    if "d" not in fields and fields.keys() & {"y", "m", "month", "year"}:
        fixed = "m" in fields or "month" in fields
        moment = _moment(year, month if fixed else 7, 15)
        value = f"{year:04d}-{month:02d}" if fixed else f"{year:04d}"
        return _told(start, end, value, moment, call)
    if "d" not in fields:
        return _by_clock(start, end, fields, call)
    if "m" not in fields and "month" not in fields and int(fields["d"]) > call.day:  # 25号, told on the 3rd: of the month before
        year, month = (year, month - 1) if month > 1 else (year - 1, 12)
    return _dated(start, end, fields, _moment(year, month, int(fields["d"])), call)


def _by_clock(start: int, end: int, fields: Fields, call: datetime) -> Fact:
    """Only a clock time: the last one before the call. Without 上午 or 下午 both readings are tried."""
    clock = timedelta(hours=_hour(fields), minutes=fields.get("minute", 0))
    midnight = call.replace(hour=0, minute=0, second=0, microsecond=0)
    readings = [midnight + clock, midnight + clock - timedelta(days=1)]
    if "part" not in fields and fields["hour"] < 12:
        readings.append(midnight + clock + timedelta(hours=12))
        readings.append(midnight + clock - timedelta(hours=12))
    moment = max((reading for reading in readings if reading <= call), default=readings[0])
    return _told(start, end, moment.isoformat(timespec="minutes"), moment, call)


def _by_day(start: int, end: int, fields: Fields, call: datetime) -> Fact:
    """昨天, 前晚十点, 上周三"""
    if "week" in fields:
        if "weekday" not in fields:
            moment = _shift(call, -7 * _DAY * fields["week"])
            return Fact("time", start, end, None if moment is None else f"{moment:%G}-W{moment:%V}", (("minutes_ago", _whole(-fields["week"] * 7 * _DAY)),))
        days = 7 * fields["week"] + fields["weekday"] - call.weekday()
    else:
        days = fields["day"]
    return _dated(start, end, fields, _shift(call, -days * _DAY), call)


def _dated(start: int, end: int, fields: Fields, day: datetime | None, call: datetime) -> Fact:
    """A day, with its clock time where one is told."""
    if day is None:
        return Fact("time", start, end, _absolute(fields))
    day = day.replace(hour=0, minute=0, second=0, microsecond=0)
    if "hour" in fields:
        moment = day + timedelta(hours=_hour(fields), minutes=fields.get("minute", 0))
        return _told(start, end, moment.isoformat(timespec="minutes"), moment, call)
    moment = day + timedelta(hours=fields["part"]) if "part" in fields else day.replace(hour=call.hour, minute=call.minute)
    return _told(start, end, day.date().isoformat(), moment, call)


def _told(start: int, end: int, value: str, moment: datetime | None, call: datetime) -> Fact:
    if moment is None:
        return Fact("time", start, end, value)
    return Fact("time", start, end, value, (("minutes_ago", _whole((call - moment).total_seconds() / 60)),))


def _moment(year: int, month: int, day: int) -> datetime | None:
    try:
        return datetime(year, month, day)
    except ValueError:  # 2月30日
        return None


def _shift(call: datetime, minutes: float) -> datetime | None:
    """The call less so many minutes; None before the calendar begins."""
    try:
        return call - timedelta(minutes=minutes)
    except OverflowError:
        return None


def _whole(number: float) -> float:
    rounded = round(number, 2)
    return int(rounded) if rounded == int(rounded) else rounded
