"""What speaks against a full name that its points alone would let pass: it is a word, a town, or hardly made of what names are made of."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.privacy.full_names import Cues, FullNames
from pipeline.privacy.schema import NameFile
from pipeline.privacy.words import told_names

_SAYS = frozenset(("strong", "sure"))  # tiers of words that say: a person stands beside
_USUAL = 2  # step of a word from which it is a word before it is a name
_SIZES = (1, 2, 3, 4)  # characters of words that say so


def said(text: str, start: int, cues: Mapping[str, str]) -> bool:
    """Whether a word of two or more characters right before says that a person follows."""
    return (cues.get(text[start - 3 : start]) or cues.get(text[start - 2 : start]) or cues.get(text[start - 4 : start])) in _SAYS


class Doubts:
    """Immutable after load."""

    def __init__(self, told: NameFile, cues: Cues, full: FullNames) -> None:
        w = told.weights
        self._known, self._left, self._right = cues.known, cues.left, cues.right
        self._names = frozenset(word for word in told_names() if full.own(word[0], word[1:]) < w["told_own"])
        self._areas = frozenset(told.area_ends)
        self._whole_word, self._told_name, self._area_end = w["whole_word"], w["told_name"], w["area_end"]
        self._odd_below, self._odd_word, self._odd_begin = w["odd_below"], w["odd_word"], w["odd_begin"]

    def word(self, name: str) -> float:
        """How many points more a name needs that is something else as well."""
        if self._known.get(name, 0) >= _USUAL:
            return self._whole_word
        if name in self._names:  # 文明, 查明
            return self._told_name
        return self._area_end if len(name) > 2 and name[-1] in self._areas else 0.0  # 黄兴镇

    def build(self, text: str, start: int, given: int, name: str, own: float) -> float:
        """Points against a name where neither side says that it is a person: its characters are hardly those of names, or a word begins it or is it."""
        less, known = max(0.0, self._odd_below - own), self._known
        if name in known:
            less += self._odd_word
        elif text[start : given + 1] in known:  # 柴油|进
            less += self._odd_begin
        if not less:
            return 0.0
        left, right, stop = self._left, self._right, start + len(name)
        if any(left.get(text[start - size : start]) in _SAYS or right.get(text[stop : stop + size]) in _SAYS for size in _SIZES):
            return 0.0
        return less
