"""Numbers as people write them: 3万, 2万3, 一百二, 三千五, 十来万, 几十, 三四十, 5千多, 1,234.56, 3w."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

_DIGIT = {c: i for i, c in enumerate("零一二三四五六七八九")} | {
    "两": 2,
    "俩": 2,
    "仨": 3,
    "壹": 1,
    "贰": 2,
    "叁": 3,
    "肆": 4,
    "伍": 5,
    "陆": 6,
    "柒": 7,
    "捌": 8,
    "玖": 9,
}
_UNIT = {
    "十": 10,
    "拾": 10,
    "百": 100,
    "佰": 100,
    "千": 1000,
    "仟": 1000,
    "k": 1000,
    "万": 10_000,
    "萬": 10_000,
    "w": 10_000,
    "亿": 100_000_000,
    "廿": 20,
    "卅": 30,
}
_ABOUT = str.maketrans("", "", "多余来把")
_VAGUE = "几数"
_START = "0-9零一二两三四五六七八九十百千万亿几数半俩仨壹贰叁肆伍陆柒捌玖拾佰仟廿卅"
_REST = "0-9零一二两三四五六七八九十百千万亿几壹贰叁肆伍陆柒捌玖拾佰仟廿卅多余来"

_SMALL = "一二两三四五六七八九半数几俩仨"
_RANGE = "到至或~ -"


def number_pattern(firsts: Iterable[str]) -> re.Pattern[str]:
    """What a number looks like; `firsts` are the characters with which a unit may begin.

    A lone small numeral counts only where a unit, a numeral or a range follows (一直 and 三轮车 cost no look). Lengths are bounded and characters
    possessive, so that a text of nothing but digits takes linear time; the leading class lets the search skip fast. No group is possessive: Python
    3.11.2, which Debian 12 brings, then finds empty numbers without end.
    """
    goes_on = _REST + "".join(re.escape(first) for first in sorted({*firsts, *_RANGE}))
    return re.compile(
        rf"[{_START}](?:(?<![{_SMALL}])|(?=[{goes_on}]))[{_REST}]{{0,24}}+(?:(?<=[0-9])(?<![0-9]{{4}}),[0-9]{{3}}(?![0-9])){{0,4}}"
        r"(?:(?<=[0-9])\.[0-9]{1,4}+)?[百千万亿多余来]{0,4}+(?:(?<=[0-9])[wk](?![a-z])[0-9]?)?"
    )


_CHUNK = re.compile(r"[0-9.]+|.")


class Number(NamedTuple):
    """A number told: the least that it says, the most where it is a range, and how sure it is.

    `about` marks 多, 余, 来; `vague` marks 几 and 数, where the text gives no number at all; `scale` is the last unit (10000 in 3万).
    """

    value: float
    high: float
    about: bool = False
    vague: bool = False
    scale: int = 1


@lru_cache(maxsize=8192)
def parse(token: str) -> Number | None:
    """Read a token that `number_pattern` found; None where it is no number (万一, 三一七).

    >>> parse("2万3").value, parse("三四十").high, parse("几十万").vague
    (23000, 40, True)
    """
    plain = token.translate(_ABOUT).replace(",", "")
    about = len(plain) + token.count(",") < len(token)
    if plain.isascii() and plain[-1:].isdigit():
        number = _whole(float(plain)) if plain.replace(".", "", 1).isdigit() else None
        if number is not None:
            return Number(number, number, about)
    if plain == "半":
        return Number(0.5, 0.5)
    if len(plain) > 2 and all(c in _DIGIT for c in plain):
        spelled = int("".join(str(_DIGIT[c]) for c in plain))
        return Number(spelled, spelled, about)
    return _compound(plain, about)


def _compound(plain: str, about: bool) -> Number | None:
    """Sum up 亿, 万 and smaller sections; lowest and highest reading side by side."""
    if plain[:1] in "万亿" and plain[1:2] in _DIGIT:  # 万一, 亿一
        return None
    total = [0.0, 0.0]
    section = [0.0, 0.0]
    current: tuple[float, float] | None = None
    scale, vague, zero = 1, False, False
    for chunk in _CHUNK.findall(plain):
        if chunk in _UNIT:
            scale, zero = _UNIT[chunk], False
            if scale >= 10_000:
                section = _close(total, section, current, scale)
            else:
                low, high = current or (1.0, 1.0)
                section = [section[0] + low * scale, section[1] + high * scale]
            current = None
        elif chunk == "零":
            zero = True
        elif chunk in _VAGUE:
            tens = current[0] if current else 0.0  # 10几 is 十几
            current, vague = (tens + (1.0 if tens or scale == 10 else 2.0), tens + 9.0), True
        else:
            current = _digit(chunk, current)
            if current is None:
                return None
    if current is not None:
        tail = scale // 10 if scale >= 100 and not zero and current[1] < 10 and not vague else 1
        section = [section[0] + current[0] * tail, section[1] + current[1] * tail]
    if total[0] + section[0] <= 0 and plain != "零":
        return None
    return Number(_whole(total[0] + section[0]), _whole(total[1] + section[1]), about, vague, scale)


def _close(total: list[float], section: list[float], current: tuple[float, float] | None, scale: int) -> list[float]:
    """End a section at 万 or 亿: add it to the total in place, return the fresh section."""
    for i in (0, 1):
        amount = section[i] + (current[i] if current else 0.0)
        if scale > 10_000:
            total[i] = (total[i] + amount or 1.0) * scale
        else:
            total[i] += (amount or 1.0) * scale
    return [0.0, 0.0]


def _digit(chunk: str, current: tuple[float, float] | None) -> tuple[float, float] | None:
    """The next digit: alone, or the second of a pair such as 三四 or 三五; None where it fits neither."""
    if chunk not in _DIGIT:
        try:
            return None if current else (float(chunk), float(chunk))
        except ValueError:
            return None
    digit = float(_DIGIT[chunk])
    if current is None:
        return digit, digit
    pair = current[0] == current[1] and (digit == current[0] + 1 or (current[0], digit) == (3, 5))
    return (current[0], digit) if pair else None


def _whole(number: float) -> float:
    """An int where nothing is lost, so that JSON shows 3000 and not 3000.0."""
    rounded = round(number, 4)
    return int(rounded) if rounded == int(rounded) else rounded
