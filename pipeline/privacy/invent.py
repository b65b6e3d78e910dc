"""Invented identifiers in the shape of the real ones, from ranges that nobody is issued: they cannot hit a living person."""

from __future__ import annotations

import re
from collections.abc import Callable

from pipeline.privacy.checks import id_check_digit, luhn, uscc, vin
from pipeline.privacy.job import Job
from pipeline.privacy.model import Finding
from pipeline.privacy.schema import InventedNumbers
from pipeline.text.normalise import fold

_CHINESE = "零一二三四五六七八九"
_CHINESE_DIGITS = {
    **{char: digit for digit, char in enumerate(_CHINESE)},
    **dict(zip("幺壹贰叁肆伍陆柒捌玖洞两", (1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 2), strict=True)),
    "〇": 0,
}
_GROUPS = re.compile(r"[0-9]+")
_MONTHS, _DAYS = 12, 28


def rewrite(quote: str, compact: str) -> str:
    """Write new characters into the places of the old ones: separators, masks, full width and Chinese digits stay as they were.

    >>> rewrite("１３8-0013-八000", "16012345678")
    '１６0-1234-五678'
    """
    made, index = [], 0
    for char in quote:
        plain = fold(char)
        known = plain in _CHINESE_DIGITS or (plain.isascii() and plain.isalnum())
        if plain == "*" or known:
            new = compact[index] if index < len(compact) else "0"
            index += 1
            made.append(char if plain == "*" else _written(char, plain, new))
        else:
            made.append(char)
    return "".join(made)


def _written(char: str, plain: str, new: str) -> str:
    if plain in _CHINESE_DIGITS:
        return _CHINESE[int(new)] if new.isdigit() else new
    if char.isupper():
        new = new.upper()
    return chr(ord(new) + 0xFEE0) if ord(char) > 0xFF00 else new


def _letters_and_digits(job: Job, finding: Finding, head: int) -> str:
    """Letters stay as far as `head`; other characters by their class."""
    value = finding.value
    digits = job.digits(finding.kind, value, len(value))
    kept = value[:head]
    return kept + "".join(digit if not char.isalpha() else "abcdefghjk"[int(digit)] for char, digit in zip(value[head:], digits[head:], strict=True))


def _failing(value: str, check: Callable[[str], bool]) -> str:
    """The value with its last digit moved on while a check holds: a number that nobody can have been issued."""
    while check(value):
        value = value[:-1] + str((int(value[-1]) + 1) % 10 if value[-1].isdigit() else 0)
    return value


