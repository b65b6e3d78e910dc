"""Surnames with a title, a mask or a number: 王女士, 李某某, 赵师傅, 刘**, 郑某8."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from pipeline.privacy.full_names import NONE
from pipeline.privacy.held import NO_WORDS, Held
from pipeline.privacy.patterns import Hit
from pipeline.privacy.schema import NameFile

if TYPE_CHECKING:
    from pipeline.privacy.names import NameReader

_STARS = re.compile(r"\*{1,3}|x{1,3}(?![a-z0-9])|[○□■]{1,2}")
MASKS = "*x○□■"
_MASKABLE = -2.5  # least points of a surname before stars
_FUNCTION = -5.2  # 和, 从


class _Title(NamedTuple):
    """What there is to know of a title before it is met."""

    text: str
    least: float
    """Points that surname and left side must have."""
    masked: bool
    bare: bool
    """Nothing but the sign for what is masked: a given name's last character may follow."""
    not_before: tuple[str, ...]
    """Words that make another word of it: 总|共, 工|资."""
    not_heads: frozenset[str]
    """Characters that begin those words; most texts go on with none of them."""
    reach: int
    """Characters of it that may make a word with the surname: 施|工, 班|主任."""


class TitledNames:
    """Reads them by name.yaml; asks the reader of names for what stands left and right. Immutable after load."""

    def __init__(self, reader: NameReader, told: NameFile, cues: Mapping[str, float], held: Mapping[str, Held]) -> None:
        self._reader, self._w, self._cues, self._held = reader, told.weights, cues, held
        self._last = reader.full.last
        self._organ = re.compile("|".join(told.organs))
        self._not_numbered = frozenset(told.not_numbered)
        self._linking = frozenset(word for word in told.after if len(word) == 1)
        self._plain, self._typical_last, self._after_mark = (self._w[name] for name in ("title_plain", "typical_last", "after_mark"))
        self._by_begin = _by_begin([self._title(title, told) for title in dict.fromkeys(told.titles)])

    def find(self, text: str, start: int, end: int, base: float) -> Hit | None:
        """The name that begins with the surname `text[start:end]` of `base` points; None where nothing that makes one follows."""
        if text[end : end + 1] in MASKS and base > _MASKABLE:
            stars = _STARS.match(text, end)
            if stars is not None:
                stop = stars.end()
                stop += self._ends_name(text, stop)
                return self._reader.hit(text, start, stop, "masked", 5.5, "", "")
        begins = self._by_begin
        for title in begins.get(text[end : end + 2]) or begins.get(text[end : end + 1]) or ():
            hit = self._with_title(text, start, end, title, base) if text.startswith(title.text, end) else None
            if hit is not None:
                return hit
        return None

    def _with_title(self, text: str, start: int, end: int, title: _Title, base: float) -> Hit | None:
        stop = end + len(title.text)
        if (base < _FUNCTION and not title.masked) or (text[stop : stop + 1] in title.not_heads and text.startswith(title.not_before, stop)):
            return None
        if title.reach and end == start + 1 and text[end : end + title.reach] in self._held[text[start]].titled:  # 施工, 班主任
            return None
        left, cue = self._reader.left(text, start)
        if base + left < title.least or self._inside(text, start):
            return None
        if not title.masked:
            return self._reader.hit(text, start, stop, "titled", 5.0 + left, cue, title.text)
        if base + left < self._plain and self._organ.search(text, stop, stop + 8):  # 向某科技公司
            return None
        nxt = text[stop : stop + 1]
        if (nxt.isdecimal() and text[stop + 1 : stop + 2] not in self._not_numbered) or (title.bare and self._ends_name(text, stop)):
            stop += 1
        return self._reader.hit(text, start, stop, "masked", 5.0 + left, cue, title.text)

    def _inside(self, text: str, start: int) -> bool:
        """Whether a usual word holds the surname and what stands before it, and no cue ends there: 对方|某, 经常|某."""
        if not start:
            return False
        cues, two = self._cues, text[start - 1 : start + 1]
        three = text[start - 2 : start + 1] if start > 1 else two
        if two in cues or three in cues or (start > 2 and text[start - 3 : start + 1] in cues):  # 宿管|阿姨: a role, no surname
            return True
        ends = self._held.get(text[start], NO_WORDS).ends
        if two[0] not in ends and three[:-1] not in ends:
            return False
        return not any(text[start - size : start] in cues for size in (4, 3, 2) if start >= size)

    def _ends_name(self, text: str, at: int) -> bool:
        """王某|军, 郑*|明: a character of given names behind a mask, after which a name may end."""
        char = text[at : at + 1]
        return self._last.get(char, NONE) >= self._typical_last and char not in self._linking and self._reader.right(text, at + 1, char)[0] >= self._after_mark

    def _title(self, title: str, told: NameFile) -> _Title:
        masked = title[0] == told.mask_sign
        tiers = ((masked, "masked"), (title in told.sure_titles, "sure"), (len(title) == 1, "short"), (title in told.role_titles, "role"), (True, "long"))
        tier = next(name for holds, name in tiers if holds)
        after = tuple(told.no_title_after.get(title, ()))
        heads = frozenset(word[0] for word in after)
        return _Title(title, self._w[f"title_{tier}"], masked, title == told.mask_sign, after, heads, min(len(title), 2) if not masked else 0)


def _by_begin(titles: list[_Title]) -> dict[str, tuple[_Title, ...]]:
    """The first two characters of titles, and the first one of those that have no more → the titles that may stand there, long ones first."""
    single = {title.text: title for title in titles if len(title.text) == 1}
    made: dict[str, list[_Title]] = {char: [title] for char, title in single.items()}
    for title in titles:
        if len(title.text) > 1:
            begin = title.text[:2]
            made.setdefault(begin, [single[begin[0]]] if begin[0] in single else []).append(title)
    return {begin: tuple(sorted(own, key=lambda title: -len(title.text))) for begin, own in made.items()}
