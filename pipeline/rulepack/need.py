"""What must stand beside an anchor for a check to hold: one of some characters, within some distance.

Most checks that a narrative asks fail for want of a character, and to compile a regular expression costs as much as to ask it a thousand times: a
check waits with it until what it needs stands there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pipeline.rulepack.pattern import BUILTIN, DIGITS, END, NAMED, Choice, Gap, Lists, Part, Text, Word, expected

FAR = 32  # a need that may stand further away is met nearly everywhere
_ENDLESS = 1 << 20


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
