"""How much of a text is plain Chinese: what tells a narrative from unintelligible signs."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

_PLANE = 0x10000
_OTHER, _CHINESE, _EVERYDAY = "012"


@cache
def _table() -> list[str]:
    """Code point → what it counts as."""
    table = [_OTHER] * _PLANE
    table[0x4E00:0xA000] = [_CHINESE] * (0xA000 - 0x4E00)
    lines = files("pipeline.text").joinpath("common.txt").read_text("utf-8").splitlines()
    for char in "".join(line for line in lines if not line.startswith("#")):
        table[ord(char)] = _EVERYDAY
    return table


def chinese(text: str) -> tuple[int, int]:
    """How many characters of a normalised text are Chinese, and how many of these are everyday ones.

    >>> chinese("他打我 abc")
    (3, 3)
    """
    kinds = text.translate(_table())
    everyday = kinds.count(_EVERYDAY)
    return kinds.count(_CHINESE) + everyday, everyday
