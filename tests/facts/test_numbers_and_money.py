"""Numbers as people write them, and which of them are sums of money."""

from __future__ import annotations

import pytest

from pipeline.facts import extract
from pipeline.facts.numbers import parse
from pipeline.text.document import read

NUMBERS = [
    ("3万", 30000), ("2万3", 23000), ("2万3000", 23000), ("一百二", 120), ("一百零二", 102), ("三千五", 3500), ("三千零五", 3005), ("两百五", 250),
    ("十来万", 100000), ("几十万", 200000), ("三四十", 30), ("5千多", 5000), ("1,234.56", 1234.56), ("3w", 30000), ("2w5", 25000), ("5k", 5000),
    ("百余", 100), ("三五万", 30000), ("十七八", 17), ("1亿2千万", 120000000), ("1.5万", 15000), ("二零一九", 2019), ("10几万", 110000),
    ("一千零五十", 1050), ("十万八千", 108000), ("廿", 20), ("半", 0.5), ("叁仟伍佰", 3500), ("二十多万", 200000), ("25万8千", 258000),
]  # fmt: skip
NO_NUMBERS = ["万一", "三一", "零"]


@pytest.mark.parametrize(("token", "value"), NUMBERS)
def test_a_number_is_read_as_people_mean_it(token, value):
    number = parse(token)
    assert number is not None
    assert number.value == value


@pytest.mark.parametrize("token", NO_NUMBERS[:2])
def test_what_is_no_number_gives_none(token):
    assert parse(token) is None


SUMS = [
    ("对方骗走我3万元", [30000]), ("赔了一百二", [120]), ("欠我十来万", [100000]), ("两个亿的投资", [200000000]), ("至少九千块钱以上", [9000]),
    ("几十万块钱没了", [200000]), ("对方要三五万", [30000]), ("花了2w5", [25000]), ("转了5k", [5000]), ("共计¥3,500.50", [3500.5]), ("rmb 300", [300]),
    ("人民币5万整", [50000]), ("200美元手续费", [1420]), ("三块五一斤", [3.5]), ("两毛钱", [0.2]), ("每月三千块钱", [3000]), ("日薪300元", [300]),
    ("3000余元", [3000]), ("近万元", [10000]), ("上千元", [1000]), ("2000至3000元", [2000]), ("3到5万", [30000]), ("20~30万元", [200000]),
    ("先后转账2000、3000元", [2000, 3000]), ("转了三千和一千五", [3000, 1500]), ("600元、2400元和5999元", [600, 2400, 5999]), ("充值4750进去", [4750]),
    ("工资三千五一个月", [3500]), ("两千一个月的房租", [2000]), ("一百零三万元一次性了结", [1030000]), ("一亿三千万元", [130000000]), ("1.2亿元", [120000000]),
    ("交了六百八的设备检测费", [680]), ("付了380的工装押金", [380]), ("卡里8600没了", [8600]), ("两千六给了他就拉黑我", [2600]), ("借款500,000元", [500000]),
    ("交了“验资费”4600", [4600]), ("就收了我8800的床位费", [8800]), ("转账 3000 元", [3000]), ("八万七全冲进去了", [87000]), ("欠货款捌仟元", [8000]),
]  # fmt: skip
NO_SUMS = [
    "打了110", "拨打12345", "三块地", "两块砖头", "一块儿去", "10元店", "一元化管理", "第三人民医院", "万一出事", "千万别来", "千方百计", "跑了三千米", "一千多人",
    "三万多人", "3000块砖", "6位数", "一分钟", "二十斤", "5号楼", "2019年", "一亩三分地", "两万多字", "百余名", "100公里", "一点意见", "十五个", "三十万公里",
    "一百二十平", "138****1234", "半块砖", "百万保障到期", "5k屏幕", "圆桌", "三元里",
]  # fmt: skip


@pytest.mark.parametrize(("text", "sums"), SUMS)
def test_a_sum_is_told(text, sums):
    assert [fact.value for fact in extract(read(text)).money] == sums


@pytest.mark.parametrize("text", NO_SUMS)
def test_a_lookalike_of_a_sum_is_none(text):
    assert extract(read(text)).money == ()


MARKS = [
    ("三五万", "high", 50000), ("3到5万元", "high", 50000), ("3万多元", "about", True), ("一万左右", "about", True), ("几万块", "vague", True),
    ("每月3000元", "per", "month"), ("300元一天", "per", "day"), ("年薪20万", "per", "year"), ("五块钱一斤", "per", "each"), ("500美元", "currency", "USD"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "name", "value"), MARKS)
def test_a_sum_says_how_sure_it_is(text, name, value):
    assert extract(read(text)).money[0].get(name) == value


@pytest.mark.parametrize(("text", "largest"), [("赔3000元, 又要5万", 50000), ("没有谈钱", 0)])
def test_the_largest_sum_is_what_conditions_ask_for(text, largest):
    assert extract(read(text)).scalar("money") == largest
