"""Numbers and names that identify: documents, telephones, cards, plates, accounts, apps, places."""

from __future__ import annotations

import pytest

from pipeline.facts import extract
from pipeline.text.document import read

IDENTIFIERS = [
    ("身份证110101199003077571", "id_card", "110101199003077571"), ("证号110101900307757", "id_card", "110101900307757"), ("1101011990****7571", "id_card", "1101011990****7571"),
    ("电话13812345678", "mobile", "13812345678"), ("打138****1234", "mobile", "138****1234"), ("+8613812345678", "mobile", "13812345678"), ("138 1234 5678", "mobile", "13812345678"),
    ("座机0951-3012345", "landline", "09513012345"), ("01051472661来电", "landline", "01051472661"), ("400-820-8820", "landline", "4008208820"), ("008526938229", "landline", "008526938229"),
    ("卡6222021234567890128", "bank_card", "6222021234567890128"), ("卡号6217000010001234567", "bank_card", "6217000010001234567"), ("6217****0931", "bank_card", "6217****0931"),
    ("6222 0212 3456 7890 128", "bank_card", "6222021234567890128"), ("宁A12345", "plate", "宁A12345"), ("京AD12345", "plate", "京AD12345"), ("川A·12345", "plate", "川A12345"),
    ("川A***12", "plate", "川A***12"), ("QQ123456789", "qq", "123456789"), ("QQ号:123456789", "qq", "123456789"), ("微信号abc_12345", "wechat", "abc_12345"),
    ("微信:wxid_abc123", "wechat", "wxid_abc123"), ("支付宝账号test@example.com", "alipay", "test@example.com"), ("邮箱test@example.com", "email", "test@example.com"),
    ("点http://a.example.com/b?c=1", "url", "http://a.example.com/b?c=1"), ("登录www.example.com。", "url", "www.example.com"), ("对公账户12345678901234", "account", "12345678901234"),
]  # fmt: skip
NO_IDENTIFIERS = [
    "订单号202301011234567890", "123456789012345678", "13812345678901", "云a4纸", "qq群", "微信群聊", "支付宝付款", "1.5万", "a@b", "2019年", "12345678", "3,500元", "一三八", "川A", "0.95", "微信支付500",
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind", "value"), IDENTIFIERS)
def test_an_identifier_is_told(text, kind, value):
    assert (kind, value) in [(fact.kind, fact.value) for fact in extract(read(text)).identifiers]


@pytest.mark.parametrize("text", NO_IDENTIFIERS)
def test_a_lookalike_is_no_identifier(text):
    assert extract(read(text)).identifiers == ()


@pytest.mark.parametrize(("number", "valid"), [("110101199003077571", True), ("110101199003077572", False)])
def test_the_check_digit_is_told(number, valid):
    assert extract(read(number)).identifiers[0].get("valid") is valid


APPS = [
    ("在抖音上刷到", ["抖音"]), ("开通京东金条", ["京东金条"]), ("下载腾讯会议共享", ["腾讯会议"]), ("飞书会议", ["飞书会议"]), ("“华宇金控”APP", ["华宇金控"]), ("名为云雀语聊的APP", []),
    ("点开汇桥通app", ["汇桥通"]), ("zoom会议", ["zoom"]), ("zooming", []), ("下载一个APP", []), ("一根金条", []), ("打白条", []), ("线上购买", []), ("闲鱼卖家", ["闲鱼"]), ("该APP", []), ("树上有马蜂窝", []), ("从猫眼往外看", []), ("“千牛”平台", ["千牛"]), ("指定APP", []),
]  # fmt: skip


@pytest.mark.parametrize(("text", "apps"), APPS)
def test_apps_and_platforms(text, apps):
    assert [fact.value for fact in extract(read(text)).apps] == apps


PLACES = [
    ("在锦绣小区3号楼2单元501室", "锦绣小区3号楼2单元501室"), ("住宁夏同心县豫海镇", "宁夏同心县豫海镇"), ("在滨河路15号", "滨河路15号"), ("岭头村三组", "岭头村三组"),
    ("到县人民医院旁的红旗超市", "红旗超市"), ("a市b3区星蓝湾小区", "a市b3区星蓝湾小区"), ("吉林市公安局", "吉林市"), ("北京东路堵车", "北京东路"), ("实验学校门口的育才小学", "育才小学"),
    ("哈尔滨市南岗区", "哈尔滨市南岗区"), ("6栋301室", "6栋301室"), ("在万顺广场跳舞", "万顺广场"),
]  # fmt: skip
NO_PLACES = [
    "我们小区",
    "市民反映",
    "走路回家",
    "全村的人",
    "超市里",
    "本市",
    "一家医院",
    "上市公司",
    "半条街",
    "老家农村",
    "路女士",
    "加盟费",
    "出路",
    "12路公交",
    "该学校",
    "村民",
]


@pytest.mark.parametrize(("text", "place"), PLACES)
def test_a_place_is_told_with_its_parts(text, place):
    assert place in [fact.value for fact in extract(read(text)).places]


@pytest.mark.parametrize("text", NO_PLACES)
def test_a_lookalike_is_no_place(text):
    assert extract(read(text)).places == ()
