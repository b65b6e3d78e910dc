"""A narrative without names of persons and places: for readers that weigh what happened and are not to know to whom and where it happened."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from pipeline.privacy.patterns import Hit
from pipeline.privacy.persons import MARKS, Persons
from pipeline.privacy.schema import Invented, NameFile
from pipeline.text.normalise import fold


class Nameless(NamedTuple):
    """A text in which all persons read alike, and all places of a kind, and where it differs from the text that came in."""

    text: str
    changes: tuple[tuple[int, int, int], ...] = ()
    """Of each name: begin and end in the text that came in, half-open code points, and how many characters stand there instead."""

    def places(self) -> list[int]:
        """Of each character of `text`, and of its end, where it stands in the text that came in; what stands for a name, all at the name's begin.

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
    """Puts one and the same word for every name and one sign for every named place, also for what de-identification leaves of one.

    Holds no state of a text. `place` says what is left of an address when its names and numbers are gone; `kinds` are the words for kinds of places
    (小区, 单元), `named` those of them that stay.
    """

    def __init__(self, persons: Persons, told: NameFile, pools: Invented, place: Callable[[str], str], kinds: Iterable[str], named: Iterable[str]) -> None:
        self._persons, self._place, self._named = persons, place, frozenset(named)
        self._sign, self._gone = told.mask_sign, fold(pools.removed.place)
        gone, little = re.escape(self._gone), fold(pools.removed.little)
        starts, sign = "".join(told.little), re.escape(told.mask_sign)
        self._kind = re.compile(f"{gone}({'|'.join(sorted(map(re.escape, kinds), key=len, reverse=True))})")
        self._left = re.compile(
            rf"(?<![\d{gone}])(?:{self._kind.pattern})+"  # *镇*小区
            rf"|(?<![\da-z{gone}]){gone}{{2,3}}(?![\d{gone}])"  # ***, but no digits of a number
            rf"|{re.escape(fold(pools.removed.masked))}|{sign}(?:{sign}{{1,2}}|[{MARKS}])|(?<=[{starts}]){re.escape(little)}"
        )

    def read(self, plain: str, hits: Sequence[Hit]) -> Nameless:
        """The normalised text without names; `hits` are what was found in it, in order, none overlapping."""
        spans = [(hit.start, hit.end, self._persons.nameless(hit.part, hit.value)) for hit in hits if hit.kind == "name"]
        spans += [(hit.end - len(hit.value), hit.end, fold(self._place(hit.value))) for hit in hits if hit.kind == "address"]
        for left in self._left.finditer(plain):
            if all(left.end() <= start or left.start() >= end for start, end, _ in spans):
                spans.append((left.start(), left.end(), self._said(left[0])))
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

    def _said(self, left: str) -> str:
        """What stands for that which de-identification has left of a name or of an address."""
        kinds = self._kind.findall(left)
        if kinds:
            named = [kind for kind in kinds if kind in self._named]
            return self._gone + named[-1] if named else fold(self._place(""))
        return self._sign if len(left) == 1 else self._sign * 2
