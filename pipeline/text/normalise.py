"""Normalising a narrative so that one pattern serves every way of typing it.

Nearly all of it is one table look-up per character (width, case, traditional to simplified, punctuation variants), so positions survive and
no offset map is needed. Only texts with invisible characters, letter-spaced runs (张 三 打 我), long punctuation runs, lines broken at a comma
or at a fixed width pay for a map.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files

_VARIANTS = {
    "\u3000": " ", "\u00a0": " ", "\t": " ", "\r": "\n", "\u2028": "\n", "\u2029": "\n", "\x0b": "\n", "\x0c": "\n", "\x85": "\n",
    "｡": "。", "．": ".", "､": "、", "「": "“", "」": "”", "『": "“", "』": "”", "﹐": ",", "﹑": "、", "﹒": ".", "﹔": ";", "﹕": ":", "﹖": "?", "﹗": "!",
    "〔": "(", "〕": ")", "［": "[", "］": "]", "｛": "{", "｝": "}", "‘": "“", "’": "”", "—": "-", "–": "-", "―": "-", "─": "-", "～": "~", "＊": "*", "×": "*",
    "〇": "零", "○": "某", "●": "某", "鬥": "斗",
}  # fmt: skip
_COMMON = {"，": ",", "：": ":", "（": "(", "）": ")", "；": ";", "？": "?", "！": "!"}  # what nearly every text has, and most texts nothing else that folds
_FEW = 4  # kinds of other characters up to which replacing each costs less than the table (measured 2026-11-23)
_INVISIBLE = (
    *range(0x00, 0x09),
    *range(0x0E, 0x20),
    0x7F,
    0xAD,
    *range(0x200B, 0x2010),
    *range(0x202A, 0x202F),
    *range(0x2060, 0x2065),
    *range(0xFE00, 0xFE10),
    0xFEFF,
)
_SURROGATES = range(0xD800, 0xE000)
_NOTHING = "\x00"  # what invisible characters fold to, until they are dropped
_TO_DROP = (_NOTHING, *(mark * 3 for mark in ",。!?;、~."), ",\n", "、\n")
_DROP = re.compile(_NOTHING + "+|(?<=([,。!?;、~.]))\\1+|(?<=[,、])\n+")  # of a long run of one mark one stays; a line broken at a comma goes on
MARKED = "〔"  # begins the mark of a keyed hash that de-identification puts behind a person or place
_HASH = re.compile(MARKED + "[a-p]{10}〕")
_SPACED_RUN = re.compile("(?<![\u4e00-\u9fff])[\u4e00-\u9fff](?: +[\u4e00-\u9fff]){3,}(?![\u4e00-\u9fff])")


_WRAPPED, _RAGGED = range(16, 91), 3  # widths at which programs break lines, in characters, and how much shorter such a line may be (2026-11-24)
_ENDS = (*"。.!?;:", "”")


@cache
def _table() -> list[str]:
    """Code point → character for the basic plane; what lies beyond stays itself. A list is what `str.translate` looks up fastest (measured 2026-11-22)."""
    table = list(range(0x10000))
    for code in range(0xFF01, 0xFF5F):
        table[code] = code - 0xFEE0
    for code in range(ord("A"), ord("Z") + 1):
        table[code] = code + 32
        table[code + 0xFEE0] = code + 32
    for index, code in enumerate(range(ord("①"), ord("⑨") + 1)):
        table[code] = ord("1") + index
    for source, target in _VARIANTS.items():
        table[ord(source)] = ord(target)
    for line in files("pipeline.text").joinpath("t2s.txt").read_text("utf-8").splitlines():
        if len(line) == 2:
            table[ord(line[0])] = ord(line[1])
    table[_SURROGATES.start : _SURROGATES.stop] = [0xFFFD] * len(_SURROGATES)
    for code in _INVISIBLE:
        table[code] = 0
    return list(map(chr, table))


@cache
def _uncommon() -> re.Pattern[str]:
    """A character that folds to another, the common marks aside: one look for it costs a sixth of the table, and most texts have none."""
    told = (chr(code) for code, plain in enumerate(_table()) if ord(plain) != code and code not in _SURROGATES)
    return re.compile(f"[{re.escape(''.join(char for char in told if char not in _COMMON))}\ud800-\udfff]")


def fold(text: str) -> str:
    """Fold each character to its plain form; same length as `text`; invisible characters become NUL.

    >>> fold("報警人稱：１３８＊＊＊")
    '报警人称:138***'
    """
    odd = set(_uncommon().findall(text))
    if len(odd) > _FEW:
        return text.translate(_table())
    for char in sorted(odd):  # in this order none is folded twice: 薴 becomes 苧, which by itself is 苎
        text = text.replace(char, _table()[ord(char)])
    for mark, plain in _COMMON.items():
        text = text.replace(mark, plain)
    return text


def has_any(text: str, words: Iterable[str]) -> bool:
    """Whether one of the words stands in a text.

    >>> has_any("张三报警", ("李四", "报警"))
    True
    """
    for word in words:  # noqa: SIM110 - any() with a generator takes half as long again
        if word in text:
            return True
    return False


def normalise(narrative: str) -> tuple[str, Sequence[int] | None]:
    """Return the normalised text and its offset map (None where every position is kept).

    The map has `len(text) + 1` entries: the position in `narrative` of each character, then `len(narrative)`. Never raises.
    """
    text = fold(narrative)
    spaced = text.count(" ") > 2
    marked = MARKED in narrative
    broken = _wraps(text) if text.count("\n") > 2 else ()
    if not spaced and not marked and not broken and not has_any(text, _TO_DROP):
        return text, None
    dropped = {*broken}
    dropped |= {i for m in _DROP.finditer(text) for i in range(*m.span())}
    if spaced:
        for run in _SPACED_RUN.finditer(text):
            dropped.update(i for i in range(*run.span()) if text[i] == " ")
    if marked:  # it says who, not what: words on both sides of it stay as near as they were
        dropped.update(i for mark in _HASH.finditer(narrative) for i in range(*mark.span()))
    if not dropped:
        return text, None
    kept = array("L", (i for i in range(len(text)) if i not in dropped))
    kept.append(len(text))
    return "".join(text[i] for i in kept[:-1]), kept


def _wraps(text: str) -> list[int]:
    """Where lines end only because they are full, as in what is copied from a printed page: most are of one width, and the sentence goes on."""
    lines = text.split("\n")
    width = max(map(len, lines))
    full = [width - _RAGGED <= len(line) for line in lines[:-1]]
    if width not in _WRAPPED or sum(full) < 3 or 2 * sum(full) < len(full):
        return []
    ends, at = [], -1
    for line, is_full in zip(lines, full, strict=False):
        at += len(line) + 1
        if is_full and not line.endswith(_ENDS):
            ends.append(at)
    return ends
