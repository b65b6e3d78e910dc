"""Invents the values of the second-hand set: names, numbers and addresses in the many ways people write them. Seeded, nothing real."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path

import yaml

HERE = Path(__file__).parent / "second"
FULL = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")
SPOKEN = str.maketrans("0123456789", "零幺二三四五六七八九")
HAN = str.maketrans("0123456789", "零一二三四五六七八九")
MOBILE_HEADS = ("130", "131", "133", "135", "136", "137", "138", "139", "147", "150", "151", "152", "155", "157", "158", "159", "166", "173", "176", "177", "180", "182", "185", "186", "187", "188", "189", "191", "198", "199")  # fmt: skip
REGIONS = ("321102", "321302", "330681", "410302", "420704", "520302", "510703", "440605", "350582", "371302", "230202", "150103", "450204", "620502", "110105", "310115", "500103", "610112")  # fmt: skip
PLATE_HEADS = "苏苏浙川豫粤鄂鲁黑贵甘蒙桂闽京沪渝陕"
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"


@cache
def lists() -> dict[str, list[str]]:
    loaded = yaml.safe_load((HERE / "values.yaml").read_text(encoding="utf-8"))
    return {key: [word.strip('"') for word in value.split()] for key, value in loaded.items()}


class Values:
    """One narrative's values: `make(slot, key)` gives text and, for a person told twice under one key, the same person again."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.persons: dict[str, str] = {}

    def pick(self, key: str) -> str:
        return self.random.choice(lists()[key])

    def digits(self, count: int) -> str:
        return "".join(self.random.choices("0123456789", k=count))

    def make(self, slot: str, key: str = "") -> str:
        kind, _, form = slot.partition(".")
        if key and slot + key in self.persons:
            return self.persons[slot + key]
        made = str(getattr(self, f"_{kind}")(form))
        if key:
            self.persons[slot + key] = made
        return made

    def _n(self, _form: str) -> str:
        return self.pick("surnames") + (self.pick("given_two") if self.random.random() < 0.7 else self.pick("given_one"))

    def _n2(self, _form: str) -> str:
        return self.pick("surnames") + self.pick("given_one")

    def _nc(self, _form: str) -> str:
        return self.pick("compound") + (self.pick("given_two") if self.random.random() < 0.3 else self.pick("given_one"))

    def _nr(self, _form: str) -> str:
        return self.pick("surnames_rare") + (self.pick("given_two") if self.random.random() < 0.6 else self.pick("given_one"))

    def _nm(self, _form: str) -> str:
        return self.pick("minority") if self.random.random() < 0.65 else self.pick("minority_plain")

    def _nw(self, _form: str) -> str:
        return self.pick("words")

    def _mou(self, _form: str) -> str:
        tail = self.random.choice(["某", "某某", "某", "某甲", "某1", "XX", "×", "××", "*明", "某军", "**", "Ｘ"])
        return self.pick("surnames") + tail

    def _sur(self, _form: str) -> str:
        return self.pick("surnames") if self.random.random() < 0.9 else self.pick("compound")

    def _given(self, _form: str) -> str:
        return self.pick("given_two")

    def _nick(self, _form: str) -> str:
        return self.pick("nick")

    def _xiao(self, _form: str) -> str:
        return self.pick("xiao")

    def _lao(self, _form: str) -> str:
        return self.pick("lao")

    def _a(self, _form: str) -> str:
        return self.pick("a")

    def _mobile(self, form: str) -> str:
        plain = self.random.choice(MOBILE_HEADS) + self.digits(8)
        sep = self.random.choice([" ", "-", "  ", "—", "."])
        return {
            "": plain,
            "sp": sep.join(self.random.choice([(plain[:3], plain[3:7], plain[7:]), (plain[:4], plain[4:7], plain[7:])])),
            "cn": plain.translate(SPOKEN if self.random.random() < 0.6 else HAN),
            "fw": plain.translate(FULL),
            "86": self.random.choice(["+86 ", "+86", "86-", "0086", "(+86)"]) + plain,
            "mask": plain[:3] + self.random.choice(["****", "xxxx", "XXXX", "＊＊＊＊", "××××"]) + plain[7:],
        }[form]

    def _landline(self, _form: str) -> str:
        area, sep = self.random.choice(["0511", "0527", "010", "021", "0816", "0757", "0535"]), self.random.choice(["-", "", " ", "—"])
        number = self.random.choice("2345678") + self.digits(7)
        return self.random.choice([area + sep + number, f"({area}){number}", f"（{area}）{number}", area + "-" + number])

    def _id(self, form: str) -> str:
        region, birth = self.random.choice(REGIONS), f"{self.random.randint(1940, 2018)}{self.random.randint(1, 12):02}{self.random.randint(1, 28):02}"
        body = region + birth + self.digits(3)
        whole = body + "10X98765432"[sum(int(d) * (2 ** (17 - i)) for i, d in enumerate(body)) % 11]
        if self.random.random() < 0.3:
            whole = whole.lower()
        return {
            "": whole,
            "15": region + birth[2:] + self.digits(3),
            "sp": self.random.choice(
                [" ".join((whole[:6], whole[6:14], whole[14:])), " ".join((whole[:3], whole[3:6], whole[6:10], whole[10:14], whole[14:]))]
            ),
            "fw": whole.upper().translate(FULL),
            "mask": self.random.choice([whole[:6] + "********" + whole[14:], whole[:4] + "**********" + whole[14:], whole[:6] + "xxxxxxxx" + whole[14:]]),
        }[form]

    def _card(self, form: str) -> str:
        body = self.random.choice(["622202", "621700", "622848", "621661", "622588", "436742", "621799"]) + self.digits(self.random.choice([9, 12]))
        odd = [int(d) for d in body[::-1]]
        total = sum(d if i % 2 else (d * 2 - 9 if d > 4 else d * 2) for i, d in enumerate(odd))
        whole = body + str(-total % 10)
        return " ".join(whole[i : i + 4] for i in range(0, len(whole), 4)) if form == "sp" else whole

    def _plate(self, form: str) -> str:
        head, mark = self.random.choice(PLATE_HEADS), self.random.choice("ABCDEFGHJKLM")
        tail = "".join(self.random.choices("0123456789" * 3 + LETTERS, k=4)) + self.random.choice("0123456789")
        if form == "ne":
            return head + mark + self.random.choice(["D", "F"]) + self.digits(5)
        if form == "sp":
            return head + self.random.choice([f" {mark}{tail}", f"{mark}·{tail}", f"{mark} {tail}", f"{mark}-{tail}", f"{mark}•{tail}"])
        return head + (mark + tail).lower() if form == "low" else head + mark + tail

    def _passport(self, _form: str) -> str:
        return self.random.choice(["E" + self.digits(8), "EJ" + self.digits(7), "G" + self.digits(8), "e" + self.digits(8)])

    def _permit(self, form: str) -> str:
        return self.digits(8) if form == "tw" else self.random.choice("HM") + self.digits(self.random.choice([8, 10]))

    def _imei(self, _form: str) -> str:
        body = "86" + self.digits(12)
        total = sum(d if i % 2 else (d * 2 - 9 if d > 4 else d * 2) for i, d in enumerate(int(c) for c in body[::-1]))
        return body + str(-total % 10)

    def _vin(self, _form: str) -> str:
        """17 signs with the check sign of GB 16735 at place 9."""
        signs, worth = "0123456789ABCDEFGHJKLMNPRSTUVWXYZ", dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", (1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 7, 9, 2, 3, 4, 5, 6, 7, 8, 9), strict=True))  # fmt: skip
        body = ["L", *self.random.choices(signs, k=10), *self.digits(6)]
        rest = sum((worth[c] if c in worth else int(c)) * w for c, w in zip(body, (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2), strict=True)) % 11
        body[8] = "X" if rest == 10 else str(rest)
        return "".join(body)

    def _uscc(self, _form: str) -> str:
        """18 signs with the check sign of GB 32100."""
        signs = "0123456789ABCDEFGHJKLMNPQRTUWXY"
        body = "91" + self.random.choice(REGIONS) + "".join(self.random.choices(signs, k=9))
        return body + signs[-sum(signs.index(c) * (3**i % 31) for i, c in enumerate(body)) % 31]

    def _qq(self, form: str) -> str:
        number = self.random.choice("123456789") + self.digits(self.random.randint(6, 9))
        return number.translate(FULL) if form == "fw" else self.random.choice(["", "", "号", ":", "号:", "号码是"]) + number

    def _wx(self, _form: str) -> str:
        return self.pick("wechat")

    def _alipay(self, _form: str) -> str:
        return self.random.choice([self._mobile(""), self.pick("email")])

    def _email(self, _form: str) -> str:
        return self.pick("email")

    def _url(self, _form: str) -> str:
        return self.pick("url")

    def _ip(self, _form: str) -> str:
        return ".".join(str(self.random.randint(11, 240)) for _ in range(4))

    def _birth(self, _form: str) -> str:
        year, month, day = self.random.randint(1941, 2017), self.random.randint(1, 12), self.random.randint(1, 28)
        han = str(year).translate(HAN).replace("零", self.random.choice("零〇○"))
        return self.random.choice([f"{year}年{month}月{day}日", f"{year}-{month:02}-{day:02}", f"{year}.{month}.{day}", f"{year}/{month}/{day}", f"{year}年{month}月", f"{year % 100:02}年{month}月{day}号", f"{han}年{'正二三四五六七八九十冬腊'[month - 1]}月初{'一二三四五六七八九十'[day % 10]}"])  # fmt: skip

    def _school(self, _form: str) -> str:
        return self.pick("school")

    def _firm(self, _form: str) -> str:
        return self.pick("firm")

    def _addr(self, form: str) -> str:
        if form in {"", "cn"}:
            form = form or self.random.choice(["full", "full", "street", "estate", "village"])
        return str(getattr(self, f"_addr_{form}")())

    def _area(self) -> str:
        return self.random.choice(
            [self.pick("province") + self.pick("city") + self.pick("district"), self.pick("city") + self.pick("district"), self.pick("district"), "", ""]
        )

    def _addr_street(self) -> str:
        return self._area() + self.pick("road") + self.random.choice([f"{self.random.randint(1, 899)}号", f"{self.random.randint(1, 99)}-{self.random.randint(1, 30)}号", f"{self.random.randint(1, 300)}号附{self.random.randint(1, 9)}号", f"{self.random.randint(1, 200)}弄{self.random.randint(1, 60)}号"])  # fmt: skip

    def _unit(self) -> str:
        block, unit, floor, room = self.random.randint(1, 40), self.random.randint(1, 6), self.random.randint(1, 32), self.random.randint(1, 4)
        return self.random.choice([f"{block}栋{unit}单元{floor}0{room}室", f"{block}幢{floor}0{room}", f"{block}号楼{unit}单元{floor}0{room}", f"{block}#{floor}0{room}", f"{block}-{unit}-{floor}0{room}", f"{'ABCDEF'[unit - 1]}座{floor}0{room}室", f"{block}栋{floor}楼东户", f"{block}号楼{floor}层{floor}0{room}号", f"{block}＃楼{unit}单元{floor}0{room}"])  # fmt: skip

    def _addr_estate(self) -> str:
        return self.random.choice(["", "", self.pick("district")]) + self.pick("estate") + self._unit()

    def _addr_full(self) -> str:
        return (
            self.pick("province")
            + self.pick("city")
            + self.pick("district")
            + self.pick("road")
            + f"{self.random.randint(1, 500)}号"
            + self.pick("estate")
            + self._unit()
        )

    def _addr_village(self) -> str:
        group = self.random.randint(1, 12)
        tail = self.random.choice([f"{group}组", f"{'一二三四五六七八九十'[group % 10]}组{self.random.randint(1, 90)}号", f"第{group}村民小组", f"{'一二三四五六七八九十'[group % 10]}社", f"{self.random.randint(1, 200)}号", f"{group}队", f"{group}组{self.random.randint(1, 60)}号"])  # fmt: skip
        return self.random.choice(["", self.pick("district")]) + self.pick("township") + self.pick("village") + tail

    def _addr_dorm(self) -> str:
        head = self.random.choice([self.pick("school"), self.pick("firm"), "南苑", "北区", "项目部", "职工"])
        return head + self.random.choice([f"{self.random.randint(1, 18)}号宿舍楼{self.random.randint(101, 628)}寝室", f"宿舍{'ABCD'[self.random.randint(0, 3)]}栋{self.random.randint(101, 628)}", f"{self.random.randint(1, 9)}号宿舍{self.random.randint(101, 628)}室", f"{self.random.randint(1, 9)}栋{self.random.randint(101, 628)}宿舍"])  # fmt: skip

    def _addr_stall(self) -> str:
        return self.pick("market") + self.random.choice([f"{self.random.randint(1, 99)}号摊位", f"{'ABC'[self.random.randint(0, 2)]}区{self.random.randint(1, 99)}号档口", f"{self.random.randint(1, 5)}楼{'ABC'[self.random.randint(0, 2)]}{self.random.randint(101, 320)}铺", f"{self.random.randint(1, 99)}号摊", f"{'东南西北'[self.random.randint(0, 3)]}{self.random.randint(1, 30)}号铺面"])  # fmt: skip

    def _addr_hotel(self) -> str:
        return self.pick("hotel") + self.random.choice(
            [
                f"{self.random.randint(201, 999)}房",
                f"{self.random.randint(1101, 2599)}房间",
                f"{self.random.randint(201, 999)}室",
                f"{self.random.randint(2, 9)}0{self.random.randint(1, 9)}号房",
            ]
        )

    def _addr_ward(self) -> str:
        return self.pick("ward") + self.random.choice(
            [
                f"住院部{self.random.randint(3, 18)}楼{self.random.randint(1, 50)}床",
                f"{self.random.randint(3, 18)}病区{self.random.randint(1, 50)}床",
                f"骨科{self.random.randint(1, 50)}号病床",
            ]
        )

    def _addr_cn(self) -> str:
        han = "一二三四五六七八九"
        pick = self.random.choice
        return self.pick("estate") + pick(
            [
                f"{pick(han)}栋{pick(han)}单元{pick(han)}零{pick(han)}",
                f"{pick(han)}号楼{pick(han)}楼{pick(han)}零{pick(han)}室",
                f"{pick(han)}幢{pick(han)}〇{pick(han)}室",
            ]
        )

    def _amt(self, _form: str) -> str:
        return self.random.choice([str(self.random.randint(2, 99) * 100), str(self.random.randint(11, 9999999)), f"{self.random.randint(1, 90)}万", "三千二百", "两万多", f"{self.random.randint(100, 99999)}.{self.random.randint(10, 99)}", f"{self.random.randint(1, 90)},000"])  # fmt: skip

    def _age(self, _form: str) -> str:
        return str(self.random.randint(19, 92))

    def _age2(self, _form: str) -> str:
        return str(self.random.randint(5, 17))

    def _t(self, _form: str) -> str:
        hour, minute = self.random.randint(0, 23), self.random.randint(0, 59)
        return self.random.choice([f"{hour}时{minute}分", f"{hour:02}:{minute:02}", f"今日{hour}点", f"{self.random.randint(2023, 2026)}年{self.random.randint(1, 12)}月{self.random.randint(1, 28)}日{hour}时"])  # fmt: skip

    def _date(self, _form: str) -> str:
        return self.random.choice([f"{self.random.randint(2023, 2026)}年{self.random.randint(1, 12)}月{self.random.randint(1, 28)}日", f"{self.random.randint(1, 12)}月{self.random.randint(1, 28)}日", f"{self.random.randint(2023, 2026)}-{self.random.randint(1, 12):02}-{self.random.randint(1, 28):02}"])  # fmt: skip

    def _order(self, _form: str) -> str:
        return self.random.choice(["SF", "YT", "JD", ""]) + self.digits(self.random.choice([10, 13, 15]))

    def _badge(self, _form: str) -> str:
        return self.digits(6)
