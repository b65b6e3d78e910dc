"""Persons, households, calls, ages: what is counted and what only looks like it."""

from __future__ import annotations

import pytest

from pipeline.facts import extract
from pipeline.text.document import read

PEOPLE = [
    ("对方来了五六个人", 5), ("二十余人堵门", 20), ("三四十号人", 30), ("百余名村民聚集", 100), ("上百人聚集", 100), ("两三百人", 200), ("我们三个人被打", 3),
    ("三个工人讨薪", 3), ("来了3 人", 3), ("3-4人动手", 3), ("十几个小伙子冲进来", 11), ("8名工友", 8), ("李某等5人", 5), ("七八个大汉", 7), ("他带了五个人", 5),
    ("来了一百多号人", 100), ("俩人打起来了", 2), ("现场有三十多个业主", 30),
]  # fmt: skip
NO_PEOPLE = [
    "一群人堵门", "公司有两百多人", "全村三百人", "一家五口", "第三人", "5人间", "41个人防车位", "3名额", "每人三百", "三个小时", "两个月", "20个苹果", "出动3名警员",
    "核载7人", "全班45名学生", "抓获嫌疑人12名", "招聘20人", "人民币五百", "两口子", "五位数", "三号线", "二十来人围观", "雇佣30多名工人", "全县142万人", "抓获3名犯罪嫌疑人", "一名女子",
]  # fmt: skip


@pytest.mark.parametrize(("text", "number"), PEOPLE)
def test_people_in_conflict_are_counted(text, number):
    assert extract(read(text)).people == number


@pytest.mark.parametrize("text", NO_PEOPLE)
def test_sizes_and_lookalikes_do_not_count_as_people(text):
    assert extract(read(text)).people == 0


def test_a_crowd_without_number_is_told_as_many():
    (fact,) = extract(read("一群人堵在门口")).counts
    assert (fact.kind, fact.value, fact.get("many")) == ("people", None, True)


HOUSEHOLDS = [
    ("十几户人家断水", 11), ("三户业主", 3), ("三家商户联名", 3), ("影响二十多户", 20), ("三到五户没水", 3), ("第三户", 0), ("入户走访50户", 0), ("账户冻结", 0), ("全村120户", 0),
]  # fmt: skip


@pytest.mark.parametrize(("text", "number"), HOUSEHOLDS)
def test_households_concerned(text, number):
    assert extract(read(text)).households == number


CALLS = [
    ("第三次报警", 3), ("报警五六次", 5), ("先后8次报警", 8), ("打了三次110", 3), ("报了三次警", 3), ("已报警2次", 2), ("多次报警没人管", 2), ("警察来过三次了", 3),
    ("派出所都来了三趟", 3), ("这是第4次打110", 4), ("再次报警称", 2), ("他又报警", 2),
]  # fmt: skip
NO_CALLS = ["每次报警都不来", "他打了我三次,我报警", "来回两次", "一次性付清", "吵了三次", "报警人称", "两次日本游", "三回复", "拨打电话三次"]


@pytest.mark.parametrize(("text", "number"), CALLS)
def test_calls_to_the_police_are_counted(text, number):
    assert extract(read(text)).calls == number


@pytest.mark.parametrize("text", NO_CALLS)
def test_other_occasions_are_no_calls(text):
    assert extract(read(text)).calls == 0


AGES = [
    ("3岁孩子走失", 3), ("六十多岁的老人", 60), ("八个月大的娃", 0.67), ("孩子上初二", 13), ("读三年级的女儿", 8), ("初一学生", 12), ("幼儿园大班", 5), ("八旬老人", 80),
    ("高一女生", 15), ("嫌疑人张某(男,35岁)殴打李某(女,8岁)", 8), ("被打的王某今年17周岁", 17), ("十一二岁娃儿", 11), ("小学一年级的孩子", 6), ("刚满月的婴儿", 0),
]  # fmt: skip
NO_AGES = [
    "年满18周岁", "未满十四周岁", "18岁以上", "正月初二", "大年初一", "高一米八", "幼儿园门口", "岁月", "抚养3岁女儿的费用", "嫌疑人王某(男,22岁)", "60周岁以上老人",
    "民警小李(25岁)", "八级伤残", "三年前",
]  # fmt: skip


@pytest.mark.parametrize(("text", "age"), AGES)
def test_the_smallest_age_of_a_person_at_risk(text, age):
    assert extract(read(text)).victim_age == age


@pytest.mark.parametrize("text", NO_AGES)
def test_statutes_doers_and_dates_give_no_age_at_risk(text):
    assert extract(read(text)).victim_age is None


def test_an_unknown_scalar_is_an_error():
    with pytest.raises(KeyError):
        extract(read("")).scalar("weather")
