"""How the money of a fraud went: roles of the sums, number of payments, when, payees, channels, each with its place in the narrative."""

from __future__ import annotations

import datetime as dt

from pipeline.engine import Engine
from pipeline.values import Incident

PAID = "我上午10点多分三笔在手机银行给那个“客服”说的对公账户转了49999元，半小时前又扫码付了2000元，卡号6222020200112233445，对方还要再交8000元保证金，我没再转"
TRACED = "被冒充公安的骗走共计5万元，其中追回1万元，先后转账7次，最后一次是昨天晚上"


def money(text: str) -> dict:
    answer = Engine.default().assess(Incident(narrative=text, occurred_at=dt.datetime(2026, 11, 22, 12, 0)))
    assert answer.fraud is not None
    told = answer.fraud.money
    for field in ("sums", "when", "payees", "channels", "accounts"):
        assert all(text[row["start"] : row["end"]] == row["quote"] for row in told[field]), field
    return told


def test_sums_have_their_role():
    assert [(row["yuan"], row["role"]) for row in money(PAID)["sums"]] == [(49999, "paid"), (2000, "paid"), (8000, "asked")]
    assert [(row["yuan"], row["role"]) for row in money(TRACED)["sums"]] == [(50000, "lost"), (10000, "recovered")]


def test_payments_are_counted_where_a_verb_of_paying_stands_beside():
    assert money(PAID)["payments"]["count"] == 3
    assert money(TRACED)["payments"]["count"] == 7
    assert money("他打了三次电话说我涉嫌洗钱, 叫我把钱转到安全账户, 我转了五千就联系不上了")["payments"] is None


def test_when_is_told_relative_to_the_call():
    assert 30 in [row["minutes_ago"] for row in money(PAID)["when"]]


def test_payee_account_and_channels():
    told = money(PAID)
    assert any("对公账户" in row["quote"] for row in told["payees"])
    assert [row["value"] for row in told["accounts"]] == ["6222020200112233445"]
    assert {"online_bank", "qr"} <= {row["code"] for row in told["channels"]}


def test_sums_of_each_are_multiplied():
    text = "自称招办老同学的人以补录名额为由, 分别收取两名考生家长各九万元, 录取通知书是伪造的, 已投案"
    assert Engine.default().assess(Incident(narrative=text)).fraud.loss_yuan == 180000
    several = "网上买鞋付款后对方把我拉黑, 转账三笔, 每笔600元"
    assert Engine.default().assess(Incident(narrative=several)).fraud.loss_yuan == 1800


def test_what_was_stopped_is_no_loss():
    answer = Engine.default().assess(Incident(narrative="老人要给假孙子汇五万取保, 柜员起疑报警, 民警联系上孙子本人, 钱没动"))
    assert answer.fraud.stage == "averted"
    assert answer.fraud.loss_yuan is None


def test_a_clock_time_leaves_the_sign_of_dividing():
    told = money("我上午10点分三次转账给那个客服共3万元, 后来他把我拉黑, 发现被骗")
    assert told["payments"]["count"] == 3
    assert all(not row["quote"].endswith("分") for row in told["when"])
