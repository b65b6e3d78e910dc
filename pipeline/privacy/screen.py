"""Where in a text a name may begin: one table over code points and one sum a position, so that most characters cost a few nanoseconds and no look-up of a word."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

import numpy as np

from pipeline.privacy.full_names import BEYOND, NONE, FullNames

TITLE, LITTLE, DOUBLE, ONE, TWO = 1 << 3, 1 << 5, 1 << 7, 1 << 30, 1 << 46
"""What a position may begin: a surname with a title, a little name, a double surname, a full name with one character behind the surname, or with two."""
_PLANE = 0x10000  # names lie in the basic plane; what lies beyond counts as its last code point, which is none
_SCALE = 100  # the weights have two decimals, so that sums of hundredths are exact
LOW_ONE, LOW_TWO, TOP = 16, 32, 14  # lowest bits of the two sums of points, and the bit of such a field that says: above the cut
FIELD = (1 << 15) - 1  # of a sum, from its lowest bit on; the better one lies by (sum - (1 << TOP) + 1) hundredths above the cut
_BEGIN, _SHORT, _LONG, _SECOND, _BIAS = 4, 3, 2, 1, 1  # a surname and a whole title of one character, or two characters of a title, make eight


class Starts(NamedTuple):
    """Characters with which anything but a full name of a simple surname begins."""

    surnames: Collection[str]
    titles: Collection[str]
    """Titles and signs, whole or their first two characters."""
    little: Collection[str]
    doubles: Collection[str]


class Screen:
    """One row a character: what it adds as the first, second and third character of something, each time in the fields of one whole number.

    The three numbers lie side by side (24 bytes), so that a text asks memory for one place a character, and a single sum settles every question at once:
    the flags are the top bits of their fields, which only characters that fit together fill, and points are counted from the cut.
    """

    def __init__(self, full: FullNames, starts: Starts) -> None:
        self.points = [(field - (1 << TOP) + 1 + round(full.cut * _SCALE)) / _SCALE if field >> TOP else NONE for field in range(FIELD + 1)]
        """The sum of points that a field stands for; `NONE` for what is not above the cut."""
        self._rows = np.zeros((_PLANE, 3), np.int64)
        self._mask = np.int64(TITLE | LITTLE | DOUBLE | ONE | TWO)
        none = round(NONE * _SCALE)
        self._rows += ((none << LOW_ONE) + (none << LOW_TWO), (none << LOW_ONE) + (none << LOW_TWO), none << LOW_TWO)
        self._rows[:, 0] += _BIAS + (((1 << TOP) - round(full.cut * _SCALE) - 1) * ((1 << LOW_ONE) + (1 << LOW_TWO)))
        for column, points, shifts in (
            (0, full.surname, (LOW_ONE, LOW_TWO)),
            (1, full.one, (LOW_ONE,)),
            (1, full.first, (LOW_TWO,)),
            (2, full.last, (LOW_TWO,)),
        ):
            self._points(column, points, shifts)
        rare = [char for char in map(chr, range(ord("\u3400"), ord(BEYOND))) if full.rare(char)]
        for column, worth, shift in ((1, full.rare_one, LOW_ONE), (1, full.rare_first, LOW_TWO), (2, full.rare_last, LOW_TWO)):
            self._points(column, dict.fromkeys([*rare, BEYOND], worth), (shift,))
        self._flag(0, starts.surnames, _BEGIN)
        short, long = {title for title in starts.titles if len(title) == 1}, {title[0] for title in starts.titles}
        self._flag(1, short, _SHORT)
        self._flag(1, long - short, _LONG)
        self._flag(2, {title[1] for title in starts.titles if len(title) > 1}, _SECOND)
        for flag, words in ((LITTLE, starts.little), (DOUBLE, starts.doubles)):
            for column in (0, 1):
                self._flag(column, {word[column] for word in words}, flag >> 1)

    def _points(self, column: int, points: Mapping[str, float], shifts: Iterable[int]) -> None:
        places = sum(1 << shift for shift in shifts)
        told = [(ord(char), round((value - NONE) * _SCALE) * places) for char, value in points.items() if len(char) == 1]
        at, worth = np.array(told, np.int64).reshape(-1, 2).T
        self._rows[at, column] += worth  # every character stands there once

    def _flag(self, column: int, chars: Iterable[str], worth: int) -> None:
        self._rows[[ord(char) for char in set(chars)], column] += worth

    def look(self, text: str) -> tuple[list[int], list[int]]:
        """Positions worth a look in order, and what each may begin: flags, and for `points` the sums of points."""
        if len(text) < 2:
            return [], []
        rows = self._rows.take(np.frombuffer(f"{text}\0".encode("utf-32-le", "surrogatepass"), np.int32), axis=0, mode="clip")
        told = rows[:-2, 0] + rows[1:-1, 1]
        told += rows[2:, 2]
        where = (told & self._mask).nonzero()[0]
        return where.tolist(), told.take(where).tolist()
