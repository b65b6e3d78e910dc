"""Where in a text a name may begin: tables over code points, so that most characters cost a few nanoseconds and no look-up of a word."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from pipeline.privacy.full_names import NONE, FullNames

TITLE, LITTLE, DOUBLE = 1, 2, 4
_PLANE = 0x10000  # names lie in the basic plane; what lies beyond counts as its last code point, which is none
_SURNAME, _ONE, _FIRST, _LAST, _BEGIN, _FOLLOW = range(6)


class Screen:
    """One row a character: points as surname and in a given name, and flags of pairs of characters with which something else than a full name may begin.

    The six numbers of a character lie side by side (24 bytes), so that a text asks memory for one place a character; flags are whole numbers in the same rows.
    """

    def __init__(self, full: FullNames, pairs: Sequence[tuple[int, Collection[str], Collection[str]]]) -> None:
        self._rows = np.full((_PLANE, 6), NONE, np.float32)
        self._cut = np.float32(full.cut)
        for column, points in ((_SURNAME, full.surname), (_ONE, full.one), (_FIRST, full.first), (_LAST, full.last)):
            self._fill(column, points)
        flags = self._rows.view(np.int32)
        flags[:, _BEGIN:] = 0
        for flag, begins, follows in pairs:
            for column, chars in ((_BEGIN, begins), (_FOLLOW, follows)):
                flags[[ord(char) for char in chars], column] |= flag

    def _fill(self, column: int, points: Mapping[str, float]) -> None:
        for char, value in points.items():
            if len(char) == 1:
                self._rows[ord(char), column] = value

    def look(self, text: str) -> tuple[list[int], list[int], list[float]]:
        """Positions worth a look in order, and for each of them its flags and the best points of a full name that begins there."""
        if len(text) < 2:
            return [], [], []
        codes = np.frombuffer(f"{text}\0".encode("utf-32-le", "surrogatepass"), np.int32)
        rows = self._rows.take(codes, axis=0, mode="clip")
        whole = rows.view(np.int32)
        flags = whole[:-2, _BEGIN] & whole[1:-1, _FOLLOW]
        own = rows[1:-1, _FIRST] + rows[2:, _LAST]
        np.maximum(own, rows[1:-1, _ONE], out=own)
        own += rows[:-2, _SURNAME]
        where = ((own >= self._cut) | flags).nonzero()[0]
        return where.tolist(), flags.take(where).tolist(), own.take(where).tolist()
