"""What must stand beside an anchor for a check to hold: one of some characters, within some distance.

Most checks that a narrative asks fail for want of a character, and to compile a regular expression costs as much as to ask it a thousand times: a
check waits with it until what it needs stands there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.rulepack.asks import FAR, plain_digits
from pipeline.rulepack.pattern import BUILTIN, DIGITS, END, NAMED, Choice, Gap, Lists, Part, Text, Word, expected

_ENDLESS = 1 << 20
_PLANE = 0x10000  # a character beyond the basic plane is not looked for
Ask = Sequence[int]  # signal, number of the check before (-1: none), of the check after, most characters before


class Need(NamedTuple):
    """One of `chars` stands at most `reach` characters from the anchor (1: beside it)."""

    chars: frozenset[str]
    reach: int

    def likely(self) -> float:
        """How likely it is met by chance: the rarer its characters and the nearer, the less."""
        return sum(map(expected, self.chars)) * self.reach


def need(parts: Sequence[Part], lists: Lists, *, leftward: bool = False) -> Need | None:
    """The need of a check that is least likely met by chance; None where nothing certain stands near enough. `leftward`: the anchor is behind it."""
    return _best(_needs(parts, lists, leftward=leftward)[0])


def begins(parts: Sequence[Part], lists: Lists) -> frozenset[str] | None:
    """The characters with which what the parts match begins; None where it may begin with any, or be empty."""
    chars, empty = _begins(parts, lists)
    return None if empty else chars


def _begins(parts: Sequence[Part], lists: Lists) -> tuple[frozenset[str] | None, bool]:
    """The first characters (None: any), and whether the parts may match nothing."""
    found: frozenset[str] = frozenset()
    for part in parts:
        chars, empty = _begins_of(part, lists)
        if chars is None:
            return None, False
        found |= chars
        if not empty:
            return found, False
    return found, True


def _begins_of(part: Part, lists: Lists) -> tuple[frozenset[str] | None, bool]:
    if isinstance(part, Text):
        return (None if part.text.startswith(END) else frozenset(part.text[:1])), not part.text
    if isinstance(part, Gap) or (isinstance(part, Word) and part.name in BUILTIN and part.name != "num"):
        return None, False
    if isinstance(part, Word) and part.name in BUILTIN:
        return frozenset(DIGITS), False
    if isinstance(part, Word):
        words = lists(part.name) or ("",)
        return frozenset(word[:1] for word in words if word), "" in words
    told = [_begins(option, lists) for option in part.options]
    known = [chars for chars, _ in told if chars is not None]
    return (frozenset().union(*known) if len(known) == len(told) else None), part.optional or any(empty for _, empty in told)


def either(needs: Iterable[Need | None]) -> Need | None:
    """The need of a check that holds where one of several does."""
    known = list(needs)
    made = [one for one in known if one is not None]
    if not made or len(made) < len(known):
        return None
    return Need(frozenset().union(*(one.chars for one in made)), max(one.reach for one in made))


def _best(needs: Iterable[Need]) -> Need | None:
    return min((one for one in needs if one.reach <= FAR), key=lambda one: (one.likely(), one.reach, sorted(one.chars)), default=None)


def _needs(parts: Sequence[Part], lists: Lists, *, leftward: bool) -> tuple[list[Need], int]:
    """All needs of a row of parts, and how many characters it takes up at most."""
    found: list[Need] = []
    at = 0
    for part in reversed(parts) if leftward else parts:
        own, length = _needs_of(part, lists, leftward=leftward)
        found += [Need(one.chars, at + one.reach) for one in own]
        at += length
    return found, at


def _needs_of(part: Part, lists: Lists, *, leftward: bool) -> tuple[list[Need], int]:
    if isinstance(part, Text) and END in part.text:  # the end of the narrative takes up no character, or any number of blanks
        plain = part.text.rpartition(END)[2] if leftward else part.text.partition(END)[0]
        return _needs_of(Text(plain), lists, leftward=leftward)[0], _ENDLESS
    if isinstance(part, Text):
        return [Need(frozenset(char), at) for at, char in enumerate(part.text[::-1] if leftward else part.text, 1)], len(part.text)
    if isinstance(part, Gap):
        return [], part.most
    if isinstance(part, Word):
        if part.name in BUILTIN:
            return [Need(frozenset(DIGITS), 1) if part.name == "num" else Need(NAMED[leftward], 2)], _ENDLESS
        options: Sequence[Sequence[Part]] = [(Text(word),) for word in lists(part.name) or ()]
    else:
        options = part.options
    told = [_needs(option, lists, leftward=leftward) for option in options]
    length = max((length for _, length in told), default=0)
    if isinstance(part, Choice) and part.optional:
        return [], length
    beside = either(next((one for one in needs if one.reach == 1), None) for needs, _ in told)
    rarest = either(_best(needs) for needs, _ in told)
    return [one for one in (beside, rarest) if one is not None], length


def tables(at: Sequence[int], lists: Sequence[Sequence[Ask]], needs: Sequence[Need | None]) -> dict[str, bytes]:
    """The tables that `Asks` reads: `at` is the list of asks of each word, `needs` are those of the checks."""
    asks = np.array([ask for asked in lists for ask in asked], np.int32).reshape(-1, 4)
    ends, words = np.cumsum([0, *map(len, lists)], dtype=np.int32), np.array(at, np.intp)
    known = [need if need and need.chars and max(need.chars) < chr(_PLANE) else Need(frozenset(), 1) for need in needs]
    classes, rows, numbers = _rows(known)
    reaches = np.array([*(need.reach for need in known), 1], np.int32)
    row = np.array([*numbers, 0], np.int32) * (8 * rows.shape[1])  # last: what is not asked, at -1
    sides = asks[:, 2:0:-1]  # what must stand after, then before
    made = {
        "first": ends[:-1].take(words),
        "count": np.diff(ends).take(words),
        "asks": asks,
        "reach": reaches[sides],
        "row": row[sides],
        "classes": classes,
        "rows": rows,
    }
    return {name: np.ascontiguousarray(table).tobytes() for name, table in made.items()}


def _rows(needs: Sequence[Need]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint8], list[int]]:
    """Code point → class of character, shape (0x10000,); one row of bits over the classes for each set of characters that some check needs, the first,
    which any character has, for those that need none; and the row of each check."""
    sets: dict[str, int] = {"": 0}
    numbers = [sets.setdefault("".join(sorted(set(plain_digits("".join(need.chars))))), len(sets)) for need in needs]
    codes = np.frombuffer("".join(sets).encode("utf-32-le"), np.int32)
    classes = np.zeros(_PLANE, np.int32)
    distinct = np.unique(codes)
    classes[distinct] = np.arange(1, len(distinct) + 1)
    bits = np.zeros((len(sets), len(distinct) + 1), bool)
    bits[0] = True
    bits[np.repeat(np.arange(len(sets)), [len(chars) for chars in sets]), classes[codes]] = True
    return classes, np.packbits(bits, axis=1, bitorder="little"), numbers
