"""Check digits and ranges: the only things about identifiers that patterns cannot say. A check takes the compact, lower-case form."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_USCC_ALPHABET = "0123456789abcdefghjklmnpqrtuwxy"
_USCC_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_VIN_VALUES = dict(zip("abcdefghjklmnprstuvwxyz", (1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 7, 9, 2, 3, 4, 5, 6, 7, 8, 9), strict=True))
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


def id_check_digit(first17: str) -> str:
    """The last character of an 18-digit identity number (GB 11643-1999).

    >>> id_check_digit("11010519491231002")
    'x'
    """
    return "10x98765432"[sum(int(digit) * weight for digit, weight in zip(first17, _ID_WEIGHTS, strict=True)) % 11]


def id18(number: str) -> bool:
    """Check digit and a real date of birth."""
    try:
        date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
        return id_check_digit(number[:17]) == number[17]
    except ValueError:
        return False


def luhn(number: str) -> bool:
    """The Luhn check of ISO/IEC 7812-1 (bank cards) and 3GPP TS 23.003 (IMEI)."""
    if not number.isdigit():
        return False
    total = 0
    for index, digit in enumerate(reversed(number)):
        doubled = int(digit) * (1 + index % 2)
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def uscc(number: str) -> bool:
    """The check character of GB 32100-2015.

    >>> uscc("91350100m000100y43")
    True
    """
    if len(number) != 18 or any(char not in _USCC_ALPHABET for char in number):
        return False
    total = sum(_USCC_ALPHABET.index(char) * weight for char, weight in zip(number, _USCC_WEIGHTS, strict=False))
    return _USCC_ALPHABET[-total % 31] == number[17]


def vin(number: str) -> bool:
    """The check digit of GB 16735-2019, ninth place."""
    if len(number) != 17:
        return False
    values = [int(char) if char.isdigit() else _VIN_VALUES.get(char, 0) for char in number]
    rest = sum(value * weight for value, weight in zip(values, _VIN_WEIGHTS, strict=True)) % 11
    return number[8] == ("x" if rest == 10 else str(rest))


CHECKS: dict[str, Callable[[str], bool]] = {"id18": id18, "luhn": luhn, "uscc": uscc, "vin": vin}
