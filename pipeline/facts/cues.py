"""Small word sets asked at one place of a text: what ends here, what begins here, what stands within. Each question costs well under a microsecond."""

from __future__ import annotations

from collections.abc import Iterable

from daachorse import CharwiseDoubleArrayAhoCorasick

from pipeline.text.normalise import fold


class Beside:
    """Words that may stand right before or right after a position.

    >>> Beside(["被骗", "骗"]).before("说被骗3万", 3)
    '被骗'
    """

    __slots__ = ("_firsts", "_lasts", "_lengths", "words")

    def __init__(self, words: Iterable[str]) -> None:
        self.words = frozenset(fold(str(word)) for word in words)
        self._lengths = sorted({len(word) for word in self.words}, reverse=True)
        self._firsts, self._lasts = frozenset(word[0] for word in self.words), frozenset(word[-1] for word in self.words)

    def before(self, text: str, at: int) -> str:
        """The longest word that ends at `at`, or nothing."""
        if text[at - 1 : at] not in self._lasts:
            return ""
        for length in self._lengths:
            if length <= at and text[at - length : at] in self.words:
                return text[at - length : at]
        return ""

    def after(self, text: str, at: int) -> str:
        """The longest word that begins at `at`, or nothing."""
        if text[at : at + 1] not in self._firsts:
            return ""
        for length in self._lengths:
            if text[at : at + length] in self.words:
                return text[at : at + length]
        return ""


class Within:
    """Words that may stand anywhere in a short phrase."""

    __slots__ = ("_automaton",)

    def __init__(self, words: Iterable[str]) -> None:
        self._automaton = CharwiseDoubleArrayAhoCorasick(sorted({fold(str(word)) for word in words}))

    def found(self, phrase: str) -> bool:
        """Whether one of them does."""
        return bool(self._automaton.find(phrase)) if phrase else False
