"""Times against the time of the call, and without it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pipeline.facts import extract
from pipeline.text.document import read

CALL = datetime(2025, 3, 1, 9, 0)  # a Saturday

ANCHORED = [
    ("昨晚十点", "2025-02-28T22:00", 660), ("前天下午三点半", "2025-02-27T15:30", 2490), ("半小时前", "2025-03-01T08:30", 30), ("两个半小时前", "2025-03-01T06:30", 150),
    ("三年前", "2022-03-02", 1576800), ("上个月", "2025-02", None), ("上周三", "2025-02-19", None), ("2019年3月", "2019-03", None), ("2019年3月5日22时30分许", "2019-03-05T22:30", None),
    ("去年", "2024", None), ("凌晨2点", "2025-03-01T02:00", 420), ("凌晨一点多", "2025-03-01T01:00", 480), ("15号", "2025-02-15", None), ("10月3号", "2024-10-03", None),
    ("22:30", "2025-02-28T22:30", 630), ("2024-05-06 13:20", "2024-05-06T13:20", None), ("2024/5/6", "2024-05-06", None), ("2024.5.6", "2024-05-06", None),
    ("刚才", "2025-03-01T08:58", 2), ("五分钟以前", "2025-03-01T08:55", 5), ("晚上12点", "2025-03-01T00:00", 540), ("二〇二一年五月", "2021-05", None),
    ("今天早上八点", "2025-03-01T08:00", 60), ("明天上午十点", "2025-03-02T10:00", -1500), ("大前天", "2025-02-26", 4320), ("一刻钟前", "2025-03-01T08:45", 15),
]  # fmt: skip


@pytest.mark.parametrize(("text", "value", "minutes"), ANCHORED)
def test_a_time_is_fixed_by_the_time_of_the_call(text, value, minutes):
    fact = extract(read(text), CALL).times[0]
    assert (fact.kind, fact.value) == ("time", value)
    if minutes is not None:
        assert fact.get("minutes_ago") == minutes


ALONE = [
    ("半小时前", None, 30), ("昨天", None, 1440), ("上个月", None, 43200), ("2019年3月5日", "2019-03-05", None), ("3月5日22时", "--03-05T22:00", None), ("晚上十点", "T22:00", None),
    ("2月30日", "--02-30", None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "value", "minutes"), ALONE)
def test_without_the_time_of_the_call_only_what_is_told_stands(text, value, minutes):
    fact = extract(read(text)).times[0]
    assert (fact.value, fact.get("minutes_ago")) == (value, minutes)


DURATIONS = [("拖了三个月工资", 129600), ("等了二十分钟", 20), ("住了两年半", 1314000), ("堵了半个多小时", 30)]


@pytest.mark.parametrize(("text", "minutes"), DURATIONS)
def test_a_duration_is_told_in_minutes(text, minutes):
    (fact,) = extract(read(text)).times
    assert (fact.kind, fact.value) == ("duration", minutes)


NO_TIMES = [
    "有一点意见", "两点建议", "三点要求", "3号楼", "2:1", "第三天", "5.6万元", "一号码", "25:70", "小时候", "一时糊涂", "月租", "三年级学生", "十天干地支"[2:], "90年代", "中山路15号",
]  # fmt: skip


@pytest.mark.parametrize("text", NO_TIMES)
def test_a_lookalike_of_a_time_is_none(text):
    assert extract(read(text), CALL).times == ()


def test_a_zone_of_the_call_is_read_as_local_time():
    assert extract(read("半小时前"), CALL.replace(tzinfo=UTC)).times[0].value == "2025-03-01T08:30"
