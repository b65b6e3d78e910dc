"""Where in a text a name may begin: tables over code points, so that most characters cost a few nanoseconds and no look-up of a word."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from pipeline.privacy.full_names import NONE, FullNames

TITLE, LITTLE, DOUBLE = 1, 2, 4
_PLANE = 0x10000  # names lie in the basic plane; what lies beyond counts as its last code point, which is none
_Floats = np.ndarray[tuple[int], np.dtype[np.float32]]


def _table(points: Mapping[str, float]) -> _Floats:
    table = np.full(_PLANE, NONE, np.float32)
    for char, value in points.items():
        if len(char) == 1:
            table[ord(char)] = value
    return table


class Screen:
    """The tables: points of surnames and given names, and flags of pairs of characters with which something else than a full name may begin."""

    def __init__(self, full: FullNames, pairs: Sequence[tuple[int, Collection[str], Collection[str]]]) -> None:
        self._surname, self._one, self._first, self._last = map(_table, (full.surname, full.one, full.first, full.last))
        self._cut = np.float32(full.cut)
        self._begin, self._follow = np.zeros(_PLANE, np.uint8), np.zeros(_PLANE, np.uint8)
        for flag, begins, follows in pairs:
            for table, chars in ((self._begin, begins), (self._follow, follows)):
                table[[ord(char) for char in chars]] |= flag

    def look(self, text: str) -> tuple[list[int], list[int], list[float]]:
        """Positions worth a look in order, and for each of them its flags and the best points of a full name that begins there."""
        if len(text) < 2:
            return [], [], []
        codes = np.frombuffer(f"{text}\0".encode("utf-32-le", "surrogatepass"), np.int32).astype(np.intp)
        first, second, third = codes[:-2], codes[1:-1], codes[2:]
        flags = self._begin.take(first, mode="clip") & self._follow.take(second, mode="clip")
        own = self._first.take(second, mode="clip")
        own += self._last.take(third, mode="clip")
        own = np.maximum(own, self._one.take(second, mode="clip"))
        own += self._surname.take(first, mode="clip")
        hope = own >= self._cut
        where = (hope.view(np.uint8) | flags).nonzero()[0]
        return where.tolist(), flags.take(where).tolist(), own.take(where).tolist()
