"""A narrative without anybody's name: for readers that weigh what happened and are not to know to whom it happened."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from pipeline.privacy.patterns import Hit
from pipeline.privacy.persons import MARKS, Persons
from pipeline.privacy.schema import Invented, NameFile
from pipeline.text.normalise import fold


class Nameless(NamedTuple):
    """A text in which every name reads alike, and where it differs from the text that came in."""

    text: str
    changes: tuple[tuple[int, int, int], ...] = ()
    """Of each name: begin and end in the text that came in, half-open code points, and how many characters stand there instead."""

    def places(self) -> list[int]:
        """Of each character of `text`, and of its end, where it stands in the text that came in; what stands for a name all at the name's begin.

        >>> Nameless("某某报警", ((0, 3, 2),)).places()
        [0, 0, 3, 4, 5]
        """
        made: list[int] = []
        at = 0
        for start, end, size in self.changes:
            made += range(at, start)
            made += [start] * size
            at = end
        return [*made, *range(at, at + len(self.text) - len(made) + 1)]


class NamesTaken:
    """Puts one and the same word for every name, also for what de-identification leaves of one. Holds no state of a text."""

    def __init__(self, persons: Persons, told: NameFile, pools: Invented) -> None:
        self._persons, self._sign = persons, told.mask_sign
        masks, little = re.escape(fold(pools.removed.name)[:1]), fold(pools.removed.little)
        starts, sign = "".join(told.little), re.escape(told.mask_sign)
        self._left = re.compile(
            rf"(?<![\da-z{masks}]){masks}{{2,3}}(?![\d{masks}])"  # ***, but no digits of a number
            rf"|{re.escape(fold(pools.removed.masked))}|{sign}(?:{sign}{{1,2}}|[{MARKS}])|(?<=[{starts}]){re.escape(little)}"
        )

    def read(self, plain: str, hits: Sequence[Hit]) -> Nameless:
        """The normalised text without names; `hits` are what was found in it, in order, none overlapping."""
        spans = [(hit.start, hit.end, self._persons.nameless(hit.part, hit.value)) for hit in hits if hit.kind == "name"]
        for left in self._left.finditer(plain):
            if all(left.end() <= start or left.start() >= end for start, end, _ in spans):
                spans.append((left.start(), left.end(), self._sign if len(left[0]) == 1 else self._sign * 2))
        if not spans:
            return Nameless(plain)
        spans.sort()
        pieces: list[str] = []
        changes: list[tuple[int, int, int]] = []
        at = 0
        for start, end, new in spans:
            pieces += (plain[at:start], new)
            changes.append((start, end, len(new)))
            at = end
        return Nameless("".join((*pieces, plain[at:])), tuple(changes))