class Inventor:
    """Invents by kind. A kind without a maker of its own keeps letters' and digits' places and nothing else."""

    def __init__(self, told: InventedNumbers) -> None:
        self._told = told
        self._makers: dict[str, Callable[[Job, Finding], str]] = {
            "mobile": self._mobile, "landline": _landline, "id_card": self._id_card, "bank_card": self._bank_card, "imei": _imei,
            "qq": _zero_first, "uscc": _uscc, "vin": _vin, "plate": _plate, "passport": _one_letter, "permit": _one_letter,
        }  # fmt: skip
        self._whole: dict[str, Callable[[Job, Finding], str]] = {
            "email": _email, "url": _url, "ip": _ip, "wechat": _handle, "alipay": _handle, "birth_date": _birth_date,
        }  # fmt: skip

    def make(self, job: Job, finding: Finding) -> str:
        """What stands for this finding's quote in this job."""
        whole = self._whole.get(finding.kind)
        if whole is not None:
            return whole(job, finding)
        maker = self._makers.get(finding.kind, _any)
        return rewrite(finding.quote, maker(job, finding))

    def _mobile(self, job: Job, finding: Finding) -> str:
        value = finding.value.replace("-", "")
        if len(value) < 11:
            return job.digits("mobile", value, len(value))
        country, local = value[:-11], value[-11:]
        return country + job.pick("mobile", local, self._told.mobile_prefixes) + job.digits("mobile", local, 8)

    def _id_card(self, job: Job, finding: Finding) -> str:
        value = finding.value
        if "*" in value or len(value) not in (15, 18):
            return job.digits("id_card", value, len(value))
        region, digits = job.pick("id_card", value, self._told.id_regions), job.digits("id_card", value, 8)
        month, day = int(digits[:2]) % _MONTHS + 1, int(digits[2:4]) % _DAYS + 1
        serial = digits[4:6] + str(int(digits[6]) // 2 * 2 + int(value[-2] if len(value) == 18 else value[-1]) % 2)
        if len(value) == 15:
            return f"{region}{value[6:8]}{month:02d}{day:02d}{serial}"
        first = f"{region}{value[6:10]}{month:02d}{day:02d}{serial}"
        return first + id_check_digit(first)

    def _bank_card(self, job: Job, finding: Finding) -> str:
        value = finding.value.replace("-", "")
        if len(value) < 12:
            return job.digits("bank_card", value, len(value))
        return _failing(self._told.card_prefix + job.digits("bank_card", value, len(value) - 2), luhn)


def _any(job: Job, finding: Finding) -> str:
    return _letters_and_digits(job, finding, 0)


def _landline(job: Job, finding: Finding) -> str:
    value = finding.value.replace("-", "")
    head = 0 if value[0] != "0" else 3 if value[1] in "12" else 4
    return value[:head] + "9" + job.digits("landline", value, len(value) - head - 1)  # no subscriber's number begins with 9


def _imei(job: Job, finding: Finding) -> str:
    return _failing("35" + job.digits("imei", finding.value, len(finding.value) - 2), luhn)


def _zero_first(job: Job, finding: Finding) -> str:
    return "0" + job.digits(finding.kind, finding.value, len(finding.value) - 1)  # QQ numbers begin with 1 to 9


def _uscc(job: Job, finding: Finding) -> str:
    return _failing(_letters_and_digits(job, finding, 2), uscc)


def _vin(job: Job, finding: Finding) -> str:
    return _failing(_letters_and_digits(job, finding, 3), vin)


def _plate(job: Job, finding: Finding) -> str:
    """Province and city letter stay in the quote; O and I are never issued, so the serial has one."""
    value = "".join(char for char in finding.value if char.isascii() and (char.isalnum() or char == "*"))
    serial = job.digits("plate", value, max(len(value) - 2, 0))
    return value[:1] + "O" + serial if len(value) > 1 else value


def _one_letter(job: Job, finding: Finding) -> str:
    return _letters_and_digits(job, finding, 1 if finding.value[:1].isalpha() else 0)


def _email(job: Job, finding: Finding) -> str:
    return f"user{job.digits('email', finding.value, 5)}@example.com"


def _url(job: Job, finding: Finding) -> str:
    scheme = "https://" if finding.value.startswith("http") else ""
    return f"{scheme}site{job.digits('url', finding.value, 4)}.example.com"


def _ip(job: Job, finding: Finding) -> str:
    last = job.number("ip", finding.value)
    return f"2001:db8::{last % 65535:x}" if ":" in finding.value and finding.value.count(".") != 3 else f"192.0.2.{last % 254 + 1}"


def _handle(job: Job, finding: Finding) -> str:
    return f"wxid_{job.digits(finding.kind, finding.value, 8)}" if finding.kind == "wechat" else f"zfb_{job.digits(finding.kind, finding.value, 8)}"


def _birth_date(job: Job, finding: Finding) -> str:
    """The year stays (ages decide rules), month and day are others."""
    number = job.number("birth_date", finding.value)
    fresh = iter(("", str(number % _MONTHS + 1), str(number // 16 % _DAYS + 1)))
    if not finding.quote[:1].isdigit():
        year, _, rest = finding.quote.partition("年")
        return f"{year}年{_CHINESE[number % 9 + 1]}月{_CHINESE[number // 9 % 9 + 1]}{rest[-1:]}"
    return _GROUPS.sub(lambda found: _padded(found[0], next(fresh, found[0])), finding.quote)


def _padded(old: str, new: str) -> str:
    return new.zfill(len(old)) if new and len(old) < 4 else old
