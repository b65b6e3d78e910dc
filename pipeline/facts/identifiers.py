"""Identity numbers, telephone, cards, plates, QQ, WeChat, Alipay, e-mail and web addresses, also masked (138****1234)."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from pipeline.facts.model import Extra, Fact
from pipeline.facts.scan import Scan
from pipeline.text.normalise import fold

# Look-arounds for digits and letters, never \b: between 话 and 1 there is no word boundary.
_RUN = re.compile(r"[0-9][0-9*x-]{3,30}+")
_GROUPED = re.compile(r"1[3-9][0-9] [0-9*]{4} [0-9]{4}(?![0-9])|[0-9]{4}(?: [0-9*]{4}){2,3}(?: [0-9*]{1,4})?(?![0-9])")
_MOBILE = re.compile(r"1[3-9][0-9*]{9}")
_LANDLINE = re.compile(r"0(?:10|2[0-9]|[3-9][0-9]{2})-?[2-9][0-9*]{6,7}|[48]00-?[0-9]{3}-?[0-9]{4}|[48]00[0-9]{7}")
_FOREIGN = re.compile(r"00[1-9][0-9]{7,14}")
_WECHAT = re.compile(r"(?:号码?|id|账号)?[:是为 ]{0,2}([a-z][-_a-z0-9]{5,19})(?![-_a-z0-9])")
_HANDLE = re.compile(r"(?:号码?|账号|账户)?[:是为 ]{0,2}([0-9]{5,11}|[a-z0-9._-]{1,40}@[a-z0-9.-]{3,40})(?![0-9])")
_URL = re.compile(r"https?://[a-z0-9\-._~:/?#@$&'*+=%]{3,200}|(?:[a-z0-9-]{1,63}\.){1,5}[a-z]{2,8}(?![a-z])(?:/[a-z0-9\-._~/?#=&%+]{0,200})?")
_HOST = re.compile(r"[a-z0-9.-]{1,80}$")
_LOCAL = re.compile(r"[a-z0-9._%+*-]{1,64}$")
_DOMAIN = re.compile(r"(?:[a-z0-9-]{1,63}\.){1,4}[a-z]{2,8}(?![a-z])")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


class IdentifierReader:
    """Reads identifiers by identifiers.yaml. `valid` tells whether a check digit (or, for 15 digits, a date of birth) holds."""

    def __init__(self, told: dict[str, Any]) -> None:
        provinces, letters = told["provinces"], told["letters"]
        self.plates = [province + letter for province in provinces for letter in letters]
        self._plate = re.compile(rf"[{provinces}][{letters}][ ·•.-]?(?=[a-z0-9*]{{0,5}}[0-9*])([a-z0-9*]{{4,6}}[挂学警港澳]?)(?![a-z0-9])")
        self._cues = {kind: tuple(sorted((fold(str(cue)) for cue in cues), key=len, reverse=True)) for kind, cues in told["cues"].items()}
        self.wechat = list(self._cues["wechat"])
        self.alipay = list(self._cues["alipay"])
        self.marks = [str(mark) for mark in told["marks"]]

    def digits(self, scan: Scan, start: int) -> int:
        """A run of digits that is long or masked; returns its end where it is an identifier, else 0."""
        text = scan.text
        before = text[start - 1 : start]
        glued = before.isascii() and before.isalnum() and not (before.isalpha() and self._after(text[max(0, start - 14) : start], "qq"))
        if start and (glued or before == "*"):
            return 0
        run = _GROUPED.match(text, start) or _RUN.match(text, start)
        if run is None:
            return 0
        shown = run[0].rstrip("-x") if run[0][-1] == "-" or (run[0][-1] == "x" and len(run[0]) != 18) else run[0]
        told = self._kind(shown.replace(" ", ""), text[max(0, start - 14) : start])
        if told is None:
            return 0
        kind, value, extra = told
        end = start + len(shown)
        scan.identifiers.append(Fact(kind, start, end, value, extra))
        return end

    def _kind(self, shown: str, before: str) -> tuple[str, str, Extra] | None:
        """What a run of digits is, by its form and the cue before it."""
        plain = shown.replace("-", "")
        masked: Extra = (("masked", True),) if "*" in plain else ()
        if len(plain) == 18 and (masked or _born(plain[6:14])) and plain[0] in "12345678" and not self._after(before, "card"):
            if masked:
                return (
                    ("id_card", plain, masked) if plain[:1].isdigit() and ("x" in plain or self._after(before, "id_card") or plain[6:].count("*") > 3) else None
                )
            return "id_card", plain, (("valid", _checked(plain)), ("bits", 18))
        if "x" in plain:
            return None
        if len(plain) == 15 and not masked and plain[0] in "12345678" and _born("19" + plain[6:12]) and not self._after(before, "card"):
            return "id_card", plain, (("valid", True), ("bits", 15))
        if _MOBILE.fullmatch(plain) and plain.count("*") < 8:
            return "mobile", plain, masked
        if len(plain) == 13 and plain.startswith("86") and _MOBILE.fullmatch(plain[2:]):
            return "mobile", plain[2:], masked
        if _LANDLINE.fullmatch(shown):
            return "landline", plain, masked
        if _FOREIGN.fullmatch(plain):
            return "landline", plain, (("foreign", True),)
        return self._account(plain, before, masked)

    def _account(self, plain: str, before: str, masked: Extra) -> tuple[str, str, Extra] | None:
        """Cards and accounts: by Luhn, or by the cue before them."""
        if masked and plain.startswith(("62", "60", "4", "5")) and 8 <= len(plain) < 20:
            return "bank_card", plain, masked
        if 16 <= len(plain) < 20 and plain[0] in "3456789":
            if masked:
                return "bank_card", plain, masked
            valid = _luhn(plain)
            if valid or self._after(before, "card"):
                return "bank_card", plain, (("valid", valid),)
        if 5 <= len(plain) < 12 and plain[0] != "0" and self._after(before, "qq"):
            return "qq", plain, masked
        if 8 <= len(plain) < 26 and self._after(before, "card"):
            return "account", plain, masked
        return None

    def _after(self, before: str, kind: str) -> bool:
        """Whether a cue of this kind stands right before, with at most 号 or : between."""
        return before.rstrip("号码是为: 尾(").endswith(self._cues[kind]) or before.endswith(self._cues[kind])

    def wechat_cue(self, scan: Scan, start: int, end: int, told: object) -> None:
        """微信号 abc_123456"""
        found = _WECHAT.match(scan.text, end)
        if found is not None and (found.start(1) > end or scan.text[start:end] != "微信") and not found[1].isalpha():
            scan.identifiers.append(Fact("wechat", found.start(1), found.end(1), found[1]))

    def alipay_cue(self, scan: Scan, start: int, end: int, told: object) -> None:
        """支付宝账号 13800000000"""
        found = _HANDLE.match(scan.text, end)
        if found is not None:
            scan.identifiers.append(Fact("alipay", found.start(1), found.end(1), found[1]))
            scan.skip = max(scan.skip, found.end(1))

    def plate(self, scan: Scan, start: int, end: int, told: object) -> None:
        """宁A12345, 京AD12345 (new energy), 川A***12"""
        found = self._plate.match(scan.text, start)
        if found is None:
            return
        number = found[1]
        energy = len(number) == 6 and number[-1] not in "挂学警港澳"
        if energy and "*" not in number and not (number[0] in "abcdefghjk" or number[-1] in "abcdefghjk"):
            return
        extra: Extra = (("new_energy", True),) if energy else ()
        extra += (("masked", True),) if "*" in number else ()
        scan.identifiers.append(Fact("plate", start, found.end(), (scan.text[start : start + 2] + number).upper(), extra))

    def mark(self, scan: Scan, start: int, end: int, told: str) -> None:
        """@, http, .com: an e-mail or web address around it."""
        text = scan.text
        if scan.identifiers and scan.identifiers[-1].end > start:
            return
        if told == "@":
            local, domain = _LOCAL.search(text, max(0, start - 64), start), _DOMAIN.match(text, end)
            if local is not None and domain is not None:
                scan.identifiers.append(Fact("email", local.start(), domain.end(), text[local.start() : domain.end()]))
            return
        if told.startswith("."):
            host = _HOST.search(text, max(0, start - 80), start)
            if host is None or text[host.start() - 1 : host.start()] == "@":
                return
            start = host.start()
        found = _URL.match(text, start)
        if found is not None:
            scan.identifiers.append(Fact("url", start, found.end(), found[0].rstrip(".,;:!?")))


def _born(digits: str) -> bool:
    """Whether eight digits are a date of birth."""
    if not (digits.isascii() and digits.isdigit()):
        return False
    try:
        return 1900 <= date(int(digits[:4]), int(digits[4:6]), int(digits[6:8])).year < 2100
    except ValueError:
        return False


def _checked(number: str) -> bool:
    """The check digit of an 18-digit identity number (GB 11643-1999)."""
    if not number[:17].isdigit():
        return False
    total = sum(int(digit) * weight for digit, weight in zip(number, _WEIGHTS, strict=False))
    return "10x98765432"[total % 11] == number[17]


def _luhn(number: str) -> bool:
    """The Luhn check of a bank card number."""
    total = 0
    for index, digit in enumerate(reversed(number)):
        doubled = int(digit) * (1 + index % 2)
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0
