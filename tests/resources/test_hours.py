"""Opening hours as people write them."""

from __future__ import annotations

import datetime as dt

import pytest

from pipeline.errors import InputError
from pipeline.resources.hours import parse_hours

MONDAY, FRIDAY, SATURDAY, SUNDAY = (dt.datetime(2026, 11, day) for day in (16, 20, 21, 22))


def at(day: dt.datetime, hour: int, minute: int = 0) -> dt.datetime:
    return day.replace(hour=hour, minute=minute)


@pytest.mark.parametrize(
    ("text", "moment", "opens_in"),
    [
        ("全天", at(SUNDAY, 3), 0),
        ("24小时", at(SUNDAY, 3), 0),
        ("每天全天", at(SUNDAY, 3), 0),
        ("周一至周五 08:30-17:30", at(MONDAY, 8, 30), 0),
        ("周一至周五 08:30-17:30", at(MONDAY, 17, 30), 15 * 60),  # the end is exclusive
        ("周一至周五 08:30-17:30", at(FRIDAY, 18), 62 * 60 + 30),
        ("周一至周五 08:30-12:00, 14:00-17:30; 周六 09:00-12:00", at(MONDAY, 13), 60),
        ("周一至周五 08:30-12:00, 14:00-17:30; 周六 09:00-12:00", at(SATURDAY, 10), 0),
        ("星期一到星期五８：３０－１７：３０".translate({0xFF10 + i: str(i) for i in range(10)}), at(MONDAY, 9), 0),
        ("每天 18:00-次日06:00", at(SUNDAY, 23), 0),
        ("每天 18:00-次日06:00", at(MONDAY, 5, 59), 0),
        ("周日 22:00-次日04:00", at(MONDAY, 3), 0),
        ("22:00-4:00", at(MONDAY, 3), 0),
        ("周二、周四 9:00-11:00", at(MONDAY, 9), 24 * 60),
        ("周六至周一 9:00-10:00", at(MONDAY, 9), 0),
        ("周末 09:00-17:00", at(FRIDAY, 9), 24 * 60),
        ("工作日 9点-17点", at(FRIDAY, 12), 0),
        ("08:00-24:00", at(FRIDAY, 23, 59), 0),
    ],
)
def test_hours_are_read_as_people_write_them(text, moment, opens_in):
    hours = parse_hours(text)
    assert hours.opens_in(moment) == opens_in
    assert hours.open_at(moment) is (opens_in == 0)


@pytest.mark.parametrize("text", ["上班时间", "周八 9:00-10:00", "9:00-25:00", "周一至周五", "9:00-10:00 之后不接", "9:00-9:00", "周一至周五 9时到"])
def test_what_cannot_be_read_is_an_error_with_the_remedy(text):
    with pytest.raises(InputError, match="FQ2601") as caught:
        parse_hours(text)
    assert caught.value.remedy


def test_no_hours_never_open():
    assert parse_hours("").opens_in(MONDAY) is None
