"""Where a text asks and whether it breaks off: told by its first and last sentence, not by what it is about. The words are those of facts/questions.yaml."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

_CLAUSE = re.compile(r"[。!?;,\n]+")
_SENTENCE = re.compile(r"[。!\n]| (?=\S{6})")
_LAST_WORD = re.compile(r"[,。!?;、:\s]")
_LOOSE = " \t\r\n。.!~…,、:;"
_HEADING_MORE = 12  # a first sentence that ends within so many characters beyond the heading is cut there


class QuestionReader:
    """Compiled from the word list `questions`; immutable, safe to share between threads.

    >>> from pipeline.facts.lexicon import load_list
    >>> reader = QuestionReader(load_list("questions"))
    """

    def __init__(self, words: Mapping[str, Any]) -> None:
        self._head, self._tail = int(words["heading"]["within"]), int(words["asking"]["within"])
        self._heading = re.compile("|".join(words["heading"]["patterns"]))
        self._asking = re.compile("|".join(words["asking"]["patterns"]))
        self._sure, self._unfinished = _at_end(words["sure"]["end"]), _at_end(words["unfinished"]["end"])
        self._closing, self._going_on = str(words["closing"]), str(words["going_on"])

    def asks_first(self, text: str) -> bool:
        """Whether the heading or first sentence of a normalised text asks."""
        first = _SENTENCE.split(text.lstrip()[: self._head + _HEADING_MORE], maxsplit=1)[0]
        return self._heading.search(first[: self._head]) is not None

    def asks_last(self, text: str) -> int:
        """Whether the end of a normalised text is a question: 2 with its mark or particle, 1 by a question word in the last clause, else 0."""
        body = text.rstrip(_LOOSE)
        if self._sure.search(body, max(0, len(body) - self._tail)):
            return 2
        return int(self._asking.search(_CLAUSE.split(body[-self._tail :])[-1]) is not None)

    def breaks_off(self, text: str) -> bool:
        """Whether a text ends in the middle of a sentence: after a comma, a word that needs another, a bare number."""
        body = text.rstrip()
        if not body or body[-1] in self._closing:
            return False
        if body[-1] in self._going_on or body[-1].isdigit():
            return True
        return self._unfinished.search(body, max(0, len(body) - self._tail)) is not None or 0 < len(_LAST_WORD.split(body)[-1]) <= 2

    def open_end(self, text: str) -> bool:
        """Whether a text ends without the mark of a finished sentence."""
        body = text.rstrip()
        return bool(body) and body[-1] not in self._closing


def _at_end(patterns: Iterable[str]) -> re.Pattern[str]:
    return re.compile(f"(?:{'|'.join(patterns)})$")
