"""Plants invented persons into the project's own narratives: names where 某 stood or behind role words, identifiers and addresses in sentences.

One hand wrote this inventory, these templates and the recognisers; the figures that come of it are an upper bound for that reason.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.facts.lexicon import load_list
from pipeline.privacy.checks import id_check_digit, luhn, uscc
from tests.privacy import inventory as inv

SURNAMES = "".join(load_list("names")["surnames"])
CORPUS = Path(__file__).resolve().parents[2] / "corpora" / "authored.jsonl"
_MASKED = re.compile(f"(?:欧阳|濮阳|公冶|闻人|[{SURNAMES}])某某?(?=[称说与和因，,。、（(的在被把对将到向于不没从又也])")
_ROLES = re.compile(
    "(报警人|邻居|房东|租客|包工头|前男友|前妻|前夫|女儿|儿子|丈夫|妻子|老板|村民|业主|司机|男友|女友|同事|债主|工头)(?=[称说在因把与和，,要将打用又不])"
)


@dataclass(frozen=True)
class Planted:
    """A narrative with the spans that were planted: (kind, start, end, form)."""

    text: str
    spans: tuple[tuple[str, int, int, str], ...]
    base: str


class Writer:
    """Writes a text piece by piece and remembers what was planted where."""

    def __init__(self) -> None:
        self.text, self.spans = "", []

    def add(self, template: str, values: dict[str, tuple[str, str, str]]) -> None:
        for piece in re.split(r"(\{\w+\})", template):
            if piece[:1] == "{" and piece[1:-1] in values:
                kind, value, form = values[piece[1:-1]]
                self.spans.append((kind, len(self.text), len(self.text) + len(value), form))
                self.text += value
            else:
                self.text += piece


def digits(rng: random.Random, count: int, first: str = "0123456789") -> str:
    return rng.choice(first) + "".join(rng.choice("0123456789") for _ in range(count - 1))


def id_card(rng: random.Random) -> str:
    first = f"{rng.choice(['320102', '510104', '420704', '321102', '110105', '450324', '652801', '230103'])}{rng.randint(1940, 2018)}{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}{rng.randint(0, 999):03d}"
    return first + id_check_digit(first).upper()


def card(rng: random.Random) -> str:
    first = rng.choice(["622202", "621700", "622848", "621661", "622588", "436742"]) + digits(rng, rng.choice([9, 12]))
    return next(first + str(last) for last in range(10) if luhn(first + str(last)))


def imei(rng: random.Random) -> str:
    first = "86" + digits(rng, 12)
    return next(first + str(last) for last in range(10) if luhn(first + str(last)))


def credit_code(rng: random.Random) -> str:
    first = "91" + digits(rng, 6) + "MA" + "".join(rng.choice("0123456789ABCDEFGHJKLMNPQRTUWXY") for _ in range(7))
    return next(first + last for last in "0123456789ABCDEFGHJKLMNPQRTUWXY" if uscc((first + last).lower()))


def plate(rng: random.Random) -> str:
    province, city = rng.choice(inv.PROVINCE_LETTERS), rng.choice("ABCDEFGHJK")
    alphabet = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"
    if rng.random() < 0.3:
        return f"{province}{city}{rng.choice('DF')}{digits(rng, 5)}"
    serial = "".join(rng.choice(alphabet) for _ in range(4)) + rng.choice("0123456789")
    return f"{province}{city}{rng.choice(['', '', '·', ' '])}{serial}"


_CHINESE = str.maketrans("0123456789", "零一二三四五六七八九")
_YAO = str.maketrans("0123456789", "零幺二三四五六七八九")
_WIDE = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}


def dressed(rng: random.Random, value: str, kind: str) -> tuple[str, str]:
    """A value in one of the ways people type it."""
    roll = rng.random()
    if roll < 0.6:
        return value, "plain"
    if roll < 0.7:
        return value.translate(_WIDE), "wide"
    if kind in ("mobile", "id_card", "bank_card"):
        if roll < 0.8:
            cut = {"mobile": (3, 7), "id_card": (6, 14), "bank_card": (4, 8, 12, 16)}[kind]
            parts = [value[a:b] for a, b in zip((0, *cut), (*cut, len(value)), strict=True) if value[a:b]]
            return rng.choice([" ", "-" if kind == "mobile" else " "]).join(parts), "spaced"
        if roll < 0.86 and kind == "mobile":
            return value.translate(rng.choice([_CHINESE, _YAO])), "chinese"
        if roll < 0.95:
            head, tail = (3, 4) if kind != "bank_card" else (6, 4)
            return value[:head] + "*" * (len(value) - head - tail) + value[-tail:], "masked"
        if kind == "mobile":
            return " ".join(value), "letter_spaced"
    return value, "plain"


def mobile(rng: random.Random) -> str:
    return rng.choice(["130", "135", "138", "139", "150", "159", "177", "186", "189", "199", "147", "166"]) + digits(rng, 8)


def birth(rng: random.Random) -> str:
    year, month, day = rng.randint(1945, 2015), rng.randint(1, 12), rng.randint(1, 28)
    return rng.choice([f"{year}年{month}月{day}日", f"{year}-{month:02d}-{day:02d}", f"{year}.{month}.{day}", f"{year}年{month:02d}月{day:02d}日"])


def address(rng: random.Random) -> str:
    region = rng.choice(inv.PROVINCES) + rng.choice(inv.CITIES) + rng.choice(inv.COUNTIES)
    if rng.random() < 0.4:
        return region + rng.choice(inv.TOWNS) + rng.choice(inv.VILLAGES) + rng.choice([*inv.GROUPS, ""])
    road = rng.choice(inv.ROADS) + rng.choice(inv.NUMBERS)
    estate = rng.choice(inv.ESTATES) + rng.choice([*inv.HOUSES, ""])
    return region + rng.choice([road, estate, estate, road + estate])


# kind → sentences; {v} is the value, {n} a name
SENTENCES = {
    "id_card": ["身份证号：{v}", "身份证{v}", "公民身份号码为{v}", "（身份证号码{v}）", "{n}，身份证号{v}"],
    "mobile": ["联系电话{v}", "手机号：{v}", "请回电{v}", "对方用{v}打来电话", "电话是{v}，打不通", "{n}（{v}）"],
    "landline": ["座机{v}", "固定电话：{v}", "家里电话{v}"],
    "bank_card": ["转到对方卡号{v}", "银行卡号：{v}", "收款账户{v}", "把钱打进{v}这张卡"],
    "plate": ["驾驶{v}小轿车", "车牌号{v}", "一辆{v}的面包车停在门口", "车牌为{v}"],
    "passport": ["护照号{v}", "持护照{v}"],
    "permit": ["港澳通行证号{v}", "回乡证{v}", "台胞证号码{v}"],
    "qq": ["QQ号{v}", "QQ：{v}", "加扣扣{v}", "对方QQ号码是{v}"],
    "wechat": ["微信号{v}", "微信：{v}", "加微信{v}", "对方微信号为{v}"],
    "alipay": ["支付宝账号{v}", "支付宝账户：{v}"],
    "email": ["邮箱{v}", "发邮件到{v}", "电子邮箱：{v}"],
    "url": ["网址{v}", "点开链接{v}", "登录{v}后显示"],
    "ip": ["登录IP为{v}", "IP地址：{v}"],
    "imei": ["手机串号{v}", "IMEI：{v}"],
    "uscc": ["统一社会信用代码{v}", "信用代码：{v}"],
    "birth_date": ["{v}出生", "出生日期：{v}", "生于{v}"],
    "address": ["家住{v}", "住{v}", "地址：{v}", "现住{v}", "户籍地{v}", "事发地在{v}", "在{v}发生", "{n}住{v}", "到{v}门口"],
    "name": [
        "报警人{v}",
        "当事人{v}（男，{a}岁）",
        "经了解，{v}与对方相识",
        "{v}称要讨个说法",
        "对方叫{v}",
        "另一方是{v}、{n}",
        "民警联系{v}核实",
        "{v}的妻子{n}也在场",
        "收款人：{v}",
        "据{v}反映",
        "后{v}自行离开",
        "{v}，女，{a}岁",
    ],
    "short": ["{v}说不知情", "对方是{v}", "{v}在旁边劝", "跟{v}也吵了几句", "{v}报的警"],
    "nick": ["绰号“{v}”的男子也在", "外号{v}，常在附近", "人称“{v}”"],
}


def value_of(rng: random.Random, kind: str) -> tuple[str, str]:
    if kind in ("id_card", "mobile", "bank_card"):
        return dressed(rng, {"id_card": id_card, "mobile": mobile, "bank_card": card}[kind](rng), kind)
    made = {
        "landline": lambda: rng.choice(["025-8", "0511-8", "(0516)8", "0278"]) + digits(rng, 7 if rng.random() < 0.5 else 6, "3456"),
        "plate": lambda: plate(rng),
        "passport": lambda: rng.choice(["E", "EA", "G", "EJ"])[:2].ljust(1) + digits(rng, 8) if rng.random() < 0.5 else "E" + digits(rng, 8),
        "permit": lambda: rng.choice(["H", "M"]) + digits(rng, rng.choice([8, 10])),
        "qq": lambda: digits(rng, rng.randint(6, 10), "123456789"),
        "wechat": lambda: rng.choice(inv.HANDLES),
        "alipay": lambda: rng.choice([digits(rng, 10, "2"), rng.choice(inv.HANDLES)]),
        "email": lambda: f"{rng.choice(inv.MAILS)}@{rng.choice(inv.DOMAINS)}",
        "url": lambda: rng.choice(["", "http://", "https://"]) + rng.choice(inv.HOSTS) + rng.choice(["", "/login", "/d/8a?u=3"]),
        "ip": lambda: ".".join(str(rng.randint(1, 254)) for _ in range(4)),
        "imei": lambda: imei(rng),
        "uscc": lambda: credit_code(rng),
        "birth_date": lambda: birth(rng),
        "address": lambda: address(rng),
        "short": lambda: rng.choice(inv.SHORT),
        "nick": lambda: rng.choice(inv.NICKNAMES),
    }[kind]()
    return made, "plain"


KINDS = [kind for kind in SENTENCES if kind not in ("name", "short", "nick")]


def plant(rng: random.Random, base: str) -> Planted:
    """One narrative with names in place of 某 forms, behind role words, and two to four sentences more."""
    writer = Writer()
    cast: dict[str, str] = {}
    _sentence(rng, writer, "name")
    writer.add("。", {})
    at = 0
    for found in sorted((*_MASKED.finditer(base), *_ROLES.finditer(base)), key=lambda found: found.start()):
        if found.start() < at or rng.random() < 0.25:
            continue
        role = found.re is _ROLES
        writer.add(base[at : found.end() if role else found.start()], {})
        name = cast.setdefault(found[0], rng.choice(inv.NAMES))
        writer.add("{v}", {"v": ("name", name, "inserted" if role else "in_place")})
        at = found.end()
    writer.add(base[at:], {})
    for _ in range(rng.randint(2, 4)):
        if writer.text[-1] not in "。！？!?":
            writer.add(rng.choice("，；。"), {})
        _sentence(rng, writer, rng.choice([*KINDS, "address", "address", "name", "short", "mobile", "id_card", *(["nick"] if rng.random() < 0.3 else [])]))
    writer.add("。", {})
    return Planted(writer.text, tuple(writer.spans), base)


def _sentence(rng: random.Random, writer: Writer, kind: str) -> None:
    value, form = (rng.choice(inv.NAMES), "sentence") if kind == "name" else value_of(rng, kind)
    template = rng.choice(SENTENCES[kind]).replace("{a}", str(rng.randint(19, 80)))
    label = "name" if kind in ("short", "nick") else kind
    form = kind if kind in ("short", "nick") else form
    writer.add(template, {"v": (label, value, form), "n": ("name", rng.choice(inv.NAMES), "sentence")})


def planted(count: int = 2400, seed: int = 20261122) -> Iterator[Planted]:
    """So many planted narratives, the same for the same seed."""
    rng = random.Random(seed)
    bases = [json.loads(line)["text"] for line in CORPUS.read_text("utf-8").splitlines()]
    for index in range(count):
        yield plant(rng, bases[index % len(bases)])
