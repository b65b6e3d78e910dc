"""What the words of a pack ask for beside them, as tables of numbers, and which of it may hold in a text.

A narrative of ninety characters meets two hundred such questions and most fail for want of a character (pipeline/rulepack/need.py). All of them are
looked at together, in a few steps over arrays: asked one by one, each costs a walk through memory that no cache holds (set 2026-11-23).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import chain

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int32]
FAR = 32  # characters beside a word; what may stand further away is met nearly everywhere and not asked for
_FOREIGN = re.compile(r"[^\D0-9]")


def plain_digits(text: str) -> str:
    """A text with digits of other scripts as 0: to an expression they are digits all the same.

    >>> plain_digits("给٣千")
    '给0千'
    """
    return _FOREIGN.sub("0", text) if _FOREIGN.search(text) else text


class Asks:
    """The asks of a pack. Immutable.

    By word of the automaton: its first ask and how many it has. By ask: what it is, and of what must stand after and before the word the reach and the
    row of the characters needed, as the number of its first bit; `rows` has a bit for each class of characters, `classes` the class of each code point.
    """

    __slots__ = ("_asks", "_bits", "_classes", "_count", "_first", "_reach", "_row")

    def __init__(self, told: Mapping[str, bytes]) -> None:
        self._first, self._count, self._classes = (np.frombuffer(told[name], np.int32) for name in ("first", "count", "classes"))
        self._asks = np.frombuffer(told["asks"], np.int32).reshape(-1, 4)
        self._reach, self._row = (np.frombuffer(told[name], np.int32).reshape(-1, 2) for name in ("reach", "row"))  # after, before
        self._bits = np.frombuffer(told["rows"], np.uint8)

    def likely(self, text: str, words: Sequence[tuple[int, int, int]]) -> tuple[list[int], list[list[int]]]:
        """Of all that the words found in a text ask, what does not fail for want of a character: for each such ask the place of its word among `words`,
        in order, and the ask."""
        found = np.fromiter(chain.from_iterable(words), np.int32, 3 * len(words)).reshape(-1, 3)
        word = found[:, 2]
        count = self._count.take(word)
        ends = count.cumsum(dtype=np.int32)
        if not len(ends) or not ends[-1]:
            return [], []
        which = np.arange(len(words), dtype=np.int32).repeat(count)
        asks = (self._first.take(word) - ends + count).repeat(count)
        asks += np.arange(len(asks), dtype=np.int32)
        reach = self._reach.take(asks, axis=0)
        begin = found[:, 1::-1].take(which, axis=0)  # behind the word, and where it begins
        begin[:, 1] -= reach[:, 1]
        holds = self._near(text, begin.ravel(), reach.ravel(), self._row.take(asks, axis=0).ravel())
        kept = (holds[::2] & holds[1::2]).nonzero()[0]
        return which.take(kept).tolist(), self._asks.take(asks.take(kept), axis=0).tolist()

    def _near(self, text: str, begin: Numbers, reach: Numbers, row: Numbers) -> npt.NDArray[np.uint8]:
        """Whether one of the characters of a row stands among the `reach` ones from `begin` on, 0 or 1; all of shape (windows,)."""
        classes = np.zeros(len(text) + 2 * FAR, np.int32)
        codes = np.frombuffer(plain_digits(text).encode("utf-32-le", "surrogatepass"), np.int32)
        self._classes.take(codes, mode="clip", out=classes[FAR:-FAR])
        ends = reach.cumsum(dtype=np.int32)
        starts = ends - reach
        places = (begin + FAR - starts).repeat(reach)  # of each character of each window
        places += np.arange(len(places), dtype=np.int32)
        bit = classes.take(places)
        bit += row.repeat(reach)
        holds: npt.NDArray[np.uint8] = self._bits.take(bit >> 3)
        holds >>= (bit & 7).astype(np.uint8)
        told: npt.NDArray[np.uint8] = np.bitwise_or.reduceat(holds, starts)
        told &= 1
        return told
